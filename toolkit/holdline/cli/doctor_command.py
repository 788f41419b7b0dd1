"""`holdline doctor`: say what is installed, what is stale and what to do."""

from __future__ import annotations

import argparse

from holdline.cli.exits import Exit
from holdline.cli.session import discover
from holdline.reports.console import Console
from holdline.reports.printable import printable


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code: 1 where there is something to do."""
    # Only the commands on hooks know the package of hooks, and only once they run.
    from holdline_hooks.diagnosis import examine

    findings = examine(discover(arguments.folder))
    for finding in findings:
        if not finding.fine or not console.quiet:
            console.write(f"{'ok' if finding.fine else 'to do'}: {printable(finding.text)}\n")
    return Exit.OK if all(finding.fine for finding in findings) else Exit.FOUND
