"""Case 8. Rebinding: `os.environ = {}` or `patch("os.environ", {})` swaps in a dict; earlier from-imports and children
keep the old one.

`get_env()` follows `os.environ`, so accesses through the module stay safe; everything that holds the object does not.
"""

from __future__ import annotations

import pytest

from holdline.config import Config, EnvConfig
from holdline.judging import Level

SWAP = "import os\n\nsaved = os.environ\nos.environ = {'A': 'swapped'}\n"
REASON = "another object is put in place of os.environ"


@pytest.mark.parametrize(
    ("before", "words"),
    [
        pytest.param("import os\n\nos.environ = {}\n", REASON, id="dict"),
        pytest.param("import os\n\nos.environ = dict(A='1')\n", REASON, id="call"),
        pytest.param("import os\n\nos.environ = None\n", REASON, id="none"),
        pytest.param("import os\n\nos.environ, x = {}, 1\n", REASON, id="tuple"),
        pytest.param("import os\n\nos.environ: dict = {}\n", REASON, id="annotated"),
        pytest.param("import os\n\nfor os.environ in ({},):\n    pass\n", REASON, id="for"),
        pytest.param(
            "from unittest.mock import patch\n\nwith patch('os.environ', {}):\n    pass\n", REASON, id="patch"
        ),
        pytest.param(
            "from unittest.mock import patch\n\nwith patch(target='os.environ', new={}):\n    pass\n",
            REASON,
            id="patch-keywords",
        ),
        pytest.param(
            "from unittest import mock\nimport os\n\nwith mock.patch.object(os, 'environ', {}):\n    pass\n",
            REASON,
            id="patch-object",
        ),
        pytest.param(
            "def test(monkeypatch):\n    monkeypatch.setattr('os.environ', {})\n", REASON, id="setattr-string"
        ),
        pytest.param(
            "import os\n\n\ndef test(monkeypatch):\n    monkeypatch.setattr(os, 'environ', {})\n", REASON, id="setattr"
        ),
        pytest.param("import os\n\nsetattr(os, 'environ', {})\n", REASON, id="builtin-setattr"),
        pytest.param("def test(mocker):\n    mocker.patch('os.environ', {})\n", REASON, id="mocker"),
        pytest.param(
            "import os\n\n\ndef test(mocker):\n    mocker.patch.object(os, 'environ', {})\n", REASON, id="mocker-object"
        ),
        pytest.param(
            "from unittest.mock import patch\n\nwith patch('os.getenv', len):\n    pass\n",
            "os.getenv is replaced for a while",
            id="function",
        ),
    ],
)
def test_replacing_the_object_is_reported_and_left(refuse, before, words):
    refuse(before, words)


def test_accesses_through_the_module_follow_the_new_object(check):
    body = "x = {0}['A'], {0}.get('B'), 'B' in {0}, len({0})\n"
    restored = "os.environ = saved\ny = {0}['A']\n"
    check(
        SWAP + body.format("os.environ") + restored.format("os.environ"),
        SWAP.replace("import os\n\n", "import os\n\nfrom holdline_runtime import get_env\n\n")
        + body.format("get_env()")
        + restored.format("get_env()"),
        reasons=["where other code can reach it", REASON, REASON],
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("from os import environ\n\n\ndef f():\n    return environ['A']\n", id="from-import"),
        pytest.param("import os\n\n\ndef f(env=os.environ):\n    return env['A']\n", id="default"),
        pytest.param("import os\n\n\ndef f():\n    env = os.environ\n    return env['A']\n", id="variable"),
        pytest.param("import os\n\nfind = lambda get=os.environ.get: get('A')\n", id="method"),
        pytest.param(
            "import os\nfrom unittest.mock import patch\n\n\n@patch.dict(os.environ, A='v')\ndef f():\n    pass\n",
            id="decorator",
        ),
    ],
)
@pytest.mark.parametrize(
    "replacing",
    [
        "import os\n\n\ndef test():\n    os.environ = {}\n",
        "from unittest.mock import patch\n\n\n@patch('os.environ', {})\ndef test():\n    pass\n",
        "from unittest.mock import patch\n\n\n@patch('pkg.helpers.os.environ', {})\ndef test():\n    pass\n",
        "from unittest.mock import patch\n\nM = 'pkg'\n\n\n@patch(f'{M}.helpers.os.environ', {})\ndef test():\n    pass\n",
        "from unittest.mock import patch\n\nM = 'pkg'\n\n\n@patch(M + '.os.environ', new={})\ndef test():\n    pass\n",
        "from unittest.mock import patch\n\nT = 'os.environ'\n\n\n@patch(T, {})\ndef test():\n    pass\n",
        "import os\nfrom unittest.mock import patch\n\n\n@patch.multiple(os, environ={})\ndef test():\n    pass\n",
        "from unittest.mock import patch\n\n\n@patch.multiple('os', environ={})\ndef test():\n    pass\n",
        "import os\nfrom unittest.mock import patch\n\n\n@patch.object(target=os, attribute='environ')\ndef test(e):\n    pass\n",
        "import os\n\n\ndef test(monkeypatch):\n    monkeypatch.setattr(os, 'environ', {})\n",
        "def test(monkeypatch):\n    monkeypatch.setattr('os.environ', {})\n",
        "def test(mocker):\n    mocker.patch('os.environ', {})\n",
        "import pkg.mod\n\n\ndef test():\n    pkg.mod.os.environ = {}\n",
        "import os\n\n\ndef test():\n    os.environ: dict = {}\n",
        "import os\n\n\ndef test():\n    os.environ, x = {}, 1\n",
        "import os\n\n\ndef test():\n    (x, [os.environ]), y = 1\n",
        "import os\n\n\ndef test():\n    (\n        os.environ,\n        x,\n    ) = {}, 1\n",
        "import os\n\n\ndef test():\n    (os.environ) = {}\n",
        "import os\n\n\ndef test():\n    os.environ \\\n        = {}\n",
        "import os\n\n\ndef test():\n    x = os.environ, y = {}, 1\n",
        "import os\n\n\ndef test():\n    for os.environ in [{}]:\n        pass\n",
        "import os\n\n\ndef test(fake):\n    with fake as (x, os.environ):\n        pass\n",
        "import os\n\n\ndef test():\n    [0 for os.environ in [{}]]\n",
    ],
)
def test_what_holds_the_object_is_refused_where_another_file_swaps_it(harness, body, replacing):
    others = {"test_other.py": replacing}
    result = harness.plan({"helpers.py": body, **others})["helpers.py"]
    assert [
        v.refusal
        for v in result.remaining
        if "test_other.py" in v.refusal
        or "replaced by another" in v.refusal
        or "while os.environ is replaced" in v.refusal
    ]
    assert not result.changes


SWAPS = [
    pytest.param("for os.\\\n  environ in x:\n    pass\n", id="for"),
    pytest.param("with x as os.\\\n  environ:\n    pass\n", id="with"),
    pytest.param("del os.\\\n  environ\n", id="del"),
    pytest.param("[0 for os.\\\n  environ in x]\n", id="comprehension"),
    pytest.param("os.\\\n  environ, *y = x\n", id="several"),
    pytest.param("*os.\\\n  environ, y = x\n", id="star"),
    pytest.param("[os.environ, [y, z['A']]] = x\n", id="subscript-beside"),
    pytest.param("f(x).y, os.environ, y = x\n", id="call-before"),
    pytest.param("os.\\\n  environ: dict = x\n", id="annotated"),
]
PATCHES = [
    pytest.param("f = lambda a={0}: {1}\n", id="lambda"),
    pytest.param("f = lambda *, a={1}: {0}\n", id="lambda-keyword"),
    pytest.param("def f(a={0}):\n    return {1}\n", id="default"),
    pytest.param("def f(a={1}):\n    return {0}\n", id="body"),
    pytest.param("@{0}\ndef f():\n    return {1}\n", id="decorator"),
    pytest.param("@{1}\ndef f():\n    return {0}\n", id="decorated"),
    pytest.param("def f():\n    @{0}\n    def g(a={1}):\n        pass\n", id="nested"),
    pytest.param("@{0}\nclass C:\n    @{1}\n    def f(self):\n        pass\n", id="class"),
    pytest.param("class C(metaclass={0}):\n    a = {1}\n", id="class-keyword"),
    pytest.param("f = [{0} for y in {1}]\n", id="comprehension"),
    pytest.param("f = ({1} for y in {0})\n", id="generator"),
]


@pytest.mark.parametrize("api", ["mapping", "methods"])
@pytest.mark.parametrize("patches", PATCHES)
@pytest.mark.parametrize("swap", SWAPS)
def test_a_swap_is_seen_whatever_else_the_file_says(harness, swap, patches, api):
    """A swap in an odd layout was seen only while the file said "os.environ": the first run took that out, and what it
    had refused for the sake of the swap was rewritten by the second.
    """
    head = "import os\nfrom unittest.mock import patch\n\n"
    body = patches.format("patch.dict('os.environ', x)", "patch.dict(os.environ, x)")
    config = Config(env=EnvConfig(api=api))
    first = harness.plan({"helpers.py": head + swap + body}, config)["helpers.py"]
    assert [v.refusal for v in first.remaining if "this patch keeps the one it saw first" in v.refusal]
    after = first.after or (head + swap + body).encode()
    second = harness.plan({"helpers.py": after}, config)["helpers.py"]
    assert not second.changes


def test_a_test_module_s_swap_is_over_before_another_test_module_s_code_runs(check):
    check(
        "from os import environ\n\nx = environ['A']\n",
        "from holdline_runtime import get_env\n\nx = get_env()['A']\n",
        others={
            "test_other.py": "from unittest.mock import patch\n\n\n@patch('os.environ', {})\ndef test():\n    pass\n"
        },
    )


def test_getenv_is_refused_where_another_file_patches_it(refuse):
    refuse(
        "import os\n\n\ndef f():\n    return os.getenv('A')\n",
        "test_app.py patches os.getenv",
        path="app.py",
        others={"test_app.py": "from unittest.mock import patch\n\n\n@patch('os.getenv')\ndef test(g):\n    pass\n"},
    )


@pytest.mark.parametrize(
    "test",
    [
        "@patch('app.os')\ndef test(fake):\n    pass\n",
        "import app\n\n\n@patch.object(app, 'os')\ndef test(fake):\n    pass\n",
        "import app as a\n\n\n@patch.object(a, 'os')\ndef test(fake):\n    pass\n",
        "import importlib\n\napp = importlib.import_module('app')\n\n\n@patch.object(app, 'os')\ndef test(fake):\n    pass\n",
        "import app\n\n\n@patch.multiple(app, os=1)\ndef test():\n    pass\n",
        "@patch.multiple('app', os=1)\ndef test():\n    pass\n",
        "MODULE = 'app'\n\n\n@patch(f'{MODULE}.os')\ndef test(fake):\n    pass\n",
        "import app\n\n\ndef test():\n    app.os = None\n",
    ],
)
def test_a_module_whose_os_is_patched_is_left(refuse, test):
    refuse(
        "import os\n\n\ndef f():\n    return os.environ['A']\n",
        "replaces `os` of this module",
        path="app.py",
        others={"test_app.py": f"from unittest.mock import patch\n\n\n{test}"},
    )


def test_a_module_whose_imported_environ_is_patched_is_left(refuse):
    refuse(
        "from os import environ\n\n\ndef f():\n    return environ['A']\n",
        "replaces `environ` of this module",
        path="app.py",
        others={"test_app.py": "def test(monkeypatch):\n    monkeypatch.setattr('app.environ', {})\n"},
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "import os\nfrom unittest.mock import patch\n\nwith patch('os.environ', {'X': '1'}):\n    x = dict(os.environ)\n",
            "from holdline_runtime import get_env, patch_env\n\n"
            "with patch_env({'X': '1'}, clear=True):\n    x = dict(get_env())\n",
            id="with",
        ),
        pytest.param(
            "import os\nfrom unittest import mock\n\n\n@mock.patch.object(os, 'environ', new={})\ndef f():\n"
            "    return len(os.environ)\n\n\nx = f()\n",
            "from holdline_runtime import get_env, patch_env\n\n\n@patch_env({}, clear=True)\ndef f():\n"
            "    return len(get_env())\n\n\nx = f()\n",
            id="decorator",
        ),
    ],
)
def test_unsafe_fix_changes_the_real_environment_and_restores_it(check, before, after):
    check(before, after, level=Level.UNSAFE)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("import os\n\nos.environ = os.environ\n", id="assignment"),
        pytest.param("import os\n\nos.environ: object = os.environ\n", id="annotated"),
        pytest.param(
            "import os\n\n\ndef test(monkeypatch):\n    monkeypatch.setattr(os, 'environ', os.environ)\n", id="setattr"
        ),
        pytest.param(
            "import os\nfrom unittest import mock\n\nmock.patch.object(os, 'environ', wraps=os.environ)\n", id="keyword"
        ),
    ],
)
def test_get_env_is_never_put_where_it_looks(refuse, before):
    """It would look itself up for ever."""
    refuse(before, REASON, "would look itself up", level=Level.UNSAFE)


def test_a_variable_next_to_the_object_is_still_mended_by_the_unsafe_tier(check):
    check(
        "import os\n\nos.environ['A']: object = os.environ\n",
        "from holdline_runtime import get_env\n\nget_env()['A']: object = get_env()\n",
        level=Level.UNSAFE,
        runs=False,
    )


def test_patch_object_on_a_name_that_may_be_something_else_has_not_even_an_unsafe_fix(refuse):
    before = "import os\nfrom unittest import mock\n\n\ndef f():\n    global os\n    os = None\n\n\nmock.patch.object(os, 'environ', {})\n"
    refuse(before, REASON, level=Level.UNSAFE)


def test_get_by_keyword_is_left_where_a_dict_may_be_asked(check):
    """The `get` of a plain dict takes no keywords, that of `get_env()` does."""
    body = "with patch('os.environ', {{'A': 'swapped'}}):\n    x = {0}.get('A'){1}"
    check(
        "import os\nfrom unittest.mock import patch\n\n" + body.format("os.environ", ", os.environ.get(key='A')\n"),
        "import os\nfrom unittest.mock import patch\n\nfrom holdline_runtime import get_env\n\n"
        + body.format("get_env()", ", os.environ.get(key='A')\n"),
        reasons=[REASON, "may take no keywords"],
        raises="TypeError",
    )


def test_bare_patch_injects_a_mock_and_has_not_even_an_unsafe_fix(refuse):
    before = "from unittest.mock import patch\n\n\n@patch('os.environ')\ndef test(environ):\n    environ.get('A')\n"
    refuse(before, REASON, level=Level.UNSAFE)


def test_comment_that_the_unsafe_fix_would_lose_is_a_reason_to_refuse(refuse):
    before = "from unittest.mock import patch\n\nwith patch(\n    'os.environ',  # all of it\n    {},\n):\n    pass\n"
    refuse(before, "a comment stands inside", level=Level.UNSAFE)
