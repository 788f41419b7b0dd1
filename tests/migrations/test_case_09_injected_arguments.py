"""Case 9. Injected arguments: bare `@patch` injects a mock, `new=` and `patch.dict` do not.

Removing a decorator must not shift positions; fixtures follow mocks. `patch_env` injects nothing and stands where
`patch.dict` stood, so mocks and fixtures keep their places.
"""

from __future__ import annotations

import pytest

HEAD = "import os\nfrom unittest.mock import patch\n\nimport pytest\n\n\n"
NEW_HEAD = "from unittest.mock import patch\n\nimport pytest\nfrom holdline_runtime import {0}\n\n\n"
FIXTURES = """\
@pytest.fixture
def fixture():
    return "fixture"


"""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "@patch('json.dumps')\n@{0}{{'X': '1'}})\n@patch('json.loads')\ndef test(loads, dumps, fixture):\n"
            "    import json\n\n    assert (json.loads, json.dumps, fixture) == (loads, dumps, 'fixture')\n"
            "    assert {1}['X'] == '1'\n",
            id="between",
        ),
        pytest.param(
            "@{0}{{'X': '1'}})\n@patch('json.dumps')\ndef test(dumps, fixture):\n    import json\n\n"
            "    assert (json.dumps, fixture) == (dumps, 'fixture')\n    assert {1}['X'] == '1'\n",
            id="outermost",
        ),
        pytest.param(
            "@patch('json.dumps')\n@{0}X='1')\ndef test(dumps, fixture):\n    import json\n\n"
            "    assert (json.dumps, fixture) == (dumps, 'fixture')\n    assert {1}['X'] == '1'\n",
            id="innermost",
        ),
        pytest.param(
            "@patch('json.dumps', new=len)\n@{0}X='1')\n@patch('json.loads')\ndef test(loads, fixture):\n    import json\n\n"
            "    assert (json.dumps, json.loads, fixture) == (len, loads, 'fixture')\n    assert {1}['X'] == '1'\n",
            id="new",
        ),
        pytest.param(
            "@patch.multiple('json', dumps=len)\n@{0}X='1')\n@patch.object(pytest, 'skip')\ndef test(skip, fixture):\n"
            "    import json\n\n    assert (json.dumps, pytest.skip, fixture) == (len, skip, 'fixture')\n"
            "    assert {1}['X'] == '1'\n",
            id="multiple",
        ),
        pytest.param(
            "@pytest.mark.parametrize('n', ['1'])\n@{0}X='1')\n@patch('json.loads')\ndef test(loads, n, fixture):\n"
            "    import json\n\n    assert (json.loads, fixture, n) == (loads, 'fixture', {1}['X'])\n",
            id="parametrize",
        ),
    ],
)
def test_mocks_and_fixtures_keep_their_places(check, body):
    old = HEAD + FIXTURES + body.format("patch.dict(os.environ, ", "os.environ")
    new = NEW_HEAD.format("get_env, patch_env") + FIXTURES + body.format("patch_env(", "get_env()")
    name = "test[1]" if "parametrize" in body else "test"
    check(old, new, outcomes={f"test_snippet.py::{name}": "passed"})


def test_methods_of_a_test_case(check):
    body = """
class TestMocks(unittest.TestCase):
    @patch("json.dumps")
    @{0}X="1")
    @patch("json.loads")
    def test(self, loads, dumps):
        import json

        self.assertEqual((json.loads, json.dumps), (loads, dumps))
        self.assertEqual({1}["X"], "1")
"""
    check(
        "import os\nimport unittest\nfrom unittest.mock import patch\n\n"
        + body.format("patch.dict(os.environ, ", "os.environ"),
        "import unittest\nfrom unittest.mock import patch\n\nfrom holdline_runtime import get_env, patch_env\n\n"
        + body.format("patch_env(", "get_env()"),
        outcomes={"test_snippet.py::TestMocks::test": "passed"},
    )


def test_mock_of_the_environment_is_injected_and_so_left(refuse):
    before = "from unittest.mock import patch\n\n\n@patch('os.environ')\n@patch('json.loads')\ndef test(loads, environ):\n    pass\n"
    refuse(before, "another object is put in place")


def test_coroutine_with_mocks(check):
    body = """
@patch("json.dumps")
@{0}X="1")
async def coroutine(dumps):
    import json

    await asyncio.sleep(0)
    return json.dumps is dumps, {1}["X"]


x = asyncio.run(coroutine())
y = "X" in {1}, asyncio.iscoroutinefunction(coroutine)
"""
    check(
        "import asyncio\nimport os\nfrom unittest.mock import patch\n\n"
        + body.format("patch.dict(os.environ, ", "os.environ"),
        "import asyncio\nfrom unittest.mock import patch\n\nfrom holdline_runtime import get_env, patch_env\n\n"
        + body.format("patch_env(", "get_env()"),
    )
