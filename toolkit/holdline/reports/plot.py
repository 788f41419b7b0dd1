"""The burn-down as a picture in a file, drawn by matplotlib, which comes with the extra `[plot]`."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from holdline.burndown import Burndown, Origin
from holdline.errors import HoldlineError
from holdline.reports.console import needs_extra
from holdline.reports.printable import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = (".svg", ".png", ".pdf")

_MOST_GROUPS = 7
_LONGEST_NAME = 50


def check_plot(name: str) -> None:
    """Raise HoldlineError for a file of another format, MissingExtraError where matplotlib is missing."""
    if Path(name).suffix.lower() not in FORMATS:
        raise HoldlineError(f"--plot {name}: the name must end in one of {', '.join(FORMATS)}")
    with needs_extra("plot"):
        import matplotlib  # noqa: F401


def write_plot(burndown: Burndown, path: Path) -> None:
    """Draw a burn-down that has points; the same file for the same one. OSError where it cannot be written."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcParams["svg.fonttype"] = "none"  # text as text, so that it can be searched
        mpl.rcParams["svg.hashsalt"] = "holdline"  # names that do not change with each drawing
        mpl.rcParams["text.parse_math"] = False  # a `$` in a path is no mathematics
        figure = Figure(figsize=(10, 4.5), dpi=150, layout="constrained")
        axes = figure.add_subplot()
        _draw(axes, burndown)
        if burndown.groups:
            figure.legend(loc="outside right upper", fontsize="small", frameon=False, reverse=True)
        kind = path.suffix.lower().removeprefix(".")
        undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        figure.savefig(path, format=kind, metadata=undated)


def _draw(axes: Axes, burndown: Burndown) -> None:
    points = burndown.points
    if burndown.origin is Origin.RUNS:
        places = list(range(len(points)))  # many may be of one day
        labels = ["before", *(f"run {p.name}" for p in points[1:])]
        axes.set_xticks(places, labels)
    else:
        moments = [*accumulate((p.at for p in points), max)]  # commits may carry any date
        places = [datetime.fromtimestamp(at, UTC) for at in moments]  # type: ignore[misc]
    below = [0] * len(points)
    for name, counts in _stacked(burndown):
        above = [low + count for low, count in zip(below, counts, strict=True)]
        axes.fill_between(places, below, above, step="post", alpha=0.7, linewidth=0, label=name)
        below = above
    axes.step(places, [p.total for p in points], where="post", color="black", linewidth=1.2)
    axes.plot(places[-1:], [points[-1].total], "o", color="black", markersize=4)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("violations")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)


def _stacked(burndown: Burndown) -> list[tuple[str, list[int]]]:
    """What the groups that ever had most held at each point, and all others together."""
    most = {name: max(count for _, count in changes) for name, changes in burndown.groups.items()}
    chosen = sorted(most, key=lambda name: (-most[name], name))[:_MOST_GROUPS]
    counts = range(len(burndown.points))
    stacked = [(_short(name), _held(burndown.groups[name], counts)) for name in chosen]
    if len(most) > len(chosen):
        rest = [p.total - sum(held[i] for _, held in stacked) for i, p in enumerate(burndown.points)]
        stacked.append(("others", rest))
    return stacked


def _held(changes: tuple[tuple[int, int], ...], points: range) -> list[int]:
    """What a group has at each point, given the points that changed it."""
    numbers = [number for number, _ in changes]
    return [changes[at - 1][1] if (at := bisect_right(numbers, point)) else 0 for point in points]


def _short(name: str) -> str:
    shown = printable(name)
    shown = shown if len(shown) <= _LONGEST_NAME else f"…{shown[-_LONGEST_NAME:]}"
    return f" {shown}" if shown.startswith("_") else shown  # such a label is left out of a legend
