"""Set variables through `get_env()` also where pytest's `monkeypatch` restores them. Off by default.

`monkeypatch.setenv` restores what it changed, so it breaks no other test, and many teams are happy with it. Turn
this rule on (`select = ["HL1", "HL105"]`) where every access must go through one door.

`monkeypatch.delenv(K)` and `monkeypatch.setenv(K, "text")` are, by pytest's own definition, `delitem` and `setitem`
on `os.environ`; on `get_env()` they do the same. A value that is not certainly a string stays (a literal, an f-string
and `str(…)` are): setenv would turn it into text with a warning.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from holdline.migration import Example, Rule
from holdline.model import Edit, Fix, Safety, Site, Violation
from holdline_migrations.environment.identity import identity_of
from holdline_migrations.environment.unit import Unit

HINT = "use monkeypatch.setitem(get_env(), …) or patch_env(…)"

RULE = Rule(
    code="HL105",
    name="environment-monkeypatch",
    summary="the environment is changed through pytest's monkeypatch",
    explanation=__doc__,
    examples=(
        Example(
            'def test(monkeypatch):\n    monkeypatch.setenv("A", "1")\n    monkeypatch.delenv("B", raising=False)\n',
            "from holdline_runtime import get_env\n\n\n"
            'def test(monkeypatch):\n    monkeypatch.setitem(get_env(), "A", "1")\n'
            '    monkeypatch.delitem(get_env(), "B", raising=False)\n',
        ),
        Example('def test(monkeypatch, n):\n    monkeypatch.setenv("A", n)\n', None),
        Example('def test(settings):\n    settings.setenv("A")\n', 'def test(settings):\n    settings.setenv("A")\n'),
    ),
    default_on=False,
)
_METHODS = {"setenv": "setitem", "delenv": "delitem"}


def find(unit: Unit) -> Iterator[Violation]:
    """Every `setenv` and `delenv` on a parameter called monkeypatch."""
    for call in unit.source.calls:
        if not (isinstance(call.func, ast.Attribute) and call.func.attr in _METHODS):
            continue
        if _is_monkeypatch(unit, call.func.value):
            fix = _fix(unit, call, call.func) if unit.plans_fixes else None
            refusal = "" if fix else "its arguments are not plain: setenv may convert or prepend the value"
            message = f"the environment is changed with monkeypatch.{call.func.attr}"
            yield unit.violation(
                RULE.code, call, message, HINT, identity=identity_of(unit, call), fix=fix, refusal=refusal
            )


def _is_monkeypatch(unit: Unit, receiver: ast.expr) -> bool:
    if not (isinstance(receiver, ast.Name) and receiver.id == "monkeypatch"):
        return False
    resolution = unit.scopes.resolve(receiver)
    return resolution is not None and all(isinstance(b.node, ast.arg) for b in resolution.bindings)


def _fix(unit: Unit, call: ast.Call, method: ast.Attribute) -> Fix | None:
    if not _arguments_alike(unit, call, method.attr):
        return None
    if unit.settings.api != "mapping" or unit.facts.replaces_environ() or unit.field_doubt(call):
        return None
    source = unit.source
    span, receiver, function = source.span(call), source.span(method.value), source.span(method)
    if unit.text(method) != f"{unit.text(method.value)}.{method.attr}":
        return None
    opening = source.data.index(b"(", function.end) + 1
    edits = (
        Edit(receiver.end, function.end, source.encode(f".{_METHODS[method.attr]}")),
        Edit(opening, opening, source.encode(f"{unit.getter.local}(), ")),
    )
    return Fix(Safety.SAFE, edits, (Site(span.start, span.end),), (unit.getter,))


def _arguments_alike(unit: Unit, call: ast.Call, method: str) -> bool:
    """Whether setitem and delitem take the arguments as they are, behind the mapping."""
    if any(isinstance(a, ast.Starred) for a in call.args):
        return False
    keywords = {k.arg for k in call.keywords}
    if method == "delenv":
        return len(call.args) in (1, 2) and keywords <= {"raising"}
    return len(call.args) == 2 and not keywords and _is_text(unit, call.args[1])


def _is_text(unit: Unit, value: ast.expr) -> bool:
    """Whether a value is certainly a string: a literal, an f-string or what `str` returns."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "str":
        return unit.scopes.resolve(value.func) is None and not unit.scopes.star_imports
    return isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Constant) and isinstance(value.value, str))
