"""What `holdline scan --format html` shows besides the scan: the rewrite it would take, source lines, and the past."""

from __future__ import annotations

import argparse

from holdline.burndown import Burndown, from_runs
from holdline.cli.past import burn_down_history, grouping
from holdline.cli.rewriting import plan_rewrite
from holdline.cli.session import Session, progress_on
from holdline.excerpts import source_lines
from holdline.journal import Journal
from holdline.journal_database import JournalError, has_runs
from holdline.model import ScanReport
from holdline.reports.console import Console
from holdline.reports.html_report import HtmlInput, render_scan


def render_html(
    report: ScanReport,
    session: Session,
    paths: tuple[str, ...],
    everything: tuple[str, ...],
    arguments: argparse.Namespace,
    console: Console,
) -> str:
    """The HTML report of a scan of `paths`, planned by what `everything` says.

    Nothing is written but what the cache and the journal keep anyway.
    """
    plan = plan_rewrite(
        session,
        paths,
        everything,
        session.migrations(),
        progress_on(console),
        jobs=arguments.jobs,
        cached=not arguments.no_cache,
    ).plan
    return render_scan(
        HtmlInput(
            session.repo.root.name,
            session.repo.head(),
            report,
            plan,
            source_lines(session.repo.root, report.violations),
            session.registry.rules,
            paths,
            _burndown(session, report, arguments, console),
        )
    )


def _burndown(session: Session, report: ScanReport, arguments: argparse.Namespace, console: Console) -> Burndown | None:
    """By commits where that was asked for, else by the runs, where there are any.

    A report is not given up because the record of the runs cannot be read.
    """
    if arguments.history:
        return burn_down_history(session, arguments, console, grouping(session, None)).burndown
    if not has_runs(session.repo.common_dir / "holdline"):
        return None
    try:
        with Journal.open(session.repo) as journal:
            return from_runs(journal.runs(), report.overall.violations)
    except JournalError as error:
        console.note(f"holdline: no burn-down: {error}")
        return None
