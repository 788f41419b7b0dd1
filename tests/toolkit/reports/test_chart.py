"""The burn-down's drawing in the HTML report."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from holdline.burndown import Burndown, Origin, Point
from holdline.reports.chart import burndown_svg, described

POINTS = st.lists(st.builds(Point, st.integers(0, 4_000_000_000), st.just("c"), st.integers(0, 10**7)), min_size=1)


def numbers(svg: str, attribute: str) -> list[float]:
    return [float(n) for n in re.findall(r"[\d.]+", ET.fromstring(svg).find(".//*[@class='line']").get(attribute))]  # type: ignore[union-attr, arg-type]


@given(POINTS, st.sampled_from(Origin))
def test_the_line_stays_within_and_never_runs_backwards(points: list[Point], origin: Origin) -> None:
    svg = burndown_svg(Burndown(origin, tuple(points)))
    found = numbers(svg, "d")
    xs = [found[0], *found[2::2]]
    assert all(0 <= x <= 900 for x in xs)
    assert all(0 <= y <= 230 for y in [found[1], *found[3::2]])
    assert all(a <= b for a, b in pairwise(xs))


def test_very_many_points_are_thinned() -> None:
    points = tuple(Point(n, "c", n % 7) for n in range(14_000))
    assert len(burndown_svg(Burndown(Origin.HISTORY, points))) < 20_000


def test_in_words() -> None:
    points = (Point(0, "a", 1), Point(86_400, "b", 5000), Point(172_800, "c", 2))
    assert described(Burndown(Origin.HISTORY, points)) == "1 violation on 1970-01-01, 2 on 1970-01-03; at most 5 000"
