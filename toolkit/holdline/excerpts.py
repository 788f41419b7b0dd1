"""The source lines that violations stand on, as the working tree has them."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable
from pathlib import Path

from holdline.model import Place, Violation
from holdline.scanning import read

_NEWLINE = re.compile(r"\r\n|\r|\n")


def source_lines(root: Path, violations: Iterable[Violation]) -> dict[Place, str]:
    """The line that each violation starts on, without its line end.

    Where the file cannot be read any more, or has no such line, it is the violation's own text.
    """
    lines: dict[str, list[str]] = {}
    found = {}
    for violation in violations:
        if violation.path not in lines:
            lines = {violation.path: _lines(root, violation.path)}  # they come file by file
        here = lines[violation.path]
        found[violation.place] = here[violation.line - 1] if violation.line <= len(here) else violation.text
    return found


def _lines(root: Path, path: str) -> list[str]:
    try:
        data = read(root, path)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return _NEWLINE.split(data.decode(encoding, "replace"))
    except (OSError, SyntaxError, LookupError):
        return []
