"""The numbers in each command's JSON report that a fleet's summary shows and adds up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from holdline.model import Score

Figures = Mapping[str, float]


class Column(NamedTuple):
    """One number: its name, how it is read from a report, and whether the table shows it."""

    name: str
    read: Callable[[Any], float]
    is_shown: bool = True


_PROBLEMS = Column("problems", lambda report: len(report["problems"]))
#: By command: what its report says. The score is not in it: it follows from `checked` and `clean`, in a sum as well.
COLUMNS: dict[str, tuple[Column, ...]] = {
    "scan": (
        Column("checked", lambda report: report["scores"]["overall"]["checked"]),
        Column("clean", lambda report: report["scores"]["overall"]["clean"], is_shown=False),
        Column("violations", lambda report: report["scores"]["overall"]["violations"]),
        _PROBLEMS,
    ),
    "migrate": (
        Column("checked", lambda report: sum(report["totals"]["checked"].values())),
        Column("changed", lambda report: report["totals"]["changed"]),
        Column("fixed", lambda report: report["totals"]["fixed"]),
        Column("remaining", lambda report: report["totals"]["remaining"]),
        _PROBLEMS,
    ),
    "branches": (
        Column("branches", lambda report: len(report["branches"])),
        Column("files", lambda report: sum(len(branch["files"]) for branch in report["branches"])),
        Column("before", lambda report: sum(branch["violations"]["before"] for branch in report["branches"])),
        Column("after", lambda report: sum(branch["violations"]["after"] for branch in report["branches"])),
        _PROBLEMS,
    ),
}


def read_figures(command: str, report: bytes) -> Figures | None:
    """The numbers of a report; None where this is none."""
    try:
        document = json.loads(report)
        return {column.name: column.read(document) for column in COLUMNS[command]}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def add_up(command: str, several: Iterable[Figures | None]) -> Figures:
    """The sums over reports; those that there are not count nothing."""
    known = [figures for figures in several if figures]
    return {column.name: sum(figures[column.name] for figures in known) for column in COLUMNS[command]}


def score(figures: Figures) -> float | None:
    """The score as `holdline scan` gives it, in percent; None for a command that gives none.

    >>> score({"checked": 3, "clean": 2, "violations": 4}), score({"fixed": 1})
    (66.7, None)
    """
    if "clean" not in figures:
        return None
    return Score(int(figures["checked"]), int(figures["clean"]), int(figures["violations"])).percent
