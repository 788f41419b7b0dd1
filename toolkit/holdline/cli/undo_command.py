"""`holdline undo`: take a run of `migrate` back."""

from __future__ import annotations

import argparse

from holdline.cli.exits import Exit
from holdline.cli.rewriting import require_toolkit
from holdline.cli.surroundings import discover
from holdline.journal import Journal
from holdline.reports.console import Console
from holdline.reports.values import counted, problem_line
from holdline.undo import undo_run


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code: 1 where a file was edited since and so stays.

    The configuration is not read: a wrong one must not keep anybody's files away.
    """
    require_toolkit()
    repo = discover(arguments.folder)
    with Journal.open(repo) as journal:
        report = undo_run(repo, journal, arguments.run)
    for problem in report.refused:
        console.error(f"holdline: {problem_line(problem)}")
    done = f"run {report.run}: {counted(len(report.restored), 'file')} restored"
    if report.already:
        done += f", {len(report.already)} back already"
    if report.refused:
        done += f", {len(report.refused)} left as they are"
    if not console.quiet:
        console.write(f"{done}\n")
    return Exit.OK if report.is_complete else Exit.FOUND
