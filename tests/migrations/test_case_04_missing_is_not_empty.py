"""Case 4. `[]` against `get` near `except KeyError`, `suppress`, `raises(KeyError)`, `in`. Missing is not empty.

`[]` stays `[]` and `get` stays `get`, so whatever handles the difference sees the same.
"""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(
            'try:\n    x = os.environ["MISSING"]\nexcept KeyError as error:\n    x = error.args\n', id="except"
        ),
        pytest.param(
            'try:\n    x = os.environ["EMPTY"]\nexcept KeyError:\n    x = "missing"\nelse:\n    y = x == ""\n',
            id="empty",
        ),
        pytest.param('x = os.environ.get("MISSING")\ny = os.environ.get("EMPTY")\n', id="get"),
        pytest.param('x = os.environ.get("MISSING", "d")\ny = os.environ.get("EMPTY", "d")\n', id="get-default"),
        pytest.param('x = os.environ.get("EMPTY") or "fallback"\n', id="or"),
        pytest.param('x = "EMPTY" in os.environ, "MISSING" in os.environ, "MISSING" not in os.environ\n', id="in"),
        pytest.param(
            'x = os.environ.setdefault("EMPTY", "d")\ny = os.environ.setdefault("NEW", "d")\n', id="setdefault"
        ),
        pytest.param('x = [k for k in ("A", "EMPTY", "MISSING") if k in os.environ]\n', id="in-comprehension"),
        pytest.param('x = os.environ["A"] if "A" in os.environ else None\n', id="guarded"),
        pytest.param("x = not os.environ, bool(os.environ), len(os.environ)\n", id="truth"),
        pytest.param("x = 1\nwhile os.environ:\n    os.environ.clear()\nassert not os.environ\n", id="while"),
    ],
)
def test_missing_and_empty_stay_apart(check_access, before):
    check_access(before, before.replace("os.environ", "get_env()"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('x = os.getenv("MISSING")\n', 'x = get_env().get("MISSING")\n', id="missing"),
        pytest.param('x = os.getenv("EMPTY", "d")\n', 'x = get_env().get("EMPTY", "d")\n', id="empty"),
        pytest.param(
            'x = os.getenv(default=3, key="MISSING")\n', 'x = get_env().get(default=3, key="MISSING")\n', id="keywords"
        ),
        pytest.param(
            'x = os.getenv("EMPTY") is None, os.getenv("NO") is None\n',
            'x = get_env().get("EMPTY") is None, get_env().get("NO") is None\n',
            id="is-none",
        ),
        pytest.param(
            'x = list(map(os.getenv, ["A", "NO"]))\n', 'x = list(map(get_env().get, ["A", "NO"]))\n', id="mapped"
        ),
        pytest.param(
            'x = list(filter(os.getenv, ["A", "NO", "EMPTY"]))\n',
            'x = list(filter(get_env().get, ["A", "NO", "EMPTY"]))\n',
            id="filtered",
        ),
        pytest.param('a = ["A"]\nx = os.getenv(*a)\n', 'a = ["A"]\nx = get_env().get(*a)\n', id="starred"),
    ],
)
def test_getenv_becomes_get(check_access, before, after):
    check_access(before, after)


def test_suppress(check):
    body = (
        'with contextlib.suppress(KeyError):\n    del {0}["MISSING"]\n    unreached = True\nx = {0}.get("MISSING", 1)\n'
    )
    check(
        "import contextlib\nimport os\n\n" + body.format("os.environ"),
        "import contextlib\n\nfrom holdline_runtime import get_env\n\n" + body.format("get_env()"),
    )


def test_pytest_raises(check):
    body = """
def test_missing():
    with pytest.raises(KeyError, match="MISSING"):
        {0}["MISSING"]
    with pytest.raises(KeyError) as caught:
        {0}.pop("MISSING")
    assert caught.value.args == ("MISSING",)


def test_wrong_expectation():
    with pytest.raises(KeyError):
        {0}["EMPTY"]
"""
    check(
        "import os\n\nimport pytest\n\n" + body.format("os.environ"),
        "import pytest\nfrom holdline_runtime import get_env\n\n" + body.format("get_env()"),
        outcomes={
            "test_snippet.py::test_missing": "passed",
            "test_snippet.py::test_wrong_expectation": "failed",
        },
    )


def test_unittest_assert_raises(check):
    body = """
class TestMissing(unittest.TestCase):
    def test_missing(self):
        with self.assertRaises(KeyError):
            {0}["MISSING"]
        self.assertNotIn("MISSING", {0})
        self.assertIn("EMPTY", {0})
        self.assertRaises(KeyError, {0}.__getitem__, "MISSING")
        self.assertTrue({0})
"""
    check(
        "import os\nimport unittest\n\n" + body.format("os.environ"),
        "import unittest\n\nfrom holdline_runtime import get_env\n\n" + body.format("get_env()"),
        outcomes={"test_snippet.py::TestMissing::test_missing": "passed"},
    )
