"""The cheap test that decides which files are looked into for replacements: it may say too much, never too little."""

from __future__ import annotations

from random import Random

import pytest
from fuzzing.layouts import random_layout
from fuzzing.positions import TARGET_POSITIONS
from fuzzing.programs import compiles, fill_each, program
from fuzzing.spellings import SPELLINGS

from holdline.source import parse
from holdline_migrations.environment.replacement_filter import may_replace
from holdline_migrations.environment.replacements import find_replacements

HEAD = "import a, os\nfrom unittest import mock\n\n"


def facts_of(data: bytes) -> set[tuple[object, ...]]:
    return set(find_replacements(parse("tests/test_it.py", data)))


@pytest.mark.parametrize(
    "statement",
    [
        "os.environ = x",
        "os.environ=x",
        "os . environ = x",
        "os.\\\n  environ = x",
        "os.environ \\\n  = x",
        "(os.environ  # why\n) = x",
        "(os.  # why\n environ) = x",
        "(  # os in\nos.environ, y) = x",
        "os.environ, y = x",
        "f(x).y, os.environ = x",
        "f(x).y, os.environ, z = x",
        "os.environ, y['a'] = x",
        "[os.environ, [y, z['a']]] = x",
        "os.environ, *y = x",
        "*os.environ, y = x",
        "y = os.environ, z = x",
        "y = z, os.environ = x",
        "(y, os.environ), z = x",
        "pass\nos.environ, y = x",
        "pass\n(os.environ, y) = x",
        "pass  # comes in\nos.environ, y = x",
        "pass; os.environ, y = x",
        "if x: os.environ, y = x",
        "if x:(os.environ, y) = x",
        "os.environ: dict = x",
        "os.environ: dict",
        "(os.environ): dict = x",
        "os\\\n.environ: dict = x",
        "for os.environ in x: pass",
        "for(os.environ)in x: pass",
        "for os.\\\n  environ in x: pass",
        "for os \\\n  .environ in x: pass",
        "for y['in'], os.environ in x: pass",
        "for y, *os.environ in x: pass",
        "for (\n    y,\n    os.environ,\n) in x: pass",
        "with x as os.environ: pass",
        "with x as (os.environ): pass",
        "with x as(os.environ, y): pass",
        "with (x as os.environ, x as y): pass",
        "with (x as y, x as os.environ): pass",
        "with x as [y, os.environ], x: pass",
        "with x as \\\n  os.environ: pass",
        "[0 for os.environ in x]",
        "(0 for y in x\n for os.environ\n in y)",
        "{0: y for y, os.environ in x}",
        "del os.environ",
        "del os.environ; y = x",
        "del os.environ\n'text'",
        "del os.environ\n(y)",
        "del os.environ  # gone",
        "del (os.environ)",
        "del(os.environ)",
        "del x, os.environ",
        "del x, \\\n  os.environ",
        "del (x, os.environ)",
        "del [x, [os.environ]]",
        "del x, (y, os.environ,)",
        "os.getenv = x",
        "for os.putenv in x: pass",
        "for a.b.os in x: pass",
        "a.b.os, y = x",
        "del a.b.os",
        "a.os.environb, y = x",
        "mock.patch('os.environ', x)",
        'mock.patch("os.environ", x)',
        "mock.patch.object(os, 'environ', x)",
        "mock.patch.multiple('os', environ=x)",
        "mock.patch.multiple('os', environ  # why\n = x)",
        "mock.patch.multiple('os', **{'y': x}, getenv=x)",
        "mock.patch(f'{x}.os.environ')",
        "mock.patch(x + '.environ')",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_it_sees_every_way_to_put_something_in_place(statement: str, newline: str) -> None:
    data = (HEAD + statement).replace("\n", newline).encode()
    assert facts_of(data)
    assert may_replace(data)
    assert may_replace(data + newline.encode())


@pytest.mark.parametrize(
    "text",
    [
        "from os import environ, getenv\nimport os, sys\n",
        "x = os.environ\n",
        "x = os.environ  # all\ny = 1\n",
        "x = os.environ.get('A'), os.environ['B'], os.getenv('C')\n",
        "os.environ['A'] = os.environ['B'], c = '1'\n",
        "with mock.patch.dict(os.environ, {'A': '1'}): pass\n",
        "with mock.patch.dict(\n    os.environ,\n    {'A': '1'},\n): pass\n",
        "f(env=os.environ)\n",
        "f(**os.environ, a=1)\n",
        "x = {**os.environ, 'A': '1'}\n",
        "if 'A' in os.environ: pass\n",
        "x = ('A' in os.environ, 'B' not in os.environ)\n",
        "if x or os.environ: pass\n",
        "x = y if y is not None else os.environ, z\n",
        "x = dict(os.environ), len(os.environ), {k: 1 for k in os.environ}\n",
        "for k in sorted(os.environ): pass\n",
        "for k in os.environ: pass\n",
        "lambda env=os.environ: env\n",
        "def f(env=os.environ): pass\n",
        "return os.environ, 1\n",
        "os.path.join(x, y)\n",
        "x == os.environ\n",
    ],
)
def test_common_uses_cost_no_look(text: str) -> None:
    assert not may_replace(text.encode())


def test_it_misses_nothing_that_is_generated() -> None:
    random = Random(1)
    found = 0
    for number in range(1500):
        body = fill_each(random, random.choice(TARGET_POSITIONS), ("E", "E", "E['B']", "(E)", "GETENV"))
        data = random_layout(random, program(SPELLINGS[number % len(SPELLINGS)], body))
        if compiles(data) and facts_of(data):
            found += 1
            assert may_replace(data), data
    assert found > 500


@pytest.mark.parametrize("text", [b"(x.environ" + b" #" * 50_000, b"x.environ" + b" \\\n" * 50_000, b"a." * 50_000])
def test_odd_texts_take_no_time(text: bytes) -> None:
    may_replace(text)
