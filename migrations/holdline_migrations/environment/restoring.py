"""Code that saves the environment and puts it back by hand is rewritten whole or not at all.

With Holdline's runtime a half-rewritten scope would still work, since `get_env()` and `os.environ` are the same
variables. It would be hard to review, though, and with a module of the team's own it could lose variables.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from holdline.model import Safety, Violation
from holdline_migrations.environment.kinds import Kind, kind_of
from holdline_migrations.environment.unit import ENVIRON, Unit

_REASON = "the scope that saves and restores the environment holds an access that must stay (line {line})"
Function = ast.FunctionDef | ast.AsyncFunctionDef


def keep_scopes_whole(unit: Unit, violations: Sequence[Violation]) -> list[Violation]:
    """Take the fixes away from violations in a restore scope that cannot be rewritten as a whole."""
    if unit.context.facts is None:
        return list(violations)
    result = list(violations)
    for function in sorted(_restore_scopes(unit), key=lambda f: f.lineno):
        first, last = function.lineno, function.end_lineno or function.lineno
        inside = [i for i, v in enumerate(result) if first <= v.line <= last and v.code != "HL105"]
        staying = [result[i] for i in inside if not result[i].is_safe]
        hopeless = [v for v in staying if v.fix is None]
        for i in inside if staying else []:
            result[i] = _hold_back(result[i], _REASON.format(line=(hopeless or staying)[0].line), bool(hopeless))
        for i in inside:
            result[i] = _bind(result[i], f"restores, line {first}")
    return result


def _bind(violation: Violation, scope: str) -> Violation:
    """Have the fix made with those of the scope or not at all; of nested scopes the outermost, which comes first."""
    if violation.fix is None or violation.fix.together:
        return violation
    return violation._replace(fix=violation.fix._replace(together=scope))


def _hold_back(violation: Violation, reason: str, for_good: bool) -> Violation:
    """Refuse the fix, or leave it to the unsafe tier, where the whole scope is rewritten."""
    if violation.fix is None or (not for_good and not violation.is_safe):
        return violation
    fix = None if for_good else violation.fix._replace(safety=Safety.UNSAFE, note=reason)
    return violation._replace(fix=fix, refusal=reason)


def _restore_scopes(unit: Unit) -> Iterator[Function]:
    """Functions that copy the environment and write it back in a `finally` or with `clear` and `update`."""
    writers: dict[Function, set[str]] = {}
    functions = _functions(unit)
    for access in unit.accesses:
        function = functions.get(access.node)
        if function is None or access.name != ENVIRON:
            continue
        parent = unit.parents[access.node]
        if kind_of(unit, access) is Kind.WRITE:
            method = parent.attr if isinstance(parent, ast.Attribute) else ""
            writers.setdefault(function, set()).add(method)
            if _in_finally(unit, access.node):
                writers[function].add("finally")
        elif kind_of(unit, access) is Kind.OBJECT and not isinstance(getattr(access.node, "ctx", None), ast.Load):
            writers.setdefault(function, set()).add("replaced")
    for function, methods in writers.items():
        if {"clear", "update"} <= methods or "finally" in methods or "replaced" in methods:
            yield function


def _functions(unit: Unit) -> dict[ast.AST, Function]:
    """The innermost function around, or at, each node that has one."""
    functions: dict[ast.AST, Function] = {}
    for node, parent in unit.parents.items():  # parents come first
        function = node if isinstance(node, Function) else functions.get(parent)
        if function is not None:
            functions[node] = function
    return functions


def _in_finally(unit: Unit, node: ast.AST) -> bool:
    child: ast.AST = node
    parent = unit.parents.get(child)
    while parent is not None and not isinstance(parent, Function):
        if isinstance(parent, ast.Try) and child in parent.finalbody:
            return True
        child, parent = parent, unit.parents.get(parent)
    return False
