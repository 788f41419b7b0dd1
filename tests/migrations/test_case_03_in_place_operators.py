"""Case 3. `+=` raises on a missing key; `|=` keeps the type, `|` gives a plain dict."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "before",
    [
        pytest.param('os.environ["A"] += ":more"\n', id="append"),
        pytest.param('os.environ["A"] *= 3\n', id="repeat"),
        pytest.param('os.environ["A"] %= ()\n', id="format"),
        pytest.param('x = os.environ | {"X": "1"}\ny = type(x).__name__\n', id="union"),
        pytest.param('x = {"A": "0", "X": 1} | os.environ\ny = list(x)\n', id="reflected-union"),
        pytest.param("x = type(os.environ | os.environ) is dict\n", id="union-with-itself"),
        pytest.param('def f():\n    env = os.environ\n    env |= {"X": "1"}\n\n\nf()\n', id="variable-in-place"),
    ],
)
def test_operator_keeps_its_form(check_access, before):
    check_access(before, before.replace("os.environ", "get_env()"))


@pytest.mark.parametrize(
    ("before", "raises"),
    [
        pytest.param('os.environ["MISSING"] += ":more"\n', "KeyError", id="append-missing"),
        pytest.param('os.environ["A"] += 1\n', "TypeError", id="append-number"),
        pytest.param('os.environ["A"] |= "x"\n', "TypeError", id="or-of-strings"),
    ],
)
def test_in_place_operator_raises_the_same_error(check_access, before, raises):
    check_access(before, before.replace("os.environ", "get_env()"), raises=raises)


@pytest.mark.parametrize(
    ("before", "after", "raises"),
    [
        pytest.param('os.environ |= {"X": "1", "A": "9"}\n', 'get_env().update({"X": "1", "A": "9"})\n', "", id="dict"),
        pytest.param('os.environ |= [("X", "1")]\n', 'get_env().update([("X", "1")])\n', "", id="pairs"),
        pytest.param('os.environ |= (("X", "1"),)\n', 'get_env().update((("X", "1"),))\n', "", id="tuple"),
        pytest.param('os.environ |= ({"X": "1"})\n', 'get_env().update(({"X": "1"}))\n', "", id="parentheses"),
        pytest.param("os.environ |= 5\n", "get_env().update(5)\n", "TypeError", id="number"),
        pytest.param('os.environ |= {"X": 1}\n', 'get_env().update({"X": 1})\n', "TypeError", id="not-text"),
    ],
)
def test_in_place_union_becomes_update(check_access, before, after, raises):
    check_access(before, after, raises=raises)


def test_in_place_union_with_a_bare_tuple_is_refused(refuse):
    refuse('import os\n\nos.environ |= ("X", "1"), ("Y", "2")\n', "no clean cut")


def test_in_place_union_of_an_imported_name_rebinds_it_and_is_refused(refuse):
    refuse('from os import environ\n\nenviron |= {"X": "1"}\n', "bound in more than one way")


def test_other_in_place_operators_are_refused(refuse):
    refuse("import os\n\nos.environ += {}\n", "operator that mappings lack")
