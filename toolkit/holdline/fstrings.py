"""Where expressions inside f-strings lie.

Before Python 3.12 the parser gives wrong positions for nodes inside an f-string, so a dotted name there is found by
its text: of all places that read like it, the right one is where another name, put there, ends up at the node's
place in the tree.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Sequence

from holdline.source import Source, Span

#: Whether this Python's parser gives true positions inside f-strings.
RELIABLE = sys.version_info >= (3, 12)
_STAND_IN = "holdline_stand_in"
# What may stand between a field's expression and the `=` of `{x=}`.
_EQUALS = re.compile(rb"(?:[\s)]|#[^\r\n]*)*=")


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
    whole = source.span(string)
    text = source.text(whole)
    path = _path(source, string, node)
    for match in _dotted(ast.unparse(node)).finditer(text):
        if _has_stand_in(text[: match.start()] + _STAND_IN + text[match.end() :], path):
            start, end = (len(source.encode(text[:n])) for n in match.span())
            return Span(whole.start + start, whole.start + end)
    return None


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
        if isinstance(current, ast.FormattedValue) and _echoes(source, parent, current, node):
            return True
        current, parent = parent, source.parents.get(parent)
    return False


def _echoes(source: Source, string: ast.AST, field: ast.FormattedValue, node: ast.expr) -> bool:
    """Whether a field of an f-string, which holds the node, has the form `{x=}`."""
    if RELIABLE:
        return _EQUALS.match(source.data, source.span(field.value).end) is not None
    values = getattr(string, "values", [field])
    before = values[: values.index(field)]
    literal = str(before[-1].value) if before and isinstance(before[-1], ast.Constant) else ""
    while isinstance(node, ast.Call):
        node = node.func
    # it does where the text before it ends in a `=` and, somewhere, names the node
    text = re.sub(r"\s", "", literal)
    return text.endswith("=") and re.sub(r"\s", "", ast.unparse(node)) in text


def _path(source: Source, root: ast.AST, node: ast.AST) -> list[int]:
    """Which child to take at each step from the root down to the node."""
    steps: list[int] = []
    while node is not root:
        parent = source.parents[node]
        steps.append(next(i for i, child in enumerate(ast.iter_child_nodes(parent)) if child is node))
        node = parent
    return steps[::-1]


def _has_stand_in(text: str, path: Sequence[int]) -> bool:
    """Whether the stand-in is what the path leads to in the tree of an expression's text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            node: ast.AST = ast.parse(f"({text})", mode="eval").body
        for step in path:
            node = list(ast.iter_child_nodes(node))[step]
    except (SyntaxError, IndexError):
        return False
    return isinstance(node, ast.Name) and node.id == _STAND_IN


def _dotted(text: str) -> re.Pattern[str]:
    parts = map(re.escape, text.split("."))
    return re.compile(r"(?<![\w.])" + r"\s*\.\s*".join(parts) + r"(?!\w)")
