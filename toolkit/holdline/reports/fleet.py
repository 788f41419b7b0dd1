"""The summary of a fleet: a row for each repository, and the sums; JSON by `holdline-fleet-1.schema.json`."""

from __future__ import annotations

import json
from typing import Any

from holdline import __version__
from holdline.fleet.figures import COLUMNS, Figures, add_up, score
from holdline.fleet.values import FleetReport, Outcome, Row, Status
from holdline.reports.printable import printable
from holdline.reports.values import counted, number

SCHEMA = "holdline-fleet"
VERSION = 1
_NONE = "-"
_SHORT_ID = 9

Object = dict[str, Any]


def headings(report: FleetReport) -> list[str]:
    """What stands above the table's columns."""
    return ["repository", "commit", *number_headings(report), "outcome"]


def number_headings(report: FleetReport) -> list[str]:
    """The headings of the columns that hold numbers."""
    shown = [column.name for column in COLUMNS[report.command] if column.is_shown]
    return [*shown, *(["score"] if report.command == "scan" else []), "seconds"]


def table(report: FleetReport) -> list[list[str]]:
    """The table's cells, safe to show: a row for each repository, and one with the sums."""
    rows = [
        [
            printable(row.job.name),
            (row.outcome.commit or _NONE)[:_SHORT_ID],
            *_numbers(report.command, row.outcome.figures),
            f"{row.outcome.seconds:.1f}",
            outcome_text(row.outcome),
        ]
        for row in report.rows
    ]
    seconds = sum(row.outcome.seconds for row in report.rows)
    return [*rows, ["all", _NONE, *_numbers(report.command, _sums(report)), f"{seconds:.1f}", summary(report)]]


def summary(report: FleetReport) -> str:
    """How the repositories fared, in a few words."""
    counts = [f"{number(report.count(status))} {status.value}" for status in Status if report.count(status)]
    return f"{counted(len(report.rows), 'repository', 'repositories')}: {', '.join(counts)}"


def outcome_text(outcome: Outcome) -> str:
    """How one repository fared, safe to show."""
    parts = [outcome.status.value, *(["as before"] if outcome.resumed else [])]
    return ", ".join(parts) + (f": {printable(outcome.message)}" if outcome.message else "")


def render_json(report: FleetReport) -> str:
    """The whole report. ASCII; what is no text is escaped as in the other reports."""
    body = {
        "schema": SCHEMA,
        "version": VERSION,
        "tool": {"name": "holdline", "version": __version__},
        "file": report.file,
        "command": report.command,
        "arguments": list(report.arguments),
        "repositories": [_repository(row) for row in report.rows],
        "totals": {
            "repositories": {status.value: report.count(status) for status in Status},
            "figures": _figures(_sums(report)),
        },
    }
    return json.dumps(body, indent=2).replace("\x7f", "\\u007f") + "\n"


def _repository(row: Row) -> Object:
    job, outcome = row.job, row.outcome
    return {
        "name": job.name,
        "source": job.source,
        "ref": job.ref or None,
        "arguments": list(job.arguments),
        "folder": outcome.folder or None,
        "commit": outcome.commit,
        "outcome": outcome.status.value,
        "exit": outcome.exit,
        "resumed": outcome.resumed,
        "seconds": outcome.seconds,
        "message": outcome.message or None,
        "figures": _figures(outcome.figures) if outcome.figures else None,
    }


def _figures(figures: Figures) -> Object:
    percent = score(figures)
    return {**figures, **({"score": percent} if percent is not None else {})}


def _sums(report: FleetReport) -> Figures:
    return add_up(report.command, (row.outcome.figures for row in report.rows))


def _numbers(command: str, figures: Figures | None) -> list[str]:
    columns = [column for column in COLUMNS[command] if column.is_shown]
    if figures is None:
        return [_NONE] * (len(columns) + (command == "scan"))
    percent = score(figures)
    return [number(int(figures[column.name])) for column in columns] + (
        [f"{percent:.1f} %"] if percent is not None else []
    )
