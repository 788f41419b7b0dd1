"""Leaving out of a syntax tree what a scan need not look at: functions and classes that hold no word of interest.

A scan asks which names mean the environment where they are used. What a function binds is nobody's business outside
of it, unless it says `global`; so of a function without a hit its name is enough. Walking trees is most of a scan's
time, and a test compares both ways on whole libraries.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Sequence

#: What lets code inside a function or class bind names outside of it.
_REACHES_OUT = (re.compile(rb"global\b"), re.compile(rb":="))
_NO_ARGUMENTS = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])


def lines_of_interest(data: bytes, words: Sequence[re.Pattern[bytes]]) -> list[int] | None:
    """The lines (from 1, in order) that hold one of the patterns, or reach out of their scope.

    None where lines cannot be told simply: a carriage return of its own ends one for Python.
    """
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return None
    offsets = sorted(m.start() for pattern in (*words, *_REACHES_OUT) for m in pattern.finditer(data))
    lines: list[int] = []
    line, counted = 1, 0
    for offset in offsets:
        line += data.count(b"\n", counted, offset)
        counted = offset
        lines.append(line)
    return lines


def narrow(tree: ast.Module, lines: Sequence[int]) -> None:
    """Empty the functions and classes of a tree that none of the lines (in order) touches, methods included."""
    for statement in tree.body:
        _narrow(statement, lines)


def _narrow(statement: ast.stmt, lines: Sequence[int]) -> None:
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    first = min([statement.lineno, *(d.lineno for d in statement.decorator_list)])
    index = bisect_left(lines, first)
    if index == len(lines) or lines[index] > (statement.end_lineno or first):
        _empty(statement)
    elif isinstance(statement, ast.ClassDef):
        for inner in statement.body:
            _narrow(inner, lines)


def _empty(statement: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
    statement.body, statement.decorator_list = [], []
    if isinstance(statement, ast.ClassDef):
        statement.bases, statement.keywords = [], []
    else:
        statement.args, statement.returns = _NO_ARGUMENTS, None
