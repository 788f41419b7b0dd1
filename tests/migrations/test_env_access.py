"""The migration as a whole: its prefilter, its settings, and several files at once."""

from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline.config import Config, EnvConfig
from holdline.judging import Level
from holdline_migrations.env_access import EnvAccess

MIGRATION = EnvAccess()
SPELLED = re.compile(rb"(?<![a-zA-Z0-9_])(?:environb?|getenvb?|putenv|unsetenv|setenv|delenv)(?![a-zA-Z0-9_])")
RENAMED = re.compile(rb"\b(?:environb?|getenvb?|putenv|unsetenv)[ \t]+as[ \t]+(\w+)(?![\x80-\xff])")
PIECES = [
    *(b"env", b"iron", b"ment", b"b", b"get", b"put", b"un", b"set", b"del", b"dot", b"_", b"1"),
    *(b" ", b".", b"(", b"\n", b"\\\n", b"#", b" as ", b"as", b"e", b"os", b"environ", b"getenv", b"\xc3\xa9"),
]
METHODS = Config(env=EnvConfig(get="myenv:get_env", patch="myenv:patch_env", api="methods"))
OWN = Config(env=EnvConfig(get="myenv:environment", patch="myenv:patched"))


@pytest.mark.parametrize(
    "text",
    [
        "os.environ",
        "os.getenv",
        "environb",
        "putenv",
        "unsetenv",
        "m.setenv",
        "m.delenv",
        "from os import environ as e",
    ],
)
def test_prefilter_lets_through_what_may_hold_a_violation(text):
    assert MIGRATION.may_match(text.encode())


@given(st.lists(st.sampled_from(PIECES), max_size=6).map(b"".join))
def test_prefilter_lets_each_word_through(data):
    assert MIGRATION.may_match(data) or not SPELLED.search(data)


@given(st.lists(st.sampled_from(PIECES), max_size=6).map(b"".join))
def test_each_word_and_each_of_its_aliases_is_pointed_at(data):
    patterns = MIGRATION.words(data)
    if patterns is None:
        return
    for match in [*SPELLED.finditer(data), *RENAMED.finditer(data)]:
        pointed = [m.start() for pattern in patterns for m in pattern.finditer(data)]
        assert any(match.start() <= at < match.end() for at in pointed), match
    for alias in RENAMED.findall(data):
        assert any(pattern.search(alias) for pattern in patterns)


def test_prefilter_stops_the_rest():
    assert not MIGRATION.may_match(b"import os\n\nprint(os.sep)\n")
    assert not MIGRATION.may_match(b"environment environs load_dotenv() set_env subenviron env")


def test_stateless_and_picklable():
    there = pickle.loads(pickle.dumps(MIGRATION))
    assert there.rules == MIGRATION.rules
    assert vars(there) == vars(MIGRATION) == {}


def test_dependency_names_what_the_rewritten_code_imports():
    assert "`holdline_runtime`" in MIGRATION.dependency(Config())
    assert MIGRATION.dependency(OWN) == "The rewritten code imports `myenv`, as [tool.holdline.env] says."


MYENV = """
import os
from unittest import mock


class environment:
    get = staticmethod(os.environ.get)
    __getitem__ = os.environ.__getitem__
    set = staticmethod(os.environ.__setitem__)
    exists = os.environ.__contains__

    def delete(self, key):
        os.environ.pop(key, None)


get_env = environment


def patched(*args, **kwargs):
    return mock.patch.dict(os.environ, *args, **kwargs)


patch_env = patched
"""


def test_repository_s_own_functions(check):
    check(
        "import os\nfrom unittest import mock\n\nwith mock.patch.dict(os.environ, A='v'):\n    x = os.environ['A']\n"
        "os.environ['B'] = x\n",
        "from myenv import environment, patched\n\nwith patched(A='v'):\n    x = environment()['A']\nenvironment().set('B', x)\n",
        others={"myenv.py": MYENV},
        config=OWN,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("x = os.environ.get('A')", "x = get_env().get('A')", id="get"),
        pytest.param("x = os.getenv('NO', 1)", "x = get_env().get('NO', 1)", id="getenv"),
        pytest.param("os.environ['A'] = 'v'", "get_env().set('A', 'v')", id="set"),
        pytest.param("os.environ.pop('A', None)", "get_env().delete('A')", id="delete"),
        pytest.param("x = 'A' in os.environ", "x = get_env().exists('A')", id="exists"),
        pytest.param("x = 'A' not in os.environ", "x = not get_env().exists('A')", id="not-exists"),
        pytest.param("if 'A' in os.environ and 1: x = 1", "if get_env().exists('A') and 1: x = 1", id="condition"),
    ],
)
def test_methods_api(check, before, after):
    check(
        f"import os\n\n{before}\n",
        f"from myenv import get_env\n\n{after}\n",
        others={"myenv.py": MYENV},
        config=METHODS,
    )


@pytest.mark.parametrize("key", ["'A', 'B'", "'A':'B'", "()"])
def test_methods_api_never_takes_a_key_apart(refuse, key):
    refuse(f"import os\n\nx = os.environ[{key}]\n", "several arguments", config=METHODS, level=Level.UNSAFE)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("x = os.environ['A']", "KeyError"),
        ("del os.environ['A']", "KeyError"),
        ("x = os.environ.pop('A')", "no counterpart"),
        ("x = os.environ.update(A='v')", "no counterpart"),
        ("os.environ['A'] += 'v'", "KeyError"),
        ("for k in os.environ: pass", "has only"),
        ("x = {**os.environ}", "has only"),
        ("os.environ[f()] = f()", "KeyError"),
        ("x = ('A' not in os.environ) + 1", "parentheses"),
        ("x = not 'A' in os.environ in y", "has only"),
        ("x = ('A' in  # why\n    os.environ)", "a comment"),
        ("os.environ.pop('A',  # why\n    None)", "a comment"),
    ],
)
def test_methods_api_refuses_what_it_has_no_method_for(refuse, code, words):
    refuse(f"import os\n\n{code}\n", words, config=METHODS)
