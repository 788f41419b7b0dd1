"""Case 10. `patch.dict` shapes.

String target, `values=`, keyword variables, iterables of pairs, `clear=True`, start/stop with `addCleanup`, a patcher
kept in a variable or attribute, several items in one `with`, parenthesised `with`, `ExitStack.enter_context`. Exit
reverts unrelated writes made inside.
"""

from __future__ import annotations

import pytest

HEAD = "import os\nfrom unittest.mock import patch\n\n"
BOTH = "from holdline_runtime import get_env, patch_env\n\n"
SHOW = "    print(sorted({0}.items()))\nprint(sorted({0}.items()))\n"
KEPT = "from unittest.mock import patch\n\nfrom holdline_runtime import get_env\n\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("patch.dict(os.environ, {'A': 'v', 'X': '1'})", "patch_env({'A': 'v', 'X': '1'})", id="dict"),
        pytest.param("patch.dict('os.environ', {'A': 'v'})", "patch_env({'A': 'v'})", id="string"),
        pytest.param('patch.dict("os.environ", A="v")', 'patch_env(A="v")', id="string-keyword"),
        pytest.param("patch.dict(os.environ, values={'A': 'v'})", "patch_env({'A': 'v'})", id="values"),
        pytest.param("patch.dict(os.environ, values = ({'A': 'v'}))", "patch_env(({'A': 'v'}))", id="values-in-parens"),
        pytest.param(
            "patch.dict(os.environ, values={'A': 'v'}, clear=True)",
            "patch_env({'A': 'v'}, clear=True)",
            id="values-clear",
        ),
        pytest.param("patch.dict(os.environ, A='v', X='1')", "patch_env(A='v', X='1')", id="keywords"),
        pytest.param("patch.dict(os.environ, {'A': 'v'}, X='1')", "patch_env({'A': 'v'}, X='1')", id="both"),
        pytest.param("patch.dict(os.environ, [('A', 'v')])", "patch_env([('A', 'v')])", id="pairs"),
        pytest.param("patch.dict(os.environ, (('A', 'v'),))", "patch_env((('A', 'v'),))", id="tuple"),
        pytest.param("patch.dict(os.environ, zip('XY', 'ab'))", "patch_env(zip('XY', 'ab'))", id="iterator"),
        pytest.param(
            "patch.dict(os.environ, ((k, 'v') for k in 'XY'))", "patch_env(((k, 'v') for k in 'XY'))", id="generator"
        ),
        pytest.param("patch.dict(os.environ, {'A': 'v'}, clear=True)", "patch_env({'A': 'v'}, clear=True)", id="clear"),
        pytest.param("patch.dict(os.environ, {'A': 'v'}, True)", "patch_env({'A': 'v'}, clear=True)", id="clear-third"),
        pytest.param("patch.dict(os.environ, {}, clear=True)", "patch_env({}, clear=True)", id="empty"),
        pytest.param("patch.dict(os.environ, clear=True)", "patch_env(clear=True)", id="clear-only"),
        pytest.param("patch.dict(os.environ)", "patch_env()", id="guard"),
        pytest.param("patch.dict( 'os.environ' , )", "patch_env()", id="guard-comma"),
        pytest.param("patch.dict(os.environ, {'A': 'v'},)", "patch_env({'A': 'v'},)", id="trailing-comma"),
        pytest.param(
            "patch.dict(os.environ, {**os.environ, 'A': 'v'}, clear=True)",
            "patch_env({**get_env(), 'A': 'v'}, clear=True)",
            id="from-itself",
        ),
        pytest.param(
            "patch.dict(os.environ, {'A': os.getenv('B') or ''})",
            "patch_env({'A': get_env().get('B') or ''})",
            id="read",
        ),
        pytest.param("patch.dict(os.environ, dict(A='v'))", "patch_env(dict(A='v'))", id="call"),
    ],
)
def test_with(check, before, after):
    check(
        HEAD + f"with {before}:\n    os.environ['B'] = 'inside'\n" + SHOW.format("os.environ"),
        BOTH + f"with {after}:\n    get_env().set('B', 'inside')\n" + SHOW.format("get_env()"),
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("patch.dict(in_dict=os.environ, values={'A': 'v'})", None, id="in_dict"),
        pytest.param("patch.dict(os.environ, **{'A': 'v'})", None, id="double-star"),
        pytest.param("patch.dict(os.environ, *[{'A': 'v'}])", None, id="star"),
        pytest.param("patch.dict(os.environ, {'A': 'v'}, mode='x')", None, id="reserved-mode"),
        pytest.param("patch.dict(os.environ, restore='x')", None, id="reserved-restore"),
        pytest.param("patch.dict((os.environ), {'A': 'v'})", None, id="target-in-parens"),
        pytest.param("patch.dict(os.environ, {'A': 'v'}, (True))", None, id="clear-in-parens"),
        pytest.param("patch.dict(os.environ, clear=True, values={'A': 'v'})", None, id="values-last"),
        pytest.param("patch.dict(*[os.environ], **{})", None, id="starred-target"),
    ],
)
def test_arguments_that_patch_env_does_not_take_keep_patch_dict_on_get_env(check, refuse, before, after):
    if before.startswith("patch.dict(*"):
        refuse(f"{HEAD}with {before}:\n    pass\n", "may depend on its type")
        return
    check(
        HEAD + f"with {before}:\n    os.environ['B'] = 'inside'\n" + SHOW.format("os.environ"),
        KEPT
        + f"with {before.replace('os.environ', 'get_env()')}:\n    get_env().set('B', 'inside')\n"
        + SHOW.format("get_env()"),
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "with patch.dict(os.environ, A='v'), open('/dev/null') as f:\n    x = os.environ['A']\n",
            "with patch_env(A='v'), open('/dev/null') as f:\n    x = get_env()['A']\n",
            id="several",
        ),
        pytest.param(
            "with patch.dict(os.environ, A='v'), patch.dict(os.environ, B=os.environ['A']):\n    x = os.environ['B']\n",
            "with patch_env(A='v'), patch_env(B=get_env()['A']):\n    x = get_env()['B']\n",
            id="one-sees-the-other",
        ),
        pytest.param(
            "with (\n    patch.dict(os.environ, A='v'),  # first\n    open('/dev/null') as f,\n):\n    x = os.environ['A']\n",
            "with (\n    patch_env(A='v'),  # first\n    open('/dev/null') as f,\n):\n    x = get_env()['A']\n",
            id="parenthesised",
        ),
        pytest.param(
            "with patch.dict(\n    os.environ,  # live\n    {'A': 'v'},  # value\n    clear=True,\n):\n    x = dict(os.environ)\n",
            "with patch_env(\n    # live\n    {'A': 'v'},  # value\n    clear=True,\n):\n    x = dict(get_env())\n",
            id="comments",
        ),
        pytest.param(
            "with patch.dict(\n    os.environ,\n    {\n        'A': 'v',\n    },\n):\n    x = os.environ['A']\n",
            "with patch_env(\n    {\n        'A': 'v',\n    },\n):\n    x = get_env()['A']\n",
            id="lines",
        ),
        pytest.param(
            "def f():\n    with patch.dict(os.environ, A='v') as env:\n        return env['A'], 'B' in env\n\n\n"
            "x = f(), len(os.environ)\n",
            "def f():\n    with patch_env(A='v') as env:\n        return env['A'], 'B' in env\n\n\nx = f(), len(get_env())\n",
            id="as",
        ),
        pytest.param(
            "p = patch.dict(os.environ, A='v')\np.start()\nx = os.environ['A']\np.stop()\ny = os.environ['A']\n",
            "p = patch_env(A='v')\np.start()\nx = get_env()['A']\np.stop()\ny = get_env()['A']\n",
            id="start-stop",
        ),
        pytest.param(
            "p = patch.dict(os.environ, A='v')\n\n\n@p\ndef f():\n    return os.environ['A']\n\n\nx = f(), os.environ['A'], f()\n"
            "with p:\n    y = os.environ['A']\n",
            "p = patch_env(A='v')\n\n\n@p\ndef f():\n    return get_env()['A']\n\n\nx = f(), get_env()['A'], f()\n"
            "with p:\n    y = get_env()['A']\n",
            id="variable-as-decorator-and-with",
        ),
        pytest.param(
            "try:\n    with patch.dict(os.environ, A='v'):\n        del os.environ['B']\n        raise ValueError('x')\n"
            "except ValueError as e:\n    x = str(e), os.environ['A'], os.environ['B']\n",
            "try:\n    with patch_env(A='v'):\n        del get_env()['B']\n        raise ValueError('x')\n"
            "except ValueError as e:\n    x = str(e), get_env()['A'], get_env()['B']\n",
            id="exception",
        ),
        pytest.param(
            "patch.dict(os.environ, A='v').start()\nx = os.environ['A']\npatch.stopall()\ny = os.environ['A']\n",
            None,
            id="stopall",
        ),
    ],
)
def test_statements(check, before, after):
    if after is None:
        head = "from unittest.mock import patch\n\n" + BOTH
        after = before.replace("patch.dict(os.environ, ", "patch_env(").replace("os.environ", "get_env()")
        check(HEAD + before, head + after)
        return
    check(HEAD + before, BOTH + after)


def test_exit_stack(check):
    body = """
with contextlib.ExitStack() as stack:
    stack.enter_context({0}A="v"))
    x = {1}["A"]
y = {1}["A"]
"""
    check(
        "import contextlib\nimport os\nfrom unittest import mock\n"
        + body.format("mock.patch.dict(os.environ, ", "os.environ"),
        "import contextlib\n\nfrom holdline_runtime import get_env, patch_env\n"
        + body.format("patch_env(", "get_env()"),
    )


def test_exit_stack_push_keeps_patch_dict(check):
    body = """
with contextlib.ExitStack() as stack:
    p = mock.patch.dict({0}, A="v")
    p.__enter__()
    stack.push(p)
    x = {0}["A"]
y = {0}["A"]
"""
    check(
        "import contextlib\nimport os\nfrom unittest import mock\n" + body.format("os.environ"),
        "import contextlib\nfrom unittest import mock\n\nfrom holdline_runtime import get_env\n"
        + body.format("get_env()"),
    )


TEST_CASE = """
class TestStart(unittest.TestCase):
    def setUp(self):
        self.patcher = {0}{{"X": "1"}})
        self.patcher.start()
        self.addCleanup(self.patcher.stop)
        other = {0}Y="2")
        other.start()
        self.addCleanup(other.stop)
        self.enterContext({0}Z="3"))

    def test(self):
        self.assertEqual(({1}["X"], {1}["Y"], {1}["Z"]), ("1", "2", "3"))
        {1}.clear()

    def test_again(self):
        self.assertEqual(({1}["X"], {1}["A"]), ("1", "1"))


class TestTearDown(unittest.TestCase):
    def setUp(self):
        self.env = {0}{{"X": "1"}}, clear=True)
        self.env.start()

    def tearDown(self):
        self.env.stop()

    def test(self):
        self.assertEqual({1}, {{"X": "1"}})


class TestOutside(unittest.TestCase):
    def test(self):
        self.assertNotIn("X", {1})
        self.assertIn("A", {1})
"""


def test_patcher_kept_in_an_attribute_with_add_cleanup(check):
    check(
        "import os\nimport unittest\nfrom unittest.mock import patch\n"
        + TEST_CASE.format("patch.dict(os.environ, ", "os.environ"),
        "import unittest\n\nfrom holdline_runtime import get_env, patch_env\n"
        + TEST_CASE.format("patch_env(", "get_env()"),
        outcomes={
            "test_snippet.py::TestStart::test": "passed",
            "test_snippet.py::TestStart::test_again": "passed",
            "test_snippet.py::TestTearDown::test": "passed",
            "test_snippet.py::TestOutside::test": "passed",
        },
    )


def test_patcher_of_a_shared_module_keeps_patch_dict_since_others_may_do_anything_with_it(check):
    user = """
        import unittest
        from helpers import staging


        @staging
        class TestStaging(unittest.TestCase):
            def setUp(self):
                import os
                self.seen = "X" in os.environ  # holdline: allow[HL101] the test is about what it holds

            def test(self):
                self.assertFalse(self.seen)
        """
    body = "staging = patch.dict({0}, X='1')\n"
    check(
        HEAD + body.format("os.environ"),
        KEPT + body.format("get_env()"),
        path="helpers.py",
        others={"test_user.py": user},
        entry="test_user.py",
        outcomes={"test_user.py::TestStaging::test": "passed"},
    )


@pytest.mark.parametrize(
    ("before", "words"),
    [
        pytest.param(
            "env = patch.dict(os.environ, A='v').start()\n", "where other code can reach it", id="start-value"
        ),
        pytest.param(
            "with patch.dict(os.environ, A='v') as env:\n    pass\n", "where other code can reach it", id="global"
        ),
        pytest.param(
            "class C:\n    pass\n\n\nwith patch.dict(os.environ) as C.env:\n    pass\n", "is kept", id="attribute"
        ),
        pytest.param(
            "def f():\n    with patch.dict(os.environ) as env:\n        assert env is os.environ\n",
            "identity",
            id="identity",
        ),
    ],
)
def test_value_of_entering_that_is_kept_is_refused(harness, before, words):
    result = harness.plan({"test_a.py": HEAD + before})["test_a.py"]
    assert any(words in v.refusal for v in result.remaining if v.code == "HL103"), result.remaining


def test_backport_s_stopall_does_not_know_patch_env(check):
    mock = "from unittest.mock import *\nfrom unittest.mock import patch\n"
    body = "import mock\n\n{0}.start()\nx = {1}['A']\nmock.patch.stopall()\nwith {2}A='w'):\n    y = {1}['A']\n"
    check(
        "import os\n\n"
        + body.format("mock.patch.dict(os.environ, A='v')", "os.environ", "mock.patch.dict(os.environ, "),
        body.replace("mock\n", "mock\nfrom holdline_runtime import get_env, patch_env\n", 1).format(
            "mock.patch.dict(get_env(), A='v')", "get_env()", "patch_env("
        ),
        others={"mock.py": mock},
    )


@pytest.mark.parametrize(
    "head",
    [
        "from unittest.mock import patch as p\n\nx = 1\nwith p.dict('os.environ', A='v'):\n    pass\n",
        "import unittest.mock\n\nx = 1\nwith unittest.mock.patch.dict('os.environ', A='v'):\n    pass\n",
        "import unittest.mock as um\n\nx = 1\nwith um.patch.dict('os.environ', A='v'):\n    pass\n",
        "from unittest import mock as m\n\nx = 1\nwith m.patch.dict('os.environ', A='v'):\n    pass\n",
        "try:\n    from unittest import mock\nexcept ImportError:\n    import mock\n\nx = 1\n"
        "with mock.patch.dict('os.environ', A='v'):\n    pass\n",
    ],
)
def test_every_way_to_import_patch_is_seen(harness, head):
    result = harness.plan({"test_a.py": head})["test_a.py"]
    assert b"with patch_env(A='v'):" in result.after


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "try:\n    with {0}{{'X': '1', 'Y': 2}}):\n        pass\nexcept TypeError as e:\n    x = str(e)\n",
            id="failed-entry",
        ),
        pytest.param("@{0}X='1')\ndef f(n):\n    return n and f(n - 1)\n\n\nx = f(2)\n", id="recursion"),
        pytest.param("p = {0}X='1')\nwith p:\n    with p:\n        x = 'both'\n", id="entered-again"),
    ],
)
def test_what_patch_dict_leaves_behind_by_mistake_patch_env_does_not(harness, body):
    """The deliberate difference: where patch.dict loses track of what it saved, `X` stays set for good."""
    old = harness.observe(HEAD + body.format("patch.dict(os.environ, "))
    new = harness.observe(BOTH + body.format("patch_env("))
    assert old["environ"].pop("X") == "'1'"
    assert (old["environ"], old["values"], old["error"]) == (new["environ"], new["values"], new["error"])


@pytest.mark.parametrize(
    ("kept", "use"),
    [
        pytest.param("p = q = {0}", "p.start()\n    q.stop()", id="two-names"),
        pytest.param("ps = [{0}]", "ps[0].start()\n    ps[0].stop()", id="list"),
        pytest.param("p = {0}", "print(len(p.values))\n    p.start()\n    p.stop()", id="attribute"),
        pytest.param("p = {0}", "f = p(lambda: None)\n    f()", id="called"),
        pytest.param("p = {0}", "e = p.start()\n    p.stop()", id="start-value-kept"),
        pytest.param("(p := {0}).start()", "p.stop()", id="walrus"),
        pytest.param(
            "class C:\n        p = {0}", "C.p.start()\n    print(C.p.clear)\n    C.p.stop()", id="class-attribute"
        ),
    ],
)
def test_patcher_that_is_used_otherwise_keeps_patch_dict(check, kept, use):
    body = f"def f():\n    {kept}\n    {use}\n\n\nf()\nx = {{1}}['A']\n"
    check(
        HEAD + "\n" + body.format("patch.dict(os.environ, A='v')", "os.environ"),
        KEPT + "\n" + body.format("patch.dict(get_env(), A='v')", "get_env()"),
    )
