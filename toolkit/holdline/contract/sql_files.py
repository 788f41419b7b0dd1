"""What a file of SQL does, read by sqlglot."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdline.contract.digests import digest_of
from holdline.contract.operations import ALL_COLUMNS, UNKNOWN, Operation
from holdline.contract.sql_words import read_sql
from holdline.model import Problem, ProblemKind
from holdline.reports.console import needs_extra
from holdline.source import SourceError

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

_DIALECTS = ("postgres", "mysql", "sqlite", "tsql", "oracle")


def read_sql_file(path: str, text: str) -> tuple[tuple[Operation, ...], str]:
    """The operations of a file, and the digest of its tokens: comments, layout and the case of keywords do not count.

    Raises SourceError for a file that no dialect parses, MissingExtraError where sqlglot is not installed.
    """
    with needs_extra("contract"):
        import sqlglot
        from sqlglot.errors import SqlglotError
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of what it takes as it is
    message = ""
    for dialect in _DIALECTS:
        try:
            statements = sqlglot.parse(text, read=dialect)
            tokens = sqlglot.tokenize(text, read=dialect)
        except SqlglotError as error:
            message = message or str(error).splitlines()[0]
            continue
        found = [o for s in statements if s is not None for o in _writes(s)]
        plain = [
            t.text if t.token_type.name in ("VAR", "IDENTIFIER") else _told(t.token_type.name, t.text) for t in tokens
        ]
        return tuple(found), digest_of("\n".join(plain))
    raise SourceError(Problem(path, ProblemKind.UNPARSABLE, f"does not parse as SQL: {message}"))


def _told(kind: str, text: str) -> str:
    return repr(text) if "STRING" in kind else text.upper()


def _writes(statement: Expr) -> Iterator[Operation]:
    from sqlglot import exp

    if isinstance(statement, exp.Command):
        yield from read_sql(f"{statement.name} {statement.expression or ''}")
        return
    for node in statement.walk(bfs=False):
        if isinstance(node, exp.Insert):
            columns = [i.name for i in node.this.expressions] if isinstance(node.this, exp.Schema) else [ALL_COLUMNS]
            yield Operation("INSERT", _table(node), tuple(sorted(columns)))
        elif isinstance(node, exp.Update):
            names = {e.this.name for e in node.expressions if isinstance(e, exp.EQ)}
            yield Operation("UPDATE", _table(node), tuple(sorted(names)))
        elif isinstance(node, exp.Delete | exp.Merge):
            yield Operation("DELETE" if isinstance(node, exp.Delete) else "MERGE", _table(node))
        elif isinstance(node, exp.TruncateTable):
            yield from (Operation("TRUNCATE", _name(t)) for t in node.expressions)
        elif isinstance(node, exp.Create | exp.Drop | exp.Alter):
            kind = str(node.args.get("kind") or "TABLE").upper()
            yield Operation(f"{type(node).__name__.upper()} {kind}", _table(node))


def _table(node: Expr) -> str:
    from sqlglot import exp

    table = node.this if isinstance(node.this, exp.Table) else node.find(exp.Table)
    if table is not None:
        return _name(table)
    return node.this.name if isinstance(node.this, exp.Expr) and node.this.name else UNKNOWN


def _name(table: Expr) -> str:
    parts = [table.args[key].name for key in ("catalog", "db", "this") if table.args.get(key) is not None]
    return ".".join(p for p in parts if p) or UNKNOWN
