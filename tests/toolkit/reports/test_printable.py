from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline.reports import printable as module
from holdline.reports.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本 🙂", "plain é 日本 🙂"),
        ("\x1b[31m\x07\x7f", "\\x1b[31m\\x07\\x7f"),
        ("a\tb\nc\rd", "a\\tb\\nc\\rd"),
        ("\x9b2J", "\\x9b2J"),
        ("\u202eevil\u2066\ufeff", "\\u202eevil\\u2066\\ufeff"),
        ("\udce9", "\\xe9"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_could_steer_a_terminal_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_kept_characters_stay() -> None:
    assert printable("\ta\x1b\n", keep="\t\n") == "\ta\\x1b\n"


@given(st.text(st.characters()))
def test_everything_shown_is_printable(text: str) -> None:
    assert printable(text).isprintable()


def test_example() -> None:
    assert doctest.testmod(module).failed == 0
