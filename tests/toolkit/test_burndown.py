"""The burn-down that runs made."""

from __future__ import annotations

from pathlib import Path

from holdline.burndown import Point, from_runs, seconds
from holdline.runs import RunStatus, RunSummary


def run(number: int, fixed: int, status: RunStatus = RunStatus.COMPLETE, here: bool = True) -> RunSummary:
    started = f"2026-01-0{number}T12:00:00+00:00"
    return RunSummary(number, started, None, "migrate", None, Path("/r"), here, status, {}, 1, 0, fixed, 7)


def test_each_run_takes_its_fixes_off() -> None:
    found = from_runs([run(3, 5), run(1, 10)], 20)
    first, third = seconds("2026-01-01T12:00:00+00:00"), seconds("2026-01-03T12:00:00+00:00")
    assert found.points == (Point(first, "", 35), Point(first, "1", 25, fixed=10), Point(third, "3", 20, fixed=5))


def test_what_was_undone_elsewhere_or_for_nothing_does_not_count() -> None:
    runs = [run(5, 5, RunStatus.UNDONE), run(4, 5, here=False), run(3, 0), run(2, 1, RunStatus.INTERRUPTED)]
    assert [p.total for p in from_runs(runs, 1).points] == [2, 1]
    assert from_runs(runs[:3], 1).points == ()
