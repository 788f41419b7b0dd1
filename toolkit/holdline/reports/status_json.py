"""The JSON of `holdline status`: stable keys, versioned, by `docs/json-schema/holdline-status-1.schema.json`."""

from __future__ import annotations

import json
from typing import Any

from holdline.burndown import Burndown
from holdline.reports.status import GroupStatus, StatusReport, moment
from holdline.runs import RunSummary

SCHEMA = "holdline-status"
VERSION = 1

Object = dict[str, Any]


def render_json(report: StatusReport) -> str:
    """The same as the text, in full; ASCII, as the other reports are."""
    overall = report.now.overall
    body: Object = {
        "schema": SCHEMA,
        "version": VERSION,
        "runs": [_run(run) for run in report.runs],
        "now": {
            "violations": overall.violations,
            "checked": overall.checked,
            "clean": overall.clean,
            "score": overall.percent,
        },
    }
    if report.by is not None:
        body["groups"] = {"by": report.by, "items": [_group(group) for group in report.groups]}
    if report.whole is not None:
        whole = _group(report.whole)
        body["why"] = {"remedies": whole["remedies"], "reasons": whole["reasons"]}
    if report.history is not None:
        body["history"] = _history(report.history, report)
    return json.dumps(body, indent=2).replace("\x7f", "\\u007f") + "\n"


def _run(run: RunSummary) -> Object:
    return {
        "id": run.id,
        "started": run.started,
        "finished": run.finished,
        "command": run.command,
        "head": run.head,
        "root": str(run.root),
        "status": str(run.status),
        "files": run.files,
        "restored": run.restored,
        "fixed": run.fixed,
        "remaining": run.counts.get("remaining", run.remaining),
    }


def _group(group: GroupStatus) -> Object:
    found: Object = {"name": group.name, "remaining": group.remaining, "fixed": group.fixed}
    if group.remedies is not None:
        found["remedies"] = {remedy.value: count for remedy, count in group.remedies.items()}
        found["reasons"] = [{"reason": reason, "violations": n} for reason, n in (group.reasons or {}).items()]
    return found


def _history(history: Burndown, report: StatusReport) -> Object:
    return {
        "commits": report.commits,
        "missing": report.missing,
        "points": [
            {
                "commit": p.name,
                "at": moment(p.at),
                "violations": p.total,
                "fixed": p.fixed,
                "added": p.added,
                "unjudged": p.unjudged,
            }
            for p in history.points
        ],
        "groups": [
            {"name": name, "changes": [{"point": point, "violations": count} for point, count in found]}
            for name, found in sorted(history.groups.items())
        ],
    }
