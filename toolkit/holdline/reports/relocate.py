"""Where violations are once the file has been rewritten."""

from __future__ import annotations

import codecs
import io
import re
import tokenize
from bisect import bisect_right

from holdline.edits import OffsetMap
from holdline.model import FileResult, Violation

_NEWLINE = re.compile(rb"\r\n|\r|\n")


def relocate(result: FileResult) -> FileResult:
    """`result` with its remaining violations located in `after` instead of `before`."""
    if not result.edits or not result.remaining:
        return result
    before, after, moved = _Text(result.before), _Text(result.after), OffsetMap(result.edits)

    def place(violation: Violation) -> Violation:
        # Text inserted right before a violation pushes it along, right behind it does not widen it.
        start = moved.start(before.offset(violation.line, violation.column))
        end = moved.end(before.offset(violation.end_line, violation.end_column))
        line, column = after.position(start)
        end_line, end_column = after.position(max(start, end))
        return violation._replace(line=line, column=column, end_line=end_line, end_column=end_column)

    return result._replace(remaining=tuple(map(place, result.remaining)))


class _Text:
    """A Python file's bytes, addressed by line and column as violations are.

    Both count from 1; columns count characters, without a byte-order mark.
    """

    def __init__(self, data: bytes) -> None:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        self._encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        self._data = data
        bom = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
        self._starts = [bom, *(match.end() for match in _NEWLINE.finditer(data))]

    def offset(self, line: int, column: int) -> int:
        start, *rest = self._starts[line - 1 : line + 1]
        text = self._data[start : rest[0] if rest else None].decode(self._encoding)
        return start + len(text[: column - 1].encode(self._encoding))

    def position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        start = self._starts[line - 1]
        return line, len(self._data[start:offset].decode(self._encoding, "replace")) + 1
