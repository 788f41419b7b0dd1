"""Applying edits: bytes in, bytes out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from holdline.model import Edit


class OverlapError(ValueError):
    """Two edits touch the same bytes: a bug in the rule that made them."""


def merge_edits(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Sort edits and drop exact repeats.

    Raises OverlapError where two of them overlap. Two insertions at one place keep their order.
    """
    merged: list[Edit] = []
    for edit in sorted(dict.fromkeys(edits), key=lambda e: (e.start, e.end)):
        if merged and edit.start < merged[-1].end:
            raise OverlapError(f"edits overlap: {merged[-1]} and {edit}")
        merged.append(edit)
    return tuple(merged)


def apply_edits(source: bytes, edits: Sequence[Edit]) -> bytes:
    """The bytes after the edits, which must be sorted and must not overlap (see `merge_edits`)."""
    parts: list[bytes] = []
    position = 0
    for edit in edits:
        parts += (source[position : edit.start], edit.text)
        position = edit.end
    return b"".join([*parts, source[position:]])


class OffsetMap:
    """Where bytes outside the edits, which are sorted as `merge_edits` does it, went: old offset to new offset.

    >>> moved = OffsetMap([Edit(2, 4, b"wide!")])
    >>> moved.start(1), moved.start(2), moved.end(4), moved.start(6)
    (1, 2, 7, 9)
    """

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = tuple(edits)
        self._starts = [e.start for e in self._edits]
        self._ends = [e.end for e in self._edits]
        self._growth = [0, *accumulate(len(e.text) - (e.end - e.start) for e in self._edits)]

    def start(self, offset: int) -> int:
        """The new offset of a region that began at `offset`; what was inserted there lies before it."""
        return offset + self._growth[bisect_right(self._ends, offset)]

    def end(self, offset: int) -> int:
        """The new offset of a region that ended at `offset`; what was inserted there lies behind it."""
        return offset + self._growth[min(bisect_right(self._ends, offset), bisect_left(self._starts, offset))]

    def outer_end(self, offset: int) -> int:
        """The new offset of a region that ended at `offset`; what was inserted there belongs to it."""
        return self.start(offset)

    def texts(self) -> list[tuple[int, int]]:
        """Where the edits' own texts lie in the new bytes, in the order of the edits."""
        starts = [edit.start + growth for edit, growth in zip(self._edits, self._growth, strict=False)]
        return [(start, start + len(edit.text)) for start, edit in zip(starts, self._edits, strict=True)]
