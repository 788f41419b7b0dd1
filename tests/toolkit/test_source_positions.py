"""Lines, columns and excerpts: right in every encoding, and quick on lines without end."""

from __future__ import annotations

import time

import pytest

from holdline.model import ProblemKind
from holdline.source import LARGEST, SourceError, parse


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_offsets_and_positions_are_inverse(encoding: str, newline: str) -> None:
    text = newline.join([f"# coding: {encoding}", "é = 'é', x", "", "y = é, 'ü'", "z = 1"])
    source = parse("a.py", text.encode(encoding))
    for number, line in enumerate(text.split(newline), 1):
        before = ""
        for column, character in enumerate(line, 1):
            offset = source.offset(number, len(before.encode()))
            assert source.position(offset) == (number, column)
            before += character
    for number, line in reversed(list(enumerate(text.split(newline), 1))):  # in whatever order it is asked
        assert source.position(source.offset(number, len(line.encode()))) == (number, len(line) + 1)


def test_an_excerpt_is_the_line() -> None:
    source = parse("a.py", "\ufeffx = 1\n    \ny = 'é'  # last".encode())
    assert [source.excerpt(n, source.offset(n, 0)) for n in (1, 2, 3)] == ["x = 1", "", "y = 'é'  # last"]


@pytest.mark.parametrize("filler", ["x", "é", "🐍"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_of_a_long_line_it_is_the_part_that_matters(filler: str, encoding: str) -> None:
    text = f"'{filler * 600}', here, '{filler * 600}'\nthere\n"
    source = parse("a.py", text.encode(encoding))
    column = len(f"'{filler * 600}', ".encode())
    shown = source.excerpt(1, source.offset(1, column))
    assert shown.startswith(f"… here, '{filler}{filler}")
    assert shown.endswith(f"{filler} …")
    assert len(shown.encode()) < 420
    near_the_end = source.excerpt(1, source.offset(1, len(text.split("\n")[0].encode()) - 1))
    assert near_the_end == "… ' …"


@pytest.mark.parametrize("filler", ["a", "é"])
def test_a_line_of_a_megabyte_takes_no_time(filler: str) -> None:
    source = parse("a.py", f"[{f'{filler}, ' * 100_000}]\n".encode())
    start = time.monotonic()
    for n in range(100_000):
        assert source.position(source.offset(1, 1 + n * len(f"{filler}, ".encode()))) == (1, 2 + 3 * n)
    assert time.monotonic() - start < 20


def test_what_is_too_large_is_said() -> None:
    parse("a.py", b"#" * LARGEST)
    with pytest.raises(
        SourceError, match=r"is too large to be judged \(2,000,001 bytes, the most is 2,000,000\)"
    ) as caught:
        parse("a.py", b"#" * (LARGEST + 1))
    assert caught.value.problem.kind is ProblemKind.UNREADABLE
