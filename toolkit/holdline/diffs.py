"""Unified diffs built from a plan's own edits, exact to the byte, in the form `git apply` takes."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from holdline.edits import apply_edits
from holdline.model import Edit, FileResult

CONTEXT_LINES = 3

_NO_NEWLINE = b"\\ No newline at end of file\n"
_C_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk of a file's diff.

    Starts count lines from 1, as in the `@@` line (the line before, where the count is 0). `lines` are whole
    diff lines: marker (space, `-`, `+` or `\\`), the file's own bytes, and a newline.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[bytes, ...]

    @property
    def header(self) -> bytes:
        """The `@@` line, with its newline."""
        old, new = _span(self.old_start, self.old_count), _span(self.new_start, self.new_count)
        return f"@@ -{old} +{new} @@\n".encode()


@dataclass(frozen=True, slots=True)
class _Change:
    """Old lines `start:end` (indices from 0) become the lines `new`."""

    start: int
    end: int
    new: tuple[bytes, ...]

    @property
    def growth(self) -> int:
        return len(self.new) - (self.end - self.start)


def unified_diff(result: FileResult) -> bytes:
    """The diff from `result.before` to what its edits make of it; empty where they change nothing.

    A line ends at `\\n` and nowhere else, as for git, so carriage returns and form feeds are plain content.
    """
    found = hunks(result.before, result.edits)
    if not found:
        return b""
    body = b"".join(part for hunk in found for part in (hunk.header, *hunk.lines))
    return b"".join(file_header(result.path)) + body


def file_header(path: str) -> tuple[bytes, bytes, bytes]:
    """The three lines that open a file's diff: `diff --git`, `---`, `+++`."""
    old, new = quote_path("a/" + path), quote_path("b/" + path)
    # git ends a ---/+++ name that holds a space with a tab, so that no reader takes the rest for a timestamp.
    stop = b"\t\n" if " " in path else b"\n"
    return b"diff --git " + old + b" " + new + b"\n", b"--- " + old + stop, b"+++ " + new + stop


def quote_path(path: str) -> bytes:
    """`path` as git writes it: in double quotes with C escapes where a terminal should not get it raw.

    Undecodable bytes are expected as surrogate escapes. Printable characters beyond ASCII stay as they are.
    """
    quoted = "".join(_quote(char) for char in path)
    return os.fsencode(f'"{quoted}"' if quoted != path else path)


def hunks(before: bytes, edits: Sequence[Edit]) -> tuple[Hunk, ...]:
    """The hunks that `edits` (sorted, not overlapping) make, in file order, with three lines of context."""
    lines = io.BytesIO(before).readlines()  # splits at \n alone, unlike splitlines()
    found = []
    shift = 0
    for group in _groups(_changes(before, lines, edits)):
        found.append(_hunk(lines, group, shift))
        shift += sum(change.growth for change in group)
    return tuple(found)


def _changes(before: bytes, lines: list[bytes], edits: Sequence[Edit]) -> Iterator[_Change]:
    """The line ranges that differ, in order and disjoint, without equal lines at either end."""
    starts = [0, *accumulate(map(len, lines))]
    for first, stop, group in _touched(before, starts, edits):
        base = starts[first]
        local = [Edit(edit.start - base, edit.end - base, edit.text) for edit in group]
        new = io.BytesIO(apply_edits(before[base : starts[stop]], local)).readlines()
        old = lines[first:stop]
        shorter = min(len(old), len(new))
        head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
        tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
        if head + tail < max(len(old), len(new)):
            yield _Change(first + head, stop - tail, tuple(new[head : len(new) - tail]))


def _touched(before: bytes, starts: list[int], edits: Sequence[Edit]) -> Iterator[tuple[int, int, list[Edit]]]:
    """Ranges of whole lines `first:stop` with the edits in them; edits that share a line share a range."""
    total = len(starts) - 1
    open_ended = total > 0 and not before.endswith(b"\n")

    def line_of(offset: int) -> int:
        line = bisect_right(starts, offset) - 1
        return line - 1 if line == total and open_ended else line

    group: list[Edit] = []
    first = stop = 0
    for edit in edits:
        start, end = line_of(edit.start), min(line_of(edit.end) + 1, total)
        # At the end of the file the texts of two edits may join to one new line without sharing an old one.
        if group and (start < stop or start == stop == total):
            stop = max(stop, end)
            group.append(edit)
            continue
        if group:
            yield first, stop, group
        first, stop, group = start, end, [edit]
    if group:
        yield first, stop, group


def _groups(changes: Iterator[_Change]) -> Iterator[list[_Change]]:
    """Changes whose contexts meet belong to one hunk."""
    group: list[_Change] = []
    for change in changes:
        if group and change.start - group[-1].end > 2 * CONTEXT_LINES:
            yield group
            group = []
        if group and group[-1].end == change.start:  # adjacent: all removed lines first, then all added
            last = group.pop()
            group.append(_Change(last.start, change.end, last.new + change.new))
        else:
            group.append(change)
    if group:
        yield group


def _hunk(lines: list[bytes], group: list[_Change], shift: int) -> Hunk:
    begin = max(0, group[0].start - CONTEXT_LINES)
    end = min(len(lines), group[-1].end + CONTEXT_LINES)
    body: list[bytes] = []
    at = begin
    for change in group:
        body += _marked(b" ", lines[at : change.start])
        body += _marked(b"-", lines[change.start : change.end])
        body += _marked(b"+", change.new)
        at = change.end
    body += _marked(b" ", lines[at:end])
    old_count = end - begin
    new_count = old_count + sum(change.growth for change in group)
    return Hunk(
        old_start=begin + (old_count > 0),
        old_count=old_count,
        new_start=begin + shift + (new_count > 0),
        new_count=new_count,
        lines=tuple(body),
    )


def _marked(marker: bytes, lines: Sequence[bytes]) -> Iterator[bytes]:
    for line in lines:
        if line.endswith(b"\n"):
            yield marker + line
        else:
            yield marker + line + b"\n"
            yield _NO_NEWLINE


def _span(start: int, count: int) -> str:
    return str(start) if count == 1 else f"{start},{count}"


def _quote(char: str) -> str:
    code = ord(char)
    if code in _C_ESCAPES:
        return _C_ESCAPES[code]
    if char.isprintable():
        return char
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(char))
