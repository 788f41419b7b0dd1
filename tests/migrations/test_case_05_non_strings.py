"""Case 5. Non-strings: `get` may return an int default; sets raise `TypeError`; so does `1 in environ`."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "before",
    [
        pytest.param('x = os.environ.get("MISSING", 0) + 1\n', id="int"),
        pytest.param('x = os.environ.get("MISSING", [])\nx.append(1)\n', id="list"),
        pytest.param('x = os.environ.get("MISSING", False) is False\n', id="false"),
        pytest.param('x = int(os.environ.get("A", 5))\n', id="present"),
        pytest.param('x = os.environ.get(key="MISSING", default=2.5)\n', id="keywords"),
        pytest.param('o = object()\nx = os.environ.pop("MISSING", o) is o\n', id="identity"),
    ],
)
def test_a_default_of_any_type_comes_back_as_it_is(check_access, before):
    check_access(before, before.replace("os.environ", "get_env()"))


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("1 in os.environ\n", id="in"),
        pytest.param("None in os.environ\n", id="none-in"),
        pytest.param("os.environ[None]\n", id="item"),
        pytest.param("os.environ.get(1)\n", id="get"),
        pytest.param('os.environ.get(b"A")\n', id="bytes"),
        pytest.param('os.environ[{"A"}]\n', id="set"),
        pytest.param('os.environ.setdefault("NEW", 1)\n', id="setdefault"),
        pytest.param('os.environ.update({"A": "2", "B": 2, "C": "3"})\n', id="update-half-way"),
        pytest.param("os.environ.update(A=None)\n", id="update-keyword"),
        pytest.param("os.environ.update(1)\n", id="update-number"),
        pytest.param("os.environ.setdefault()\n", id="setdefault-nothing"),
    ],
)
def test_what_is_not_text_raises_the_same_type_error(check_access, before):
    check_access(before, before.replace("os.environ", "get_env()"), raises="TypeError")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('x = os.getenv("MISSING", 8080) + 1\n', 'x = get_env().get("MISSING", 8080) + 1\n', id="default"),
        pytest.param("os.getenv(1)\n", "get_env().get(1)\n", id="key"),
    ],
)
def test_getenv(check_access, before, after):
    check_access(before, after, raises="TypeError" if "(1)" in before else "")


@pytest.mark.parametrize("call", ["os.getenv()", 'os.getenv("A", "B", "C")', 'os.getenv("A", other=1)'])
def test_getenv_with_arguments_it_does_not_take_names_itself_in_its_error_and_is_refused(refuse, call):
    refuse(f"import os\n\n{call}\n", "arguments")


def test_sorting_and_minimum(check_access):
    before = "x = sorted(os.environ), min(os.environ), list(reversed(sorted(os.environ.values())))\n"
    check_access(before, before.replace("os.environ", "get_env()"))


@pytest.mark.parametrize("call", ["get()", "get('A', 1, 2)", "keys(1)", "clear(1)", "copy(None)", "popitem(1)"])
def test_method_with_arguments_it_does_not_take_names_its_class_in_its_error_and_is_refused(refuse, call):
    refuse(f"import os\n\nos.environ.{call}\n", "does not take these arguments")
