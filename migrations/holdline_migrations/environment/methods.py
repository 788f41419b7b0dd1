"""How accesses are rewritten for a module that has `.get`, `.set`, `.delete` and `.exists`, but is no mapping.

Only forms whose result is the same either way are rewritten; the rest is reported with what stands in the way. Where
the configuration names a method that returns all variables as a new dict (`env.snapshot`), what reads the whole
environment, or must raise KeyError, goes through it.
"""

from __future__ import annotations

import ast
import re

from holdline import fstrings
from holdline.model import Edit, Fix, Safety, Site
from holdline.source import Span
from holdline_migrations.environment import statements
from holdline_migrations.environment.flow import Flow
from holdline_migrations.environment.presence import is_set
from holdline_migrations.environment.snapshots import read_at_once
from holdline_migrations.environment.unit import ENVIRON, NO_POSITION, Access, Unit

_ONLY = 'the configured module has only .get, .set, .delete and .exists (api = "methods")'
_NO_SNAPSHOT = f"{_ONLY}: if it can return all variables as a new dict, name that method in env.snapshot"
_NOT_AT_ONCE = f"{_ONLY}, and a dict with all variables may not see later changes, or be told from os.environ"
_READ_MAY_RAISE = "`[…]` raises KeyError for a missing variable, .get gives None"
_DEL_MAY_RAISE = "`del` raises KeyError for a missing variable, .delete does not"


def plan_access(unit: Unit, flow: Flow, access: Access) -> tuple[Fix | None, str]:
    """The fix of one access, and, where it is not safe, why."""
    if doubt := unit.doubt(access):
        return None, doubt
    parent = unit.parents[access.node]
    if access.name == "getenv" and isinstance(parent, ast.Call) and parent.func is access.node:
        return _replace_name(unit, access, ".get")
    if access.name != ENVIRON:
        return None, _ONLY
    if isinstance(parent, ast.Attribute):
        return _method(unit, flow, access, parent)
    if isinstance(parent, ast.Subscript):
        return _item(unit, access, parent)
    if fix := _membership(unit, access, parent):
        return fix, ""
    if fix := statements.plan_union(unit, access, parent):
        return fix, ""
    return _whole_mapping(unit, flow, access)


def _replace_name(unit: Unit, access: Access, suffix: str) -> tuple[Fix | None, str]:
    span = fstrings.locate(unit.source, access.node)
    if span is None:
        return None, NO_POSITION
    return unit.replace(span, f"{unit.getter.local}(){suffix}", access.origin, imports=(unit.getter,)), ""


def _method(unit: Unit, flow: Flow, access: Access, attribute: ast.Attribute) -> tuple[Fix | None, str]:
    call = unit.parents[attribute]
    if not (isinstance(call, ast.Call) and call.func is attribute):
        return None, _ONLY
    if attribute.attr == "get":
        return _replace_name(unit, access, "")
    if doubt := unit.field_doubt(access.node):
        return None, doubt
    if fix := statements.plan_call(unit, access, attribute, call):
        return fix, ""
    snapshot = unit.settings.snapshot
    if snapshot and attribute.attr == "copy" and not (call.args or call.keywords):
        return _replace_attribute(unit, access, attribute, snapshot)
    if attribute.attr in ("keys", "items", "values") and not (call.args or call.keywords):
        if not snapshot:
            return None, _NO_SNAPSHOT
        if not read_at_once(unit, flow, call, lazily=attribute.attr != "keys"):
            return None, _NOT_AT_ONCE
        return _replace_name(unit, access, f".{snapshot}()")
    wanted = _NO_SNAPSHOT if attribute.attr in ("copy", "clear") and not snapshot else _ONLY
    return None, f"`.{attribute.attr}` has no counterpart: {wanted}"


def _replace_attribute(unit: Unit, access: Access, attribute: ast.Attribute, method: str) -> tuple[Fix | None, str]:
    span = unit.source.span(attribute)
    text = f"{unit.getter.local}().{method}"
    return unit.replace(span, text, access.origin, imports=(unit.getter,)), ""


def _item(unit: Unit, access: Access, subscript: ast.Subscript) -> tuple[Fix | None, str]:
    if doubt := unit.field_doubt(access.node):
        return None, doubt
    if isinstance(subscript.slice, ast.Tuple | ast.Slice | ast.Starred):
        return None, "its key would become several arguments"
    if isinstance(subscript.ctx, ast.Store):
        fix = statements.plan_set(unit, access, subscript)
        return (fix, "") if fix else (None, _READ_MAY_RAISE)
    if isinstance(subscript.ctx, ast.Del):
        return _deletion(unit, access, subscript)
    if not _is_tight(unit, access, subscript) or isinstance(unit.parents[subscript], ast.AugAssign):
        return None, _READ_MAY_RAISE
    if is_set(unit, subscript, subscript.slice):
        return _get_item(unit, access, subscript), ""
    if unit.settings.snapshot:
        return _replace_name(unit, access, f".{unit.settings.snapshot}()")
    return _unsafe(_get_item(unit, access, subscript), _READ_MAY_RAISE), _READ_MAY_RAISE


def _is_tight(unit: Unit, access: Access, subscript: ast.Subscript) -> bool:
    """Whether nothing but the brackets stands around the key, and the key can be an argument."""
    source = unit.source
    name, key, whole = source.span(access.node), source.span(subscript.slice), source.span(subscript)
    around = source.text(Span(name.end, key.start)), source.text(Span(key.end, whole.end))
    return around == ("[", "]") and not isinstance(subscript.slice, ast.Tuple | ast.Slice | ast.Starred)


def _get_item(unit: Unit, access: Access, subscript: ast.Subscript) -> Fix:
    source = unit.source
    name, key, whole = source.span(access.node), source.span(subscript.slice), source.span(subscript)
    edits = [Edit(name.start, key.start, _call(unit, "get") + b"("), Edit(key.end, whole.end, b")")]
    return _whole(unit, access, subscript, edits)


def _deletion(unit: Unit, access: Access, subscript: ast.Subscript) -> tuple[Fix | None, str]:
    statement = unit.parents[subscript]
    alone = isinstance(statement, ast.Delete) and len(statement.targets) == 1 and _is_tight(unit, access, subscript)
    if not alone:
        return None, _DEL_MAY_RAISE
    assert isinstance(statement, ast.Delete)
    whole, key = unit.source.span(statement), unit.source.span(subscript.slice)
    edits = [Edit(whole.start, key.start, _call(unit, "delete") + b"("), Edit(key.end, whole.end, b")")]
    if unit.source.data[whole.start : unit.source.span(access.node).start].strip() != b"del":
        return None, _DEL_MAY_RAISE
    fix = _whole(unit, access, statement, edits)
    if is_set(unit, subscript, subscript.slice):
        return fix, ""
    return _unsafe(fix, _DEL_MAY_RAISE), _DEL_MAY_RAISE


def _membership(unit: Unit, access: Access, compare: ast.AST) -> Fix | None:
    """`key in os.environ`, and `not in` where `not …` needs no parentheses."""
    if not isinstance(compare, ast.Compare) or unit.field_doubt(access.node):
        return None
    operator = compare.ops[0]
    if len(compare.ops) > 1 or not isinstance(operator, ast.In | ast.NotIn) or compare.left is access.node:
        return None
    source = unit.source
    whole, key, name = source.span(compare), source.span(compare.left), source.span(access.node)
    if key.start != whole.start or name.end != whole.end or not _is_simple(compare.left):
        return None
    if not re.fullmatch(r"[^()]*", source.text(Span(key.end, name.start))):
        return None
    negation = b"not " if isinstance(operator, ast.NotIn) else b""
    if negation and not isinstance(unit.parents[compare], _TAKES_NOT):
        return None
    call = _call(unit, "exists") + b"(" + source.data[key.start : key.end] + b")"
    return _whole(unit, access, compare, [Edit(whole.start, whole.end, negation + call)])


_TAKES_NOT = (ast.If, ast.While, ast.Assert, ast.Assign, ast.BoolOp, ast.Return, ast.comprehension, ast.keyword)


def _is_simple(node: ast.expr) -> bool:
    """Whether a key's text can be an argument as it is."""
    return isinstance(node, ast.Constant | ast.Name | ast.Attribute | ast.JoinedStr | ast.Subscript | ast.Call)


def _whole_mapping(unit: Unit, flow: Flow, access: Access) -> tuple[Fix | None, str]:
    """A use of all variables: with a new dict of them where the same can be seen in it."""
    parent = unit.parents[access.node]
    if isinstance(parent, ast.Compare) and isinstance(parent.ops[0], ast.NotIn) and not unit.settings.snapshot:
        return None, "`not in` stands where `not …` would need parentheses"
    if not isinstance(getattr(access.node, "ctx", None), ast.Load):
        return None, _ONLY
    if not unit.settings.snapshot:
        return None, _NO_SNAPSHOT
    if reason := flow.judge(access.node):
        return None, reason
    if not read_at_once(unit, flow, access.node):
        return None, _NOT_AT_ONCE
    return _replace_name(unit, access, f".{unit.settings.snapshot}()")


def _call(unit: Unit, method: str) -> bytes:
    return unit.source.encode(f"{unit.getter.local}().{method}")


def _whole(unit: Unit, access: Access, node: ast.expr | ast.stmt, edits: list[Edit]) -> Fix:
    span = unit.source.span(node)
    released = (access.origin.root.id,)
    return Fix(Safety.SAFE, tuple(edits), (Site(span.start, span.end),), (unit.getter,), released)


def _unsafe(fix: Fix, note: str) -> Fix:
    return Fix(Safety.UNSAFE, fix.edits, fix.sites, fix.imports, fix.releases, note)
