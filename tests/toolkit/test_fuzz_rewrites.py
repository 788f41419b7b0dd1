"""Every way to touch the environment, in every place the grammar has for it: nothing breaks, nothing else changes.

`EXPRESSIONS` and `STATEMENTS` are spelled with E for `os.environ`, GETENV, PUTENV and UNSETENV for the functions and
DICT for `patch.dict`; a `Spelling` says how one file spells them. Positions are templates with a HOLE.
"""

from __future__ import annotations

import ast
import io
import itertools
import re
import sys
import sysconfig
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdline.config import Config, EnvConfig
from holdline.edits import apply_edits
from holdline.judging import Judge, Level
from holdline.migration import Context, Fact
from holdline.model import Category, FileResult, ProblemKind
from holdline.workers import allow_deep_nesting
from holdline_migrations.registry import REGISTRY

#: How many random programs a run tries; raise it for a long hunt.
EXAMPLES = 150
#: One in this many files of the standard library is migrated; 1 takes all of them.
EVERY = 7

CODES = frozenset(rule.code for rule in REGISTRY.rules)

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
    '[E[k] for k in E if k in E]',
    '{k: v for k, v in E.items()}',
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
    Spelling(
        "from os import environ, getenv, putenv, unsetenv\nfrom unittest.mock import patch", "environ", "getenv"
    ),
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
    """A whole file."""
    return f"{spelling.imports}\n\n{spelling.spell(body)}\n"


# the properties


def migrate(data: bytes, level: Level, api: str = "mapping", path: str = "tests/test_it.py") -> FileResult:
    """What the migration makes of one file, all rules on."""
    migrations = REGISTRY.migrations
    facts: frozenset[Fact] = frozenset(f for m in migrations for f in m.survey(path, data))
    config = Config(env=EnvConfig(api=api))  # type: ignore[arg-type]
    judge = Judge(migrations, Context(config, CODES, facts), level, date(2026, 1, 5))
    return judge.judge(path, data, Category.TESTS)


def compiles(data: bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, "file", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
    return True


def comments(data: bytes) -> Counter[str]:
    """The comments of a file, but for those on import lines, which leave with the import."""
    text = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found: Counter[str] = Counter()
    for token in tokenize.tokenize(io.BytesIO(text).readline):
        if token.type == tokenize.COMMENT and "import" not in token.line and "one" not in token.string:
            found[token.string] += 1
    return found


def check(data: bytes, level: Level = Level.SAFE, api: str = "mapping") -> FileResult:
    """Every property of one rewrite."""
    result = migrate(data, level, api)
    assert result.problem is None, result.problem
    assert all(v.refusal or level.admits(v.fix) for v in result.remaining), "left without a reason"
    if not result.changes:
        return result
    assert apply_edits(data, result.edits) == result.after
    assert compiles(result.after)
    again = migrate(result.after, level, api)
    assert not again.changes
    assert again.problem is None
    assert not comments(data) - comments(result.after), "a comment was lost"
    assert newlines(result.after) <= newlines(data), "a new kind of line ending"
    return result


def newlines(data: bytes) -> set[bytes]:
    return set(re.findall(rb"\r\n|\r|\n", data))


def report(data: bytes, level: Level, api: str = "mapping") -> str:
    """What is wrong with the rewrite of a file, with both texts; "" for nothing."""
    try:
        check(data, level, api)
    except Exception as error:
        after = migrate_text(data, level, api)
        return f"{level} {api}: {type(error).__name__}: {error}\n{data.decode()}\n--- became\n{after}\n"
    return ""


def migrate_text(data: bytes, level: Level, api: str) -> str:
    try:
        return migrate(data, level, api).after.decode()
    except Exception as error:
        return repr(error)


# an oracle of its own: put both trees into one form and compare


class Canonical(ast.NodeTransformer):
    """Brings direct and rewritten access to one form, and takes out the imports.

    `os` and `patch` are known by the names a spelling gives them, which nothing else in the programs has.
    """

    def __init__(self, spelling: Spelling) -> None:
        self.names = {
            ast.dump(ast.parse(f"({text})", mode="eval").body): name
            for text, name in (
                (spelling.environ, "ENV"),
                (spelling.getenv, "GET"),
                (f"{spelling.patch}.dict", "DICT"),
            )
        }

    def visit(self, node: ast.AST) -> ast.AST | None:  # type: ignore[override]
        name = self.names.get(ast.dump(node)) if isinstance(node, ast.expr) else None
        if name == "GET":
            return ast.Attribute(ast.Name("ENV", ast.Load()), "get", ast.Load())
        if name is not None:
            return ast.Name(name, ast.Load())
        return super().visit(node)  # type: ignore[no-any-return]

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> ast.AST | None:
        return None

    visit_ImportFrom = visit_Import

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Name("ENV", ast.Load()) if node.value == "os.environ" else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func.id if isinstance(node.func, ast.Name) else ""
        if re.fullmatch("_?(holdline_)?get_env", function):
            return ast.Name("ENV", ast.Load())
        if re.fullmatch("_?(holdline_)?patch_env", function):
            return self.patch_dict([ast.Name("ENV", ast.Load()), *node.args], node.keywords)
        if function == "DICT":
            return self.patch_dict(node.args, node.keywords)
        return node

    def patch_dict(self, arguments: list[ast.expr], keywords: list[ast.keyword]) -> ast.Call:
        """One form of a `patch.dict`: its defined arguments by keyword."""
        named = {k.arg: k.value for k in keywords}
        named.update(zip(("in_dict", "values", "clear"), arguments, strict=False))
        return ast.Call(
            ast.Name("DICT", ast.Load()),
            [],
            [ast.keyword(k, v) for k, v in sorted(named.items(), key=lambda kv: str(kv[0]))],
        )

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """`ENV.set(k, v)` as the assignment it stands for."""
        self.generic_visit(node)
        call = node.value
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "ENV.set":
            key, value = call.args
            target = ast.Subscript(ast.Name("ENV", ast.Load()), key, ast.Store())
            return ast.Assign([target], value)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """`ENV |= x` as the update it is."""
        self.generic_visit(node)
        if isinstance(node.op, ast.BitOr) and ast.unparse(node.target) in ("ENV", "os.environ", "o.environ", "environ"):
            update = ast.Attribute(ast.Name("ENV", ast.Load()), "update", ast.Load())
            return ast.Expr(ast.Call(update, [node.value], []))
        return node


def canonical(data: bytes, spelling: Spelling) -> str:
    return ast.unparse(ast.fix_missing_locations(Canonical(spelling).visit(ast.parse(data))))  # type: ignore[arg-type]
