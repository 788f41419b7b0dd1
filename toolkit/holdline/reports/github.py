"""GitHub workflow commands: each violation becomes an annotation on its line of the pull request.

Format: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdline.model import Problem, ScanReport, Suppression, Violation
from holdline.reports.printable import printable
from holdline.reports.text import scan_line
from holdline.reports.values import PROBLEM_WORDS, described
from holdline.reports.verdict import describe_suppression, verdict_line

if TYPE_CHECKING:
    from holdline.gate import GateReport

_DATA_ESCAPES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY_ESCAPES = _DATA_ESCAPES | str.maketrans({":": "%3A", ",": "%2C"})


def render_scan(report: ScanReport) -> str:
    """An error per violation, a warning per file that could not be judged, a notice with the score."""
    lines = [_violation(violation) for violation in report.violations]
    lines += [_problem(problem) for problem in report.problems]
    lines.append(_command("notice", scan_line(report), title="Holdline"))
    return "\n".join(lines) + "\n"


def render_check(report: GateReport) -> str:
    """An error per new violation and per file that the change broke, a warning per new suppression, the verdict."""
    lines = [_violation(violation) for violation in report.new]
    lines += [_problem(u.problem, "warning" if u.tolerated else "error") for u in report.unjudged]
    lines += [_suppression(suppression) for suppression in report.suppressions]
    lines.append(_command("notice", verdict_line(report), title="Holdline"))
    return "\n".join(lines) + "\n"


def _violation(violation: Violation) -> str:
    places: dict[str, str | int] = {
        "file": violation.path,
        "line": violation.line,
        "endLine": violation.end_line,
        "col": violation.column,
    }
    if violation.end_line == violation.line:  # GitHub takes an end column within one line only
        places["endColumn"] = violation.end_column
    return _command("error", described(violation), **places, title=f"Holdline {violation.code}")


def _suppression(suppression: Suppression) -> str:
    message = describe_suppression(suppression)
    return _command("warning", message, file=suppression.path, line=suppression.line, title="Holdline: new suppression")


def _problem(problem: Problem, level: str = "warning") -> str:
    places: dict[str, str | int] = {"line": problem.line} if problem.line else {}
    title = f"Holdline: {PROBLEM_WORDS[problem.kind]}"
    return _command(level, problem.message, file=problem.path, **places, title=title)


def _command(name: str, message: str, **properties: str | int) -> str:
    listed = ",".join(f"{key}={_escape(str(value), _PROPERTY_ESCAPES)}" for key, value in properties.items())
    return f"::{name} {listed}::{_escape(message, _DATA_ESCAPES)}"


def _escape(text: str, escapes: dict[int, str]) -> str:
    return printable(text, keep="\r\n").translate(escapes)
