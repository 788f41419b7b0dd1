"""Taking out of a file's bytes, before they are parsed, the long function and class bodies a scan need not look at.

A scan asks which names mean the environment where they are used. What a function binds is nobody's business outside
of it, unless it says so; of a function or class without a word of interest the header is enough. Each line keeps its
number. Where it is not certain that a body ends where it seems to, the file is left to be parsed whole.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache

#: Bodies shorter than this are parsed sooner than left out (bytes).
_LONG = 100
#: What lets code inside a function or class bind names outside of it. (`:=` binds in the function it stands in, and in
#: class bodies it may not stand in a comprehension.)
_REACHES_OUT = (b"global", b"nonlocal")
#: A line break and a header without strings, calls or comments in it, up to the end of its line. What begins with a
#: letter of its own is found much faster than what begins with `^`.
_HEADER = re.compile(
    rb"\n( *)(?:async +def|def|class) +\w+ *(?:\([^()'\"#\\]*\))?(?: *-> *[^:'\"#()\\\n]+)? *:[ \t]*(?:#[^\n]*)?(?=\n)"
)
#: In most files there is only the one kind, which is found faster on its own.
_TRIPLE = re.compile(rb"\"\"\"|'''")
_TRIPLE_DOUBLE = re.compile(rb"\"\"\"")
#: The part of a line that stands outside of strings and comments, strings included.
_CODE = re.compile(rb"(?:[^'\"#\\\n]|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")*")


def mask(data: bytes, words: Iterable[re.Pattern[bytes]]) -> bytes | None:
    """The bytes without the bodies that hold none of the words; None where nothing can be gained, or it is unsure."""
    if b"\r" in data or b"\f" in data or b"\n\t" in data:
        return None
    strings = _long_strings(data)
    if strings is None:
        return None
    patterns = [*words, *(re.compile(word) for word in _REACHES_OUT if word in data)]
    hits = sorted(m.start() for pattern in patterns for m in pattern.finditer(data))
    pieces: list[bytes] = []
    done = position = 0
    while header := _HEADER.search(data, position):
        position = header.end()
        if _string_around(strings, header.start() + 1):
            continue
        end = _end_of_body(data, position, len(header[1]), strings)
        if end is None:
            return None
        if end - position < _LONG:
            continue
        index = bisect_left(hits, header.start())
        if index < len(hits) and hits[index] < end:
            continue
        pieces += [data[done:position], b"\n", header[1], b" pass", b"\n" * (data.count(b"\n", position, end) - 1)]
        done = position = end
    return b"".join([*pieces, data[done:]]) if pieces else None


def _end_of_body(data: bytes, start: int, indent: int, strings: Sequence[tuple[int, int]]) -> int | None:
    """The line break before the first line indented no deeper than a header; None where a line may go on there."""
    outdented = _outdented(indent)
    while match := outdented.search(data, start):
        if around := _string_around(strings, match.start() + 1):
            start = around[1]
            continue
        return None if data.endswith(b"\\", 0, match.start()) else match.start()
    return len(data)


@lru_cache(maxsize=64)
def _outdented(indent: int) -> re.Pattern[bytes]:
    """A line of code that begins within the first columns; a closing bracket belongs to what was opened before."""
    return re.compile(rb"\n {0,%d}[^ \n#)\]}]" % indent)


def _string_around(strings: Sequence[tuple[int, int]], offset: int) -> tuple[int, int] | None:
    """The string that reaches over the beginning of a line, if one does."""
    index = bisect_right(strings, (offset,)) - 1
    return strings[index] if index >= 0 and offset < strings[index][1] else None


def _long_strings(data: bytes) -> list[tuple[int, int]] | None:
    """Where the triple-quoted strings are; None where a quote's part cannot be told from its line alone."""
    strings: list[tuple[int, int]] = []
    position = 0
    triple = _TRIPLE if b"'''" in data else _TRIPLE_DOUBLE
    while match := triple.search(data, position):
        start = match.start()
        line = max(data.rfind(b"\n", 0, start) + 1, position)
        code = _CODE.match(data, line, start)
        assert code is not None  # it matches the empty string too
        if code.end() < start:
            if data[code.end() : code.end() + 1] != b"#":
                return None
            position = data.find(b"\n", start) + 1 or len(data)  # a comment
            continue
        end = _end_of_string(data, match.end(), match.group())
        if end is None or data.endswith(b"\\\n", 0, line):
            return None
        strings.append((start, end))
        position = end
    return strings


def _end_of_string(data: bytes, start: int, quotes: bytes) -> int | None:
    """Just behind the closing quotes; None where there are none."""
    while (at := data.find(quotes, start)) >= 0:
        text = data[start:at]
        if (len(text) - len(text.rstrip(b"\\"))) % 2 == 0:
            return at + 3
        start = at + 1
    return None
