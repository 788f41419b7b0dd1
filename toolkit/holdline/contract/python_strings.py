"""The texts of a Python file that an expression may stand for, as far as reading alone tells."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property

from holdline.contract.operations import UNKNOWN
from holdline.source import Source

_DEPTH = 4


class Strings:
    """Works out texts; parts that are only known when the program runs are "?"."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @cached_property
    def assigned(self) -> dict[str, list[ast.expr]]:
        """What is assigned to each name and attribute, in any scope."""
        found: dict[str, list[ast.expr]] = {}
        for node in self._source.parents:
            if isinstance(node, ast.Assign):
                targets, value = node.targets, node.value
            elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
                targets, value = [node.target], node.value
            else:
                continue
            for target in targets:
                if name := last_name(target):
                    found.setdefault(name, []).append(value)
        return found

    def of(self, node: ast.expr, depth: int = _DEPTH) -> list[str]:
        """Every text the expression may stand for; nothing where none is known."""
        if depth == 0:
            return []
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr():
                return ["".join(self._part(v) for v in node.values)]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return [
                    a + b for a in self.of(left, depth - 1) or [UNKNOWN] for b in self.of(right, depth - 1) or [UNKNOWN]
                ]
            case ast.BinOp(left=left, op=ast.Mod()):
                return [_percent(text) for text in self.of(left, depth - 1)]
            case ast.Call(func=ast.Attribute(value=value, attr="format")):
                return [_braces(text) for text in self.of(value, depth - 1)]
            case ast.Call(args=[first, *_]):  # text("…"), sql.SQL("…"), dedent("…")
                return self.of(first, depth - 1)
            case ast.Call(func=ast.Attribute(value=value)):  # "…".strip()
                return self.of(value, depth - 1)
            case ast.IfExp():
                return [*self.of(node.body, depth - 1), *self.of(node.orelse, depth - 1)]
            case ast.Name() | ast.Attribute():
                return [t for v in self.assigned.get(last_name(node), ()) for t in self.of(v, depth - 1)]
        return []

    def words(self, node: ast.expr) -> list[str]:
        """The words of a command given as a list; "?" for each that is not known."""
        if isinstance(node, ast.Name):
            lists = [v for v in self.assigned.get(node.id, ()) if isinstance(v, ast.List | ast.Tuple | ast.BinOp)]
            return self.words(lists[0]) if lists else []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return [*self.words(node.left), *self.words(node.right)]
        if not isinstance(node, ast.List | ast.Tuple):
            return []
        return [next(iter(self.of(item)), UNKNOWN) for item in node.elts]

    def constants(self) -> Iterator[tuple[str, int]]:
        """Every text of the file that is no docstring, with its line."""
        for node, parent in self._source.parents.items():
            if isinstance(parent, ast.JoinedStr | ast.Expr) and not isinstance(node, ast.JoinedStr):
                continue
            if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
                yield from ((text, node.lineno) for text in self.of(node))

    def _part(self, node: ast.expr) -> str:
        return str(node.value) if isinstance(node, ast.Constant) else UNKNOWN


def last_name(node: ast.expr) -> str:
    """A name, or an attribute chain's last name; "" for anything else.

    >>> last_name(ast.parse("self.db.session").body[0].value)
    'session'
    """
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _percent(text: str) -> str:
    return re.sub(r"%(?:\(\w+\))?[-+ #0-9.]*[a-zA-Z]", UNKNOWN, text)


def _braces(text: str) -> str:
    return re.sub(r"\{[^{}]*\}", UNKNOWN, text)
