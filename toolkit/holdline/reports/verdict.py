"""The gate's verdict as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from holdline.model import FileResult, Place, Suppression, Violation
from holdline.reports.printable import printable
from holdline.reports.values import counted, number, place, problem_line

if TYPE_CHECKING:
    from holdline.comparison import Unjudged
    from holdline.gate import GateReport

_MOST_SHOWN = 1000  # nobody reads on, and a terminal would take minutes
_MOST_SUSPECTS = 10
_MOST_DIFF_LINES = 1000
_LONGEST_DESCRIPTION = 400
_LONGEST_DIFF_LINE = 1000  # bytes


def render_check(report: GateReport, planned: Sequence[FileResult] | None) -> str:
    """What is new, each with its line and what to write instead; what fixes would do; the verdict in a line.

    `planned` are the files that hold new violations, with the rewrite that their safe fixes make; None where that is
    not known.
    """
    refusals = {v.place: v.refusal for r in planned or () for v in r.remaining if v.refusal}
    new = [line for violation in report.new[:_MOST_SHOWN] for line in _violation(violation, report, refusals)]
    if len(report.new) > _MOST_SHOWN:
        new.append(f"… and {number(len(report.new) - _MOST_SHOWN)} more; `--format json` lists all")
    unjudged = [line for u in report.unjudged for line in _unjudged(u)]
    allowed = [_suppression(s) for s in report.suppressions[:_MOST_SHOWN]]
    if len(report.suppressions) > _MOST_SHOWN:
        allowed.append(f"… and {number(len(report.suppressions) - _MOST_SHOWN)} more")
    blocks = [new, unjudged, allowed, _offer(report, planned), [verdict_line(report)]]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def verdict_line(report: GateReport) -> str:
    """The base used, how much is new, how much old was hidden."""
    found = counted(len(report.new), "new violation") if report.new else "no new violation"
    parts = [f"{found} in {counted(report.files, 'changed file')}", f"{number(len(report.old))} old hidden"]
    if report.suppressions:
        parts.append(counted(len(report.suppressions), "new suppression"))
    if report.unjudged:
        parts.append(f"{number(len(report.unjudged))} not judged")
    return f"holdline: {', '.join(parts)} (base: {printable(report.snapshot.named)})"


def describe_suppression(suppression: Suppression) -> str:
    """What a suppression allows, why, and until when; not yet safe to show."""
    until = f" (until {suppression.until})" if suppression.until else ""
    return f"allows {', '.join(suppression.codes)}: {suppression.reason}{until}"


def _violation(violation: Violation, report: GateReport, refusals: Mapping[Place, str]) -> Iterator[str]:
    yield f"{place(violation)}: {violation.code} {printable(violation.message)}"
    yield f"    {printable(violation.text)}"
    cause = report.causes.get(violation.place)
    if cause is not None:
        yield f"    this line is as it was: the change at line {cause} made it a violation"
    if violation.hint:
        yield f"    {printable(violation.hint)}"
    if refusal := refusals.get(violation.place):
        yield f"    no safe fix: {printable(refusal)}"


def _unjudged(unjudged: Unjudged) -> Iterator[str]:
    yield problem_line(unjudged.problem)
    if unjudged.tolerated:
        yield "    so it was before, and no changed line looks like a violation"
    for line in unjudged.suspects[:_MOST_SUSPECTS]:
        yield f"    line {line} changed and looks like a violation"
    if len(unjudged.suspects) > _MOST_SUSPECTS:
        yield f"    and so do {number(len(unjudged.suspects) - _MOST_SUSPECTS)} more"


def _suppression(suppression: Suppression) -> str:
    described = describe_suppression(suppression)
    if len(described) > _LONGEST_DESCRIPTION:
        described = described[:_LONGEST_DESCRIPTION] + " …"
    return f"{place(suppression)}: new suppression: {printable(described)}"


def _offer(report: GateReport, planned: Sequence[FileResult] | None) -> list[str]:
    if planned is None:
        staged = report.snapshot.head is None
        return (
            ["`holdline check --fix` makes those fixes that are safe; to see them first takes long here"]
            if staged
            else []
        )
    changing = [result for result in planned if result.changes]
    if not changing:
        return []
    from holdline.diffs import unified_diff  # only where there is one

    how = "`holdline check --fix` makes these changes to the index and the working tree:"
    if report.snapshot.head is not None:
        how = "these changes fix what is new and can be fixed safely:"
    lines = [line for result in changing for line in unified_diff(result).split(b"\n")[:-1]]
    shown = [printable(_clip(line).decode("utf-8", "surrogateescape"), keep="\t") for line in lines[:_MOST_DIFF_LINES]]
    more = [f"… and {counted(len(lines) - _MOST_DIFF_LINES, 'more line')}"] if len(lines) > _MOST_DIFF_LINES else []
    return [how, *shown, *more]


def _clip(line: bytes) -> bytes:
    return line if len(line) <= _LONGEST_DIFF_LINE else line[:_LONGEST_DIFF_LINE] + " …".encode()
