"""`holdline install`: put the gate in front of every commit and push, or keep the tests to staging."""

from __future__ import annotations

import argparse

from holdline.cli.exits import Exit
from holdline.cli.session import discover
from holdline.errors import HoldlineError
from holdline.reports.console import Console
from holdline.reports.printable import printable


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code: 1 where something is left for the user to do.

    The configuration is not read: it may change at any time, and the hooks read it then.
    """
    # Only the commands on hooks know the package of hooks, and only once they run.
    from holdline_hooks.installation import install
    from holdline_hooks.script import Hook
    from holdline_hooks.staging import install_staging

    if arguments.staging and (arguments.native or arguments.hooks):
        raise HoldlineError("--staging installs no hooks: give it without --native and --hook")
    repo = discover(arguments.folder)
    hooks = [hook for hook in Hook if not arguments.hooks or hook in arguments.hooks]
    report = install_staging(repo) if arguments.staging else install(repo, hooks, native_only=arguments.native)
    if not console.quiet:
        console.write("".join(f"{printable(line)}\n" for line in report.done))
    for line in report.left:
        console.error(f"holdline: {printable(line)}")
    return Exit.FOUND if report.left else Exit.OK
