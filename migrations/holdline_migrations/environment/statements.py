"""Statements that write, for a module that has `.set` and `.delete` but is no mapping."""

from __future__ import annotations

import ast
import re

from holdline.model import Edit, Fix, Safety, Site
from holdline.scopes import ScopeKind
from holdline.source import Span
from holdline_migrations.environment import rewrite
from holdline_migrations.environment.unit import Access, Unit

#: What a loop calls a variable's name and its value where the file has no such names: in functions, and at top level.
_LOOP_NAMES = (("name", "value"), ("key", "value"), ("variable", "setting"), ("env_name", "env_value"))
_PRIVATE_NAMES = (("_name", "_value"), ("_env_name", "_env_value"))


def plan_set(unit: Unit, access: Access, subscript: ast.Subscript) -> Fix | None:
    """`os.environ[key] = value` as a statement: `get_env().set(key, value)`."""
    if fix := rewrite.set_statement(unit, access, subscript):
        return fix
    statement = unit.parents[subscript]
    if not isinstance(statement, ast.Assign):
        return None
    if not _order_is_hidden(unit, subscript.slice, statement.value):
        return None
    return rewrite.set_statement(unit, access, subscript, any_order=True)


def _order_is_hidden(unit: Unit, key: ast.expr, value: ast.expr) -> bool:
    """Whether it cannot be told which of the two is evaluated first, though one of them is more than a name."""
    if isinstance(key, ast.JoinedStr):  # f"{prefix}_URL", of names
        return isinstance(value, ast.Name) and all(_is_name_in_string(n) for n in ast.walk(key) if n is not key)
    if not isinstance(key, ast.Name) or any(isinstance(n, ast.NamedExpr | ast.Await) for n in ast.walk(value)):
        return False
    owner = unit.scopes.resolve(key)
    if owner is None or owner.scope.kind is not ScopeKind.FUNCTION:
        return False
    # a variable of the function that no other scope can bind
    return not any(key.id in scope.nonlocals for scope in unit.scopes.all_scopes)


def _is_name_in_string(node: ast.AST) -> bool:
    return isinstance(node, ast.Name | ast.Constant | ast.expr_context) or (
        isinstance(node, ast.FormattedValue) and node.format_spec is None
    )


def plan_call(unit: Unit, access: Access, attribute: ast.Attribute, call: ast.Call) -> Fix | None:
    """A call of one of the environment's methods that is a statement of its own."""
    statement = unit.parents[call]
    if not isinstance(statement, ast.Expr):
        return None
    if attribute.attr == "pop":
        return _pop(unit, access, attribute, call)
    if attribute.attr == "clear" and not call.args and not call.keywords:
        return _clear(unit, access, call)
    if attribute.attr == "setdefault":
        return _setdefault(unit, access, call)
    if attribute.attr == "update":
        return _update(unit, access, attribute, call)
    return None


def plan_union(unit: Unit, access: Access, statement: ast.AST) -> Fix | None:
    """`os.environ |= other`: the variables of the other one by one."""
    if not (isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.BitOr)):
        return None
    if statement.target is not access.node or not _can_be_looped_over(statement.value):
        return None
    source = unit.source
    whole, value = source.span(statement), source.span(statement.value)
    if value.end != whole.end or not re.fullmatch(
        r"\s*\|=\s*", source.text(Span(source.span(access.node).end, value.start))
    ):
        return None
    return _loop_over(unit, access, statement, Edit(whole.start, value.start, b""), "", value)


def _pop(unit: Unit, access: Access, attribute: ast.Attribute, call: ast.Call) -> Fix | None:
    """`os.environ.pop(key, default)`, whose value is not used: `.delete(key)`."""
    if len(call.args) != 2 or call.keywords or not isinstance(call.args[1], ast.Constant | ast.Name):
        return None
    span = unit.source.span(attribute)
    key, default = (unit.source.span(a) for a in call.args)
    edits = (
        Edit(span.start, span.end, _call(unit, "delete")),
        Edit(key.end, default.end, b""),
    )
    return _whole(unit, access, call, edits)


def _clear(unit: Unit, access: Access, call: ast.Call) -> Fix | None:
    names, indent = _names_for_loop(unit, call), _inner_indent(unit, call)
    if not unit.settings.snapshot or names is None or indent is None:
        return None
    span = unit.source.span(call)
    everything, delete = _call(unit, unit.settings.snapshot).decode(), _call(unit, "delete").decode()
    text = f"for {names[0]} in {everything}():{indent}{delete}({names[0]})"
    return _whole(unit, access, call, (Edit(span.start, span.end, unit.source.encode(text)),))


def _setdefault(unit: Unit, access: Access, call: ast.Call) -> Fix | None:
    indent = _inner_indent(unit, call)
    plain = all(isinstance(a, ast.Constant | ast.Name) for a in call.args)
    if indent is None or len(call.args) != 2 or call.keywords or not plain:
        return None
    source = unit.source
    span, key = source.span(call), source.span(call.args[0])
    test = f"if not {_call(unit, 'exists').decode()}({source.text(key)}):{indent}{_call(unit, 'set').decode()}"
    return _whole(unit, access, call, (Edit(span.start, source.span(call.func).end, source.encode(test)),))


def _update(unit: Unit, access: Access, attribute: ast.Attribute, call: ast.Call) -> Fix | None:
    source = unit.source
    only = call.args[0] if len(call.args) == 1 and not call.keywords else None
    if call.args and (len(call.args) > 1 or not _can_be_looped_over(call.args[0])):
        return None
    span, function = source.span(call), source.span(attribute)
    if isinstance(only, ast.Dict):
        value = source.span(only)
        around = source.text(Span(function.end, value.start)), source.text(Span(value.end, span.end))
        if around == ("(", ")"):
            return _loop_over(unit, access, call, Edit(span.start, value.start, b""), "", value)
    return _loop_over(unit, access, call, Edit(function.start, function.end, b""), "dict", span)


def _loop_over(
    unit: Unit, access: Access, node: ast.expr | ast.stmt, head: Edit, maker: str, items: Span
) -> Fix | None:
    """A loop in place of a statement: `head` becomes its beginning, and what stands at `items` is gone through."""
    names, indent = _names_for_loop(unit, node), _inner_indent(unit, node)
    if names is None or indent is None:
        return None
    source, end = unit.source, unit.source.span(node).end
    name, value = names
    begin = f"for {name}, {value} in {maker}"
    body = f".items():{indent}{_call(unit, 'set').decode()}({name}, {value})"
    edits = (Edit(head.start, head.end, source.encode(begin)), Edit(items.end, end, source.encode(body)))
    return _whole(unit, access, node, edits)


def _can_be_looped_over(value: ast.expr) -> bool:
    """Whether going through all of it first is the same as setting variables on the way."""
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "dict"
    return isinstance(value, ast.Name | ast.Attribute | ast.Dict | ast.DictComp)


def _names_for_loop(unit: Unit, node: ast.AST) -> tuple[str, str] | None:
    """Two names that nobody uses in the file, so that nobody notices that the loop leaves them behind."""
    scope = node
    while not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
        scope = unit.parents[scope]
    if isinstance(scope, ast.ClassDef) or re.search(rb"\b(?:locals|vars|globals|exec|eval)\s*\(", unit.source.data):
        return None
    choices = _PRIVATE_NAMES if isinstance(scope, ast.Module) else _LOOP_NAMES + _PRIVATE_NAMES
    return next((c for c in choices if not any(map(unit.scopes.mentions, c))), None)


def _inner_indent(unit: Unit, node: ast.expr | ast.stmt) -> str | None:
    """The line break and indentation of a block below the statement; None where it shares its line with another."""
    source = unit.source
    span = source.span(node)
    start = source.line_start(span.start)
    before = source.data[start : span.start]
    after = source.data[span.end : source.line_end(span.end)]
    if before.strip(b" \t") or not re.fullmatch(rb"[ \t]*(#[^\r\n]*)?[\r\n]*", after):
        return None
    step = "\t" if before.endswith(b"\t") else "    "
    return source.newline.decode() + before.decode() + step


def _call(unit: Unit, method: str) -> bytes:
    return unit.source.encode(f"{unit.getter.local}().{method}")


def _whole(unit: Unit, access: Access, node: ast.expr | ast.stmt, edits: tuple[Edit, ...]) -> Fix:
    span = unit.source.span(node)
    return Fix(Safety.SAFE, edits, (Site(span.start, span.end),), (unit.getter,), (access.origin.root.id,))
