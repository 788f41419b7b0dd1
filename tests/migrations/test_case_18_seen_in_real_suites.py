"""Case 18. Seen in real suites: each test is named after what was seen."""

from __future__ import annotations

import pytest

HEAD = "import os\nfrom unittest.mock import patch\n\n"
BOTH = "from holdline_runtime import get_env, patch_env\n\n"


def test_patch_dict_with_no_values_is_a_pure_restore_guard(check):
    body = "with {0}):\n    {1}.update(X='1')\n    {1}.pop('A')\nx = 'X' in {1}, {1}['A']\n"
    check(HEAD + body.format("patch.dict(os.environ", "os.environ"), BOTH + body.format("patch_env(", "get_env()"))


def test_module_level_patcher_started_and_stopped_from_setup_and_teardown_function(check):
    body = """
env = {0}{{"X": "1"}}, clear=True)


def setup_function():
    env.start()


def teardown_function():
    env.stop()


def test_one():
    {1}["Y"] += "" if "Y" in {1} else ""


def test_two():
    assert {1}["X"] == "1"
    assert "A" not in {1}
"""
    check(
        HEAD.rstrip("\n") + "\n" + body.format("patch.dict(os.environ, ", "os.environ"),
        BOTH.rstrip("\n") + "\n" + body.format("patch_env(", "get_env()"),
        outcomes={"test_snippet.py::test_one": "failed", "test_snippet.py::test_two": "passed"},
    )


def test_values_as_a_generator_of_pairs(check):
    body = (
        "with {0}((k, v) for k, v in [('X', '1'), ('A', '2')]), clear=True):\n    x = {1} == {{'X': '1', 'A': '2'}}\n"
    )
    check(HEAD + body.format("patch.dict(os.environ, ", "os.environ"), BOTH + body.format("patch_env(", "get_env()"))


def test_tuple_assignment_that_swaps_a_value_in(check_access):
    body = """\
sentinel = object()
for k in "A", "NEW":
    old, {0}[k] = {0}.get(k, sentinel), "swapped"
    print(k, old is sentinel, {0}[k])
    if old is not sentinel:
        {0}[k], old = old, None
"""
    check_access(body.format("os.environ"), body.format("get_env()"))


@pytest.mark.parametrize("iterable", ["{0}", "{0}.keys()", "list({0})", "{0}.copy()"])
def test_deleting_while_iterating(check_access, iterable):
    body = f"for k in {iterable}:\n    if k in ('A', 'B'):\n        del {{0}}[k]\nx = sorted({{0}})\n"
    check_access(body.format("os.environ"), body.format("get_env()"))


def test_match_on_the_environment(check_access):
    body = (
        "match {0}:\n    case {{'NO': v}}:\n        x = v\n    case {{'A': v, **rest}}:\n        x = v, 'B' in rest\n"
    )
    check_access(body.format("os.environ"), body.format("get_env()"))


def test_environment_inside_parametrize(check):
    body = """
@pytest.mark.parametrize("value", [{0}["A"], {0}.get("NO", "default")])
def test(value):
    assert value in ("1", "default")
"""
    check(
        "import os\n\nimport pytest\n\n" + body.format("os.environ"),
        "import pytest\nfrom holdline_runtime import get_env\n\n" + body.format("get_env()"),
        outcomes={"test_snippet.py::test[1]": "passed", "test_snippet.py::test[default]": "passed"},
    )


def test_equality_after_clear_so_the_runtime_adds_no_variable(check):
    body = (
        "with {0}{{'X': '1'}}, clear=True):\n    x = {1} == {{'X': '1'}}, dict({1}), len({1})\n    print(sorted({1}))\n"
    )
    check(HEAD + body.format("patch.dict(os.environ, ", "os.environ"), BOTH + body.format("patch_env(", "get_env()"))


def test_isinstance_of_the_environ_class_is_refused(refuse):
    refuse("import os\n\nx = isinstance(os.environ, os._Environ)\n", "passed to `isinstance`")


def test_class_attribute_that_holds_the_environment_is_refused(refuse):
    refuse("import os\n\n\nclass C:\n    ENVIRON = os.environ\n", "where other code can reach it")


def test_plain_dict_swapped_in_and_mutated_afterwards(check):
    body = """
class TestSwap(unittest.TestCase):
    def setUp(self):
        self.environ = {{"A": "mine"}}
        patcher = patch("os.environ", self.environ)
        patcher.start()
        self.addCleanup(patcher.stop)

    def test(self):
        self.environ["NEW"] = "later"
        self.assertEqual(({0}["A"], {0}["NEW"], len({0})), ("mine", "later", 2))
        {0}["BACK"] += "" if "BACK" in {0} else "unreachable"

    def test_write(self):
        {0}.update(BACK="written")
        self.assertEqual(self.environ["BACK"], "written")
"""
    check(
        "import os\nimport unittest\nfrom unittest.mock import patch\n" + body.format("os.environ"),
        "import unittest\nfrom unittest.mock import patch\n\nfrom holdline_runtime import get_env\n"
        + body.format("get_env()"),
        reasons=["another object is put in place"],
        outcomes={"test_snippet.py::TestSwap::test": "failed", "test_snippet.py::TestSwap::test_write": "passed"},
    )


def test_patch_of_a_getenv_whose_import_lives_in_the_source(check):
    """`patch("pkg.mod.getenv")` needs the name in `pkg/mod.py`: that file is left, its import stays."""
    source = "from os import getenv\n\n\ndef read():\n    return getenv('A')\n"
    test = """
        import os
        from unittest.mock import patch

        from pkg.mod import read


        @patch("pkg.mod.getenv", return_value="mocked")
        def test(getenv):
            assert (read(), os.environ["A"]) == ("mocked", "1")
        """
    after = """
        from unittest.mock import patch

        from holdline_runtime import get_env
        from pkg.mod import read


        @patch("pkg.mod.getenv", return_value="mocked")
        def test(getenv):
            assert (read(), get_env()["A"]) == ("mocked", "1")
        """
    check(
        test,
        after,
        others={"pkg/mod.py": source, "pkg/__init__.py": ""},
        outcomes={"test_snippet.py::test": "passed"},
    )


def test_project_helper_called_setenv_that_has_nothing_to_do_with_the_environment(ignore):
    ignore("def test(settings):\n    settings.setenv('A', 'v')\n    settings.delenv('A')\n")


def test_project_helper_called_setenv_that_does_write_it(check):
    body = "def setenv(key, value):\n    {0}\n\n\nsetenv('X', '1')\nx = {1}['X']\n"
    check(
        "import os\n\n\n" + body.format("os.environ[key] = value", "os.environ"),
        "from holdline_runtime import get_env\n\n\n" + body.format("get_env().set(key, value)", "get_env()"),
    )


MOCKER = """
import unittest.mock

import pytest


class Mocker:
    def __init__(self):
        self.started = []
        self.patch = self

    def dict(self, *args, **kwargs):
        self.started.append(unittest.mock.patch.dict(*args, **kwargs))
        return self.started[-1].start()


@pytest.fixture
def mocker():
    mocker = Mocker()
    yield mocker
    for patcher in reversed(mocker.started):
        patcher.stop()
"""


def test_mocker_patch_dict(check):
    body = """

def test(mocker):
    mocker.patch.dict({0}, {{"X": "1"}}, clear=True)
    mocker.patch.dict({1}, Y="2")
    assert {0} == {{"X": "1", "Y": "2"}}


def test_after():
    assert "X" not in {0}
"""
    check(
        "import os\n" + body.format("os.environ", "'os.environ'"),
        "from holdline_runtime import get_env\n" + body.format("get_env()", "get_env()"),
        others={"conftest.py": MOCKER},
        outcomes={"test_snippet.py::test": "passed", "test_snippet.py::test_after": "passed"},
    )


def test_import_os_as_private_name(check):
    check("import os as _os\n\nx = _os.environ['A']\n", "from holdline_runtime import get_env\n\nx = get_env()['A']\n")


def test_monkeypatch_setitem_and_delitem(check):
    body = """
def test(monkeypatch):
    monkeypatch.setitem({0}, "X", "1")
    monkeypatch.delitem({0}, "A")
    monkeypatch.delitem({0}, "NO", raising=False)
    assert ({0}["X"], "A" in {0}) == ("1", False)


def test_after():
    assert ("X" in {0}, {0}["A"]) == (False, "1")
"""
    check(
        "import os\n\n" + body.format("os.environ"),
        "from holdline_runtime import get_env\n\n" + body.format("get_env()"),
        outcomes={"test_snippet.py::test": "passed", "test_snippet.py::test_after": "passed"},
    )


def test_environment_of_an_own_getter_is_not_rewritten_to_call_itself(refuse):
    from holdline.config import Config, EnvConfig

    config = Config(env=EnvConfig(get="app.env:get_env", patch="app.testing:patch_env"))
    refuse(
        "import os\n\n\ndef get_env():\n    return dict(os.environ)\n", "comes from", path="app/env.py", config=config
    )
