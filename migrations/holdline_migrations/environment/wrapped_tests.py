"""Tests whose whole body stands in `with patch_env({"ENVIRONMENT": "staging"}):`, and why one has to stay so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from holdline.config import Config
from holdline.migration import Fact
from holdline.references import module_stem
from holdline_migrations.environment.flow import is_generator
from holdline_migrations.environment.survey import is_test_module
from holdline_migrations.environment.unit import Unit

#: The variable that the fixtures set unless the pytest configuration says otherwise.
VARIABLE = "ENVIRONMENT"
#: Environments that have a fixture, and its name.
FIXTURES = {name: f"{name}_env" for name in ("development", "test", "staging", "production")}

_OUR_PATCH = frozenset({"holdline_runtime.patch_env", "holdline_runtime.patching.patch_env"})
_DEFINES = "defines"
# Compiled when it is first used: the gate loads this module, and has no use for it.
_DEFINITION = rb"""\b(?:def[ \t]+|name[ \t]*=[ \t]*["'])(%b)\b""" % b"|".join(f.encode() for f in FIXTURES.values())


class WrappedTest(NamedTuple):
    """A test function, the `with` that is its whole body but for a docstring, and the patch it enters first."""

    function: ast.FunctionDef | ast.AsyncFunctionDef
    statement: ast.With
    call: ast.Call
    environment: str

    @property
    def fixture(self) -> str:
        """The fixture that does what the patch does."""
        return FIXTURES[self.environment]


def find_wrapped_tests(unit: Unit) -> Iterator[WrappedTest]:
    """Every such test of a file, by the order of its patches."""
    for call in sorted(unit.source.calls, key=lambda c: (c.lineno, c.col_offset)):
        environment = _environment(call)
        origin = unit.origins.of(call.func)
        if environment is None or origin is None or origin.path not in _OUR_PATCH:
            continue
        item = unit.parents[call]
        statement = unit.parents[item]
        if not (isinstance(item, ast.withitem) and isinstance(statement, ast.With) and item is statement.items[0]):
            continue
        function = unit.parents[statement]
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if function.name.startswith("test") and _without_docstring(function) == [statement]:
            yield WrappedTest(function, statement, call, environment)


def survey_fixtures(path: str, data: bytes) -> Iterator[Fact]:
    """Note the file when it defines something that has, or may get, the name of one of our fixtures."""
    for name in set(re.findall(_DEFINITION, data)):
        yield (_DEFINES, path, name.decode())


def refusal(unit: Unit, test: WrappedTest) -> str:
    """Why the patch of a test may not become a fixture; "" where it may."""
    reasons = (
        _patch_refusal(unit, test),
        _profile_refusal(unit.context.config, test),
        _function_refusal(unit, test.function),
        _class_refusal(unit, test.function),
        _decorator_refusal(unit, test.function),
        _name_refusal(unit, test),
        _caller_refusal(unit, test.function),
    )
    return next(filter(None, reasons), "")


def _environment(call: ast.Call) -> str | None:
    """The environment that a patch names, if there is a fixture for it."""
    pairs: list[tuple[ast.expr | None, ast.expr]] = []
    for argument in call.args:
        if isinstance(argument, ast.Dict):
            pairs += zip(argument.keys, argument.values, strict=True)
    pairs += [(ast.Constant(k.arg), k.value) for k in call.keywords]
    for key, value in pairs:
        if isinstance(key, ast.Constant) and key.value == VARIABLE and isinstance(value, ast.Constant):
            return value.value if isinstance(value.value, str) and value.value in FIXTURES else None
    return None


def _without_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    return function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body


def _patch_refusal(unit: Unit, test: WrappedTest) -> str:
    call, statement = test.call, test.statement
    entries = [*call.keywords, *(key for a in call.args if isinstance(a, ast.Dict) for key in a.keys)]
    if len(entries) != 1 or not all(isinstance(a, ast.Dict) for a in call.args):
        return f"the patch does more than set {VARIABLE}"
    origin = unit.origins.of(call.func)
    if origin is not None and origin.doubt:
        return str(origin.doubt)
    if statement.items[0].optional_vars is not None:
        return "what entering the patch gives is kept under a name"
    if len(statement.items) > 1:
        return "the same `with` enters something else as well"
    return ""


def _profile_refusal(config: Config, test: WrappedTest) -> str:
    for profile in config.environments:
        if profile.name == test.environment and dict(profile.variables) not in ({}, {VARIABLE: test.environment}):
            return f"the configured profile {profile.name!r}, which the fixture applies, sets other values"
    return ""


def _function_refusal(unit: Unit, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    arguments = function.args
    if not is_test_module(unit.source.path):
        return "the file's name is not that of a test module"
    if isinstance(function, ast.AsyncFunctionDef):
        return "it is asynchronous: its event loop may be made before or after the fixture"
    if is_generator(function):
        return "it is a generator"
    if arguments.posonlyargs or arguments.vararg or arguments.kwonlyargs or arguments.kwarg or arguments.defaults:
        return "its parameters are not all plain"
    if getattr(function, "type_params", None):
        return "it has type parameters"
    if any(a.arg == "request" for a in arguments.args):
        return "it takes `request`: fixtures it asks for while it runs would be taken down before the patch is"
    return ""


def _class_refusal(unit: Unit, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    parent = unit.parents[function]
    if isinstance(parent, ast.Module):
        return ""
    if not (isinstance(parent, ast.ClassDef) and isinstance(unit.parents[parent], ast.Module)):
        return "pytest may not collect it: it stands inside another statement"
    if parent.bases or parent.keywords or not parent.name.startswith("Test"):
        return "its class has bases, or is none that pytest collects: a TestCase takes no fixtures"
    if any(isinstance(s, ast.FunctionDef) and s.name in ("__init__", "__new__") for s in parent.body):
        return "pytest does not collect a class with a constructor"
    if not function.args.args:
        return "it is a method without self"
    return _decorator_refusal(unit, parent)


def _decorator_refusal(unit: Unit, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    for decorator in node.decorator_list:
        name = decorator.func if isinstance(decorator, ast.Call) else decorator
        origin = unit.origins.of(name)
        if origin is None or origin.doubt or not origin.path.startswith("pytest.mark."):
            return f"it is decorated with `{ast.unparse(name)}`, which may call it with arguments of its own"
    return ""


def _name_refusal(unit: Unit, test: WrappedTest) -> str:
    fixture = test.fixture
    for fact in unit.context.facts or ():
        if fact[0] == _DEFINES and fact[2] == fixture:
            return f"{fact[1]} defines a `{fixture}` of its own"
    if any(a.arg == fixture for a in test.function.args.args):
        return f"it takes `{fixture}` already"
    # Other tests may take it; any other mention may be a parameter set, an import or a variable of that name.
    taken = [n for n in unit.parents if isinstance(n, ast.arg) and n.arg == fixture]
    used = [n for n in unit.scopes.names if n.id == fixture and _is_parameter(unit, n)]
    if len(re.findall(rb"\b%b\b" % fixture.encode(), unit.source.data)) > len(taken) + len(used):
        return f"the file uses the name `{fixture}` for something else"
    return ""


def _is_parameter(unit: Unit, name: ast.Name) -> bool:
    resolution = unit.scopes.resolve(name)
    return resolution is not None and all(isinstance(b.node, ast.arg) for b in resolution.bindings)


def _caller_refusal(unit: Unit, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    name, context, stem = function.name, unit.context, module_stem(unit.source.path)
    if len(re.findall(rb"\b%b\b" % re.escape(unit.source.encode(name)), unit.source.data)) > 1:
        return f"`{name}` is named more than once in the file, perhaps to be called"
    if stem in context.star_imported or {(stem, name), ("*", name)} & context.references:
        return f"another file refers to `{name}`, perhaps to call it"
    return ""
