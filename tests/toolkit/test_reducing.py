"""Fewer of a file's fixes: what is left is planned and proved anew, and what belongs together stays together."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdline.config import Config
from holdline.judging import Judge, Level
from holdline.migration import Context
from holdline.model import Category, FileResult
from holdline.reducing import clusters, keep_fixes, refuse_fixes
from holdline_migrations.env_access import EnvAccess

SOURCE = b"""\
import os
from os import getenv


def test_reads():
    assert os.environ["A"] == getenv("B")


def test_restores():
    saved = os.environ.copy()
    try:
        os.environ["C"] = "1"
    finally:
        os.environ.clear()
        os.environ.update(saved)


def test_more():
    assert "D" in os.environ
"""
MIGRATION = EnvAccess()
CODES = frozenset(rule.code for rule in MIGRATION.rules)
JUDGE = Judge((MIGRATION,), Context(Config(), CODES, frozenset()), Level.SAFE, date(2026, 11, 20))
WHOLE = JUDGE.judge("tests/test_a.py", SOURCE, Category.TESTS)


def lines(result: FileResult) -> list[list[int]]:
    return [[v.line for v in group] for group in clusters(result)]


def test_a_scope_that_restores_is_one() -> None:
    assert len(WHOLE.fixed) == 7
    assert lines(WHOLE) == [[6], [6], [10, 12, 14, 15], [19]]


@settings(deadline=None)  # how long it takes depends on what else the machine does
@given(st.frozensets(st.integers(0, 3)))
def test_any_part_of_the_fixes_is_a_plan_of_its_own(chosen: frozenset[int]) -> None:
    groups = clusters(WHOLE)
    places = {v.place for number in chosen for v in groups[number]}
    result = keep_fixes(JUDGE, WHOLE, places)
    assert result.problem is None
    assert {v.place for v in result.fixed} == places
    assert {v.place for v in result.remaining} == {v.place for v in WHOLE.fixed} - places
    assert result.changes is bool(chosen)
    if not chosen:
        return
    compile(result.after, "test_a.py", "exec")
    assert (b"from os import getenv" in result.after) is (1 not in chosen)
    assert (b"import os\n" in result.after) is (not chosen >= {0, 2, 3})


def test_all_of_the_fixes_is_the_plan_itself() -> None:
    assert keep_fixes(JUDGE, WHOLE, [v.place for v in WHOLE.fixed]) is WHOLE


def test_what_was_left_out_can_be_refused() -> None:
    first, *others = WHOLE.fixed
    result = keep_fixes(JUDGE, WHOLE, [v.place for v in others])
    (left,) = refuse_fixes(result, {first.place: "broke a test"}).remaining
    assert (left.fix, left.refusal) == (None, "broke a test")


@pytest.mark.parametrize("marks", [("a", "a", "b"), ("a", "b", "a"), ("a", "b", "b")])
def test_marks_of_a_migration_bind(marks: tuple[str, str, str]) -> None:
    fixes = [v for v in WHOLE.fixed if v.fix and not v.fix.together][:3]
    bound = [v._replace(fix=v.fix._replace(together=mark)) for v, mark in zip(fixes, marks, strict=True) if v.fix]
    groups = clusters(WHOLE._replace(fixed=tuple(bound)))
    assert sorted(len(group) for group in groups) == [1, 2]
