"""Judging one file: what is found, what is fixed, and what is left as it was when something is not right."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import pytest

from holdline.config import Config
from holdline.judging import Judge, Level
from holdline.migration import Context, Fact, Rule
from holdline.model import (
    Category,
    Edit,
    FileResult,
    Fix,
    ImportName,
    ProblemKind,
    Safety,
    Site,
    Violation,
)
from holdline.source import Source

TODAY = date(2026, 1, 5)


@dataclass(frozen=True)
class Replacing:
    """A migration that replaces every word `old` with `new`, as a fix of some kind; `shift` makes its edits wrong."""

    new: str = "new"
    safety: Safety = Safety.SAFE
    shift: int = 0
    imports: tuple[ImportName, ...] = ()
    twice: bool = False
    name: str = "replacing"
    summary: str = ""
    rules: tuple[Rule, ...] = ()

    def may_match(self, data: bytes) -> bool:
        return b"old" in data

    def watched_names(self, data: bytes) -> Iterable[str]:
        return ()

    def survey(self, path: str, data: bytes) -> Iterable[Fact]:
        return ()

    def dependency(self, config: Config) -> str:
        return ""

    def check(self, source: Source, context: Context) -> Sequence[Violation]:
        uses = [n for n in source.scopes.names if n.id == "old"]
        return [v for n in uses for v in [self.violation(source, n.lineno, n.col_offset)] * (1 + self.twice)]

    def violation(self, source: Source, line: int, column: int) -> Violation:
        start = source.offset(line, column)
        edit = Edit(start + self.shift, start + 3, self.new.encode())
        fix = Fix(self.safety, (edit,), (Site(start, start + 3),), self.imports, note="a note")
        refusal = "" if self.safety is Safety.SAFE else fix.note
        end = column + 4
        return Violation("HL999", "old", source.path, line, column + 1, line, end, refusal=refusal, fix=fix)


def judge(
    text: str | bytes,
    migration: Replacing | None = None,
    level: Level = Level.SAFE,
    facts: frozenset[Fact] = frozenset(),
) -> FileResult:
    data = text.encode() if isinstance(text, str) else text
    context = Context(Config(), frozenset({"HL999"}), facts)
    return Judge((migration or Replacing(),), context, level, TODAY).judge("x.py", data, Category.TESTS)


def test_a_fix_is_applied() -> None:
    result = judge("a\nf(old, old)\n")
    assert (result.before, result.after) == (b"a\nf(old, old)\n", b"a\nf(new, new)\n")
    assert (len(result.fixed), result.remaining, result.problem) == (2, (), None)
    assert result.category is Category.TESTS
    assert result.edits == (Edit(4, 7, b"new"), Edit(9, 12, b"new"))


def test_a_clean_file() -> None:
    assert judge("a\n") == FileResult("x.py", Category.TESTS)


def test_levels() -> None:
    unsafe = Replacing(safety=Safety.UNSAFE)
    assert not judge("old\n", level=Level.NONE).changes
    assert not judge("old\n", unsafe).changes
    assert judge("old\n", unsafe, Level.UNSAFE).after == b"new\n"
    assert judge("old\n", level=Level.UNSAFE).changes
    assert [level.admits(None) for level in Level] == [False, False, False]


def test_what_is_not_fixed_remains_in_order_of_position() -> None:
    result = judge("old; b\nold\n", level=Level.NONE)
    assert [(v.line, v.column) for v in result.remaining] == [(1, 1), (2, 1)]
    assert (result.before, result.after, result.edits) == (b"", b"", ())


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"old(\n", ProblemKind.UNPARSABLE), (b"old = '\xff'\n", ProblemKind.UNREADABLE)],
)
def test_a_file_that_cannot_be_judged(data: bytes, kind: ProblemKind) -> None:
    result = judge(data)
    assert result.problem is not None
    assert (result.problem.kind, result.problem.path, result.violations) == (kind, "x.py", ())


@pytest.mark.parametrize(
    ("migration", "text", "reason"),
    [
        (Replacing("new("), "old\n", "the rewritten file does not parse"),
        (Replacing(shift=-2), "f(a, old)\n", "outside the edits|does not parse|nodes became"),
        (Replacing("a, b"), "f(old)\n", "outside the edits|not a whole node"),
        (Replacing("old.x"), "old\n", "a second run would change the file again"),
    ],
)
def test_a_rewrite_that_is_not_proved_is_dropped(migration: Replacing, text: str, reason: str) -> None:
    result = judge(text, migration)
    assert result.problem is not None
    assert result.problem.kind is ProblemKind.PROOF
    assert result.problem.message.startswith("left as it was, the rewrite could not be proved: ")
    assert re.search(reason, result.problem.message)
    assert (result.fixed, result.edits, result.after) == ((), (), b"")
    assert [(v.fix, v.refusal) for v in result.remaining] == [
        (None, "the rewrite of this file could not be proved")
    ] * len(result.remaining)
    assert result.remaining


@dataclass(frozen=True)
class Telling(Replacing):
    """Fixes `other` too, as long as no file says that it must stay; a file says so as long as it holds `old`."""

    def survey(self, path: str, data: bytes) -> Iterable[Fact]:
        return [("stays", path)] if b"old" in data else []

    def check(self, source: Source, context: Context) -> Sequence[Violation]:
        assert context.facts is not None
        others = [n for n in source.scopes.names if n.id == "other"]
        found = [self.violation(source, n.lineno, n.col_offset) for n in others]
        kept = [v._replace(fix=None, refusal="it stays") for v in found]
        return [*super().check(source, context), *(kept if ("stays", source.path) in context.facts else found)]


def test_a_second_run_knows_what_the_rewritten_file_says() -> None:
    told = frozenset({("stays", "x.py")})
    assert judge("old\n", Telling(), facts=told).after == b"new\n"
    result = judge("old; other\n", Telling(), facts=told)
    assert not result.changes
    assert result.problem is not None
    assert "a second run would change the file again" in result.problem.message
    assert judge("old; other\n", Telling(), facts=told | {("stays", "y.py")}).problem is not None


def test_an_unsafe_run_may_take_out_what_others_were_refused_for() -> None:
    result = judge("old; other\n", Telling(), Level.UNSAFE, facts=frozenset({("stays", "x.py")}))
    assert (result.after, result.problem) == (b"new; other\n", None)


def test_a_second_run_has_the_fixes_that_were_left_and_no_other() -> None:
    """Not just as many: here one comes, and one goes."""

    class Trading(Replacing):
        def check(self, source: Source, context: Context) -> Sequence[Violation]:
            names = [n for n in source.scopes.names if n.id in ("old", "new" if b"old" not in source.data else "late")]
            return [self.violation(source, n.lineno, n.col_offset) for n in names]

    def run(text: str, *columns: int) -> FileResult:
        chosen = frozenset(("x.py", 1, column, "HL999") for column in columns)
        context = Context(Config(), frozenset({"HL999"}), frozenset())
        return Judge((Trading(),), context, Level.SAFE, TODAY, chosen).judge("x.py", text.encode(), Category.TESTS)

    assert run("old; old; late\n", 1).after == b"new; old; late\n"
    traded = run("old; late\n", 1)
    assert traded.problem is not None
    assert "a second run would change the file again" in traded.problem.message


def test_edits_that_overlap_are_a_problem_of_the_file_alone() -> None:
    class Two(Replacing):
        def check(self, source: Source, context: Context) -> Sequence[Violation]:
            other = Replacing("other")
            return [*super().check(source, context), *other.check(source, context)]

    result = judge("old\n", Two())
    assert result.problem is not None
    assert "edits overlap" in result.problem.message


def test_the_same_edit_twice_is_one() -> None:
    assert judge("f(old)\n", Replacing(twice=True)).after == b"f(new)\n"


def test_where_an_import_has_no_place_the_fixes_are_refused() -> None:
    needs = Replacing(imports=(ImportName("m", "new", "new"),))
    assert judge("old\n", needs).after == b"from m import new\n\nnew\n"
    result = judge("'''Doc.'''; old\n", needs)
    assert (result.changes, result.problem) == (False, None)
    assert [v.refusal for v in result.remaining] == [
        "the module's first statements share a line, so no import can be put between them"
    ]


def test_a_file_that_cannot_be_cut_is_reported_and_left() -> None:
    # one of two byte sequences for one character: encoding the text again gives the other one
    twins = [b"# coding: cp932\n'\x81\xca'; old\n", b"# coding: cp932\n'\xee\xf9'; old\n"]
    left = [r for r in map(judge, twins) if not r.changes]
    assert len(left) == 1
    assert left[0].problem is None
    assert "cp932" in left[0].remaining[0].refusal


def test_suppressions() -> None:
    allowed = judge("old  # holdline: allow[HL999] reviewed\nold\n")
    assert allowed.after == b"old  # holdline: allow[HL999] reviewed\nnew\n"
    assert (len(allowed.fixed), allowed.remaining) == (1, ())
    expired = judge("old  # holdline: allow[HL999] reviewed — until 2026-01-04\n")
    assert [v.code for v in expired.violations] == ["HL999", "HL001"]
    assert expired.after.startswith(b"new  # holdline")
    today = judge("old  # holdline: allow[HL999] reviewed — until 2026-01-05\n")
    assert today.violations == ()


def test_everything_is_picklable() -> None:
    context = Context(Config(), frozenset({"HL999"}), frozenset())
    judge = Judge((Replacing(),), context, Level.SAFE, TODAY)
    again = pickle.loads(pickle.dumps(judge))
    result = again.judge("x.py", b"old\n", Category.SOURCE)
    assert pickle.loads(pickle.dumps(result)) == result
