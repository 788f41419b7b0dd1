"""Making a counterexample small: take out lines, then simplify expressions, as long as it still fails."""

from __future__ import annotations

import ast
import re
import time
import warnings
from collections.abc import Callable, Iterator

#: Enough for a file of a few hundred lines.
SECONDS = 60.0
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)?")

Fails = Callable[[bytes], bool]


def shrink(data: bytes, fails: Fails, seconds: float = SECONDS) -> bytes:
    """The smallest text found in the time for which `fails` still holds."""
    deadline = time.monotonic() + seconds
    before = b""
    while before != data and time.monotonic() < deadline:
        before = data
        data = _without_lines(data, fails, deadline)
        data = _simplified(data, fails, deadline)
    return data


def _without_lines(data: bytes, fails: Fails, deadline: float) -> bytes:
    lines = [line for line in _LINE.findall(data) if line]
    size = max(1, len(lines) // 2)
    while True:
        start = 0
        while start < len(lines) and time.monotonic() < deadline:
            fewer = lines[:start] + lines[start + size :]
            if fewer and fails(b"".join(fewer)):
                lines = fewer
            else:
                start += size
        if size == 1:
            return b"".join(lines)
        size //= 2


def _simplified(data: bytes, fails: Fails, deadline: float) -> bytes:
    changed = True
    while changed:
        changed = False
        for candidate in _simpler(data):
            if time.monotonic() > deadline:
                return data
            if fails(candidate):
                data, changed = candidate, True
                break
    return data


def _simpler(data: bytes) -> Iterator[bytes]:
    """The program with one statement or expression gone, or an expression's part in place of the whole."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
        data.decode("utf-8-sig")
    except (SyntaxError, ValueError, RecursionError):
        return
    starts = [0, *(m.end() for m in re.finditer(rb"\r\n|\r|\n", data))]
    if data.startswith(b"\xef\xbb\xbf"):
        starts[0] = 3

    def span(node: ast.stmt | ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset

    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            start, end = span(node)
            simpler = [b"pass"]
            simpler += [data[slice(*span(inner))] for inner in getattr(node, "body", [])[:1]]
            simpler += [data[slice(*span(n))] for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)]
        elif isinstance(node, ast.expr):
            start, end = span(node)
            simpler = [b"x"]
            simpler += [data[slice(*span(n))] for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)]
        else:
            continue
        yield from (data[:start] + text + data[end:] for text in simpler if len(text) < end - start)
