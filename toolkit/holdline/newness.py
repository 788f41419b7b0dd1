"""What a change introduced: a multiset match between the side before and the side after.

Findings (violations, or suppressions) are alike when their kinds agree: rule and normalised text. Alike ones are
paired first where they stand still (on lines the change left alone), then within their file, a renamed file included,
then between any two changed files: so moved and re-indented code is not new, and a copy is. What has no partner is new.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar


class Finding(Protocol):
    """What a file holds at a line."""

    @property
    def line(self) -> int:
        """Where it begins, from 1."""

    @property
    def kind(self) -> Hashable:
        """What findings that are alike agree in."""


F = TypeVar("F", bound=Finding)

#: (first line before, first line after, how many) for each run of lines that a change left alone, in order.
Runs = tuple[tuple[int, int, int], ...]


class ChangedFile(NamedTuple, Generic[F]):
    """One file of a change: what it held before and holds after, and where its unchanged lines went, if known."""

    before: tuple[F, ...]
    after: tuple[F, ...]
    runs: Runs = ()

    def moved(self, line: int) -> int | None:
        """Where an unchanged line of the side before is after; None for a line that was changed or removed."""
        old, new, count = _run_at(self.runs, line, side=0)
        return new + line - old if line < old + count else None


def stands(runs: Runs, line: int) -> bool:
    """Whether a line of the side after was there before."""
    _, new, count = _run_at(runs, line, side=1)
    return line < new + count


def nearest_change(runs: Runs, line: int) -> int:
    """The line after that is closest to `line` and next to which something changed."""
    edges = [new for _, new, _ in runs[1:]] + [new + count for _, new, count in runs[:-1]]
    return min(edges, key=lambda edge: (abs(edge - line), edge), default=line)


def cause(runs: Runs, first: int, last: int) -> int | None:
    """The changed line nearest to lines of the side after that were all there before; None where one was not."""
    return nearest_change(runs, first) if all(stands(runs, n) for n in range(first, max(first, last) + 1)) else None


def _run_at(runs: Runs, line: int, side: int) -> tuple[int, int, int]:
    """The last run that begins at a line or before; an empty one where there is none."""
    index = bisect_right(runs, line, key=lambda run: run[side])
    return runs[index - 1] if index else (line, line, 0)


def match(changes: Sequence[ChangedFile[F]]) -> list[F]:
    """What is new, in the order of the files.

    >>> from holdline.model import Violation
    >>> def read(line: int) -> Violation:
    ...     return Violation("HL101", "", "a.py", line, 1, line, 5, identity="os.environ['A']")
    >>> moved_down = ChangedFile((read(3),), (read(9),))
    >>> copied = ChangedFile((read(3),), (read(3), read(9)), ((1, 1, 5),))
    >>> match([moved_down]), [v.line for v in match([copied])]
    ([], [9])
    """
    befores = [list(c.before) for c in changes]
    afters = [list(c.after) for c in changes]
    for change, before, after in zip(changes, befores, afters, strict=True):
        if change.runs:
            _pair(before, after, functools.partial(_moved, change), _located)
        _pair(before, after, _kind, _kind)
    rest_before = [v for before in befores for v in before]
    rest_after = [v for after in afters for v in after]
    _pair(rest_before, rest_after, _kind, _kind)
    return rest_after


def _kind(finding: Finding) -> Hashable:
    return finding.kind


def _moved(change: ChangedFile[F], finding: F) -> Hashable:
    """Where an old finding must be, if its line did not change; no new one is on line None."""
    return finding.kind, change.moved(finding.line)


def _located(finding: Finding) -> Hashable:
    return finding.kind, finding.line


def _pair(
    before: list[F], after: list[F], key_before: Callable[[F], Hashable], key_after: Callable[[F], Hashable]
) -> None:
    """Take out of both lists, in order, what has a partner of the same key."""
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for index, finding in reversed(list(enumerate(before))):
        waiting[key_before(finding)].append(index)
    paired: set[int] = set()
    unpaired = []
    for finding in after:
        partners = waiting.get(key_after(finding))
        if partners:
            paired.add(partners.pop())
        else:
            unpaired.append(finding)
    before[:] = [v for i, v in enumerate(before) if i not in paired]
    after[:] = unpaired
