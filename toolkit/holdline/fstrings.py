"""Where expressions inside f-strings lie.

Before Python 3.12 the parser gives wrong positions for nodes inside an f-string, so a dotted name there is found by
its text: of all places that read like it, the right one is where another name, put there, ends up at the node's place
in the tree.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from itertools import accumulate

from holdline.source import Source, Span

#: Whether this Python's parser gives true positions inside f-strings.
RELIABLE = sys.version_info >= (3, 12)
_STAND_IN = "holdline_stand_in_"
# What may stand between a field's expression and the `=` of `{x=}`.
_EQUALS = re.compile(rb"(?:[\s)]|#[^\r\n]*)*=")


def enclosing(source: Source, node: ast.AST) -> ast.JoinedStr | None:
    """The outermost f-string a node is part of."""
    return source.fstrings.get(node)


def locate(source: Source, node: ast.expr) -> Span | None:
    """The span of a Name or attribute chain, also inside an f-string; None where it cannot be told."""
    string = None if RELIABLE else enclosing(source, node)
    if string is None:
        return source.span(node)
    key = string, ast.unparse(node)
    if key not in source.located:
        source.located[key] = _places(source, *key)
    return source.located[key].get(node)


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
    if node not in source.fstrings:
        return False
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


def _places(source: Source, string: ast.JoinedStr, dotted: str) -> dict[ast.AST, Span]:
    """Where the nodes of an f-string lie that read like `dotted`: all such places are tried at once, each with a name
    of its own, for there may be thousands.
    """
    whole = source.span(string)
    text = source.text(whole)
    found = [m.span() for m in _dotted(dotted).finditer(text) if m[1]]
    ends = [0, *(end for _, end in found)]
    pieces = [f"{text[end:start]}{_STAND_IN}{n}" for n, (end, (start, _)) in enumerate(zip(ends, found, strict=False))]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tried = ast.parse(f"({''.join(pieces)}{text[ends[-1] :]})", mode="eval").body
    except SyntaxError:
        return {}
    places = {}
    todo: list[tuple[ast.AST, ast.AST]] = [(string, tried)]
    for old, new in todo:
        if isinstance(new, ast.Name) and new.id.startswith(_STAND_IN):
            places[old] = found[int(new.id.removeprefix(_STAND_IN))]
        else:
            todo.extend(zip(ast.iter_child_nodes(old), ast.iter_child_nodes(new), strict=False))
    lengths = [0, *accumulate(len(source.encode(character)) for character in text)]
    return {node: Span(whole.start + lengths[s], whole.start + lengths[e]) for node, (s, e) in places.items()}


def _dotted(text: str) -> re.Pattern[str]:
    """Matches a dotted name, as its group 1, and `\\N{…}`, which holds none; a quote follows a string's prefix."""
    name = r"\s*\.\s*".join(map(re.escape, text.split(".")))
    return re.compile(r"\\N\{[^}]*\}|(?<![\w.])(" + name + r")(?![\w'\"])")
