"""Leaving out bodies that hold no word of interest changes nothing that a scan finds."""

from __future__ import annotations

import ast
import re
import sysconfig
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline.config import Config
from holdline.judging import Judge, Level
from holdline.masking import mask
from holdline.migration import Context
from holdline.model import Category
from holdline_migrations.registry import REGISTRY

WORD = (re.compile(rb"hit"),)
LONG = "    x = 1\n" * 60
RULES = frozenset(r.code for r in REGISTRY.rules)
WHOLE = Judge(REGISTRY.named(["env-access"]), Context(Config(), RULES), Level.NONE, date(2026, 1, 5))
SKIMMING = WHOLE._replace(skims=True)


def masked(text: str) -> str | None:
    data = mask(text.encode(), WORD)
    return None if data is None else data.decode()


def test_a_long_body_goes_and_each_line_keeps_its_number() -> None:
    text = f"import os\ndef f(a, b) -> int:  # why\n{LONG}\n\nhit = 1\nclass C:\n{LONG}    hit\n"
    left = masked(text)
    assert left is not None
    assert left.count("\n") == text.count("\n")
    assert left.splitlines()[:3] == ["import os", "def f(a, b) -> int:  # why", " pass"]
    assert [n for n, line in enumerate(left.splitlines()) if line.strip()] == [
        n for n, line in enumerate(text.splitlines()) if line.strip() and (n < 3 or n > 61)
    ]
    ast.parse(left)


def test_a_method_goes_and_its_class_stays() -> None:
    left = masked(
        f"class C:\n    def f(self):\n    {LONG.replace(chr(10), chr(10) + '    ')}\n    def g(self):\n        hit\n"
    )
    assert left is not None
    assert len(left.split()) < 20
    assert "def f(self):\n     pass" in left


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"def f():\n{LONG}    hit\n", id="a-word"),
        pytest.param(f"def f():\n{LONG}    global x\n", id="global"),
        pytest.param(f"def f():\n    def g():\n        nonlocal x\n{LONG}", id="nonlocal"),
        pytest.param("def f():\n    x = 1\n", id="short"),
        pytest.param(f"def f(a=(b := 1)):\n{LONG}", id="header-not-plain"),
        pytest.param(f"def f():\n{LONG}".replace("\n", "\r\n"), id="crlf"),
        pytest.param(f"def f():\n{LONG}\fx = 1\n", id="form-feed"),
        pytest.param(f"def f():\n{LONG}".replace("    ", "\t"), id="tabs"),
        pytest.param(f"def f():\n{LONG}    x = \\\n1\n", id="continuation"),
        pytest.param(f'x = \'"""\'\ndef f():\n{LONG}', id="quotes-in-a-string"),
        pytest.param(f'"""\ndef f():\n{LONG}"""\n', id="in-a-docstring"),
        pytest.param(f'x = 1  # \'\nx = """\ndef f():\n{LONG}"""\n', id="in-a-string-behind-a-comment"),
        pytest.param(f'"""not closed\ndef f():\n{LONG}', id="an-open-string"),
    ],
)
def test_the_file_stays_whole(text: str) -> None:
    assert masked(f"x = 0\n{text}") is None


def test_a_string_may_reach_the_margin() -> None:
    text = f'x = 0\ndef f():\n    """\ntext\ndef g():\n    """\n{LONG}\nhit\n'
    left = masked(text)
    assert left is not None
    assert left.split() == ["x", "=", "0", "def", "f():", "pass", "hit"]


def test_quotes_in_comments_open_nothing() -> None:
    assert masked(f'# say """\ndef f():\n{LONG}\nhit\n') is not None


def test_what_seems_to_end_in_a_bracket_is_parsed_whole() -> None:
    """The body seems to end in the middle of a list; what is left does not parse, and the whole file decides."""
    body = "def f():\n" + LONG + "    y = [\n1,\n    ]\n"
    text = "import os\n" + body + "os.environ['A']\n"
    assert mask(text.encode(), (re.compile(rb"environ"),)) is not None
    result = SKIMMING.judge("a.py", text.encode(), Category.SOURCE)
    assert [v.line for v in result.violations] == [text.count("\n")]


def test_a_plain_judge_sees_every_syntax_error() -> None:
    text = f"import os\nos.environ['A']\ndef f():\n{LONG}    1 = 2\n".encode()
    assert WHOLE.judge("a.py", text, Category.SOURCE).problem
    assert len(SKIMMING.judge("a.py", text, Category.SOURCE).violations) == 1


def libraries() -> Iterator[Path]:
    """The standard library and what is installed beside it."""
    for name in ("stdlib", "purelib"):
        yield from Path(sysconfig.get_path(name)).rglob("*.py")


def test_the_same_is_found_in_whole_libraries() -> None:
    migration = REGISTRY.migrations[0]
    compared = 0
    for path in libraries():
        data = path.read_bytes()
        if not migration.may_match(data):
            continue
        whole = WHOLE.judge(path.name, data, Category.SOURCE)
        if whole.problem is None:
            assert SKIMMING.judge(path.name, data, Category.SOURCE) == whole, path
            compared += 1
    assert compared > 100


PIECES = [
    "import os\n",
    "from os import environ as e, getenv\n",
    "from os import environ as e  # as f\n",
    "from os import *\n",
    '"""\ndef f():\n    os.environ\n"""\n',
    "x = {'a': '''\nos.environ\n'''}\n",
    f"def f():\n{LONG}    os.environ['A']\n",
    f"def f(a,\n      b):\n{LONG}    return e\n",
    f"def f():\n{LONG}    global os\n    os = None\n",
    f"class C:\n    e = {{}}\n    def g(self):\n        return e['A']\n    def h(self):\n    {LONG.replace(chr(10), chr(10) + '    ')}\n",
    f"@d(e)\ndef g():\n{LONG}\n",
    f"def g():\n{LONG}    if x:\n        def getenv():\n            pass\n",
    f"async def environ():\n{LONG}\n",
    "e['B'], environ['C'], getenv('D'), os.getenv('E')\n",
    "if x:\n    " + f"def f():\n    {LONG.replace(chr(10), chr(10) + '    ')}\n    os.environ\n",
    "(os :=\n 1)\n",
    "x = [\n1,\n    ]\n",
]


@given(st.lists(st.sampled_from(PIECES), max_size=8))
def test_the_same_is_found_however_a_file_is_put_together(pieces: list[str]) -> None:
    data = "".join(pieces).encode()
    assert SKIMMING.judge("a.py", data, Category.SOURCE) == WHOLE.judge("a.py", data, Category.SOURCE)
