"""Where a file puts another object in place of the environment, of a function on it, or of a module's own name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from holdline.migration import Fact
from holdline.origins import Origins
from holdline.source import Source
from holdline_migrations.environment.names import OS_NAMES

#: Kinds of facts: (kind, path), (kind, function, path) and (kind, module or UNKNOWN, name, path).
REPLACES_ENVIRON = "replaces os.environ"
PATCHES_FUNCTION = "patches a function of os"
REPLACES_NAME = "replaces a module's name"
#: The module of a name that is replaced on an object nothing is known about.
UNKNOWN = "*"

_PATCHERS = frozenset({"patch", "object", "setattr", "delattr", "replace", "multiple"})
_SELF = frozenset({"self", "cls"})


def find_replacements(source: Source) -> Iterator[Fact]:
    """The facts on what a file replaces, by mock, monkeypatch or assignment."""
    origins = Origins(source.scopes, source.parents)
    for node in source.parents:
        if isinstance(node, ast.Call):
            yield from _from_call(source, node, origins)
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            origin = origins.of(node)
            if origin is not None and not isinstance(source.parents[node], ast.AugAssign):
                yield from _from_target(source.path, origin.path)


def _from_call(source: Source, call: ast.Call, origins: Origins) -> Iterator[Fact]:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    keywords = {k.arg: k.value for k in call.keywords}
    first = call.args[0] if call.args else keywords.get("target")
    if function not in _PATCHERS or first is None:
        return
    text = _text(source, first)
    if function == "multiple":
        names = [str(name) for name in keywords]
        owner = text or _owner(first, origins)
        targets = [f"{owner}.{name}" for name in names if owner]
    elif text:
        targets = [text]
    else:
        second = call.args[1] if len(call.args) > 1 else keywords.get("attribute", keywords.get("name"))
        name = second.value if isinstance(second, ast.Constant) else None
        owner = "" if function == "replace" else _owner(first, origins)
        targets = [f"{owner}.{name}"] if owner and isinstance(name, str) else []
    for target in targets:
        yield from _from_target(source.path, target)


def _text(source: Source, node: ast.expr) -> str:
    """A string argument, UNKNOWN in place of a beginning that is put together at run time; "" for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr) and node.values:
        last = node.values[-1]
        return UNKNOWN + str(last.value) if isinstance(last, ast.Constant) else ""
    if isinstance(node, ast.BinOp):
        end = _text(source, node.right)
        return UNKNOWN + end if end else ""
    if isinstance(node, ast.Name):
        resolution = source.scopes.resolve(node)
        parents = [source.parents.get(b.node) for b in resolution.bindings] if resolution else []
        if len(parents) == 1 and isinstance(parents[0], ast.Assign) and not isinstance(parents[0].value, ast.Name):
            return _text(source, parents[0].value)
    return ""


def _owner(node: ast.expr, origins: Origins) -> str:
    """The dotted name of the object that has the attribute; UNKNOWN where it may be any module, "" where it is none."""
    if isinstance(node, ast.Name) and node.id in _SELF:
        return ""
    origin = origins.of(node) if isinstance(node, ast.Name | ast.Attribute) else None
    return origin.path if origin else UNKNOWN


def _from_target(path: str, target: str) -> Iterator[Fact]:
    owner, _, name = target.rpartition(".")
    if name not in OS_NAMES and name != "os":
        return
    if owner.rpartition(".")[2] == "os":
        yield (REPLACES_ENVIRON, path) if name == "environ" else (PATCHES_FUNCTION, name, path)
    else:
        yield (REPLACES_NAME, owner, name, path)
