"""What a scan found beside what a rewrite would make of it: for each violation, whether it can be fixed, or why not."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from holdline.diffs import Hunk, hunks
from holdline.model import FileResult, Plan, Safety, ScanReport, Violation
from holdline.reports.values import reason_left


class Remedy(enum.StrEnum):
    """What can be done about a violation."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    MANUAL = "manual"


class Finding(NamedTuple):
    """A violation and its remedy: for a safe one the hunk of the file's diff that it lies in, else why it stays."""

    violation: Violation
    remedy: Remedy
    reason: str = ""
    hunk: int | None = None


class FileFindings(NamedTuple):
    """The findings of a file, in position order, and all hunks that its rewrite is made of."""

    result: FileResult
    findings: tuple[Finding, ...]
    hunks: tuple[Hunk, ...] = ()


def match(report: ScanReport, plan: Plan) -> tuple[FileFindings, ...]:
    """The findings of every file with violations, in the scan's order; the plan is of the same files."""
    planned = {result.path: result for result in plan.results}
    return tuple(_match_file(r, planned.get(r.path)) for r in report.results if r.violations)


def count_remedies(findings: Iterable[Finding]) -> dict[Remedy, int]:
    """How many violations each remedy is for."""
    counts = Counter(finding.remedy for finding in findings)
    return {remedy: counts[remedy] for remedy in Remedy}


def _match_file(scanned: FileResult, planned: FileResult | None) -> FileFindings:
    result = planned or scanned
    diff = hunks(result.before, result.edits) if result.changes else ()
    fixed = {v.place for v in result.fixed}
    remaining = {v.place: v for v in result.remaining}
    findings = []
    for violation in scanned.violations:
        if violation.place in fixed:
            findings.append(Finding(violation, Remedy.SAFE, hunk=_hunk_at(diff, violation.line)))
            continue
        left = remaining.get(violation.place, violation)
        unsafe = left.fix is not None and left.fix.safety is Safety.UNSAFE and not left.refusal
        remedy = Remedy.UNSAFE if unsafe and not result.problem else Remedy.MANUAL
        findings.append(Finding(violation, remedy, reason_left(left, result)))
    return FileFindings(scanned, tuple(findings), diff)


def _hunk_at(diff: Iterable[Hunk], line: int) -> int | None:
    """The first hunk that reaches to the line: an edit may begin above a violation, and end below it."""
    return next((i for i, hunk in enumerate(diff) if line < hunk.old_start + max(1, hunk.old_count)), None)
