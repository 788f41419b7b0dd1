"""The JSON report: stable keys, versioned, described by `docs/json-schema/holdline-report-1.schema.json`.

Output is ASCII: JSON escapes keep control characters off terminals, and a path's undecodable byte is a lone
surrogate (`\\udc80` to `\\udcff`, Python's `surrogateescape`), so that every path can be had back exactly.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from holdline import __version__
from holdline.model import FileResult, Fix, Problem, Ranked, ScanReport, Score, Suppression, Violation
from holdline.reports.tallies import by_rule, total
from holdline.reports.values import MigrationReport, reason_left

if TYPE_CHECKING:
    from holdline.comparison import Unjudged
    from holdline.gate import GateReport
    from holdline.verdicts import Verification

SCHEMA = "holdline-report"
VERSION = 1

Object = dict[str, Any]


def render_scan(report: ScanReport) -> str:
    """Files with violations, files with problems, counts by rule, scores by category, unused suppressions."""
    rules = by_rule(report.results)
    scores = {category.value: _score(score) for category, score in report.scores.items()}
    return _render(
        "scan",
        files=[_scanned(result) for result in report.results if result.violations],
        problems=_problems(report.problems),
        rules=[{"code": t.name, "files": t.files, "violations": t.fixed + t.left} for t in rules],
        scores={**scores, "overall": _score(report.overall)},
        unused_suppressions=[_suppression(suppression) for suppression in report.unused],
    )


def render_migration(report: MigrationReport) -> str:
    """The plan in priority order with what happens to each file, files with problems, and the totals."""
    results = report.results
    everything = total(results)
    ranks = report.plan.ranks
    return _render(
        "migrate",
        dry_run=report.dry_run,
        run=report.run,
        dependency=report.dependency or None,
        verification=_verification(report.verification) if report.verification else None,
        files=[_migrated(result, ranks.get(result.path)) for result in results if result.violations],
        problems=_problems(report.problems),
        rules=[{"code": t.name, "files": t.files, "fixed": t.fixed, "remaining": t.left} for t in by_rule(results)],
        totals={
            "checked": {category.value: count for category, count in report.plan.checked.items()},
            "changed": sum(1 for result in results if result.changes),
            "fixed": everything.fixed,
            "remaining": everything.left,
        },
    )


def render_check(report: GateReport) -> str:
    """The verdict: what is new, what was not judged, and how many old violations the changed files hold."""
    snapshot, causes = report.snapshot, report.causes
    return _render(
        "check",
        passes=report.passes,
        base={"commits": list(snapshot.bases), "named": snapshot.named},
        head=snapshot.head,
        new=[{"path": v.path, **_violation(v), "cause_line": causes.get(v.place)} for v in report.new],
        unjudged=[_unjudged(unjudged) for unjudged in report.unjudged],
        new_suppressions=[_suppression(suppression) for suppression in report.suppressions],
        totals={"files": report.files, "new": len(report.new), "old": len(report.old)},
    )


def _render(command: str, **body: Any) -> str:
    head = {
        "schema": SCHEMA,
        "version": VERSION,
        "tool": {"name": "holdline", "version": __version__},
        "command": command,
    }
    # DEL is the one control character that JSON leaves raw; it can only stand inside strings.
    return json.dumps(head | body, indent=2).replace("\x7f", "\\u007f") + "\n"


def _scanned(result: FileResult) -> Object:
    return {
        "path": result.path,
        "category": result.category.value,
        "violations": [_violation(violation) for violation in result.violations],
    }


def _migrated(result: FileResult, ranked: Ranked | None) -> Object:
    return {
        "path": result.path,
        "category": result.category.value,
        "tier": ranked.tier if ranked else None,
        "reason": ranked.reason if ranked else None,
        "fixed": [_violation(violation) for violation in result.fixed],
        "remaining": [_violation(v) | {"reason": reason_left(v, result)} for v in result.remaining],
        "diff": _diff(result),
    }


def _verification(verification: Verification) -> Object:
    plain = {
        name: getattr(verification, name)
        for name in ("command", "selection", "per_test", "tests", "failing", "runs", "remembered")
    }
    return plain | {
        "seconds": round(verification.seconds, 1),
        "flaky": list(verification.flaky),
        "unexercised": list(verification.unexercised),
        "dropped": [
            {
                "path": dropped.path,
                "violations": [_violation(violation) for violation in dropped.violations],
                "broken": [broken._asdict() for broken in dropped.broken],
                "undecided": dropped.undecided or None,
            }
            for dropped in verification.dropped
        ],
    }


def _violation(violation: Violation) -> Object:
    return {
        "code": violation.code,
        "message": violation.message,
        "line": violation.line,
        "column": violation.column,
        "end_line": violation.end_line,
        "end_column": violation.end_column,
        "text": violation.text,
        "hint": violation.hint,
        "refusal": violation.refusal,
        "fix": _fix(violation.fix) if violation.fix else None,
    }


def _fix(fix: Fix) -> Object:
    return {"safety": fix.safety.value, "note": fix.note}


def _diff(result: FileResult) -> str | None:
    """The file's unified diff, None where there is none or where it is no UTF-8."""
    from holdline.diffs import unified_diff  # for migrate alone

    try:
        return unified_diff(result).decode() or None
    except UnicodeDecodeError:
        return None


def _unjudged(unjudged: Unjudged) -> Object:
    return _problem(unjudged.problem) | {"suspects": list(unjudged.suspects), "tolerated": unjudged.tolerated}


def _suppression(suppression: Suppression) -> Object:
    return {
        "path": suppression.path,
        "line": suppression.line,
        "column": suppression.column,
        "codes": list(suppression.codes),
        "reason": suppression.reason,
        "until": suppression.until.isoformat() if suppression.until else None,
        "text": suppression.text,
    }


def _problems(problems: Iterable[Problem]) -> list[Object]:
    return [_problem(problem) for problem in problems]


def _problem(problem: Problem) -> Object:
    return {"path": problem.path, "kind": problem.kind.value, "message": problem.message, "line": problem.line or None}


def _score(score: Score) -> Object:
    return {
        "checked": score.checked,
        "clean": score.clean,
        "violations": score.violations,
        "percent": score.percent,
    }
