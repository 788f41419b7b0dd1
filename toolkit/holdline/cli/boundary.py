"""Where errors become exit codes: the one boundary between the program and the shell."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import TextIO

from holdline import __version__
from holdline.cli.arguments import parse_arguments
from holdline.cli.exits import Exit
from holdline.errors import HoldlineError
from holdline.reports.console import Color, Console
from holdline.reports.printable import printable
from holdline_runtime import get_env


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    _keep_file_names(sys.stdout, sys.stderr)
    arguments = parse_arguments(sys.argv[1:] if argv is None else argv)
    console = Console(sys.stdout, sys.stderr, get_env(), Color(arguments.color), arguments.verbosity)
    try:
        command = importlib.import_module(f"holdline.cli.{arguments.command}_command")
        code: int = command.run(arguments, console)
        sys.stdout.flush()
    except HoldlineError as error:
        console.error(f"holdline: {printable(str(error))}")
        return Exit.ERROR
    except KeyboardInterrupt:
        console.error("holdline: interrupted; what was written is complete, `holdline undo` takes it back")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at exit
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the boundary: whatever else escapes is our bug
        _report_bug(error, console)
        return Exit.BUG
    return code


def migrate() -> int:
    """The command `migrate`."""
    return main(["migrate", *sys.argv[1:]])


def _keep_file_names(*streams: TextIO) -> None:
    """Let file names that are not valid text, and text that the terminal lacks, through as escapes."""
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _report_bug(error: Exception, console: Console) -> None:
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{os.path.basename(last.filename)}:{last.lineno}"  # noqa: PTH119
    console.error(
        f"holdline: a bug of ours: {type(error).__name__}: {printable(str(error))} ({place}, holdline {__version__}, "
        f"Python {sys.version.split()[0]}). Please report it with this line and the command; -v shows the traceback."
    )
    console.detail("".join(traceback.format_exception(error)))
