"""What a rewrite must leave alone in a file's bytes: comments, line endings, and every line it has no business on."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from holdline.model import Edit, FileResult

_NEWLINE = re.compile(rb"\r\n|\r|\n")
Lines = set[int]


def newlines(data: bytes) -> set[bytes]:
    """The kinds of line endings in a file."""
    return set(_NEWLINE.findall(data))


def import_lines(tree: ast.AST) -> Lines:
    """The lines of all import statements."""
    statements = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    return {line for s in statements for line in range(s.lineno, (s.end_lineno or s.lineno) + 1)}


def comments(data: bytes, apart_from: Lines) -> Counter[str] | None:
    """The comments of a file outside some lines; None where the tokenizer gives up."""
    text = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found: Counter[str] = Counter()
    try:
        for token in tokenize.tokenize(io.BytesIO(text).readline):
            if token.type == tokenize.COMMENT and token.start[0] not in apart_from:
                found[token.string.rstrip()] += 1
    except (SystemError, SyntaxError, tokenize.TokenError):  # it stumbles over some nested f-strings in 3.12 and 3.13
        return None
    return found


def spliced(data: bytes, edits: Sequence[Edit]) -> bytes:
    """The bytes after the edits, put in from the last to the first."""
    for edit in reversed(edits):
        data = data[: edit.start] + edit.text + data[edit.end :]
    return data


def stray_lines(data: bytes, result: FileResult, imports: Lines) -> list[int]:
    """Lines that edits take something from, though they hold no fixed violation, no import, and are not empty."""
    starts = [0, *(m.end() for m in _NEWLINE.finditer(data))]
    allowed = set(imports)
    for violation in result.fixed:
        allowed.update(range(violation.line, violation.end_line + 1))
    cuts = (e for e in result.edits if data[e.start : e.end].strip(b" \t\f\r\n\\()"))
    stray = []
    for cut in cuts:
        first, last = bisect_right(starts, cut.start), bisect_right(starts, cut.end - 1)
        for line in range(first, last + 1):
            end = starts[line] if line < len(starts) else len(data)
            inside = data[max(cut.start, starts[line - 1]) : min(cut.end, end)]
            if line not in allowed and inside.strip(b" \t\f\r\n\\(),;]="):
                stray.append(line)
    return stray
