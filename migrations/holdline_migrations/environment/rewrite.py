"""How each access is rewritten for a module whose `get_env()` is a mapping."""

from __future__ import annotations

import ast
import re

from holdline import fstrings
from holdline.model import Edit, Fix, Safety, Site
from holdline.source import Span
from holdline_migrations.environment.flow import Flow
from holdline_migrations.environment.object_patches import find_replacing_patches, plan_replacing_patch
from holdline_migrations.environment.unit import NO_POSITION, Access, Unit

_BYTES = "the bytes view of the environment has no counterpart in get_env(): decode the value with os.fsdecode"
_C_LEVEL = {
    "putenv": "os.putenv leaves os.environ as it is, get_env().set() does not",
    "unsetenv": "os.unsetenv leaves os.environ as it is, get_env().pop() does not",
}


def plan_access(unit: Unit, flow: Flow, access: Access) -> tuple[Fix | None, str]:
    """The fix of one access, and, where it is not safe, why."""
    if access.name in ("environb", "getenvb"):
        return None, _BYTES
    if doubt := unit.doubt(access):
        return None, doubt
    if _is_pattern(unit, access):
        return None, "it is a pattern of a `case`, where no call can stand"
    if access.name in _C_LEVEL:
        return _c_level(unit, access), _C_LEVEL[access.name]
    if access.name == "getenv":
        return _getenv(unit, flow, access)
    parent = unit.parents[access.node]
    if isinstance(access.node, ast.Attribute) and not isinstance(access.node.ctx, ast.Load):
        return _stored_to(unit, access, parent)
    if isinstance(parent, ast.Subscript) and (fix := set_statement(unit, access, parent)):
        return fix, ""
    reason = flow.judge(access.node)
    if reason and _replaces_itself(unit, access):
        return None, "it is put in place of os.environ, where get_env() would look itself up"
    fix = _object(unit, access, f"{unit.getter.local}()")
    if fix is None:
        return None, NO_POSITION
    return (_unsafe(fix, reason), reason) if reason else (fix, "")


def _is_pattern(unit: Unit, access: Access) -> bool:
    parent = unit.parents[access.node]
    while isinstance(parent, ast.Attribute):
        parent = unit.parents[parent]
    return isinstance(parent, ast.pattern)


def _replaces_itself(unit: Unit, access: Access) -> bool:
    """Whether the object is stored, or patched in by a call that stays, as os.environ."""
    parent = unit.parents[access.node]
    if isinstance(parent, ast.Assign | ast.AnnAssign):
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        stored = (n for t in targets for n in ast.walk(t) if isinstance(n, ast.expr) and n in unit.access_at)
        return any(isinstance(getattr(n, "ctx", None), ast.Store) for n in stored)
    call = unit.parents[parent] if isinstance(parent, ast.keyword) else parent
    return call in find_replacing_patches(unit) and plan_replacing_patch(unit, call)[0] is None


def _object(unit: Unit, access: Access, text: str) -> Fix | None:
    span = fstrings.locate(unit.source, access.node)
    return unit.replace(span, text, access.origin, imports=(unit.getter,)) if span else None


def _unsafe(fix: Fix, note: str) -> Fix:
    return Fix(Safety.UNSAFE, fix.edits, fix.sites, fix.imports, fix.releases, note)


def _getenv(unit: Unit, flow: Flow, access: Access) -> tuple[Fix | None, str]:
    """`os.getenv` is `os.environ.get` by definition; so is `get_env().get`, called or handed on to be called."""
    fix = _object(unit, access, f"{unit.getter.local}().get")
    if fix is None:
        return None, NO_POSITION
    parent = unit.parents[access.node]
    reason = "the function itself is handed on, where its identity may be tested"
    if isinstance(parent, ast.Call) and parent.func is access.node:
        if _fits_getenv(parent):
            return fix, ""
        reason = "os.getenv does not take these arguments, and its error names the function"
    elif _is_mapped(parent, access.node):
        return fix, ""
    return _unsafe(fix, reason), reason


def _is_mapped(call: ast.AST, function: ast.expr) -> bool:
    is_call = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("map", "filter")
    return is_call and call.args[:1] == [function]  # type: ignore[attr-defined]


def _fits_getenv(call: ast.Call) -> bool:
    """Whether the arguments are a key and perhaps a default; what a `*` or `**` brings is taken to be."""
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        return True
    names = ["key", "default"][: len(call.args)] + [k.arg for k in call.keywords]
    return len(call.args) <= 2 and sorted(map(str, names)) in (["key"], ["default", "key"])


def _c_level(unit: Unit, access: Access) -> Fix | None:
    call = unit.parents[access.node]
    arity = {"putenv": 2, "unsetenv": 1}[access.name]
    if not (isinstance(call, ast.Call) and call.func is access.node and len(call.args) == arity):
        return None
    if call.keywords or any(isinstance(a, ast.Starred) for a in call.args):
        return None
    if unit.field_doubt(call):
        return None
    method = "set" if access.name == "putenv" else "pop"
    fix = _object(unit, access, f"{unit.getter.local}().{method}")
    if fix is None:
        return None
    edits = list(fix.edits)
    if method == "pop":
        end = unit.source.span(call.args[-1]).end
        edits.append(Edit(end, end, b", None"))
    span = unit.source.span(call)
    return Fix(
        Safety.UNSAFE,
        tuple(edits),
        (Site(span.start, span.end),),
        fix.imports,
        fix.releases,
        _C_LEVEL[access.name],
    )


# stores


def set_statement(unit: Unit, access: Access, subscript: ast.Subscript, *, any_order: bool = False) -> Fix | None:
    """`os.environ[key] = value` as a statement of its own: `get_env().set(key, value)`.

    An assignment evaluates its value first, a call its arguments in order; so one of the two must be a constant, or
    both must be mere names, unless it is known to be the same in `any_order`. None where the form does not fit: then
    item syntax stays.
    """
    statement = unit.parents[subscript]
    if not (isinstance(statement, ast.Assign) and statement.targets == [subscript]):
        return None
    key, value = subscript.slice, statement.value
    if isinstance(key, ast.Tuple | ast.Slice | ast.Starred) or isinstance(value, ast.Yield | ast.YieldFrom):
        return None
    pair = (key, value)
    hidden = any(isinstance(n, ast.Constant) for n in pair) or all(isinstance(n, ast.Name) for n in pair)
    if not (hidden or any_order):
        return None
    source = unit.source
    whole, name = source.span(statement), source.span(access.node)
    key_span, value_span = source.span(key), source.span(value)
    opening = re.fullmatch(r"\[( *\(?)", source.text(Span(name.end, key_span.start)))
    closing = re.fullmatch(r"(\)? *)\] *= *(\(?)", source.text(Span(key_span.end, value_span.start)))
    if not opening or not closing or not _is_one_argument(source.text(value_span), value):
        return None
    edits = (
        Edit(name.start, name.end + 1, source.encode(f"{unit.getter.local}().set(")),
        Edit(key_span.end + len(closing[1]), value_span.start - len(closing[2]), b", "),
        Edit(whole.end, whole.end, b")"),
    )
    released = (access.origin.root.id,)
    return Fix(Safety.SAFE, edits, (Site(whole.start, whole.end),), (unit.getter,), released)


def _is_one_argument(text: str, value: ast.expr) -> bool:
    """Whether the text of a value stays one value between a call's parentheses: a bare tuple does not."""
    if not isinstance(value, ast.Tuple):
        return True
    try:
        call = ast.parse(f"_({text}\n)", mode="eval").body
    except SyntaxError:
        return False
    return isinstance(call, ast.Call) and len(call.args) == 1 and isinstance(call.args[0], ast.Tuple)


def _stored_to(unit: Unit, access: Access, parent: ast.AST) -> tuple[Fix | None, str]:
    if isinstance(parent, ast.AugAssign):
        return _in_place_union(unit, access, parent)
    if isinstance(parent, ast.Delete):
        return None, "os.environ itself is deleted"
    reason = "another object is put in place of os.environ: children and earlier imports keep the old one"
    if not (isinstance(parent, ast.Assign) and parent.targets == [access.node] and not _is_saved(parent.value)):
        return None, reason
    source = unit.source
    whole, value = source.span(parent), source.span(parent.value)
    edits = (
        Edit(whole.start, value.start, source.encode(f"{unit.patcher.local}(")),
        Edit(value.end, whole.end, b", clear=True).start()"),
    )
    if b"(" in source.data[whole.start : value.start] or b"\\" in source.data[whole.start : value.start]:
        return None, reason
    note = f"{reason}; patch_env changes the real environment, and nothing restores it until .stop()"
    sites = (Site(whole.start, whole.end),)
    return Fix(Safety.UNSAFE, edits, sites, (unit.patcher,), (access.origin.root.id,), note), reason


def _is_saved(value: ast.expr) -> bool:
    """Whether the value looks like a saved environment that is put back, and not like new contents."""
    return not isinstance(value, ast.Dict | ast.DictComp | ast.Call)


def _in_place_union(unit: Unit, access: Access, statement: ast.AugAssign) -> tuple[Fix | None, str]:
    """`os.environ |= other` is `os.environ.update(other)` and a store of the same object."""
    if not isinstance(statement.op, ast.BitOr):
        return None, "an operator that mappings lack is applied to it"
    source = unit.source
    whole, name, value = source.span(statement), source.span(access.node), source.span(statement.value)
    middle = re.fullmatch(r" *\|= *(\(?)", source.text(Span(name.end, value.start)))
    one = _is_one_argument(source.text(value), statement.value)
    if not middle or not one or isinstance(statement.value, ast.Yield | ast.YieldFrom):
        return None, "the statement's layout leaves no clean cut: write get_env().update(…) by hand"
    edits = (
        Edit(name.start, value.start - len(middle[1]), source.encode(f"{unit.getter.local}().update(")),
        Edit(whole.end, whole.end, b")"),
    )
    released = (access.origin.root.id,)
    return Fix(Safety.SAFE, edits, (Site(whole.start, whole.end),), (unit.getter,), released), ""
