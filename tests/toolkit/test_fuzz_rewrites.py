"""Every way to touch the environment, in every place the grammar has for it: nothing breaks, nothing else changes."""

from __future__ import annotations

import ast
import io
import re
import sysconfig
import tokenize
import warnings
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from holdline.config import Config, EnvConfig
from holdline.edits import apply_edits
from holdline.judging import Judge, Level
from holdline.migration import Context, Fact
from holdline.model import Category, FileResult, ProblemKind
from holdline.workers import allow_deep_nesting
from holdline_migrations.registry import REGISTRY

from .fuzz_programs import SPELLINGS, Spelling, all_programs, compiles, program, random_program

#: How many random programs a run tries, and how many spellings each systematic one gets (at most `len(SPELLINGS)`).
EXAMPLES = 200
TURNS = 1
#: One in this many files of the standard library is migrated.
EVERY = 6

CODES = frozenset(rule.code for rule in REGISTRY.rules)
MODES = [(level, api) for level in (Level.SAFE, Level.UNSAFE) for api in ("mapping", "methods")]
#: The mode that matters most every second time.
TURNING_MODES = [MODES[0], MODES[1], MODES[0], MODES[2], MODES[0], MODES[3]]


# the properties


def migrate(data: bytes, level: Level, api: str = "mapping", facts: frozenset[Fact] | None = None) -> FileResult:
    """What the migration makes of one file, all rules on; `facts` are its own unless given."""
    path, migrations = "tests/test_it.py", REGISTRY.migrations
    if facts is None:
        facts = survey(data)
    config = Config(env=EnvConfig(api=api))  # type: ignore[arg-type]
    judge = Judge(migrations, Context(config, CODES, facts), level, date(2026, 1, 5))
    return judge.judge(path, data, Category.TESTS)


def survey(data: bytes) -> frozenset[Fact]:
    return frozenset(f for m in REGISTRY.migrations for f in m.survey("tests/test_it.py", data))


def comments(data: bytes) -> Counter[str]:
    """The comments of a file, but for those on import lines, which leave with the import."""
    text = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found: Counter[str] = Counter()
    try:
        for token in tokenize.tokenize(io.BytesIO(text).readline):
            if token.type == tokenize.COMMENT and "import" not in token.line and "one" not in token.string:
                found[token.string] += 1
    except SystemError:  # some releases of 3.12 and 3.13 stumble over nested f-strings with `=`
        found.clear()
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
    # what the unsafe tier takes out may allow more in another run; all else must not change by running again
    again = migrate(result.after, level, api, survey(data) if level is Level.UNSAFE else None)
    assert not again.changes
    assert again.problem is None
    if kept := comments(result.after):
        assert not comments(data) - kept, "a comment was lost"
    if len(newlines(data)) == 1:
        assert newlines(result.after) <= newlines(data), "a new kind of line ending"
    return result


def newlines(data: bytes) -> set[bytes]:
    return set(re.findall(rb"\r\n|\r|\n", data))


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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = Canonical(spelling).visit(ast.parse(data))
    assert tree is not None
    return ast.unparse(ast.fix_missing_locations(tree))


def faults(data: bytes, spelling: Spelling, level: Level, api: str) -> str:
    """What is wrong with the rewrite of a program; "" for nothing."""
    try:
        result = check(data, level, api)
        if result.changes and (level, api) == (Level.SAFE, "mapping"):
            assert canonical(data, spelling) == canonical(result.after, spelling), "something else changed"
    except Exception as error:  # any at all is a finding
        return f"{level} {api}: {type(error).__name__}: {error} in\n{data!r}"
    return ""


def test_every_access_in_every_place() -> None:
    wrong, tried = [], 0
    for turn in range(TURNS):
        for number, (data, spelling) in enumerate(all_programs(turn)):
            level, api = TURNING_MODES[(number + turn) % len(TURNING_MODES)]
            wrong += filter(None, [faults(data, spelling, level, api)])
            tried += 1
    assert wrong == []
    assert tried > 8000 * TURNS


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.randoms(use_true_random=False), st.sampled_from(MODES))
def test_random_programs_in_random_layouts(random: Random, mode: tuple[Level, str]) -> None:
    data, spelling = random_program(random)
    assume(compiles(data))
    assert faults(data, spelling, *mode) == ""


@pytest.mark.parametrize("spelling", SPELLINGS, ids=range(len(SPELLINGS)))
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_every_spelling_in_every_layout(spelling: Spelling, newline: str, encoding: str) -> None:
    body = 'é = "é" + E["A"]; E["B"] = "é"  # é\nwith DICT(E, {"B": "é"}):\n    GETENV("é")'
    text = f"# coding: {encoding}\n{program(spelling, body)}" if encoding == "latin-1" else program(spelling, body)
    data = text.replace("\n", newline).encode(encoding)
    for level, api in MODES:
        assert faults(data, spelling, level, api) == ""


def test_the_standard_library() -> None:
    allow_deep_nesting()
    root = Path(sysconfig.get_path("stdlib"))
    files = [p for p in sorted(root.rglob("*.py")) if "site-packages" not in p.parts]
    candidates = [(p, data) for p in files if REGISTRY.migrations[0].may_match(data := p.read_bytes())]
    wrong, changed = [], 0
    for path, data in candidates[::EVERY]:
        result = migrate(data, Level.SAFE)
        if result.problem and result.problem.kind is not ProblemKind.UNPARSABLE:
            wrong.append(f"{path}: {result.problem.message}")
        elif result.changes:
            changed += 1
            wrong += [f"{path} does not compile"] if compiles(data) and not compiles(result.after) else []
    assert wrong == []
    assert changed > 100 // EVERY


def test_the_oracle_sees_what_else_changes() -> None:
    """The comparison behind these tests does tell programs apart."""
    before, after = b'import os\nos.environ["A"] + f(1)\n', b'from x import get_env\nget_env()["A"] + f(1)\n'
    plain = SPELLINGS[0]
    assert canonical(before, plain) == canonical(after, plain)
    for wrong in (b"2", b"1.0", b"1, 1", b"*1", b"x"):
        assert canonical(before, plain) != canonical(after.replace(b"f(1)", b"f(" + wrong + b")"), plain)
    assert canonical(before, plain) != canonical(after.replace(b'["A"]', b'["B"]'), plain)
    assert canonical(before, plain) != canonical(after.replace(b'["A"]', b'.get("A")'), plain)
