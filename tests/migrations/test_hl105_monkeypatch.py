"""Rule HL105: its examples, and `monkeypatch.setenv` and `delenv` before and after, run by pytest."""

from __future__ import annotations

import pytest

from holdline.config import Config
from holdline_migrations.hl105_monkeypatch import RULE

CONFIG = Config(select=("HL1", "HL105"))
IMPORT = "from holdline_runtime import get_env\n\n\n"


@pytest.mark.parametrize("example", RULE.examples, ids=range(len(RULE.examples)))
def test_example(harness, example):
    harness.check_example(RULE, example)


def test_off_by_default(ignore):
    ignore("def test(monkeypatch):\n    monkeypatch.setenv('A', 'v')\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("monkeypatch.setenv('X', '1')", "monkeypatch.setitem(get_env(), 'X', '1')", id="set"),
        pytest.param(
            "monkeypatch.setenv(('X'), ('1'))", "monkeypatch.setitem(get_env(), ('X'), ('1'))", id="parentheses"
        ),
        pytest.param(
            "monkeypatch.setenv(name, f'{name}1')", "monkeypatch.setitem(get_env(), name, f'{name}1')", id="f-string"
        ),
        pytest.param(
            "monkeypatch.setenv('HOME', str(tmp_path))",
            "monkeypatch.setitem(get_env(), 'HOME', str(tmp_path))",
            id="str",
        ),
        pytest.param("monkeypatch.delenv('A')", "monkeypatch.delitem(get_env(), 'A')", id="delete"),
        pytest.param(
            "monkeypatch.delenv('NO', raising=False)",
            "monkeypatch.delitem(get_env(), 'NO', raising=False)",
            id="not-raising",
        ),
        pytest.param("monkeypatch.delenv('NO', False)", "monkeypatch.delitem(get_env(), 'NO', False)", id="positional"),
        pytest.param(
            "monkeypatch.setenv(\n        # why\n        'X',\n        '1',\n    )",
            "monkeypatch.setitem(get_env(), \n        # why\n        'X',\n        '1',\n    )",
            id="lines",
        ),
        pytest.param(
            "with pytest.raises(KeyError):\n        monkeypatch.delenv('NO')",
            "with pytest.raises(KeyError):\n        monkeypatch.delitem(get_env(), 'NO')",
            id="missing",
        ),
    ],
)
def test_same_changes_and_same_restoration(check, before, after):
    body = (
        "import pytest\n{0}\nname = 'NAME'\nstart = {1}.copy()\n\n\ndef test(monkeypatch, tmp_path):\n    {2}\n"
        "    print(sorted({1}))\n    assert {1} != start or 'NO' not in {1}\n\n\ndef test_after():\n    assert {1} == start | "
        "{{'PYTEST_CURRENT_TEST': {1}['PYTEST_CURRENT_TEST']}}\n"
    )
    check(
        "import os\n\n" + body.format("", "os.environ", before),
        body.format("from holdline_runtime import get_env\n", "get_env()", after),
        config=CONFIG,
        outcomes={"test_snippet.py::test": "passed", "test_snippet.py::test_after": "passed"},
    )


@pytest.mark.parametrize(
    "call",
    [
        "setenv('A', 1)",
        "setenv('A', value)",
        "setenv('PATH', '/opt', prepend=':')",
        "setenv('PATH', '/opt', ':')",
        "setenv(name='A', value='1')",
        "setenv(*pair)",
        "setenv('A', **pair)",
        "delenv(name='A')",
        "delenv(*names)",
    ],
)
def test_arguments_that_setenv_may_treat_otherwise_are_refused(refuse, call):
    refuse(f"def test(monkeypatch, value, pair, names):\n    monkeypatch.{call}\n", "not plain", config=CONFIG)


def test_own_str_may_return_anything(refuse):
    refuse(
        "def str(x):\n    return x\n\n\ndef test(monkeypatch):\n    monkeypatch.setenv('A', str(1))\n",
        "not plain",
        config=CONFIG,
    )


def test_object_swapped_in_is_refused(refuse):
    refuse(
        "import os\n\n\ndef test(monkeypatch):\n    monkeypatch.setattr(os, 'environ', {})\n    monkeypatch.setenv('A', '1')\n",
        "another object is put in place",
        "not plain",
        config=CONFIG,
    )
