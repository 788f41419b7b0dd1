"""The burn-down as a drawing for the HTML report: inline SVG, coloured by the page's style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate

from holdline.burndown import Burndown, Origin, Point
from holdline.reports.values import counted, number

_WIDTH, _HEIGHT = 900, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 12, 12, 30
_MOST_STEPS = 600  # more do not show at this width


def burndown_svg(burndown: Burndown) -> str:
    """Steps from each point to the next, over an area; its title says in words what it shows."""
    points = _thinned(burndown)
    places = _places(burndown.origin, points)
    top = _round_up(max(p.total for p in burndown.points))
    xs = [_LEFT + (_WIDTH - _LEFT - _RIGHT) * place for place in places]
    ys = [_y(p.total, top) for p in points]
    line = f"M{xs[0]:.1f} {ys[0]:.1f}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in zip(xs[1:], ys[1:], strict=True))
    base = _y(0, top)
    return "".join(
        [
            f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="chart-title">',
            f'<title id="chart-title">{described(burndown)}</title>',
            *(_grid_line(value, top) for value in (0, top // 2, top)),
            f'<path class="area" d="{line}V{base:.1f}H{xs[0]:.1f}Z"/>',
            f'<path class="line" d="{line}"/>',
            f'<circle class="dot" cx="{xs[-1]:.1f}" cy="{ys[-1]:.1f}" r="4"/>',
            f'<text x="{_LEFT}" y="{_HEIGHT - 8}">{day(points[0].at)}</text>',
            f'<text class="end" x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 8}">{day(points[-1].at)}</text>',
            "</svg>",
        ]
    )


def described(burndown: Burndown) -> str:
    """The burn-down in one sentence."""
    first, last = burndown.first, burndown.last
    return (
        f"{counted(first.total, 'violation')} on {day(first.at)}, {number(last.total)} on {day(last.at)}; "
        f"at most {number(max(p.total for p in burndown.points))}"
    )


def day(at: int) -> str:
    """A moment's date in UTC."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _thinned(burndown: Burndown) -> list[Point]:
    points = list(burndown.points)
    step = max(1, len(points) // _MOST_STEPS)
    return [*points[:-1:step], points[-1]]


def _places(origin: Origin, points: Sequence[Point]) -> list[float]:
    """Where each point stands from 0 to 1: commits by their time, runs, of which many may be of one day, in a row."""
    times = [*range(len(points))] if origin is Origin.RUNS else [*accumulate((p.at for p in points), max)]
    span = max(1, times[-1] - times[0])  # commits may carry any date: they are never drawn backwards
    return [(time - times[0]) / span for time in times]


def _y(value: int, top: int) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / top)


def _grid_line(value: int, top: int) -> str:
    y = _y(value, top)
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="end" x="{_LEFT - 8}" y="{y + 4:.1f}">{number(value)}</text>'
    )


def _round_up(value: int) -> int:
    """The next even number with one or two leading digits, so that the scale's middle is whole."""
    unit = 2 * int("1".ljust(len(str(value)) - 1, "0"))
    return max(2, -(-value // unit) * unit)
