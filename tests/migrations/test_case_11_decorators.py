"""Case 11. A class decorator covers just `test*` methods; fixtures run before a decorator; it does nothing in a
generator body.

`patch_env` covers more: `setUp`, class fixtures, the body of a generator. Where that would show, `patch.dict` stays and
gets `get_env()`.
"""

from __future__ import annotations

import pytest

HEAD = "import os\nimport unittest\nfrom unittest.mock import patch\n\nimport pytest\n"
PATCHED = "import unittest\n\nimport pytest\nfrom holdline_runtime import get_env, patch_env\n"
KEPT = "import unittest\nfrom unittest.mock import patch\n\nimport pytest\nfrom holdline_runtime import get_env\n"


def test_test_case_keeps_patch_dict_since_patch_env_would_cover_set_up(check):
    body = """
@patch.dict({0}, {{"X": "1"}})
class TestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        assert "X" not in {0}

    def setUp(self):
        assert "X" not in {0}

    def test(self):
        assert {0}["X"] == "1"
        self.helper()

    def helper(self):
        assert {0}["X"] == "1"


class TestSub(TestCase):
    def test_sub(self):
        assert "X" not in {0}
"""
    check(
        HEAD + body.format("os.environ"),
        KEPT + body.format("get_env()"),
        outcomes={
            "test_snippet.py::TestCase::test": "passed",
            "test_snippet.py::TestSub::test": "passed",
            "test_snippet.py::TestSub::test_sub": "passed",
        },
    )


def test_plain_class_becomes_patch_env(check):
    body = """
@{0}{{"X": "1"}})
class TestPlain:
    def setup_method(self):
        assert "X" not in {1}

    @pytest.fixture
    def seen(self):
        return "X" in {1}

    def test(self, seen):
        assert (seen, {1}["X"]) == (False, "1")

    async def test_coroutine(self):
        assert {1}["X"] == "1"

    def helper(self):
        return "X" in {1}

    @pytest.mark.parametrize("n", [1, 2])
    def test_many(self, n, tmp_path):
        {1}.setdefault("Y", str(n))
        assert self.helper()


def test_outside():
    assert "X" not in {1}
    assert "Y" not in {1}
    assert not TestPlain().helper()
"""
    check(
        HEAD.replace("import unittest\n", "") + body.format("patch.dict(os.environ, ", "os.environ"),
        PATCHED.replace("import unittest\n\n", "") + body.format("patch_env(", "get_env()"),
        outcomes={
            "test_snippet.py::TestPlain::test": "passed",
            "test_snippet.py::TestPlain::test_coroutine": "failed",
            "test_snippet.py::TestPlain::test_many[1]": "passed",
            "test_snippet.py::TestPlain::test_many[2]": "passed",
            "test_snippet.py::test_outside": "passed",
        },
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "@patch.dict({0}, X='1')\nclass TestBase(Base):\n    def test(self):\n        assert {0}['X'] == '1'\n",
            id="base",
        ),
        pytest.param(
            "@pytest.mark.usefixtures('fixture')\n@patch.dict({0}, X='1')\nclass TestBase:\n    def test(self):\n"
            "        assert {0}['X'] == '1'\n",
            id="other-decorator",
        ),
        pytest.param(
            "@patch.dict({0}, X='1')\nclass TestBase:\n    @staticmethod\n    def test_static(*args):\n"
            "        assert args == ()\n\n    def test(self):\n        assert {0}['X'] == '1'\n",
            id="static-method",
        ),
        pytest.param(
            "@patch.dict({0}, X='1')\nclass TestBase:\n    test_base = Base\n\n    def test(self):\n"
            "        assert {0}['X'] == '1'\n",
            id="attribute",
        ),
    ],
)
def test_class_whose_methods_are_not_all_plain_keeps_patch_dict(check, body):
    lead = "\n\nclass Base:\n    pass\n\n\n@pytest.fixture\ndef fixture():\n    pass\n\n\n"
    outcomes = {"test_snippet.py::TestBase::test": "passed"}
    if "static" in body:
        outcomes["test_snippet.py::TestBase::test_static"] = "failed"
    check(
        "import os\nfrom unittest.mock import patch\n\nimport pytest\n" + lead + body.format("os.environ"),
        "from unittest.mock import patch\n\nimport pytest\nfrom holdline_runtime import get_env\n"
        + lead
        + body.format("get_env()"),
        outcomes=outcomes,
    )


def test_fixture_runs_before_the_decorator(check):
    body = """
@pytest.fixture
def seen():
    return {1}.get("X")


@{0}X="1")
def test(seen):
    assert (seen, {1}["X"]) == (None, "1")
"""
    check(
        "import os\nfrom unittest.mock import patch\n\nimport pytest\n"
        + body.format("patch.dict(os.environ, ", "os.environ"),
        "import pytest\nfrom holdline_runtime import get_env, patch_env\n" + body.format("patch_env(", "get_env()"),
        outcomes={"test_snippet.py::test": "passed"},
    )


def test_generator_fixture_keeps_patch_dict_which_does_nothing_in_its_body(check):
    body = """
@pytest.fixture
@patch.dict({0}, X="1")
def env():
    yield {0}.get("X")


def test(env):
    assert (list(env), {0}.get("X")) == ([None], None)
"""
    check(
        "import os\nfrom unittest.mock import patch\n\nimport pytest\n" + body.format("os.environ"),
        "from unittest.mock import patch\n\nimport pytest\nfrom holdline_runtime import get_env\n"
        + body.format("get_env()"),
        outcomes={"test_snippet.py::test": "passed"},
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "@patch.dict({0}, X='1')\ndef g():\n    yield {0}.get('X')\n    yield {0}.get('X')\n\n\nx = list(g())\n",
            id="generator",
        ),
        pytest.param(
            "@contextlib.contextmanager\n@patch.dict({0}, X='1')\ndef c():\n    yield {0}.get('X')\n\n\n"
            "with c() as seen:\n    x = seen, {0}.get('X')\n",
            id="context-manager",
        ),
        pytest.param(
            "@patch.dict({0}, X='1')\nasync def g():\n    yield {0}.get('X')\n\n\n"
            "async def main():\n    return [v async for v in g()]\n\n\nx = asyncio.run(main())\n",
            id="async-generator",
        ),
    ],
)
def test_generator_keeps_patch_dict(check, body):
    check(
        "import asyncio\nimport contextlib\nimport os\nfrom unittest.mock import patch\n\n" + body.format("os.environ"),
        "import asyncio\nimport contextlib\nfrom unittest.mock import patch\n\nfrom holdline_runtime import get_env\n\n"
        + body.format("get_env()"),
    )


def test_fixture_with_a_with_statement(check):
    body = """
@pytest.fixture(autouse=True)
def env():
    with {0}X="1", clear=True):
        yield


def test():
    assert {1} == {{"X": "1"}}
"""
    check(
        "import os\nfrom unittest.mock import patch\n\nimport pytest\n"
        + body.format("patch.dict(os.environ, ", "os.environ"),
        "import pytest\nfrom holdline_runtime import get_env, patch_env\n" + body.format("patch_env(", "get_env()"),
        outcomes={"test_snippet.py::test": "failed"},
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "@{0}X='1')\ndef f(a, *, b=2):\n    return a, b, {1}['X']\n\n\nx = f(1), f.__name__, f.__wrapped__ is f\n",
            id="function",
        ),
        pytest.param(
            "@{0}X='1')\n@{0}X='2', Y='3')\ndef f():\n    return {1}['X'], {1}['Y']\n\n\nx = f()\n", id="stacked"
        ),
        pytest.param(
            "class C:\n    @{0}X='1')\n    def f(self):\n        return {1}['X']\n\n    @classmethod\n    @{0}X='2')\n"
            "    def g(cls):\n        return {1}['X']\n\n    @property\n    @{0}X='3')\n    def p(self):\n"
            "        return {1}['X']\n\n\nx = C().f(), C.g(), C().p\n",
            id="methods",
        ),
        pytest.param(
            "@{0}X='1')\nasync def f():\n    return {1}['X']\n\n\ng = f()\ntry:\n    g.send(None)\n"
            "except StopIteration as e:\n    x = e.value\n",
            id="coroutine",
        ),
        pytest.param("@{0}X='1')\ndef f():\n    return lambda: {1}.get('X')\n\n\nx = f()()\n", id="closure-outlives"),
    ],
)
def test_decorated_function(check, body):
    check(
        "import os\nfrom unittest.mock import patch\n\n" + body.format("patch.dict(os.environ, ", "os.environ"),
        "from holdline_runtime import get_env, patch_env\n\n" + body.format("patch_env(", "get_env()"),
    )
