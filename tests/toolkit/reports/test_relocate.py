from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline.edits import apply_edits
from holdline.model import Category, Edit, FileResult, Violation
from holdline.reports.relocate import relocate


def moved(before: bytes, where: tuple[int, int, int, int], *edits: Edit) -> tuple[int, int, int, int]:
    line, column, end_line, end_column = where
    violation = Violation("HL101", "", "f.py", line, column, end_line, end_column)
    result = FileResult(
        "f.py", Category.TESTS, (violation,), edits=edits, before=before, after=apply_edits(before, edits)
    )
    (there,) = relocate(result).remaining
    return there.line, there.column, there.end_line, there.end_column


@pytest.mark.parametrize(
    ("before", "where", "edit", "after"),
    [
        pytest.param(b"a\nbcd\n", (2, 2, 2, 3), Edit(0, 0, b"new\n"), (3, 2, 3, 3), id="line above"),
        pytest.param(b"a\nbcd\n", (2, 1, 2, 2), Edit(2, 2, b"new\n"), (3, 1, 3, 2), id="right before"),
        pytest.param(b"a\nbcd\n", (2, 1, 2, 3), Edit(4, 4, b"new\n"), (2, 1, 2, 3), id="right behind"),
        pytest.param(b"a\nbcd\n", (2, 3, 2, 4), Edit(2, 3, b"longer"), (2, 8, 2, 9), id="same line"),
        pytest.param(b"a\nb\nc\n", (3, 1, 3, 2), Edit(0, 4, b""), (1, 1, 1, 2), id="lines removed"),
        pytest.param(b"a\r\nb\rc", (3, 1, 3, 2), Edit(0, 0, b"x\r\n"), (4, 1, 4, 2), id="CR ends a line"),
        pytest.param(b"\xef\xbb\xbfab\n", (1, 2, 1, 3), Edit(3, 3, b"x\n"), (2, 2, 2, 3), id="byte-order mark"),
        pytest.param("é = é\n".encode(), (1, 5, 1, 6), Edit(0, 2, "日本".encode()), (1, 6, 1, 7), id="UTF-8"),
        pytest.param(
            b"# coding: latin-1\n\xe9 = \xe9\n", (2, 5, 2, 6), Edit(18, 19, b"ab"), (2, 6, 2, 7), id="latin-1"
        ),
        pytest.param(b"abc", (1, 2, 1, 3), Edit(0, 3, b""), (1, 1, 1, 1), id="gone"),
    ],
)
def test_moves_with_the_text(
    before: bytes, where: tuple[int, int, int, int], edit: Edit, after: tuple[int, int, int, int]
) -> None:
    assert moved(before, where, edit) == after


def test_without_edits_nothing_moves() -> None:
    result = FileResult("f.py", Category.TESTS, (Violation("HL101", "", "f.py", 9, 1, 9, 2),))
    assert relocate(result) is result


@given(head=st.text("aé\n", max_size=20), new=st.text("bß\n", max_size=10), tail=st.text("cü\n", max_size=10))
def test_a_mark_behind_an_edit_is_found_again(head: str, new: str, tail: str) -> None:
    before = (head + "§" + tail).encode()
    rows = before.decode().split("§")[0].split("\n")
    where = (len(rows), len(rows[-1]) + 1, len(rows), len(rows[-1]) + 2)
    line, column, end_line, end_column = moved(before, where, Edit(0, len(head.encode()), new.encode()))
    rows = (new + "§" + tail).split("\n")
    assert rows[line - 1][column - 1 : end_column - 1] == "§"
    assert line == end_line
