"""`holdline status`: the runs so far, what remains and why, and how it came to that."""

from __future__ import annotations

import argparse
from pathlib import Path

from holdline import engine
from holdline.burndown import from_runs
from holdline.cli.exits import Exit
from holdline.cli.past import burn_down_history, check_history_options, grouping
from holdline.cli.rewriting import plan_rewrite
from holdline.cli.session import Session, progress_on
from holdline.errors import HoldlineError
from holdline.journal import Journal
from holdline.model import Plan, ScanReport
from holdline.reports.console import Console
from holdline.reports.status import StatusReport, group_status, render_text, whole_status


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code."""
    check_history_options(arguments)
    if arguments.plot:
        from holdline.reports.plot import check_plot

        check_plot(arguments.plot)  # before the work, not after
    session = Session.open(arguments)
    report = _report(session, arguments, console)
    if arguments.plot:
        _plot(report, arguments)
    if arguments.format == "json":
        from holdline.reports.status_json import render_json

        console.write(render_json(report))
    else:
        console.write(render_text(report, full=console.verbose))
    return Exit.OK


def _report(session: Session, arguments: argparse.Namespace, console: Console) -> StatusReport:
    """What there is to say; planned and counted is just what was asked for."""
    group = grouping(session, arguments.by)
    with Journal.open(session.repo) as journal:
        runs, fixed = journal.runs(), journal.fixed_by_path()
    now, plan = _look(session, arguments, console)
    report = StatusReport(runs, now, arguments.by, whole=whole_status(now, plan) if plan is not None else None)
    if arguments.by:
        report = report._replace(groups=group_status(now, fixed, group, plan))
    if arguments.history:
        past = burn_down_history(session, arguments, console, group)
        report = report._replace(history=past.burndown, commits=past.commits, missing=past.missing)
    return report


def _look(session: Session, arguments: argparse.Namespace, console: Console) -> tuple[ScanReport, Plan | None]:
    """What there is now, and the rewrite of it where it is to be said why it stays."""
    selection, paths = session.select((), stamped=True)
    migrations = session.migrations()
    progress = progress_on(console)
    with session.cache(migrations, enabled=True) as cache:
        task = session.task(paths, migrations, arguments.jobs, selection.stamps)
        now = engine.scan(task, progress, cache)
    if not arguments.why:
        return now, None
    everything = session.python_files(selection)
    return now, plan_rewrite(session, paths, everything, migrations, progress, jobs=arguments.jobs).plan


def _plot(report: StatusReport, arguments: argparse.Namespace) -> None:
    from holdline.reports.plot import write_plot

    burndown = report.history or from_runs(report.runs, report.now.overall.violations)
    if not burndown.points:
        raise HoldlineError("there is nothing to plot: no run of migrate yet; --history counts the commits")
    try:
        write_plot(burndown, Path(arguments.folder, arguments.plot))
    except OSError as error:
        raise HoldlineError(f"--plot {arguments.plot} cannot be written: {error.strerror}") from None
