"""A module of the team's own that is no mapping: `api = "methods"`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdline.config import Config, EnvConfig

MYENV = """
import os
from unittest import mock


class Environment:
    def get(self, key, default=None):
        return os.environ.get(key, default)

    def set(self, key, value):
        os.environ[key] = value

    def delete(self, key):
        os.environ.pop(key, None)

    def exists(self, key):
        return key in os.environ

    def everything(self):
        return dict(os.environ)


def get_env():
    return Environment()


def patch_env(*args, **kwargs):
    return mock.patch.dict(os.environ, *args, **kwargs)
"""
FOUR = Config(env=EnvConfig(get="myenv:get_env", patch="myenv:patch_env", api="methods"))
FIVE = replace(FOUR, env=replace(FOUR.env, snapshot="everything"))
OTHERS = {"myenv.py": MYENV}


def rewrite(check, before, after, config=FOUR, **options):
    head = "from myenv import get_env\n\n"
    check(f"import os\n\n{before}", head + after, others=OTHERS, config=config, **options)


# Variables that are certainly set


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "if 'A' in os.environ:\n    del os.environ['A']\n",
            "if get_env().exists('A'):\n    get_env().delete('A')\n",
            id="tested",
        ),
        pytest.param(
            "for k in ['A', 'NO']:\n    if k in os.environ:\n        x = os.environ[k]\n        del os.environ[k]\n",
            "for k in ['A', 'NO']:\n    if get_env().exists(k):\n        x = get_env().get(k)\n"
            "        get_env().delete(k)\n",
            id="tested-then-read",
        ),
        pytest.param(
            "assert 'A' in os.environ\nassert os.environ['A'] == '1'\n",
            "assert get_env().exists('A')\nassert get_env().get('A') == '1'\n",
            id="asserted",
        ),
        pytest.param(
            "os.environ['N'] = '2'\nx = os.environ['N']\n",
            "get_env().set('N', '2')\nx = get_env().get('N')\n",
            id="set",
        ),
        pytest.param(
            "x = os.environ['A'] if 'A' in os.environ else ''\n",
            "x = get_env().get('A') if get_env().exists('A') else ''\n",
            id="conditional",
        ),
        pytest.param(
            "x = 'A' in os.environ and os.environ['A']\n",
            "x = get_env().exists('A') and get_env().get('A')\n",
            id="and",
        ),
    ],
)
def test_present(check, before, after):
    rewrite(check, before, after)


def test_a_loop_over_all_variables(check):
    rewrite(
        check,
        "def f():\n    saved = {}\n    for k in list(os.environ.keys()):\n        if k.startswith('E'):\n"
        "            saved[k] = os.environ[k]\n            del os.environ[k]\n    return saved\n\n\nx = f()\n",
        "def f():\n    saved = {}\n    for k in list(get_env().everything().keys()):\n        if k.startswith('E'):\n"
        "            saved[k] = get_env().get(k)\n            get_env().delete(k)\n    return saved\n\n\nx = f()\n",
        FIVE,
    )


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("if 'A' in os.environ:\n    f()\n    del os.environ['A']\n", id="a-call-between"),
        pytest.param("if 'A' in os.environ:\n    del os.environ['B']\n", id="another-variable"),
        pytest.param("if k in os.environ:\n    k = 'B'\n    del os.environ[k]\n", id="the-key-is-another"),
        pytest.param("if 'A' in os.environ or x:\n    del os.environ['A']\n", id="or"),
        pytest.param("if 'A' not in os.environ:\n    del os.environ['A']\n", id="not-in"),
        pytest.param("if 'A' in os.environ:\n    pass\nelse:\n    del os.environ['A']\n", id="else"),
        pytest.param("if 'A' in os.environ and f():\n    del os.environ['A']\n", id="a-call-in-the-test"),
        pytest.param("if 'A' in os.environ:\n    while x:\n        del os.environ['A']\n", id="more-than-once"),
        pytest.param("if 'A' in os.environ:\n    def g():\n        del os.environ['A']\n", id="later"),
        pytest.param("assert 'A' in os.environ\nwith x:\n    del os.environ['A']\n", id="with"),
    ],
)
def test_perhaps_absent(harness, code):
    result = harness.plan({"test_a.py": f"import os\n\n{code}"}, FOUR)["test_a.py"]
    (deletion,) = [v for v in result.remaining if v.code == "HL102"]
    assert "KeyError" in deletion.refusal


def test_pop_between(harness):
    code = "import os\nif 'A' in os.environ:\n    os.environ.pop('A', None)\n    x = os.environ['A']\n"
    result = harness.plan({"test_a.py": code}, FOUR)["test_a.py"]
    assert [v.line for v in result.remaining] == [4]


# Statements


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "for k, v in [('N', '1')]:\n    os.environ[k] = v\n",
            "for k, v in [('N', '1')]:\n    get_env().set(k, v)\n",
            id="names",
        ),
        pytest.param(
            "def f(k):\n    os.environ[k] = str(1)\n\n\nf('N')\n",
            "def f(k):\n    get_env().set(k, str(1))\n\n\nf('N')\n",
            id="a-call-for-a-local-key",
        ),
        pytest.param(
            "k, v = 'N', '1'\nos.environ[f'{k}_X'] = v\n",
            "k, v = 'N', '1'\nget_env().set(f'{k}_X', v)\n",
            id="f-string",
        ),
        pytest.param(
            "os.environ.setdefault('A', 'x')\nos.environ.setdefault('N', 'y')  # new\n",
            "if not get_env().exists('A'):\n    get_env().set('A', 'x')\n"
            "if not get_env().exists('N'):\n    get_env().set('N', 'y')  # new\n",
            id="setdefault",
        ),
        pytest.param(
            "def f():\n    os.environ.update({'N': '1', 'A': '2'})\n\n\nf()\n",
            "def f():\n    for name, value in {'N': '1', 'A': '2'}.items():\n        get_env().set(name, value)\n\n\nf()\n",
            id="update-with-a-dict",
        ),
        pytest.param(
            "def f(new):\n    name = 1\n    os.environ.update(new, B='3')\n\n\nf({'N': '1'})\n",
            "def f(new):\n    name = 1\n    for key, value in dict(new, B='3').items():\n        get_env().set(key, value)\n"
            "\n\nf({'N': '1'})\n",
            id="update-with-anything",
        ),
        pytest.param(
            "def f(new):\n    os.environ |= new\n\n\nf({'N': '1'})\n",
            "def f(new):\n    for name, value in new.items():\n        get_env().set(name, value)\n\n\nf({'N': '1'})\n",
            id="union",
        ),
    ],
)
def test_statements(check, before, after):
    rewrite(check, before, after)


def test_a_saved_environment_is_put_back(check):
    rewrite(
        check,
        "def f():\n    saved = os.environ.copy()\n    try:\n        os.environ['A'] = '2'\n    finally:\n"
        "        os.environ.clear()\n        os.environ.update(saved)\n\n\nf()\n",
        "def f():\n    saved = get_env().everything()\n    try:\n        get_env().set('A', '2')\n    finally:\n"
        "        for name in get_env().everything():\n            get_env().delete(name)\n"
        "        for name, value in dict(saved).items():\n            get_env().set(name, value)\n\n\nf()\n",
        FIVE,
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("class C:\n    os.environ.update(A='1')\n", "no counterpart"),
        ("if x: os.environ.update(A='1')\n", "no counterpart"),
        ("os.environ.update(A='1'); x = 1\n", "no counterpart"),
        ("os.environ.update(f())\n", "no counterpart"),
        ("os.environ.update((k, v) for k in x)\n", "no counterpart"),
        ("x = os.environ.update(A='1')\n", "no counterpart"),
        ("def f():\n    os.environ.update(A='1')\n    return locals()\n", "no counterpart"),
        ("os.environ.clear()\n", "env.snapshot"),
        ("os.environ.setdefault('A', f())\n", "no counterpart"),
        ("x = os.environ.setdefault('A', 'b')\n", "no counterpart"),
        ("os.environ[k] = str(1)\n", "KeyError"),
        ("def f(k):\n    def g():\n        nonlocal k\n    os.environ[k] = g()\n", "KeyError"),
        ("os.environ[f'{k()}'] = v\n", "KeyError"),
    ],
)
def test_statements_refused(refuse, code, words):
    refuse(f"import os\n\n{code}", words, config=FOUR)


# The whole environment


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = os.environ['A']", "x = get_env().everything()['A']"),
        ("x = dict(os.environ)", "x = dict(get_env().everything())"),
        ("x = {**os.environ, 'N': '1'}", "x = {**get_env().everything(), 'N': '1'}"),
        ("x = os.environ.copy()", "x = get_env().everything()"),
        ("x = {k: v for k, v in os.environ.items()}", "x = {k: v for k, v in get_env().everything().items()}"),
        ("x = os.environ | {}", "x = get_env().everything() | {}"),
        ("x = 'A' in os.environ.keys()", "x = 'A' in get_env().everything().keys()"),
        ("x = len(os.environ)", "x = len(get_env().everything())"),
        ("for k in os.environ: x = k", "for k in get_env().everything(): x = k"),
    ],
)
def test_snapshot(check, before, after):
    rewrite(check, f"{before}\n", f"{after}\n", FIVE)


def test_a_missing_variable_raises_as_before(check):
    rewrite(check, "os.environ['NO']\n", "get_env().everything()['NO']\n", FIVE, raises="KeyError")


def test_handed_to_a_child(check):
    check(
        "import os\nimport subprocess\n\nx = subprocess.run(['env'], env=os.environ, stdout=-1).stdout\n",
        "import subprocess\n\nfrom myenv import get_env\n\n"
        "x = subprocess.run(['env'], env=get_env().everything(), stdout=-1).stdout\n",
        others=OTHERS,
        config=FIVE,
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def f():\n    env = os.environ\n    return env['A']\n", "later changes"),
        ("x = iter(os.environ)\n", "later changes"),
        ("x = (k for k in os.environ)\n", "later changes"),
        ("def f(env=os.environ): return env.get('A')\n", "later changes"),
        ("for k, v in os.environ.items():\n    os.environ['N'] = k\n", "later changes"),
        ("run(env=os.environ)\n", "later changes"),
        ("monkeypatch.setitem(os.environ, 'A', 'b')\n", "later changes"),
        ("x = os.environ is y\n", "identity"),
        ("keep(os.environ)\n", "may test its type"),
        ("os.environ['A'] += 'b'\n", "KeyError"),
    ],
)
def test_snapshot_refused(harness, code, words):
    result = harness.plan({"test_a.py": f"import os\n\n{code}"}, FIVE)["test_a.py"]
    assert any(words in v.refusal for v in result.remaining), [v.refusal for v in result.remaining]


# Patches


def test_a_test_that_can_only_fail(check):
    before = "import os\n\n\ndef test_a():\n    with patch.dict(os.environ, {'A': '2'}):\n        pass\n"
    after = "from myenv import patch_env\n\n\ndef test_a():\n    with patch_env({'A': '2'}):\n        pass\n"
    check(before, after, others=OTHERS, config=FOUR)


@pytest.mark.parametrize(
    "code",
    [
        "def helper():\n    with patch.dict(os.environ, {}):\n        pass\n",
        "def test():\n    try:\n        with patch.dict(os.environ, {}):\n            pass\n    except NameError:\n        pass\n",
        "def test():\n    with pytest.raises(NameError):\n        with patch.dict(os.environ, {}):\n            pass\n",
    ],
)
def test_a_name_error_that_somebody_may_want(refuse, code):
    refuse(f"import os\n\n{code}", "no clean cut", config=FOUR)


def test_f_strings(check):
    rewrite(
        check,
        "x = f\"{os.getenv('A')} {os.environ.get('B')}\"\n",
        "x = f\"{get_env().get('A')} {get_env().get('B')}\"\n",
    )
