"""Programs that touch the environment in every way and in every place the grammar has for it.

`EXPRESSIONS` and `STATEMENTS` are spelled with E for `os.environ`, GETENV, PUTENV and UNSETENV for the functions, and
PATCH and DICT for `patch` and `patch.dict`; a `Spelling` says how one file imports and names them. Positions are
templates with a HOLE.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

EXPRESSIONS = (
    'E["A"]',
    'E ["A"]',
    '(E)["A"]',
    'E["A"].lower()',
    'E["A"][0]',
    'E.get("A")',
    'E.get("A", "d")',
    'E.get("MISSING", 1)',
    'E . get("A")',
    'GETENV("A")',
    'GETENV("A", default="d")',
    '(GETENV)("A")',
    'GETENV ("A")',
    'list(map(GETENV, ["A"]))',
    "GETENV",
    'PUTENV("A", "1")',
    'UNSETENV("A")',
    '"A" in E',
    '"A" not in E',
    '"A"in E',
    "E == {}",
    "E is None",
    "E",
    "(E)",
    "not E",
    "E or 0",
    "len(E)",
    "sorted(E)",
    "str(E)",
    "[*E]",
    "{**E}",
    '{"X": "1", **E}',
    "dict(E)",
    'dict(E, X="1")',
    "dict(**E)",
    "E.copy()",
    "E.items()",
    "list(E)",
    'E | {"X": "1"}',
    '{"X": "1"} | E',
    "E|E",
    'E.pop("B", None)',
    'E.setdefault("B", "1")',
    'E.update({"B": "1"})',
    'E.update(B="1")',
    "E.popitem()",
    'E.__setitem__("B", "1")',
    'E.__contains__("A")',
    "E.get",
    "E.data",
    'use(env=E, x="1")',
    "use(E)",
    '(e := E)["A"]',
    'E if "A" in E else E.get("A")',
    '(lambda: E["A"])()',
    "[E[k] for k in E if k in E]",
    "{k: v for k, v in E.items()}",
    'DICT(E, {"B": "1"})',
    'DICT(E, {"B": "1"}, clear=True)',
    'DICT(E, {"B": "1"}, True)',
    'DICT("os.environ", B="1")',
    'DICT("os.environ", values={"B": "1"})',
    "DICT(in_dict=E, clear=True)",
    "DICT(E)",
    'DICT(E, (("B", "1"),),)',
    'PATCH("os.environ", {"B": "1"})',
    'PATCH("os.environ", new={"B": "1"}, )',
    'DICT(E, {"B": "1"}).start()',
)

STATEMENTS = (
    'E["B"] = "1"',
    "E['B']='1'",
    'E["B"] = value',
    "E[key] = value",
    'E["B"] = E["A"]',
    'E["B"] = (value)',
    'E[("B")] = "1"',
    'E["B"] = x = "1"',
    'x = E["B"] = "1"',
    'E["B"]: str = "1"',
    '(E["B"]) = "1"',
    'E["B"], x = "1", "2"',
    'E["B"] += "1"',
    'del E["A"]',
    'del E["A"], E["C"]',
    'E |= {"B": "1"}',
    'E |= [("B", "1")]',
    'E |= dict(B="1") | {}',
    "E = {}",
    "E = dict(E)",
    "del E",
    'E["B"] = value if value else "2"',
    'E["B"] = value, = ["1"]',
    'assert E["A"], GETENV("A")',
    'if "A" in E: E["B"] = E["A"]',
    'for E["B"] in "12": pass',
    "for k in E: pass",
    "for k, v in E.items(): use(k, v)",
    "for k in list(E): E[k] = E[k]",
    'with use() as E["B"]: pass',
    'with DICT(E, {"B": "1"}): pass',
    'with DICT(E, B="1") as m: use(m["B"])',
    'with DICT(E, {"B": "1"}), DICT("os.environ", C="2"): pass',
    'with use(), DICT(E, B=E["A"], clear=True): pass',
    'while "A" in E: break',
    'e2 = E; e2["B"] = "1"',
    'p = DICT(E, {"B": "1"}); p.start(); p.stop()',
)

EXPRESSION_POSITIONS = (
    "HOLE",
    "x = HOLE",
    "x: object = HOLE",
    "x = y = HOLE",
    "x = HOLE,",
    "x = \\\n  HOLE",
    "x = (  # opens\n    HOLE  # inside\n)  # closes",
    "x = 1; HOLE; y = 2",
    "HOLE; pass",
    "if 1: HOLE",
    "if 1: x = 1; HOLE",
    "use(HOLE)",
    "use(1, *HOLE)",
    "use(k=HOLE)",
    "use(**HOLE)",
    "use(\n    HOLE,  # first\n    k=HOLE,  # second\n)",
    "[HOLE]",
    "(HOLE, HOLE)",
    "{HOLE: 1}",
    "{1: HOLE, **HOLE}",
    "{*HOLE}",
    "HOLE if HOLE else HOLE",
    "lambda: HOLE",
    "lambda a=HOLE, *, b=HOLE: a",
    "lambda os: HOLE",
    "[HOLE for _ in (1,)]",
    "[x for x in HOLE]",
    "[x for x in 'ab' if HOLE]",
    "[x for x in 'ab' for y in HOLE]",
    "{k: HOLE for k in 'a'}",
    "{HOLE for k in 'a'}",
    "list(HOLE for k in 'a')",
    "[[HOLE for a in 'a'] for b in HOLE]",
    "[y := HOLE for _ in 'a']",
    "f'{HOLE}'",
    "f'a{HOLE!r:>10}b'",
    "f'{HOLE=}'",
    "f'{HOLE = }'",
    "f'{1:{HOLE}}'",
    "f'''{\nHOLE}'''",
    "'a' f'{HOLE}' 'b'",
    "f'{1}' f'{HOLE}{HOLE}'",
    "rf'\\d{HOLE}'",
    "f'os.environ {HOLE}'",
    "f'{{{HOLE}}}'",
    "f'é{HOLE}'",
    "'HOLE'",
    "# HOLE",
    "@HOLE\ndef f(): pass",
    "@use\n@HOLE  # decorator\nclass C: pass",
    "@HOLE\nasync def f(): pass",
    "@HOLE\ndef g(): yield 1",
    "@HOLE\nclass T(object):\n    def test_a(self): pass",
    "def f(a=HOLE, *, b=HOLE): pass",
    "def f(a: HOLE) -> HOLE: pass",
    "def f(environ): return HOLE",
    "def f():\n    global x\n    x = HOLE\n    return x",
    "class C(HOLE): pass",
    "class C(metaclass=HOLE): pass",
    "class C:\n    x = HOLE\n    y = [HOLE for _ in 'a']\n    def m(self, z=HOLE): return HOLE",
    "class C:\n    os = 1\n    def m(self): return HOLE",
    "if HOLE: pass\nelif HOLE: pass\nelse: HOLE",
    "while HOLE: break\nelse: HOLE",
    "for x in HOLE: HOLE",
    "for x in HOLE, HOLE: pass",
    "with HOLE: pass",
    "with HOLE as x: pass",
    "with HOLE, use() as y, HOLE: pass",
    "with (\n    HOLE as x,\n    HOLE,\n): pass",
    "match HOLE:\n    case _: pass",
    "match HOLE:\n    case {'A': x, **rest}: HOLE",
    "match HOLE:\n    case y: pass",
    "match 1:\n    case _ if HOLE: pass",
    "match HOLE, 1:\n    case _: pass",
    "try: HOLE\nexcept KeyError as e: HOLE\nelse: HOLE\nfinally: HOLE",
    "try: pass\nexcept HOLE: pass",
    "try: pass\nexcept* use(HOLE): HOLE",
    "if 0: raise HOLE from HOLE",
    "assert HOLE, HOLE",
    "def f(): return HOLE",
    "def f():\n    x = HOLE\n    return x",
    "def f():\n    x = HOLE\n    def g():\n        nonlocal x\n        return x, HOLE\n    return g",
    "def f(): yield HOLE",
    "def f(): yield from HOLE",
    "def f():\n    x = yield HOLE",
    "async def f(): await HOLE",
    "async def f():\n    async with HOLE as x:\n        async for y in HOLE: HOLE\n    return [z async for z in HOLE]",
    "def get_env(): return HOLE",
    "patch_env = HOLE",
    "def f(get_env): return HOLE",
    "use[HOLE]",
    "use[HOLE:HOLE, HOLE]",
    "use[HOLE] = HOLE",
    "HOLE[0]",
    "HOLE.attribute",
    "HOLE()",
    "-HOLE",
    "not HOLE",
    "HOLE and HOLE or HOLE",
    "HOLE == HOLE",
    "1 < HOLE < 2",
    "HOLE in HOLE",
    "HOLE % HOLE",
    "'%s' % HOLE",
    "'%(A)s' % HOLE",
    "(y := HOLE)",
    "x += HOLE",
    "del use[HOLE]",
    "use(HOLE)  # noqa: E501  # type: ignore",
    "if x:\n\tHOLE\n\tif y:\n\t\tHOLE",
    "print(HOLE)",
    "x = (HOLE\n     or HOLE)",
    "x = [\n    HOLE for a in 'a'\n    # comment\n]",
    "eval('1'); HOLE",
    "def f():\n    'doc'\n    from os import environ as z\n    return z, HOLE",
)
if sys.version_info >= (3, 12):
    EXPRESSION_POSITIONS += (
        "type X = HOLE",
        "def f[T: HOLE](a: T = HOLE) -> HOLE: return HOLE",
        "class C[T](use(HOLE)): pass",
        "f'{f'{HOLE}'}'",
        "f'{\n  HOLE  # why\n}'",
        "f'{'a' + f'{HOLE:{HOLE}}'}'",
    )

STATEMENT_POSITIONS = (
    "HOLE",
    "'''A docstring.'''\nHOLE",
    "#!/usr/bin/env python\n# a comment\nHOLE",
    "if 1:\n    HOLE",
    "if 1:\n\tHOLE\n\tpass",
    "if 0: pass\nelse:\n    HOLE  # comment",
    "def f():\n    HOLE",
    "def f():\n    HOLE\n    return 1",
    "def f(value):\n    'doc'\n    HOLE\n    yield 1",
    "async def f():\n    HOLE",
    "class C:\n    HOLE",
    "class C:\n    def m(self):\n        HOLE\n    HOLE",
    "try:\n    HOLE\nexcept KeyError:\n    HOLE\nelse:\n    HOLE\nfinally:\n    HOLE",
    "def f():\n    try:\n        HOLE\n    finally:\n        HOLE",
    "with use():\n    HOLE",
    "for i in 'ab':\n    HOLE\nelse:\n    HOLE",
    "while 1:\n    HOLE\n    break",
    "match 1:\n    case 1:\n        HOLE\n    case _:\n        HOLE",
    "def f():\n    def g():\n        HOLE\n    HOLE\n    return g",
    "x = 1\n\n\n# about it\nHOLE\n# after it\ny = 2",
)
SIMPLE_STATEMENT_POSITIONS = (
    "x = 1; HOLE; y = 2",
    "HOLE;",
    "if 1: HOLE",
    "if 1: x = 1; HOLE  # comment",
    "def f(): HOLE",
    "class C: HOLE",
    "if 1:\n    HOLE; pass\nelse: HOLE",
    "x = 1;  HOLE  ;y = 2",
)


@dataclass(frozen=True)
class Spelling:
    """How a file imports and names what touches the environment."""

    imports: str
    environ: str = "os.environ"
    getenv: str = "os.getenv"
    patch: str = "patch"

    def spell(self, template: str) -> str:
        """The template in this spelling."""
        names = {
            "E": self.environ,
            "GETENV": self.getenv,
            "PUTENV": self.getenv.replace("getenv", "putenv"),
            "UNSETENV": self.getenv.replace("getenv", "unsetenv"),
            "DICT": f"{self.patch}.dict",
            "PATCH": self.patch,
        }
        return re.sub(r"\b(E|GETENV|PUTENV|UNSETENV|DICT|PATCH)\b", lambda m: names[m[1]], template)


PLAIN = Spelling("import os\nfrom unittest.mock import patch")
SPELLINGS = (
    PLAIN,
    Spelling("import os as o\nfrom unittest import mock as m", "o.environ", "o.getenv", "m.patch"),
    Spelling("from os import environ, getenv, putenv, unsetenv\nfrom unittest.mock import patch", "environ", "getenv"),
    Spelling(
        "from os import (\n    environ as env,  # one\n    getenv as getenv_,\n    putenv as putenv_,\n"
        "    unsetenv as unsetenv_,\n)\nimport unittest.mock",
        "env",
        "getenv_",
        "unittest.mock.patch",
    ),
    Spelling("import sys, os\nimport os.path\nfrom mock import patch, Mock", "os.environ", "os.getenv"),
    Spelling("import json\n\nimport os; import re\n\nimport pytest\nfrom unittest.mock import patch\n"),
    Spelling(
        "from __future__ import annotations\nimport os\n\nfrom unittest.mock import patch",
        "os . environ",
        "os. getenv",
    ),
    Spelling('"""Doc."""\nimport os\nfrom unittest.mock import patch', "os.\\\n  environ"),
    Spelling("from unittest.mock import patch\nfrom os import *\nimport holdline_runtime", "environ", "getenv"),
    Spelling("import os\nfrom holdline_runtime import get_env\nfrom unittest.mock import patch"),
    Spelling("try:\n    import os\nexcept ImportError:\n    os = None\nfrom unittest.mock import patch"),
    Spelling("if TYPE_CHECKING:\n    import os\n\nfrom unittest.mock import patch"),
    Spelling("import os\nget_env = patch_env = None\nfrom unittest.mock import patch"),
    Spelling("import os; from unittest.mock import patch"),
)


def fill(position: str, content: str) -> str:
    """The template with its holes filled; further lines of the content keep the hole's indentation."""
    lines = []
    for line in position.split("\n"):
        indent = re.match(r"[ \t]*", line)
        assert indent is not None
        lines.append(line.replace("HOLE", content.replace("\n", "\n" + indent.group())))
    return "\n".join(lines)


def program(spelling: Spelling, body: str) -> str:
    """A whole file. What the runner gives it is bound to something else in its last line, as far as one can see."""
    return f"{spelling.imports}\n\n{spelling.spell(body)}\n\nif 0: use = key = value = None\n"


def compiles(data: bytes) -> bool:
    """Whether Python takes the file at all: not every expression fits every hole."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, "file", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
    return True


def all_bodies() -> Iterator[str]:
    """Every access in every position for it."""
    for position in EXPRESSION_POSITIONS:
        yield from (fill(position, expression) for expression in EXPRESSIONS)
    for position in STATEMENT_POSITIONS + SIMPLE_STATEMENT_POSITIONS:
        yield from (fill(position, statement) for statement in STATEMENTS)


def all_programs(turn: int = 0) -> Iterator[tuple[bytes, Spelling]]:
    """All bodies that compile, the spellings taking turns; another `turn` gives each body another spelling."""
    for number, body in enumerate(all_bodies()):
        spelling = SPELLINGS[(number + turn) % len(SPELLINGS)]
        data = program(spelling, body).encode()
        if compiles(data):
            yield data, spelling


# random programs


def is_expression(position: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(position, mode="eval")
        except SyntaxError:
            return False
    return "HOLE" in position and "#" not in position


WRAPS = tuple(p for p in EXPRESSION_POSITIONS if is_expression(p))
NEWLINES = ("\n", "\r\n", "\r")
ENCODINGS = (
    ("utf-8", ""),
    ("utf-8", "x = '日本 🐍'\n"),
    ("utf-8-sig", "# naïve\n"),
    ("latin-1", "# -*- coding: latin-1 -*-\nx = 'é'\n"),
    ("cp1252", "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '“é”'\n"),
    ("euc-jp", "# coding: euc-jp\nx = '日本'\n"),
)


def random_program(random: Random, *, plain: bool = False) -> tuple[bytes, Spelling]:
    """A file of a few accesses in deeply nested places, in some layout; or in a plain one."""
    spelling = random.choice(SPELLINGS)
    fragments = []
    for _ in range(random.randint(1, 4)):
        if random.random() < 0.7:
            text = random.choice(EXPRESSIONS)
            for _ in range(random.randint(0, 2)):
                text = fill(random.choice(WRAPS), text)
            text = fill(random.choice(EXPRESSION_POSITIONS), text)
        else:
            text = random.choice(STATEMENTS)
        for _ in range(random.randint(0, 2)):
            text = fill(random.choice(STATEMENT_POSITIONS + SIMPLE_STATEMENT_POSITIONS), text)
        fragments.append(text)
    if plain:
        return program(spelling, "\n\n".join(fragments)).encode(), spelling
    encoding, head = random.choice(ENCODINGS)
    future = re.match("from __future__.*\n", spelling.imports)
    if future:
        head = head.replace("x = ", "# ")
    return layout(random, head + program(spelling, "\n\n".join(fragments)), encoding), spelling


def layout(random: Random, text: str, encoding: str) -> bytes:
    """The text with other line endings, in an encoding, perhaps with form feeds, tabs and no last line ending."""
    if random.random() < 0.2:
        text = text.replace("\n\n", "\n\x0c\n", 1)
    if random.random() < 0.2:
        text = text.replace("    ", "\t")
    if random.random() < 0.2:
        text = text.rstrip("\n")
    if random.random() < 0.1:
        text = text.replace("\n", "  \n")
    if random.random() < 0.2:
        text = re.sub("\n", lambda m: random.choice(NEWLINES), text)
    else:
        text = text.replace("\n", random.choice(NEWLINES))
    return text.encode(encoding)
