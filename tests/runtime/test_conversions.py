"""Typed readers: strict words, defaults as they are, and no value in any error."""

from __future__ import annotations

import enum
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from holdline_runtime import get_env, patch_env
from holdline_runtime.errors import InvalidVariableError, MissingVariableError

KEY = "HOLDLINE_T"


class Colour(enum.Enum):
    RED = "red"
    NUMBERED = 3


READERS: dict[str, Callable[..., Any]] = {
    "bool": lambda *default: get_env().get_bool(KEY, *default),
    "int": lambda *default: get_env().get_int(KEY, *default),
    "float": lambda *default: get_env().get_float(KEY, *default),
    "list": lambda *default: get_env().get_list(KEY, *default),
    "json": lambda *default: get_env().get_json(KEY, *default),
    "enum": lambda *default: get_env().get_enum(KEY, Colour, *default),
}


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        *[("bool", text, True) for text in ("1", "true", "TRUE", "Yes", "on")],
        *[("bool", text, False) for text in ("0", "false", "No", "OFF")],
        *[("int", text, int(text)) for text in ("0", "-12", "+7", "007")],
        *[("float", text, float(text)) for text in ("0", "-1.5", "1e3", ".5", "2.")],
        ("list", "", []),
        ("list", "a", ["a"]),
        ("list", "a, b ,c", ["a", "b", "c"]),
        ("json", '{"a": [1, null]}', {"a": [1, None]}),
        ("json", '"text"', "text"),
        ("enum", "red", Colour.RED),
        ("enum", "NUMBERED", Colour.NUMBERED),
    ],
)
def test_values(reader: str, text: str, value: object) -> None:
    with patch_env({KEY: text}):
        assert READERS[reader]() == value
        assert type(READERS[reader]()) is type(value)


SECRET = "hunter2"


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        *[("bool", text) for text in ("", " ", "2", "t", "y", "enabled", " true", SECRET)],
        *[("int", text) for text in ("", "+", "1_000", " 1", "1.0", "0x1", "٣", "--1", "9" * 5000, SECRET)],
        *[("float", text) for text in ("", "nan", "inf", "-Infinity", "1e999", "1_0.0", " 1", "1e", SECRET)],
        *[("list", text) for text in (",", "a,,b", "a,", f"{SECRET},")],
        *[("json", text) for text in ("", "{", "NaN", "[Infinity]", "{'a': 1}", "[" * 100_000, SECRET)],
        *[("enum", text) for text in ("", "RED", "Red", "3", SECRET)],
    ],
)
def test_refusals_name_the_key_and_never_hold_the_value(reader: str, text: str) -> None:
    with patch_env({KEY: text}), pytest.raises(InvalidVariableError) as caught:
        READERS[reader]("a default is for what is missing, not for what is wrong")
    error = caught.value
    assert KEY in str(error)
    assert error.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(error))
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize("reader", READERS)
def test_a_missing_variable_gives_the_default_or_says_so(reader: str) -> None:
    default = object()
    assert READERS[reader](default) is default
    assert READERS[reader](None) is None
    with pytest.raises(MissingVariableError) as caught:
        READERS[reader]()
    assert str(caught.value) == "environment variable 'HOLDLINE_T' is not set (looked in os.environ)"


def test_require() -> None:
    with pytest.raises(KeyError) as caught:
        get_env().require(KEY)
    assert caught.type is MissingVariableError
    assert caught.value.args == (KEY,)
    assert pickle.loads(pickle.dumps(caught.value)).args == (KEY,)
    with patch_env({KEY: ""}):
        assert get_env().require(KEY) == ""


def test_a_separator_of_ones_own() -> None:
    with patch_env({KEY: "a:b"}):
        assert get_env().get_list(KEY, separator=":") == ["a", "b"]
        with pytest.raises(ValueError, match="separator"):
            get_env().get_list(KEY, separator="")


def test_something_else_than_text_in_a_swapped_dict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {KEY: 1})
    with pytest.raises(InvalidVariableError):
        get_env().get_int(KEY)


def test_an_enum_refusal_lists_what_is_accepted() -> None:
    with patch_env({KEY: "blue"}), pytest.raises(InvalidVariableError, match="one of red, NUMBERED"):
        get_env().get_enum(KEY, Colour)
