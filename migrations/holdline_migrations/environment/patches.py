"""Calls of mock's patchers that aim at the environment, and how each is rewritten.

`patch.dict` of the environment becomes `patch_env` where both do the same. Where patch_env deliberately does more
(it covers `setUp` and the body of a generator), or the form has no counterpart, the call stays and just its target
becomes `get_env()`: `patch.dict(get_env(), …)` copies, updates, clears and restores the same variables.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from holdline.model import Edit, Fix, ImportName, Safety, Site
from holdline.scopes import ScopeKind
from holdline.source import Span
from holdline_migrations.environment.flow import Flow, is_generator, is_unbound
from holdline_migrations.environment.names import MOCKER_FIXTURES
from holdline_migrations.environment.survey import is_test_module
from holdline_migrations.environment.unit import ENVIRON, Access, Unit

PATCH = "unittest.mock.patch"
PATCH_DICT = f"{PATCH}.dict"
PATCH_OBJECT = f"{PATCH}.object"
#: Keywords of patch_env that patch.dict would take as variables.
_RESERVED = frozenset({"mode", "restore", "values", "in_dict"})
#: What is done with a patcher that both kinds of patcher do alike.
_PATCHER_METHODS = frozenset({"start", "stop", "__enter__", "__exit__"})


class DictPatch(NamedTuple):
    """A call `patch.dict(<environment>, …)`. `access` is the target's access, None where it is a string."""

    call: ast.Call
    target: ast.expr
    access: Access | None
    is_mocker: bool

    @property
    def first_is_target(self) -> bool:
        """Whether the target is the first positional argument."""
        return bool(self.call.args) and self.call.args[0] is self.target


@lru_cache(maxsize=1)  # each of the rules asks, one file after another
def find_dict_patches(unit: Unit) -> Sequence[DictPatch]:
    """Every `patch.dict` of the environment in a file, in order."""
    targets = {a.node: a for a in unit.accesses if a.name == ENVIRON}
    found = []
    for node in unit.source.calls:
        if not _looks_like_patch_dict(unit, node.func):
            continue
        is_mocker = mocker_method(unit, node.func) == "patch.dict"
        target = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "in_dict"), None)
        if target is not None and (target in targets or names_environ(target)):
            found.append(DictPatch(node, target, targets.get(target), is_mocker))
    return sorted(found, key=lambda p: (p.call.lineno, p.call.col_offset))


def _looks_like_patch_dict(unit: Unit, function: ast.expr) -> bool:
    """`patch.dict` or `….patch.dict`, whatever `patch` is: what is perhaps not mock's is reported, not passed over."""
    if not (isinstance(function, ast.Attribute) and function.attr == "dict"):
        return False
    owner = function.value
    if getattr(owner, "id", getattr(owner, "attr", "")) == "patch":
        return True
    origin = unit.origins.of(function)
    return origin is not None and origin.path == PATCH_DICT


def names_environ(node: ast.expr) -> bool:
    """Whether an argument is a string that names the environment object: `"os.environ"`, `"pkg.mod.os.environ"`."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return False
    return node.value == "os.environ" or node.value.endswith(".os.environ")


def plan_dict_patch(unit: Unit, flow: Flow, patch: DictPatch) -> tuple[Fix | None, str]:
    """The fix of one `patch.dict`, and, where there is none, why."""
    reason = unit.field_doubt(patch.call) or _target_doubt(unit, patch) or _entry_value(unit, flow, patch.call)
    if reason:
        return None, reason
    fix = _to_patch_env(unit, patch) if _behaves_alike(unit, patch) else None
    fix = fix or _to_patch_dict_of_get_env(unit, patch)
    return (fix, "") if fix else (None, "its arguments leave no clean cut")


# is the target the live environment?


def _target_doubt(unit: Unit, patch: DictPatch) -> str:
    if reason := _function_doubt(unit, patch):
        return reason
    if patch.access is None:
        return _string_doubt(unit, str(getattr(patch.target, "value", "")))
    if doubt := unit.doubt(patch.access):
        return doubt
    replaced = unit.facts.replaces_environ()
    if replaced and not _entered_at_once(unit, patch.call):
        return f"{replaced} puts another object in place of os.environ, and this patch keeps the one it saw first"
    return ""


def _function_doubt(unit: Unit, patch: DictPatch) -> str:
    function = unit.origins.of(patch.call.func)
    if patch.is_mocker or is_unbound(unit, patch.call.func):
        return ""
    if function is None or function.path != PATCH_DICT:
        return f"it cannot be seen that `{ast.unparse(patch.call.func)}` is mock's"
    return str(function.doubt)


def _string_doubt(unit: Unit, target: str) -> str:
    """A string target imports its module when the patch starts; dropping it must not drop an import."""
    module = target.removesuffix("os.environ").rstrip(".")
    if not module:
        return ""
    if not unit.facts.exposes_os(module):
        return f"it is reached through `{module}`, whose `os` cannot be seen to be the module os"
    if not _imports_at_top(unit, module):
        return f'the target "{target}" imports `{module}` when the patch starts, and nothing else here does before'
    return ""


def _imports_at_top(unit: Unit, module: str) -> bool:
    for statement in unit.source.tree.body:
        if isinstance(statement, ast.Import) and any(_covers(a.name, module) for a in statement.names):
            return True
        if isinstance(statement, ast.ImportFrom) and not statement.level:
            names = [statement.module or "", *(f"{statement.module}.{a.name}" for a in statement.names)]
            if any(_covers(name, module) for name in names):
                return True
    return False


def _covers(imported: str, module: str) -> bool:
    return imported == module or imported.startswith(module + ".")


def _entered_at_once(unit: Unit, call: ast.Call) -> bool:
    parent = unit.parents[call]
    return isinstance(parent, ast.withitem) or (isinstance(parent, ast.Attribute) and parent.attr == "start")


# what happens to the patcher and to what entering it gives


def _entry_value(unit: Unit, flow: Flow, call: ast.Call) -> str:
    """Why the mapping that entering the patch gives may not become `get_env()`."""
    parent = unit.parents[call]
    if isinstance(parent, ast.withitem) and isinstance(parent.optional_vars, ast.Name):
        resolution = unit.scopes.resolve(parent.optional_vars)
        assert resolution is not None
        return flow.judge_variable(parent.optional_vars.id, resolution.scope)
    if isinstance(parent, ast.withitem) and parent.optional_vars is not None:
        return "what entering it gives is kept"
    if isinstance(parent, ast.Attribute) and parent.attr in ("start", "__enter__"):
        started = unit.parents[parent]
        return flow.judge(started) if isinstance(started, ast.Call) else ""
    if _is_entering_argument(parent):
        assert isinstance(parent, ast.Call)
        return flow.judge(parent)
    return ""


def _is_entering_argument(parent: ast.AST) -> bool:
    """`stack.enter_context(patch.dict(…))`, also as unittest's `self.enterContext`."""
    return (
        isinstance(parent, ast.Call)
        and isinstance(parent.func, ast.Attribute)
        and parent.func.attr in ("enter_context", "enterContext", "enterClassContext", "enterModuleContext")
    )


def _behaves_alike(unit: Unit, patch: DictPatch) -> bool:
    """Whether patch_env does exactly what patch.dict does in this place."""
    if patch.is_mocker:
        return False
    if is_unbound(unit, patch.call.func):
        return unit.settings.api == "methods" and _can_only_fail(unit, patch.call)
    call, parent = patch.call, unit.parents[patch.call]
    if isinstance(parent, ast.withitem) or _is_entering_argument(parent):
        return True
    if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and call in parent.decorator_list:
        return decorates_alike(unit, parent)
    if _is_backport(unit, call.func):
        return False  # its `patch.stopall()` knows nothing of a patch_env that was started
    if isinstance(parent, ast.Attribute):
        return parent.attr in _PATCHER_METHODS
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1:
        return _is_private(unit, parent.targets[0]) and _uses_alike(unit, parent.targets[0])
    return False


def _can_only_fail(unit: Unit, call: ast.Call) -> bool:
    """Whether the NameError that a call raises ends a test: then no test can fail that did not.

    It is for modules that are no mapping. To others `patch.dict` itself is given, which leaves the NameError as it is.
    """
    node, statement = unit.parents[call], None
    while not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
        if isinstance(node, ast.Try) and statement not in node.finalbody:
            return False
        if isinstance(node, ast.With | ast.AsyncWith) and not all(i.context_expr is call for i in node.items):
            return False  # it may expect the error
        statement, node = node, unit.parents[node]
    return is_test_module(unit.source.path) and getattr(node, "name", "").startswith("test")


def _is_backport(unit: Unit, function: ast.expr) -> bool:
    """Whether mock comes from PyPI's package and not from the standard library."""
    origin = unit.origins.of(function)
    for binding in origin.bindings if origin else ():
        statement, alias = binding.statement, binding.node
        imported = statement.module if isinstance(statement, ast.ImportFrom) else getattr(alias, "name", "")
        if f"{imported}.".startswith("mock."):
            return True
    return False


def _is_private(unit: Unit, target: ast.expr) -> bool:
    """Whether only this file can do things with a kept patcher."""
    if is_test_module(unit.source.path):
        return True
    resolution = unit.scopes.resolve(target) if isinstance(target, ast.Name) else None
    return resolution is not None and resolution.scope.kind is ScopeKind.FUNCTION


def decorates_alike(unit: Unit, node: ast.AST) -> bool:
    """patch.dict does nothing in a generator's body and covers just `test*` methods of a class; patch_env does more."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return not is_generator(node)
    assert isinstance(node, ast.ClassDef)
    if node.bases or node.keywords or len(node.decorator_list) > 1 or b"TEST_PREFIX" in unit.source.data:
        return False
    scope = next(s for s in unit.scopes.all_scopes if s.node is node and s.kind is ScopeKind.CLASS)
    bound = [b.node for name, bindings in scope.bindings.items() if name.startswith("test") for b in bindings]
    return all(map(_is_plain_method, bound))


def _is_plain_method(node: ast.AST) -> bool:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    bare = any(isinstance(d, ast.Name) and d.id in ("staticmethod", "classmethod") for d in node.decorator_list)
    return not bare and not is_generator(node)


def _uses_alike(unit: Unit, target: ast.expr) -> bool:
    """Whether a kept patcher is only entered, started, stopped, or put on functions."""
    if isinstance(target, ast.Name):
        resolution = unit.scopes.resolve(target)
        assert resolution is not None
        uses: list[ast.expr] = [*unit.scopes.references(target.id, resolution.scope)]
        if resolution.scope.kind is ScopeKind.CLASS:
            uses.extend(_attributes(unit, target.id))
    elif isinstance(target, ast.Attribute):
        uses = _attributes(unit, target.attr)
    else:
        return False
    return all(_is_patcher_use(unit, use) for use in uses if isinstance(getattr(use, "ctx", None), ast.Load))


def _attributes(unit: Unit, name: str) -> list[ast.expr]:
    return [n for n in unit.parents if isinstance(n, ast.Attribute) and n.attr == name]


def _is_patcher_use(unit: Unit, use: ast.expr) -> bool:
    parent = unit.parents[use]
    if isinstance(parent, ast.withitem):
        return parent.optional_vars is None
    if isinstance(parent, ast.Attribute):
        started = unit.parents[parent]
        kept = parent.attr == "start" and not isinstance(unit.parents[started], ast.Expr)
        return parent.attr in _PATCHER_METHODS and not kept
    if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) and use in parent.decorator_list:
        return decorates_alike(unit, parent)
    return _is_entering_argument(parent)


# the edits


def _to_patch_env(unit: Unit, patch: DictPatch) -> Fix | None:
    """`patch.dict(os.environ, X, clear=…)` to `patch_env(X, clear=…)`; None where the arguments do not allow it."""
    call = patch.call
    if not patch.first_is_target or not _arguments_alike(call):
        return None
    source = unit.source
    cut = _cut_target(unit, patch)
    if cut is None:
        return None
    function = source.span(call.func)
    edits = [Edit(function.start, function.end, source.encode(unit.patcher.local)), cut]
    if len(call.args) == 3:
        clear = source.span(call.args[2]).start
        if source.data[source.span(call.args[1]).end : clear].strip() != b",":
            return None  # parentheses or comments stand between
        edits.append(Edit(clear, clear, b"clear="))
    for keyword in call.keywords:
        if keyword.arg == "values":
            start = source.span(keyword).start
            word = re.match(r"values\s*=\s*", source.text(Span(start, source.span(keyword.value).start)))
            assert word is not None
            edits.append(Edit(start, start + word.end(), b""))
    return _fix(unit, patch, edits, unit.patcher, call)


def _arguments_alike(call: ast.Call) -> bool:
    """Whether patch_env takes the arguments as they are, but for the target and the word `values=`."""
    if len(call.args) > 3 or any(isinstance(a, ast.Starred) for a in call.args):
        return False
    names = [k.arg for k in call.keywords]
    if None in names or (_RESERVED - {"values"}) & set(names):
        return False
    if "values" not in names:
        return True
    # `values=` becomes the first positional argument: nothing may stand before it, nothing be in its parentheses' way
    return len(call.args) == 1 and names[0] == "values" and not isinstance(call.keywords[0].value, ast.GeneratorExp)


def _cut_target(unit: Unit, patch: DictPatch) -> Edit | None:
    """Take out the first argument with its comma; comments behind it stay."""
    source, call = unit.source, patch.call
    start, end = source.span(patch.target).start, source.span(patch.target).end
    arguments: list[ast.expr | ast.keyword] = [*call.args[1:], *call.keywords]
    others = [source.span(a).start for a in arguments]
    if not others:
        closing = source.span(call).end - 1
        gap = source.text(Span(end, closing))
        opening = source.text(Span(source.span(call.func).end, start))
        if re.fullmatch(r"\s*,?\s*", gap) and re.fullmatch(r"\(\s*", opening):
            return Edit(source.span(call.func).end + 1, closing, b"")
        return None
    following = min(others)
    gap = source.text(Span(end, following))
    comma = re.match(r"\s*,[ \t]*", gap)
    if comma is None:
        return None
    if gap[comma.end() :].strip() in ("", "("):
        following -= len(gap[comma.end() :].lstrip().encode(source.encoding))
        return Edit(start, following, b"")
    if "#" in gap:
        return Edit(start, end + len(comma.group().encode(source.encoding)), b"")
    return None


def _to_patch_dict_of_get_env(unit: Unit, patch: DictPatch) -> Fix | None:
    if unit.settings.api != "mapping":
        return None
    span = unit.source.span(patch.target)
    text = unit.source.encode(f"{unit.getter.local}()")
    return _fix(unit, patch, [Edit(span.start, span.end, text)], unit.getter, patch.target)


def _fix(unit: Unit, patch: DictPatch, edits: list[Edit], imported: ImportName, site: ast.expr) -> Fix:
    span = unit.source.span(site)
    released = [patch.access.origin.root.id] if patch.access else []
    function = unit.origins.of(patch.call.func)
    if function is not None and site is patch.call:
        released.append(function.root.id)
    ordered = tuple(sorted(edits))
    return Fix(Safety.SAFE, ordered, (Site(span.start, span.end),), (imported,), tuple(released))


def mocker_method(unit: Unit, function: ast.expr) -> str:
    """What is called on pytest-mock's fixture, known by its name as a parameter: "patch.dict"; "" on anything else."""
    names: list[str] = []
    while isinstance(function, ast.Attribute):
        names.append(function.attr)
        function = function.value
    if not isinstance(function, ast.Name) or function.id not in MOCKER_FIXTURES:
        return ""
    resolution = unit.scopes.resolve(function)
    is_parameter = resolution is not None and all(isinstance(b.node, ast.arg) for b in resolution.bindings)
    return ".".join(reversed(names)) if is_parameter else ""
