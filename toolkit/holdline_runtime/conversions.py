"""Strict conversions from the text of a variable; each returns the value or raises `ValueError`.

Strict, because a misspelt setting that quietly means "off" is found in production. Nothing is guessed, and an
empty variable is not a missing one.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from enum import Enum
    from typing import Any, TypeVar

    E = TypeVar("E", bound=Enum)

_WORDS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}
BOOL_EXPECTED = "one of 1, true, yes, on, 0, false, no, off"
INT_EXPECTED = "a whole number in decimal digits"
FLOAT_EXPECTED = "a finite decimal number"
JSON_EXPECTED = "a JSON document"

_DIGITS = frozenset("0123456789")
_FLOAT_CHARACTERS = _DIGITS | frozenset("+-.eE")


def to_bool(text: str) -> bool:
    """Read one of eight words, in any case."""
    try:
        return _WORDS[text.lower()]
    except KeyError:
        raise ValueError("not a truth word") from None


def to_int(text: str) -> int:
    """Read ASCII decimal digits with an optional sign: no spaces, underscores or other scripts' digits."""
    if not _DIGITS.issuperset(text[1:] if text[:1] in ("+", "-") else text):
        raise ValueError("not a whole number")
    return int(text)


def to_float(text: str) -> float:
    """Read a finite decimal number, with or without an exponent: no `nan`, no infinity, no overflow to it."""
    if not _FLOAT_CHARACTERS.issuperset(text):
        raise ValueError("not a decimal number")
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("out of range")
    return number


def to_list(text: str, separator: str) -> list[str]:
    """Split at the separator and trim each item; empty text is an empty list, an empty item is an error."""
    if not text:
        return []
    items = [item.strip() for item in text.split(separator)]
    if not all(items):
        raise ValueError("an item is empty")
    return items


def to_json(text: str) -> Any:
    """Read one JSON document; `NaN` and `Infinity`, which JSON has not, are refused."""
    import json

    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def to_enum(text: str, kind: type[E]) -> E:
    """Return the member whose label is exactly the text."""
    for member in kind:
        if enum_label(member) == text:
            return member
    raise ValueError("not a member")


def enum_label(member: Enum) -> str:
    """Give the text that stands for a member: its value where that is text, otherwise its name."""
    return member.value if isinstance(member.value, str) else member.name
