"""Calls that put another object in place of `os.environ` for a while, or of a function such as `os.getenv`.

`patch("os.environ", {...})` leaves child processes, C libraries and every `from os import environ` with the old object.
`patch_env({...}, clear=True)` changes the real environment for all of them: a difference, so an unsafe fix at most.
"""

from __future__ import annotations

import ast
import re

from holdline.model import Edit, Fix, Safety, Site
from holdline.source import Span
from holdline_migrations.environment.names import OS_NAMES
from holdline_migrations.environment.patches import PATCH, PATCH_OBJECT, decorates_alike, mocker_method
from holdline_migrations.environment.unit import ENVIRON, Unit

_REASON = "another object is put in place of os.environ: children and earlier imports keep the old one"
_SETTERS = frozenset({"setattr", "delattr"})


def find_replacing_patches(unit: Unit) -> list[ast.Call]:
    """Calls that replace os.environ or a function like os.getenv for a while, through mock or monkeypatch."""
    return [call for call in unit.source.calls if _replaced_name(unit, call)]


def _replaced_name(unit: Unit, call: ast.Call) -> str:
    """The attribute of module os that a call replaces."""
    kind = _kind(unit, call.func)
    keywords = {k.arg: k.value for k in call.keywords}
    first = call.args[0] if call.args else keywords.get("target")
    if not kind or first is None:
        return ""
    if isinstance(first, ast.Constant) and isinstance(first.value, str) and kind != PATCH_OBJECT:
        owner, _, replaced = first.value.rpartition(".")
    else:
        name = call.args[1] if len(call.args) > 1 else keywords.get("attribute", keywords.get("name"))
        origin = unit.origins.of(first)
        if kind == PATCH or origin is None or not isinstance(name, ast.Constant):
            return ""
        owner, replaced = origin.path, str(name.value)
    return replaced if replaced in OS_NAMES and re.search(r"(^|\.)os$", owner) else ""


def _kind(unit: Unit, function: ast.expr) -> str:
    """PATCH, PATCH_OBJECT or "setattr", whichever the called function is like; "" for none of them."""
    name = getattr(function, "attr", getattr(function, "id", ""))
    if name in _SETTERS:
        return "setattr"
    if name not in ("patch", "object") and name not in unit.scopes.imported:
        return ""
    if name not in ("patch", "object"):
        origin = unit.origins.of(function) if isinstance(function, ast.Name) else None
    else:
        origin = unit.origins.of(function)
    path = origin.path if origin else f"unittest.mock.{mocker_method(unit, function)}"
    return path if path in (PATCH, PATCH_OBJECT) else ""


def plan_replacing_patch(unit: Unit, call: ast.Call) -> tuple[Fix | None, str]:
    """An unsafe fix for `patch("os.environ", {...})` and `patch.object(os, "environ", {...})`, with the reason."""
    name = _replaced_name(unit, call)
    if name != ENVIRON:
        return None, f"os.{name} is replaced for a while: calls of it cannot be rewritten here"
    if doubt := unit.field_doubt(call):
        return None, doubt
    origin = unit.origins.of(call.func)
    owner = unit.origins.of(call.args[0]) if call.args else None
    doubtful = origin is None or origin.doubt or (owner is not None and owner.doubt)
    if origin is None or doubtful or _keeps_the_value(unit, call):
        return None, _REASON
    new = _new_value(call, 2 if origin.path == PATCH_OBJECT else 1)
    if new is None:
        return None, _REASON
    source = unit.source
    span, function, value = source.span(call), source.span(call.func), source.span(new)
    if not re.fullmatch(r"\s*,?\s*\)", source.text(Span(value.end, span.end))):
        return None, _REASON
    edits = (
        Edit(function.start, value.start, source.encode(f"{unit.patcher.local}(")),
        Edit(value.end, span.end, b", clear=True)"),
    )
    note = f"{_REASON}; patch_env changes the real environment for the time, so they see the new values too"
    sites = (Site(span.start, span.end),)
    return Fix(Safety.UNSAFE, edits, sites, (unit.patcher,), (origin.root.id,), note), _REASON


def _keeps_the_value(unit: Unit, call: ast.Call) -> bool:
    """Whether the new object is used beyond its being the environment, or patch_env would cover more."""
    parent = unit.parents[call]
    if isinstance(parent, ast.withitem):
        return parent.optional_vars is not None
    if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
        return not decorates_alike(unit, parent)
    return isinstance(parent, ast.ClassDef)


def _new_value(call: ast.Call, position: int) -> ast.expr | None:
    """The replacement, where it is the only other argument and so no mock is injected."""
    if len(call.args) == position + 1 and not call.keywords:
        new = call.args[position]
    elif len(call.args) == position and [k.arg for k in call.keywords] == ["new"]:
        new = call.keywords[0].value
    else:
        return None
    return None if isinstance(new, ast.Starred) else new
