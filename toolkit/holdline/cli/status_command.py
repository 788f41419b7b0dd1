"""`holdline status`: the runs so far, and what remains."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from holdline import engine
from holdline.cli.columns import columns
from holdline.cli.exits import Exit
from holdline.cli.session import Session, progress_on
from holdline.journal import Journal
from holdline.model import ScanReport
from holdline.reports import text
from holdline.reports.console import Console
from holdline.reports.printable import printable
from holdline.runs import RunSummary

_HEADINGS = ("run", "started (UTC)", "status", "files", "fixed", "left then", "command")
_NUMBERS = frozenset({"run", "files", "fixed", "left then"})


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code."""
    session = Session.open(arguments)
    with Journal.open(session.repo) as journal:
        runs = journal.runs()
    selection, paths = session.select((), stamped=True)
    migrations = session.migrations()
    with session.cache(migrations, enabled=True) as cache:
        report = engine.scan(session.task(paths, migrations, None, selection.stamps), progress_on(console), cache)
    render = _as_json if arguments.format == "json" else _as_text
    console.write(render(runs, report))
    return Exit.OK


def _as_text(runs: Sequence[RunSummary], report: ScanReport) -> str:
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
    lines = columns(_HEADINGS, rows, numbers=_NUMBERS) if rows else ["No run of migrate yet."]
    return "\n".join([*lines, "", f"Now: {text.scan_line(report)}", ""])


def _as_json(runs: Sequence[RunSummary], report: ScanReport) -> str:
    body = {
        "schema": "holdline-status",
        "version": 1,
        "runs": [
            {
                "id": r.id,
                "started": r.started,
                "finished": r.finished,
                "command": r.command,
                "head": r.head,
                "root": str(r.root),
                "status": str(r.status),
                "files": r.files,
                "restored": r.restored,
                "fixed": r.fixed,
                "remaining": r.counts.get("remaining", r.remaining),
            }
            for r in runs
        ],
        "now": {
            "violations": report.overall.violations,
            "checked": report.overall.checked,
            "clean": report.overall.clean,
            "score": report.overall.percent,
        },
    }
    return json.dumps(body, indent=2) + "\n"
