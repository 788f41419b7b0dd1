"""Which violations a change introduced: a multiset match between the side before and the side after.

Violations are alike when rule and normalised text agree. Alike ones are paired first where they stand still (on lines
the change left alone), then within their file, a renamed file included, then between any two changed files: so moved
and re-indented code is not new, and a copy is. What has no partner is new.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from holdline.model import Violation


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of a change: its violations before and after, and where its unchanged lines went.

    `runs` are (first line before, first line after, how many) for each run of unchanged lines, in order.
    """

    before: tuple[Violation, ...]
    after: tuple[Violation, ...]
    runs: tuple[tuple[int, int, int], ...] = ()

    def moved(self, line: int) -> int | None:
        """Where an unchanged line of the side before is after; None for a line that was changed or removed."""
        return next((new + line - old for old, new, count in self.runs if old <= line < old + count), None)

    def stands(self, line: int) -> bool:
        """Whether a line of the side after was there before."""
        return any(new <= line < new + count for _, new, count in self.runs)

    def nearest_change(self, line: int) -> int:
        """The line after, next to which something changed, that is closest to `line`."""
        edges = [new for _, new, _ in self.runs[1:]] + [new + count for _, new, count in self.runs[:-1]]
        return min(edges, key=lambda edge: (abs(edge - line), edge), default=line)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The violations that are new, in the order of the files, and how many old ones the changed files hold."""

    new: tuple[Violation, ...]
    old: int


def match(changes: Sequence[ChangedFile]) -> Verdict:
    """Match both sides of a change.

    >>> def read(line: int) -> Violation:
    ...     return Violation("HL101", "", "a.py", line, 1, line, 5, identity="os.environ['A']")
    >>> moved_down = ChangedFile((read(3),), (read(9),))
    >>> copied = ChangedFile((read(3),), (read(3), read(9)), ((1, 1, 5),))
    >>> len(match([moved_down]).new), [v.line for v in match([copied]).new]
    (0, [9])
    """
    befores = [list(c.before) for c in changes]
    afters = [list(c.after) for c in changes]
    for change, before, after in zip(changes, befores, afters, strict=True):
        _pair(before, after, functools.partial(_moved, change), _located)
        _pair(before, after, kind, kind)
    rest_before = [v for before in befores for v in before]
    rest_after = [v for after in afters for v in after]
    _pair(rest_before, rest_after, kind, kind)
    total = sum(len(c.after) for c in changes)
    return Verdict(tuple(rest_after), total - len(rest_after))


def kind(violation: Violation) -> tuple[str, str]:
    """What alike violations agree in: the rule and the normalised text."""
    return violation.code, violation.identity or " ".join(violation.text.split())


def _moved(change: ChangedFile, violation: Violation) -> Hashable:
    """Where an old violation must be found, if its line did not change; no new one is on line None."""
    return kind(violation), change.moved(violation.line)


def _located(violation: Violation) -> Hashable:
    return kind(violation), violation.line


def _pair(
    before: list[Violation],
    after: list[Violation],
    key_before: Callable[[Violation], Hashable],
    key_after: Callable[[Violation], Hashable],
) -> None:
    """Take out of both lists, in order, what has a partner of the same key."""
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for index, violation in reversed(list(enumerate(before))):
        waiting[key_before(violation)].append(index)
    paired: set[int] = set()
    unpaired = []
    for violation in after:
        partners = waiting.get(key_after(violation))
        if partners:
            paired.add(partners.pop())
        else:
            unpaired.append(violation)
    before[:] = [v for i, v in enumerate(before) if i not in paired]
    after[:] = unpaired
