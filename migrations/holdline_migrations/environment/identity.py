"""What makes two violations the same to the gate: what is accessed and how, not where, and not what surrounds it.

The text is normalised (quotes, spacing, import aliases), and values that are written do not belong to it: whoever
edits the value of an old `os.environ["A"] = …`, or moves or re-indents it, adds no violation.
"""

from __future__ import annotations

import ast

from holdline_migrations.environment.unit import Access, Unit


def identity_of(unit: Unit, node: ast.expr) -> str:
    """The normalised text of a violation at a node: an access, or a call that patches the environment."""
    access = unit.access_at.get(node)
    if access is None:
        return _shape(unit, node) if isinstance(node, ast.Call) else ast.unparse(node)
    name = f"os.{access.name}"
    parent = unit.parents[node]
    if isinstance(parent, ast.Subscript) and parent.value is node:
        return _item(unit, name, parent)
    if isinstance(parent, ast.Attribute):
        return _call(unit, f"{name}.{parent.attr}", parent)
    if isinstance(parent, ast.Call) and parent.func is node:
        return _call(unit, name, access.node)
    return _passed(unit, name, access, parent)


def _item(unit: Unit, name: str, subscript: ast.Subscript) -> str:
    text = f"{name}[{ast.unparse(subscript.slice)}]"
    if isinstance(subscript.ctx, ast.Load):
        return text
    return f"del {text}" if isinstance(subscript.ctx, ast.Del) else f"{text} = …"


def _call(unit: Unit, name: str, function: ast.expr) -> str:
    """A call of the environment's own methods and functions, known by its first argument: the variable's name."""
    call = unit.parents[function]
    if not (isinstance(call, ast.Call) and call.func is function):
        return name
    first = next((ast.unparse(a) for a in call.args[:1] if isinstance(a, ast.Constant | ast.Name | ast.Attribute)), "…")
    return f"{name}({first})"


def _passed(unit: Unit, name: str, access: Access, parent: ast.AST) -> str:
    if isinstance(parent, ast.Compare):
        operands = [ast.unparse(n) for n in (parent.left, *parent.comparators) if n is not access.node]
        operators = " ".join(type(o).__name__ for o in parent.ops)
        return f"{operators} {name} {' '.join(operands)}"
    if isinstance(parent, ast.keyword):
        call = unit.parents[parent]
        callee = ast.unparse(call.func) if isinstance(call, ast.Call) else "class"
        return f"{callee}({parent.arg or '**'}={name})"
    if isinstance(parent, ast.Call):
        return f"{ast.unparse(parent.func)}({name})"
    return f"{type(parent).__name__} {name}"


def _shape(unit: Unit, call: ast.Call) -> str:
    """A patching call without the values it sets: what is patched, and which variables."""
    targets = (
        1 if _is_text(call.args[:1]) or not _is_text(call.args[1:2]) else 2
    )  # ("os.environ", …), (os, "environ", …)
    parts = [ast.unparse(a) for a in call.args[:targets]] + [_value(a) for a in call.args[targets:]]
    parts += [f"{k.arg or '**'}={_value(k.value)}" for k in call.keywords]
    return f"{_patcher(unit, call.func)}({', '.join(parts)})"


def _patcher(unit: Unit, function: ast.expr) -> str:
    """Mock's own functions by their full name, however they were imported."""
    origin = unit.origins.of(function)
    return origin.path if origin and origin.path.startswith("unittest.mock.") else ast.unparse(function)


def _value(node: ast.expr) -> str:
    if isinstance(node, ast.Dict):
        return "{" + ", ".join("**" if k is None else ast.unparse(k) for k in node.keys) + "}"
    return "…"


def _is_text(nodes: list[ast.expr]) -> bool:
    return any(isinstance(n, ast.Constant) and isinstance(n.value, str) for n in nodes)
