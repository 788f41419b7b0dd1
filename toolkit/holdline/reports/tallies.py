"""Counts for summaries: by rule, by directory, by reason."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from holdline.model import FileResult, Violation
from holdline.reports.values import reason_left


class Tally(NamedTuple):
    """How many files a rule or directory concerns, and how many violations there are fixed and left."""

    name: str
    files: int
    fixed: int
    left: int


def by_rule(results: Iterable[FileResult]) -> tuple[Tally, ...]:
    """One tally per rule code, in order of code."""
    return _tally(results, lambda result, violation: violation.code)


def by_directory(results: Iterable[FileResult]) -> tuple[Tally, ...]:
    """One tally per directory that holds a file with violations, in order of path; the root is `.`."""
    return _tally(results, lambda result, violation: posixpath.dirname(result.path) or ".")


def by_reason(results: Iterable[FileResult]) -> tuple[tuple[str, int], ...]:
    """The reasons why violations are left, each with their number, most frequent first."""
    counts = Counter(reason_left(violation, result) for result in results for violation in result.remaining)
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def total(results: Iterable[FileResult]) -> Tally:
    """One tally over everything."""
    everything = _tally(results, lambda result, violation: "total")
    return everything[0] if everything else Tally("total", 0, 0, 0)


def _tally(results: Iterable[FileResult], name_of: Callable[[FileResult, Violation], str]) -> tuple[Tally, ...]:
    files: dict[str, set[str]] = {}
    fixed: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for result in results:
        for counter, violations in ((fixed, result.fixed), (left, result.remaining)):
            for violation in violations:
                name = name_of(result, violation)
                counter[name] += 1
                files.setdefault(name, set()).add(result.path)
    return tuple(Tally(name, len(files[name]), fixed[name], left[name]) for name in sorted(files))
