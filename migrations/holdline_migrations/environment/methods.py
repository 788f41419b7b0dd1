"""How accesses are rewritten for a module that has `.get`, `.set`, `.delete` and `.exists`, but is no mapping.

Only forms whose result is the same either way are rewritten; the rest is reported with what stands in the way.
"""

from __future__ import annotations

import ast

from holdline.model import Edit, Fix, Safety, Site
from holdline.source import Span
from holdline_migrations.environment.unit import ENVIRON, Access, Unit

_NO_MAPPING = 'the configured module has only .get, .set, .delete and .exists (api = "methods")'


def plan_access(unit: Unit, access: Access) -> tuple[Fix | None, str]:
    """The fix of one access, and, where it is not safe, why."""
    if doubt := unit.doubt(access):
        return None, doubt
    if doubt := unit.field_doubt(access.node):
        return None, doubt
    parent = unit.parents[access.node]
    if access.name == "getenv" and isinstance(parent, ast.Call) and parent.func is access.node:
        return _replace_name(unit, access, ".get"), ""
    if access.name != ENVIRON:
        return None, _NO_MAPPING
    if isinstance(parent, ast.Attribute):
        return _method(unit, access, parent)
    if isinstance(parent, ast.Subscript):
        return _item(unit, access, parent)
    if isinstance(parent, ast.Compare):
        return _membership(unit, access, parent)
    return None, _NO_MAPPING


def _replace_name(unit: Unit, access: Access, suffix: str) -> Fix:
    span = unit.source.span(access.node)
    return unit.replace(span, f"{unit.getter.local}(){suffix}", access.origin, imports=(unit.getter,))


def _method(unit: Unit, access: Access, attribute: ast.Attribute) -> tuple[Fix | None, str]:
    call = unit.parents[attribute]
    if not (isinstance(call, ast.Call) and call.func is attribute):
        return None, _NO_MAPPING
    if attribute.attr == "get":
        return _replace_name(unit, access, ""), ""
    discards = isinstance(unit.parents[call], ast.Expr)
    if attribute.attr == "pop" and discards and len(call.args) == 2 and _is_plain(call.args[1]):
        key, default = (unit.source.span(a) for a in call.args)
        edits = [
            Edit(unit.source.span(attribute).start, unit.source.span(attribute).end, _call(unit, "delete")),
            Edit(key.end, default.end, b""),
        ]
        return _whole(unit, access, call, edits), ""
    return None, f"`.{attribute.attr}` has no counterpart: {_NO_MAPPING}"


def _item(unit: Unit, access: Access, subscript: ast.Subscript) -> tuple[Fix | None, str]:
    statement = unit.parents[subscript]
    source = unit.source
    if isinstance(subscript.slice, ast.Tuple | ast.Slice):
        return None, "its key would become several arguments"
    name, key = source.span(access.node), source.span(subscript.slice)
    between = (
        source.text(Span(name.end, key.start)) == "[" and source.text(Span(key.end, source.span(subscript).end)) == "]"
    )
    if isinstance(subscript.ctx, ast.Store) and isinstance(statement, ast.Assign) and between:
        value = source.span(statement.value)
        constant = isinstance(subscript.slice, ast.Constant) or isinstance(statement.value, ast.Constant)
        tuple_value = isinstance(statement.value, ast.Tuple | ast.Yield | ast.YieldFrom)
        gap = source.text(Span(key.end, value.start))
        if statement.targets == [subscript] and constant and not tuple_value and gap == "] = ":
            edits = [
                Edit(name.start, key.start, _call(unit, "set") + b"("),
                Edit(key.end, value.start, b", "),
                Edit(source.span(statement).end, source.span(statement).end, b")"),
            ]
            return _whole(unit, access, statement, edits), ""
    if isinstance(subscript.ctx, ast.Del):
        reason = "`del` raises KeyError for a missing variable, .delete does not"
        alone = isinstance(statement, ast.Delete) and len(statement.targets) == 1 and between
        if not alone:
            return None, reason
        assert isinstance(statement, ast.Delete)
        edits = [
            Edit(source.span(statement).start, key.start, _call(unit, "delete") + b"("),
            Edit(key.end, source.span(statement).end, b")"),
        ]
        return _unsafe(_whole(unit, access, statement, edits), reason), reason
    reason = "`[…]` raises KeyError for a missing variable, .get gives None"
    if not isinstance(subscript.ctx, ast.Load) or not between:
        return None, reason
    edits = [Edit(name.start, key.start, _call(unit, "get") + b"("), Edit(key.end, source.span(subscript).end, b")")]
    return _unsafe(_whole(unit, access, subscript, edits), reason), reason


def _membership(unit: Unit, access: Access, compare: ast.Compare) -> tuple[Fix | None, str]:
    operator = compare.ops[0]
    if len(compare.ops) > 1 or not isinstance(operator, ast.In | ast.NotIn) or compare.left is access.node:
        return None, _NO_MAPPING
    source = unit.source
    whole, key, name = source.span(compare), source.span(compare.left), source.span(access.node)
    if key.start != whole.start or name.end != whole.end or not _is_plain(compare.left):
        return None, _NO_MAPPING
    negation = b"not " if isinstance(operator, ast.NotIn) else b""
    parent = unit.parents[compare]
    if negation and not isinstance(parent, ast.If | ast.While | ast.Assert | ast.Assign | ast.BoolOp | ast.Return):
        return None, "`not in` stands where `not …` would need parentheses"
    call = _call(unit, "exists") + b"(" + source.data[key.start : key.end] + b")"
    return _whole(unit, access, compare, [Edit(whole.start, whole.end, negation + call)]), ""


def _is_plain(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.Name)


def _call(unit: Unit, method: str) -> bytes:
    return unit.source.encode(f"{unit.getter.local}().{method}")


def _whole(unit: Unit, access: Access, node: ast.expr | ast.stmt, edits: list[Edit]) -> Fix:
    span = unit.source.span(node)
    released = (access.origin.root.id,)
    return Fix(Safety.SAFE, tuple(edits), (Site(span.start, span.end),), (unit.getter,), released)


def _unsafe(fix: Fix, note: str) -> Fix:
    return Fix(Safety.UNSAFE, fix.edits, fix.sites, fix.imports, fix.releases, note)
