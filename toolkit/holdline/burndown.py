"""The burn-down: how many violations there were over time, by the runs of `migrate` or by the commits."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from holdline.runs import RunStatus, RunSummary


class Origin(enum.StrEnum):
    """What a burn-down was counted from."""

    RUNS = "runs"
    HISTORY = "history"


class Point(NamedTuple):
    """How many violations there were from one moment on.

    `at` is in seconds since 1970 (UTC). `name` is the commit's id or the run's number. `fixed` and `added` are what
    changed at this moment; `unjudged` counts the files that could not be judged.
    """

    at: int
    name: str
    total: int
    fixed: int = 0
    added: int = 0
    unjudged: int = 0


class Burndown(NamedTuple):
    """The moments at which the number of violations changed, the first and the last one; oldest first.

    `groups` are directories or owners, each with the points (by number, from 0) that changed what it has, and to how
    many; only history tells them.
    """

    origin: Origin
    points: tuple[Point, ...] = ()
    groups: Mapping[str, tuple[tuple[int, int], ...]] = MappingProxyType({})

    @property
    def first(self) -> Point:
        """Where it began."""
        return self.points[0]

    @property
    def last(self) -> Point:
        """Where it stands."""
        return self.points[-1]


def from_runs(runs: Sequence[RunSummary], now: int) -> Burndown:
    """The burn-down that runs (newest first) made of what would be there without them; other changes do not show.

    Each point is a run that was not undone, at its start; the last has what there is `now`.
    """
    counted = [r for r in runs if r.here and r.fixed and r.status is not RunStatus.UNDONE]
    points = []
    total = now
    for run in counted:
        points.append(Point(seconds(run.started), str(run.id), total, fixed=run.fixed))
        total += run.fixed
    if points:
        points.append(Point(points[-1].at, "", total))
    return Burndown(Origin.RUNS, tuple(reversed(points)))


def seconds(moment: str) -> int:
    """A time in ISO 8601, as the journal keeps it, in seconds since 1970."""
    return int(datetime.fromisoformat(moment).timestamp())
