"""Violations beside what a rewrite would make of them."""

from __future__ import annotations

from holdline.model import Category, FileResult, Plan, Problem, ProblemKind, ScanReport, score_files
from holdline.reports.findings import Remedy, count_remedies, match
from holdline.reports.values import MigrationReport


def test_each_violation_has_its_remedy(scan: ScanReport, dry_run: MigrationReport) -> None:
    mixed, odd = match(scan, dry_run.plan)
    fixed, refused = mixed.findings
    assert (fixed.violation.code, fixed.remedy, fixed.reason) == ("HL101", Remedy.SAFE, "")
    assert fixed.hunk is not None
    assert b'-    a = os.getenv("A")\n' in mixed.hunks[fixed.hunk].lines
    assert (refused.remedy, refused.reason, refused.hunk) == (Remedy.MANUAL, "vars() needs the object itself", None)
    (unsafe,) = odd.findings
    assert (unsafe.remedy, unsafe.reason) == (Remedy.UNSAFE, "needs --unsafe: later writes are undone at exit")
    assert count_remedies((*mixed.findings, *odd.findings)) == {Remedy.SAFE: 1, Remedy.UNSAFE: 1, Remedy.MANUAL: 1}


def test_a_file_that_the_plan_does_not_have(scan: ScanReport) -> None:
    findings = [f for file in match(scan, Plan((), {}, {})) for f in file.findings]
    assert [f.remedy for f in findings] == [Remedy.MANUAL, Remedy.MANUAL, Remedy.UNSAFE]
    assert all(f.hunk is None for f in findings)


def test_a_rewrite_that_failed_its_proof_is_nobodys_remedy(scan: ScanReport, dry_run: MigrationReport) -> None:
    result = scan.results[0]
    problem = Problem(result.path, ProblemKind.PROOF, "could not be proved")
    plan = Plan((result._replace(problem=problem),), {}, {})
    report = score_files([result], {Category.TESTS: 1})
    (file,) = match(report, plan)
    assert {f.remedy for f in file.findings} == {Remedy.MANUAL}
    assert {f.reason for f in file.findings} == {"vars() needs the object itself", "could not be proved"}


def test_clean_files_are_left_out() -> None:
    assert match(score_files([FileResult("a.py", Category.SOURCE)], {Category.SOURCE: 1}), Plan((), {}, {})) == ()
