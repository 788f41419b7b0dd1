"""`holdline undo`: take a run of `migrate` back."""

from __future__ import annotations

import argparse

from holdline.cli.exits import Exit
from holdline.cli.session import Session
from holdline.reports import text
from holdline.reports.console import Console, needs_extra
from holdline.reports.values import counted


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code: 1 where a file was edited since and so stays."""
    with needs_extra():
        import git  # noqa: F401
    from holdline.journal import Journal
    from holdline.undo import undo_run

    session = Session.open(arguments)
    with Journal.open(session.repo) as journal:
        report = undo_run(session.repo, journal, arguments.run)
    for problem in report.refused:
        console.error(text.problem_line(problem))
    done = f"run {report.run}: {counted(len(report.restored), 'file')} restored"
    if report.already:
        done += f", {len(report.already)} back already"
    if report.refused:
        done += f", {len(report.refused)} left as they are"
    if not console.quiet:
        console.write(f"{done}\n")
    return Exit.OK if report.is_complete else Exit.FOUND
