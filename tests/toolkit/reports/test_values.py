from __future__ import annotations

import pytest

from holdline.model import FileResult, Problem, ProblemKind, Violation
from holdline.reports.values import (
    PROBLEM_WORDS,
    MigrationReport,
    counted,
    number,
    problem_counts,
    reason_left,
)


def test_numbers_are_grouped_by_spaces() -> None:
    assert [number(n) for n in (0, 999, 3133, 1_000_000)] == ["0", "999", "3 133", "1 000 000"]


def test_nouns_agree() -> None:
    assert [counted(1, "file"), counted(2, "file"), counted(0, "fix", "fixes")] == [
        "1 file",
        "2 files",
        "0 fixes",
    ]


def test_every_kind_of_problem_has_words() -> None:
    problems = [Problem("a", kind, "") for kind in ProblemKind] + [Problem("b", ProblemKind.UNPARSABLE, "")]
    assert list(PROBLEM_WORDS) == list(ProblemKind)
    assert "2 not parsed" in problem_counts(problems)
    assert len(problem_counts(problems)) == len(ProblemKind)


def test_reasons(dry_run: MigrationReport) -> None:
    changed, odd, _ = dry_run.results
    assert reason_left(changed.remaining[0], changed) == "vars() needs the object itself"
    assert reason_left(odd.remaining[0], odd) == "needs --unsafe: later writes are undone at exit"


@pytest.mark.parametrize(("hint", "reason"), [("write x", "write x"), ("", "no fix is known")])
def test_reason_without_refusal_or_fix(dry_run: MigrationReport, hint: str, reason: str) -> None:
    result = dry_run.results[0]
    violation: Violation = result.remaining[0]._replace(refusal="", hint=hint)
    assert reason_left(violation, result) == reason


def test_an_unwritten_file_is_not_fixed(stopped: MigrationReport) -> None:
    result: FileResult = stopped.results[0]
    assert (result.fixed, result.changes) == ((), False)
    assert [v.code for v in result.remaining] == ["HL101", "HL104"]
    assert reason_left(result.remaining[0], result) == "was edited since it was planned; run again"
    assert [problem.kind for problem in stopped.problems] == [ProblemKind.CHANGED, ProblemKind.UNPARSABLE]


def test_places_are_those_of_the_files_as_they_are(dry_run: MigrationReport, written: MigrationReport) -> None:
    assert dry_run.results[0].remaining[0].line == 6
    assert written.results[0].remaining[0].line == 7
