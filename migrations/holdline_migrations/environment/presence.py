"""Whether a variable is certainly set where `os.environ[key]` or `del os.environ[key]` stands.

With a mapping both raise KeyError for a missing variable; `.get` and `.delete` of a module without the mapping
protocol do not. Where the code has just made sure of the variable there is no difference: it tested for it, asserted
it, set it, or goes through the variables there are. In between nothing may run that could take it away again: no call
but of a few functions known to be harmless, no write, no rebinding of the key.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from holdline_migrations.environment.kinds import Kind, kind_of
from holdline_migrations.environment.unit import ENVIRON, Unit

#: Functions and methods of strings that run no code of others on plain values.
_HARMLESS = frozenset({"all", "any", "bool", "isinstance", "len", "print", "str"})
_HARMLESS_METHODS = frozenset({"startswith", "endswith", "lower", "upper", "strip", "split", "append"})
#: Expressions whose parts are evaluated later, more than once, or perhaps not at all.
_NOT_AT_ONCE = (ast.Lambda, ast.IfExp, ast.BoolOp, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)
#: What makes a list of what it is given.
_LISTS = frozenset({"list", "sorted", "tuple", "set", "frozenset"})


def is_set(unit: Unit, node: ast.expr, key: ast.expr) -> bool:
    """Whether the variable `key` is certainly set when the access at `node` is evaluated."""
    if not isinstance(key, ast.Constant | ast.Name):
        return False
    return _Search(unit, ast.dump(key), getattr(key, "id", "")).run(node)


class _Search:
    """Goes backwards from an access to what made sure of its variable."""

    def __init__(self, unit: Unit, key: str, name: str) -> None:
        self._unit = unit
        self._key = key
        self._name = name

    def run(self, node: ast.expr) -> bool:
        if self._is_tested_beside(node):
            return True
        statement, part = self._statement_of(node)
        if statement is None or not self._is_quiet(part, around=node):
            return False
        while True:
            parent = self._unit.parents.get(statement)
            block = _block_of(parent, statement)
            if parent is None or block is None:
                return False
            for before in reversed(block[: block.index(statement)]):
                if self._makes_sure(before):
                    return True
                if not self._is_quiet(before):
                    return False
            if isinstance(parent, ast.If) and block is parent.body and self._implies(parent.test):
                return True
            if isinstance(parent, ast.For) and block is parent.body:
                return self._goes_through(parent)
            if not isinstance(parent, ast.If) or not self._is_quiet(parent.test):
                return False
            statement = parent

    def _is_tested_beside(self, node: ast.expr) -> bool:
        """`os.environ[k] if k in os.environ else …`, `k in os.environ and os.environ[k]`: with nothing in between."""
        parent = self._unit.parents[node]
        if isinstance(parent, ast.IfExp):
            return parent.body is node and self._implies(parent.test)
        if isinstance(parent, ast.BoolOp) and isinstance(parent.op, ast.And):
            index = parent.values.index(node)
            return index > 0 and self._implies(parent.values[index - 1])
        return False

    def _statement_of(self, node: ast.AST) -> tuple[ast.stmt | None, ast.AST]:
        """The statement an expression is evaluated in, once and at once, and the part of it that is evaluated then."""
        part = node
        current = self._unit.parents[node]
        while isinstance(current, ast.expr | ast.keyword):
            if isinstance(current, _NOT_AT_ONCE):
                return None, part
            part, current = current, self._unit.parents[current]
        if isinstance(current, ast.If):
            return current, part
        simple = isinstance(current, ast.Assign | ast.Expr | ast.Assert | ast.Delete | ast.Return)
        return (current, current) if simple else (None, part)  # type: ignore[return-value]

    def _makes_sure(self, statement: ast.stmt) -> bool:
        """Whether the variable is set once the statement is done."""
        if isinstance(statement, ast.Assert):
            return self._implies(statement.test)
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            asserted = isinstance(call.func, ast.Attribute) and call.func.attr == "assertIn"
            return asserted and len(call.args) >= 2 and self._is_key(call.args[0]) and self._is_environ(call.args[1])
        if isinstance(statement, ast.Assign):
            return any(
                isinstance(t, ast.Subscript) and self._is_environ(t.value) and self._is_key(t.slice)
                for t in statement.targets
            )
        return False

    def _implies(self, test: ast.expr) -> bool:
        """Whether a true condition means that the variable is set; of several parts the last one evaluated."""
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            return any(map(self._implies, test.values)) and all(map(self._is_quiet, test.values))
        if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.In)):
            return False
        return self._is_key(test.left) and self._is_environ(test.comparators[0])

    def _goes_through(self, loop: ast.For) -> bool:
        """Whether a loop goes through the names of the variables there are, and takes away none but the one at hand."""
        target, items = loop.target, loop.iter
        while isinstance(items, ast.Call) and isinstance(items.func, ast.Name) and items.func.id in _LISTS:
            if len(items.args) != 1 or items.keywords or self._unit.scopes.resolve(items.func) is not None:
                return False
            items = items.args[0]
        if isinstance(items, ast.Call) and isinstance(items.func, ast.Attribute) and not items.args:
            if items.func.attr == "items" and isinstance(target, ast.Tuple) and len(target.elts) == 2:
                target = target.elts[0]
            elif items.func.attr != "keys":
                return False
            items = items.func.value
        named = isinstance(target, ast.Name) and target.id == self._name
        return named and self._is_environ(items) and all(self._is_quiet(s, deleting=True) for s in loop.body)

    def _is_quiet(self, node: ast.AST, *, around: ast.expr | None = None, deleting: bool = False) -> bool:
        """Whether what a statement or expression runs leaves the variable and the key's name as they are.

        Calls that `around` is an argument of come after it. `deleting` admits `del` of the variable itself.
        """
        after = set(self._ancestors(around)) if around else set[ast.AST]()
        for inner in ast.walk(node):
            if isinstance(inner, ast.Await | ast.Yield | ast.YieldFrom | ast.FunctionDef | ast.With | ast.AsyncWith):
                return False
            if isinstance(inner, ast.Name) and inner.id == self._name and not isinstance(inner.ctx, ast.Load):
                return False
            if isinstance(inner, ast.Call) and inner not in after and not self._is_harmless(inner):
                return False
            if isinstance(inner, ast.expr) and not self._leaves_it(inner, around, deleting):
                return False
        return True

    def _leaves_it(self, node: ast.expr, around: ast.expr | None, deleting: bool) -> bool:
        """Whether an expression, if it is an access, does not take the variable away."""
        access = self._unit.access_at.get(node)
        kind = kind_of(self._unit, access) if access else Kind.READ
        parent = self._unit.parents.get(node)
        if kind is not Kind.WRITE:
            return kind is Kind.READ or isinstance(parent, ast.Call)  # a call is judged for itself
        if parent is around:
            return True
        if not (isinstance(parent, ast.Subscript) and self._is_key(parent.slice)):
            return False
        return isinstance(parent.ctx, ast.Store) or (deleting and isinstance(parent.ctx, ast.Del))

    def _is_harmless(self, call: ast.Call) -> bool:
        function = call.func
        if isinstance(function, ast.Name):
            known = function.id in _HARMLESS | _LISTS
            return known and self._unit.scopes.resolve(function) is None
        if not isinstance(function, ast.Attribute):
            return False
        access = self._unit.access_at.get(function.value)
        if access is not None:
            return kind_of(self._unit, access) is Kind.READ
        return function.attr in _HARMLESS_METHODS and isinstance(function.value, ast.Name | ast.Constant)

    def _ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        parent = self._unit.parents.get(node)
        while isinstance(parent, ast.expr | ast.keyword):
            yield parent
            parent = self._unit.parents.get(parent)

    def _is_key(self, node: ast.expr) -> bool:
        return ast.dump(node) == self._key

    def _is_environ(self, node: ast.expr) -> bool:
        access = self._unit.access_at.get(node)
        return access is not None and access.name == ENVIRON and not access.origin.doubt


def _block_of(parent: ast.AST | None, statement: ast.stmt) -> Sequence[ast.stmt] | None:
    """The list of statements that a statement stands in."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(parent, name, None)
        if isinstance(block, list) and statement in block:
            return block
    return None
