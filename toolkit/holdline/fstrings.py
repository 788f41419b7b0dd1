"""Where expressions inside f-strings lie.

Before Python 3.12 the parser gives wrong positions for nodes inside an f-string, so a dotted name there is found by
its text: the n-th such node is the n-th such text, and where the counts differ (the text stands in a literal part
too) the position stays unknown.
"""

from __future__ import annotations

import ast
import re
import sys

from holdline.source import Source, Span

#: Whether this Python's parser gives true positions inside f-strings.
RELIABLE = sys.version_info >= (3, 12)


def enclosing(source: Source, node: ast.AST) -> ast.JoinedStr | None:
    """The outermost f-string a node is part of."""
    found: ast.JoinedStr | None = None
    current: ast.AST | None = node
    while current is not None and not isinstance(current, ast.stmt):
        if isinstance(current, ast.JoinedStr):
            found = current
        current = source.parents.get(current)
    return found


def locate(source: Source, node: ast.expr) -> Span | None:
    """The span of a Name or attribute chain, also inside an f-string; None where it cannot be told."""
    string = None if RELIABLE else enclosing(source, node)
    if string is None:
        return source.span(node)
    wanted = ast.unparse(node)
    nodes = [n for n in _in_order(string) if type(n) is type(node) and ast.unparse(n) == wanted]
    whole = source.span(string)
    text = source.utf8[source.line_starts[string.lineno - 1] + string.col_offset :][: whole.end - whole.start]
    matches = list(_dotted(wanted).finditer(text)) if source.encoding == "utf-8" else []
    if len(matches) != len(nodes):
        return None
    match = matches[next(i for i, n in enumerate(nodes) if n is node)]
    return Span(whole.start + match.start(), whole.start + match.end())


def span(source: Source, node: ast.expr) -> Span:
    """Where the expression lies; the whole f-string where that is all that can be told."""
    found = locate(source, node)
    if found is None:
        string = enclosing(source, node)
        assert string is not None
        found = source.span(string)
    return found


def shows_its_source(source: Source, node: ast.expr) -> bool:
    """Whether the expression stands in a field like `{x=}`, which prints the source text itself."""
    current: ast.AST = node
    parent = source.parents.get(current)
    while parent is not None and not isinstance(parent, ast.stmt):
        if isinstance(parent, ast.JoinedStr) and isinstance(current, ast.FormattedValue):
            before = parent.values[: parent.values.index(current)]
            last = before[-1] if before else None
            if isinstance(last, ast.Constant) and _echoes(str(last.value), current.value):
                return True
        current, parent = parent, source.parents.get(parent)
    return False


def _echoes(literal: str, value: ast.expr) -> bool:
    text = literal.rstrip()
    if not text.endswith("="):
        return False
    squeezed = re.sub(r"\s|[\"'()]", "", text[:-1])
    return squeezed.endswith(re.sub(r"\s|[\"'()]", "", ast.unparse(value)))


def _in_order(root: ast.AST) -> list[ast.expr]:
    found: list[ast.expr] = []
    for child in ast.iter_child_nodes(root):
        if isinstance(child, ast.expr):
            found.append(child)
        found.extend(_in_order(child))
    return found


def _dotted(text: str) -> re.Pattern[bytes]:
    parts = map(re.escape, text.split("."))
    return re.compile((r"(?<![\w.])" + r"\s*\.\s*".join(parts) + r"(?!\w)").encode())
