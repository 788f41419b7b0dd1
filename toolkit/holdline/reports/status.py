"""What `holdline status` says: values, and their plain text. Its JSON is in `holdline.reports.status_json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from holdline.burndown import Burndown, Point
from holdline.model import Plan, ScanReport
from holdline.reports import text
from holdline.reports.columns import columns
from holdline.reports.findings import Finding, Remedy, count_remedies, match
from holdline.reports.printable import printable
from holdline.reports.values import counted, number
from holdline.runs import RunSummary

_MOST_ROWS = 40
_HEADINGS = ("run", "started (UTC)", "status", "files", "fixed", "left then", "command")
_NUMBERS = frozenset({"run", "files", "fixed", "left then"})


class GroupStatus(NamedTuple):
    """What remains in a directory, or in an owner's files, and what runs fixed there.

    `reasons` says why what is not safe to fix stays; `remedies` and `reasons` are None where no rewrite was planned.
    """

    name: str
    remaining: int
    fixed: int
    remedies: Mapping[Remedy, int] | None = None
    reasons: Mapping[str, int] | None = None


class StatusReport(NamedTuple):
    """The runs, newest first, and what there is now. The rest is None where it was not asked for.

    `by` says what the groups are; `whole` is everything as one group; `missing` counts contents of the history that
    this clone lacks.
    """

    runs: Sequence[RunSummary]
    now: ScanReport
    by: str | None = None
    groups: Sequence[GroupStatus] = ()
    whole: GroupStatus | None = None
    history: Burndown | None = None
    commits: int = 0
    missing: int = 0


def group_status(
    now: ScanReport, fixed: Mapping[str, int], group: Callable[[str], str], plan: Plan | None
) -> tuple[GroupStatus, ...]:
    """The groups that hold violations or had some fixed, those where most remain first."""
    remaining = Counter[str]()
    for result in now.results:
        remaining[group(result.path)] += len(result.violations)
    done = Counter[str]()
    for path, count in fixed.items():
        done[group(path)] += count
    found: dict[str, list[Finding]] = {}
    for file in match(now, plan) if plan is not None else ():
        found.setdefault(group(file.result.path), []).extend(file.findings)
    names = sorted({n for n in (*remaining, *done) if remaining[n] or done[n]}, key=lambda n: (-remaining[n], n))
    return tuple(
        GroupStatus(
            name,
            remaining[name],
            done[name],
            count_remedies(found.get(name, ())) if plan is not None else None,
            _reasons(found.get(name, ())) if plan is not None else None,
        )
        for name in names
    )


def whole_status(now: ScanReport, plan: Plan) -> GroupStatus:
    """Everything that remains as one group."""
    groups = group_status(now, {}, lambda path: "all", plan)
    return groups[0] if groups else GroupStatus("all", 0, 0, count_remedies(()), {})


def render_text(report: StatusReport, *, full: bool = False) -> str:
    """The runs, the groups, the reasons, the history, and the scan's line; long tables are cut unless `full`."""
    blocks = [_runs(report.runs)]
    if report.by is not None:
        blocks.append(_groups(report.by, report.groups, full))
    if report.whole is not None:
        blocks += [_remedies(report.whole), _why(report.whole, full)]
    if report.history is not None:
        blocks.append(_history(report, full))
    blocks.append([f"Now: {text.scan_line(report.now)}"])
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def moment(at: int) -> str:
    """A time as the reports give it: UTC, ISO 8601."""
    return datetime.fromtimestamp(at, UTC).isoformat()


def _reasons(findings: Iterable[Finding]) -> dict[str, int]:
    counts = Counter(f.reason for f in findings if f.remedy is not Remedy.SAFE)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _runs(runs: Sequence[RunSummary]) -> list[str]:
    if not runs:
        return ["No run of migrate yet."]
    rows = [
        (
            str(r.id),
            r.started.replace("T", " ")[:19],
            str(r.status),
            str(r.files),
            str(r.fixed),
            str(r.counts.get("remaining", r.remaining)),
            printable(r.command) if r.here else f"{printable(r.command)} (in {printable(str(r.root))})",
        )
        for r in runs
    ]
    return columns(_HEADINGS, rows, numbers=_NUMBERS)


def _groups(by: str, groups: Sequence[GroupStatus], full: bool) -> list[str]:
    shown = groups if full else groups[:_MOST_ROWS]
    planned = any(g.remedies is not None for g in groups)
    headings = (by, "remaining", "fixed", *(("safe fix", "needs --unsafe", "by hand") if planned else ()))
    rows = [
        (printable(g.name), number(g.remaining), number(g.fixed), *map(number, (g.remedies or {}).values()))
        for g in shown
    ]
    return [*text.table(headings, rows), *_more(len(groups) - len(shown))]


def _remedies(whole: GroupStatus) -> list[str]:
    remedies = whole.remedies or {}
    words = {Remedy.SAFE: "can be fixed safely", Remedy.UNSAFE: "with --unsafe", Remedy.MANUAL: "by hand"}
    return [", ".join(f"{number(count)} {words[remedy]}" for remedy, count in remedies.items())]


def _why(whole: GroupStatus, full: bool) -> list[str]:
    reasons = [*(whole.reasons or {}).items()]
    shown = reasons if full else reasons[:_MOST_ROWS]
    rows = [(number(count), printable(reason)) for reason, count in shown]
    table = columns(("left", "reason"), rows, numbers=("left",)) if rows else []
    return [*table, *_more(len(reasons) - len(shown))]


def _history(report: StatusReport, full: bool) -> list[str]:
    history = report.history
    if history is None or not history.points:
        return ["No commit there."]
    points = history.points if full else history.points[-_MOST_ROWS:]
    earlier = len(history.points) - len(points)
    rows = [
        (moment(p.at)[:10], p.name[:12], number(p.total), _change(p), number(p.unjudged) if p.unjudged else "")
        for p in points
    ]
    said = [f"{counted(report.commits, 'commit')}, judged by today's configuration"]
    if report.missing:
        said[0] += f"; {counted(report.missing, 'content')} missing in this clone, counted as not judged"
    if earlier:
        said.append(f"… {counted(earlier, 'earlier change')}; -v lists all")
    numbers = ("violations", "change", "not judged")
    return [*said, *columns(("date", "commit", *numbers), rows, numbers=numbers)]


def _change(point: Point) -> str:
    parts = [f"-{number(point.fixed)}"] if point.fixed else []
    parts += [f"+{number(point.added)}"] if point.added else []
    return " ".join(parts)


def _more(left: int) -> list[str]:
    return [f"… and {number(left)} more; -v lists all"] if left else []
