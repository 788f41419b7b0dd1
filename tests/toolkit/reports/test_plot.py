"""The burn-down as a picture."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from holdline.burndown import Burndown, Origin, Point
from holdline.reports.plot import write_plot

POINTS = tuple(Point(1_767_614_400 + n * 86_400, f"{n:040x}", total) for n, total in enumerate((90, 120, 30)))
GROUPS = {f"dir{n}/$x$_{n}": ((0, 10), (1, 10 + n), (2, 3)) for n in range(8)} | {"_private": ((1, 4),)}


def texts(path: Path) -> list[str]:
    return [e.text or "" for e in ET.parse(path).getroot().iter("{http://www.w3.org/2000/svg}text")]


def test_groups_are_named_the_largest_first_and_the_others_together(tmp_path: Path) -> None:
    write_plot(Burndown(Origin.HISTORY, POINTS, GROUPS), tmp_path / "a.svg")
    shown = texts(tmp_path / "a.svg")
    assert {"dir7/$x$_7", "dir1/$x$_1", "others", "violations"} <= set(shown)
    assert "dir0/$x$_0" not in shown


def test_the_same_each_time(tmp_path: Path) -> None:
    for kind in ("svg", "png", "pdf"):
        for name in ("a", "b"):
            write_plot(Burndown(Origin.HISTORY, POINTS, GROUPS), tmp_path / f"{name}.{kind}")
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_odd_names_and_odd_dates(tmp_path: Path) -> None:
    groups = {"\x1b[31m\udce9<&\n": ((0, 1),), "_": ((0, 1),), "x" * 300: ((0, 1),)}
    backwards = tuple(reversed(POINTS))
    write_plot(Burndown(Origin.HISTORY, backwards, groups), tmp_path / "a.svg")
    shown = {text.strip() for text in texts(tmp_path / "a.svg")}
    assert {"\\x1b[31m\\xe9<&\\n", "_", "…" + "x" * 50} <= shown


def test_one_point(tmp_path: Path) -> None:
    write_plot(Burndown(Origin.HISTORY, POINTS[:1]), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000
