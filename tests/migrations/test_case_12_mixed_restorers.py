"""Case 12. Mixed restorers: `monkeypatch.setenv` inside `patch.dict`, hand-written try/finally, `clear()` +
`update(saved)`: convert the whole restore scope or none of it.
"""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "def f():\n    saved = {0}.copy()\n    try:\n        {0}.update(X='1')\n        return {0}['X']\n    finally:\n"
            "        {0}.clear()\n        {0}.update(saved)\n\n\nx = f()\n",
            id="clear-update",
        ),
        pytest.param(
            "def f():\n    saved = dict({0})\n    try:\n        del {0}['A']\n        return len({0})\n    finally:\n"
            "        {0}.update(saved)\n\n\nx = f()\n",
            id="finally",
        ),
        pytest.param(
            "def f():\n    old = {0}.get('A')\n    {0}.pop('A')\n    try:\n        return 'A' in {0}\n    finally:\n"
            "        if old is None:\n            {0}.pop('A', None)\n        else:\n            {0}.setdefault('A', old)\n\n\n"
            "x = f()\n",
            id="one-variable",
        ),
        pytest.param(
            "def f():\n    saved = {{**{0}}}\n    {0}.clear()\n    {0}['X'] += ''\n\n\ndef g():\n    try:\n        f()\n"
            "    except KeyError as e:\n        return str(e)\n\n\nx = g()\n",
            id="lost-on-error",
        ),
    ],
)
def test_restore_scope_is_converted_whole(check_access, body):
    check_access(body.format("os.environ"), body.format("get_env()"))


@pytest.mark.parametrize(
    ("before", "words"),
    [
        pytest.param(
            "import os\n\n\ndef f():\n    saved = os.environ.copy()\n    try:\n        print(os.environ)\n    finally:\n"
            "        os.environ.clear()\n        os.environ.update(saved)\n",
            ["must stay (line 7)", "passed to `print`", "must stay (line 7)", "must stay (line 7)"],
            id="printed",
        ),
        pytest.param(
            "import os\n\n\ndef f():\n    saved = os.environ\n    os.environ = {'A': 'v'}\n    x = os.environ['A']\n"
            "    os.environ = saved\n    return x\n",
            ["must stay (line 8)", "must stay (line 8)", "must stay (line 8)", "put in place"],
            id="replaced",
        ),
        pytest.param(
            "import os\n\n\ndef f():\n    try:\n        os.putenv('A', 'v')\n        os.environ['B'] = 'v'\n    finally:\n"
            "        os.environ.pop('A')\n",
            ["os.putenv leaves", "must stay (line 6)", "must stay (line 6)"],
            id="putenv",
        ),
        pytest.param(
            "import os\nfrom unittest.mock import patch\n\n\ndef f():\n    saved = dict(os.environ)\n"
            "    with patch.dict(os.environ, A='v') as env:\n        print(env)\n    os.environ.clear()\n"
            "    os.environ.update(saved)\n",
            ["must stay (line 7)", "passed to `print`", "must stay (line 7)", "must stay (line 7)"],
            id="patch",
        ),
    ],
)
def test_restore_scope_that_holds_something_to_stay_is_left_whole(refuse, before, words):
    refuse(before, *words)


def test_other_functions_of_the_file_are_converted_all_the_same(check):
    stuck = "def f():\n    try:\n        print(os.environ)\n    finally:\n        os.environ.clear()\n\n\n"
    check(
        "import os\n\n\n" + stuck + "x = os.environ['A']\n",
        "import os\n\nfrom holdline_runtime import get_env\n\n\n" + stuck + "x = get_env()['A']\n",
        reasons=["passed to `print`", "must stay (line 6)"],
        runs=False,
    )


def test_monkeypatch_inside_patch_dict(check):
    body = """
def test_mixed(monkeypatch):
    with {0}X="1"):
        monkeypatch.setenv("X", "2")
        monkeypatch.setenv("Y", "3")
        monkeypatch.delenv("A")
        assert ({1}["X"], {1}["Y"], "A" in {1}) == ("2", "3", False)
    assert ("X" in {1}, "Y" in {1}, {1}["A"]) == (False, False, "1")


def test_after():
    assert ({1}.get("X"), {1}.get("Y"), {1}.get("A")) == ("1", None, "1")
"""
    check(
        "import os\nfrom unittest.mock import patch\n\nimport pytest\n\n"
        + body.format("patch.dict(os.environ, ", "os.environ"),
        "import pytest\nfrom holdline_runtime import get_env, patch_env\n\n" + body.format("patch_env(", "get_env()"),
        outcomes={"test_snippet.py::test_mixed": "passed", "test_snippet.py::test_after": "passed"},
    )


def test_patch_dict_inside_monkeypatch(check):
    body = """
def test_mixed(monkeypatch):
    monkeypatch.setenv("X", "2")
    with {0}X="1", clear=True):
        assert {1} == {{"X": "1"}}
    assert ({1}["X"], {1}["A"]) == ("2", "1")


def test_after():
    assert "X" not in {1}
"""
    check(
        "import os\nfrom unittest.mock import patch\n\nimport pytest\n\n"
        + body.format("patch.dict(os.environ, ", "os.environ"),
        "import pytest\nfrom holdline_runtime import get_env, patch_env\n\n" + body.format("patch_env(", "get_env()"),
        outcomes={"test_snippet.py::test_mixed": "passed", "test_snippet.py::test_after": "passed"},
    )


def test_set_up_and_tear_down_that_save_and_restore(check):
    body = """
class TestSaved(unittest.TestCase):
    def setUp(self):
        self.saved = {0}.copy()
        {0}.update(X="1")

    def tearDown(self):
        {0}.clear()
        {0}.update(self.saved)

    def test(self):
        self.assertEqual({0}["X"], "1")
        {0}.pop("A")

    def test_again(self):
        self.assertEqual({0}["A"], "1")
"""
    check(
        "import os\nimport unittest\n\n" + body.format("os.environ"),
        "import unittest\n\nfrom holdline_runtime import get_env\n\n" + body.format("get_env()"),
        outcomes={"test_snippet.py::TestSaved::test": "passed", "test_snippet.py::TestSaved::test_again": "passed"},
    )
