"""Case 15. Evaluation time: default arguments, `skipif`, `parametrize`, class and module bodies run before fixtures.

A read happens exactly when it happened before: `get_env()` is called where `os.environ` stood.
"""

from __future__ import annotations

import pytest

HEAD = "import os\nfrom unittest.mock import patch\n\nimport pytest\n\n\n"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "def f(a={0}['A']):\n    return a\n\n\n{0}.update(A='later')\nx = f(), f({0}['A'])\n", id="default"
        ),
        pytest.param("class C:\n    a = {0}['A']\n\n\n{0}.update(A='later')\nx = C.a\n", id="class-body"),
        pytest.param("A = {0}['A']\n{0}.update(A='later')\nx = A, {0}['A']\n", id="module-body"),
        pytest.param("f = lambda: {0}['A']\n{0}.update(A='later')\nx = f()\n", id="lambda"),
        pytest.param("g = ({0}[k] for k in 'AB')\n{0}.update(A='later')\nx = list(g)\n", id="generator"),
        pytest.param("g = (k for k in {0})\n{0}.update(NEW='later')\nx = 'NEW' in list(g)\n", id="first-iterable"),
        pytest.param("it = iter({0})\n{0}.update(NEW='later')\nx = 'NEW' in list(it)\n", id="iterator"),
        pytest.param("v = {0}.items()\n{0}.update(NEW='later')\nx = ('NEW', 'later') in v\n", id="view-is-live"),
        pytest.param("c = {0}.copy()\n{0}.update(NEW='later')\nx = 'NEW' in c\n", id="copy-is-not"),
        pytest.param("get = {0}.get\n{0}.update(NEW='later')\nx = get('NEW')\n", id="bound-method"),
        pytest.param("def f(env={0}):\n    return env['A']\n\n\n{0}.update(A='later')\nx = f()\n", id="default-object"),
    ],
)
def test_reads_happen_when_they_did(check_access, body):
    check_access(body.format("os.environ"), body.format("get_env()"))


def test_markers_are_evaluated_at_collection(check):
    body = """
@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("A", "fixture")


@pytest.mark.skipif({0}.get("A") == "1", reason="collected with the outer value")
def test_skipped():
    pass


@pytest.mark.skipif("os.environ.get('A') == 'fixture'", reason="evaluated by pytest before fixtures")
def test_condition_in_a_string():
    pass


@pytest.mark.parametrize("value", [{0}["A"], *{0}["B"]])
def test_parameters(value):
    assert {0}["A"] == "fixture"


@{1}A="decorator")
def test_decorator_after_the_fixture(a={0}["A"]):
    assert (a, {0}["A"]) == ("1", "decorator")


class TestBody:
    value = {0}["A"]

    def test(self):
        assert (self.value, {0}["A"]) == ("1", "fixture")
"""
    names = [
        "test_parameters[1]",
        "test_parameters[t]",
        "test_parameters[w]",
        "test_parameters[o]",
        "test_condition_in_a_string",
        "test_decorator_after_the_fixture",
        "TestBody::test",
    ]
    outcomes = {f"test_snippet.py::{n}": "passed" for n in names} | {"test_snippet.py::test_skipped": "skipped"}
    check(
        HEAD.rstrip("\n") + "\n" + body.format("os.environ", "patch.dict(os.environ, "),
        "import pytest\nfrom holdline_runtime import get_env, patch_env\n" + body.format("get_env()", "patch_env("),
        outcomes=outcomes,
    )


def test_values_of_a_patch_are_read_when_it_is_made(check):
    body = "p = {0}A={1}['B'])\n{1}.update(B='later')\nwith p:\n    x = {1}['A']\n"
    check(
        "import os\nfrom unittest.mock import patch\n\n" + body.format("patch.dict(os.environ, ", "os.environ"),
        "from holdline_runtime import get_env, patch_env\n\n" + body.format("patch_env(", "get_env()"),
    )


def test_values_that_change_after_the_patch_is_made_do_not_count(check):
    body = "v = {{'A': 'v'}}\np = {0}v)\nv['A'] = 'changed'\nwith p:\n    x = {1}['A']\n"
    check(
        "import os\nfrom unittest.mock import patch\n\n" + body.format("patch.dict(os.environ, ", "os.environ"),
        "from holdline_runtime import get_env, patch_env\n\n" + body.format("patch_env(", "get_env()"),
    )


def test_import_is_added_before_code_that_runs_at_import(check):
    before = """
        import os

        os.environ["A"] = "early"

        import json

        x = json.dumps(os.environ["A"])
        """
    after = """
        from holdline_runtime import get_env

        get_env().set("A", "early")

        import json

        x = json.dumps(get_env()["A"])
        """
    check(before, after)


def test_exit_handlers(check):
    body = "atexit.register(lambda: {0}.update(LAST='written'))\natexit.register({0}.pop, 'A')\n"
    check(
        "import atexit\nimport os\n\n" + body.format("os.environ"),
        "import atexit\n\nfrom holdline_runtime import get_env\n\n" + body.format("get_env()"),
    )
