"""`holdline uninstall`: put back what was there before `holdline install`."""

from __future__ import annotations

import argparse

from holdline.cli.exits import Exit
from holdline.cli.session import discover
from holdline.reports.console import Console
from holdline.reports.printable import printable


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code: 1 where something was edited since and so stays."""
    # Only the commands on hooks know the package of hooks, and only once they run.
    from holdline_hooks.installation import uninstall

    report = uninstall(discover(arguments.folder))
    if not console.quiet:
        lines = report.done if report.done or report.left else ["nothing of Holdline is installed here"]
        console.write("".join(f"{printable(line)}\n" for line in lines))
    for line in report.left:
        console.error(f"holdline: {printable(line)}")
    return Exit.FOUND if report.left else Exit.OK
