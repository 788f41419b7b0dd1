"""Where a report goes: standard output, or the file that `-o` names."""

from __future__ import annotations

import argparse
from pathlib import Path

from holdline.errors import HoldlineError
from holdline.reports.console import Console


def write_report(rendered: str, arguments: argparse.Namespace, console: Console) -> None:
    """Write a report where the user wants it. HoldlineError where that file cannot be written."""
    if not arguments.output:
        console.write(rendered)
        return
    try:
        Path(arguments.folder, arguments.output).write_text(rendered, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise HoldlineError(f"-o {arguments.output} cannot be written: {error.strerror}") from None
