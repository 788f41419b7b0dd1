"""A mutation program calls its guard before anything connects.

`require_ci()` of Holdline's runtime refuses outside CI. It has to stand before the first connection, and before imports
of modules that connect when they are imported; a module is taken for one of these if `connects` in
`[tool.holdline.contract]` names it or, where nothing is named, if its name or what is imported has a word such as `db`,
`engine` or `session`. `guard` names another function for the purpose.

The fix puts the call in front of everything but the docstring and `__future__` imports. It is safe in that all else
stays as it is; that the program then refuses to run outside CI is what it is for. Modules that are only imported need
no guard of their own: the program that uses them has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdline.migration import Example, Rule
from holdline.model import Fix, Safety, Violation

if TYPE_CHECKING:
    from holdline_migrations.production.script import MutationFile

_GUARDED = (
    '"""Purge."""\n\nfrom holdline_runtime import require_ci\n\nrequire_ci()\n\nimport psycopg\n\n'
    'psycopg.connect().execute("DELETE FROM orders")\n'
)
RULE = Rule(
    code="HL306",
    name="guard-missing",
    summary="a mutation program connects without, or before, its guard",
    explanation=__doc__,
    examples=(
        Example('"""Purge."""\n\nimport psycopg\n\npsycopg.connect().execute("DELETE FROM orders")\n', _GUARDED),
        Example(_GUARDED, _GUARDED),
        Example(
            "import psycopg\nfrom app import require_ci\n\n"
            'psycopg.connect().execute("DELETE FROM orders")\nrequire_ci()\n',
            None,
        ),
    ),
    default_on=False,
)


def find(file: MutationFile) -> Iterator[Violation]:
    """The violation of a program, if it is one."""
    from holdline_migrations.production.guarding import follow, is_program  # few projects have a contract

    if not file.operations or not is_program(file):
        return
    guarding = follow(file)
    if guarding.guarded:
        return
    name = file.settings.guard.partition(":")[2]
    is_late = any(file.is_guard(call) for call in file.source.calls)
    node = guarding.connection.node if guarding.connection else file.source.tree.body[0]
    where = f"before {guarding.connection.what}" if guarding.connection else "on every way through this program"
    message = f"{name}() is not called {where}" + (", only later" if is_late else "")
    fix, refusal = _fix(file) if file.context.facts is not None else (None, "")
    hint = f"call {name}() first"
    yield file.violation_at(RULE.code, node, message, hint, file.source.path, fix, refusal)


def _fix(file: MutationFile) -> tuple[Fix | None, str]:
    from holdline.import_places import NoPlaceError, before_first_statement  # the gate fixes nothing

    module, _, name = file.settings.guard.partition(":")
    source = file.source
    if source.scopes.mentions(name) and not _is_ours(file, name):
        return None, f"{name} is something else in this file"
    statements = (f"from {module} import {name}", f"{name}()")
    lines = source.encode(f"{statements[0]}\n\n{statements[1]}\n").replace(b"\n", source.newline)
    try:
        edit = before_first_statement(source, lines)
    except NoPlaceError as error:
        return None, str(error)
    if source.data[edit.end : edit.end + 1] not in b"\r\n" and not edit.text.endswith(source.newline * 2):
        edit = edit._replace(text=edit.text + source.newline)
    return Fix(Safety.SAFE, (edit,), (), inserts=statements), ""


def _is_ours(file: MutationFile, name: str) -> bool:
    """Whether the name means the guard wherever it is used."""
    uses = [n for n in file.source.scopes.names if n.id == name]
    return all(file.reader.origin(n) == file.settings.guard.replace(":", ".") for n in uses)
