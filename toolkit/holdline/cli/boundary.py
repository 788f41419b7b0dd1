"""Where errors become exit codes: the one boundary between the program and the shell."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from holdline import __version__
from holdline.cli.arguments import parse_arguments
from holdline.cli.exits import Exit
from holdline.errors import HoldlineError
from holdline.reports.console import Color, Console
from holdline.reports.printable import printable
from holdline_runtime import get_env

#: Failures of the system that no code of ours can prevent: full disk, quota, read-only or broken device, no handles.
_MACHINE_AT_FAULT = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE})


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Exits by itself for a wrong command line, --help and --version."""
    _prepare_streams()
    arguments = parse_arguments(sys.argv[1:] if argv is None else argv)
    console = Console(sys.stdout, sys.stderr, get_env(), Color(arguments.color), arguments.verbosity)
    try:
        return _run(arguments, console)
    except BrokenPipeError:  # nobody reads on, neither results nor complaints
        _abandon(sys.stdout)
        _abandon(sys.stderr)
        return Exit.INTERRUPTED


def migrate() -> int:
    """The command `migrate`."""
    return main(["migrate", *sys.argv[1:]])


def _run(arguments: argparse.Namespace, console: Console) -> int:
    try:
        command = importlib.import_module(f"holdline.cli.{arguments.command.replace('-', '_')}_command")
        code: int = command.run(arguments, console)
        sys.stdout.flush()
    except HoldlineError as error:
        console.error(f"holdline: {printable(str(error))}")
        return Exit.ERROR
    except KeyboardInterrupt as interrupt:
        console.interrupted(": ".join(["holdline: interrupted", *map(str, interrupt.args)]))
        return Exit.INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  # the boundary: whatever else escapes is our bug
        if isinstance(error, OSError) and error.errno in _MACHINE_AT_FAULT:
            _report_machine(error, console)
            return Exit.ERROR
        _report_bug(error, console)
        return Exit.BUG
    return code


def _prepare_streams() -> None:
    """Let file names that are not valid text, and text that the terminal lacks, through as escapes."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  # it is to outlive us
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _abandon(stream: TextIO) -> None:
    """Drop what a stream still buffers, or the interpreter fails to write it at exit and complains."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _report_machine(error: OSError, console: Console) -> None:
    what = printable(str(error.filename)) if error.filename else "the output cannot be written"
    _abandon(sys.stdout)
    console.error(f"holdline: {what}: {error.strerror}")


def _report_bug(error: Exception, console: Console) -> None:
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{os.path.basename(last.filename)}:{last.lineno}"  # noqa: PTH119
    console.error(
        f"holdline: a bug of ours: {type(error).__name__}: {printable(str(error))} ({place}, holdline {__version__}, "
        f"Python {sys.version.split()[0]}). Please report it with this line and the command; -v shows the traceback."
    )
    console.detail("".join(traceback.format_exception(error)))
