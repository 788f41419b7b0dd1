"""Where a program calls its guard, and what it does before: followed in the order in which it runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from holdline_migrations.production.script import MutationFile

#: Calls that connect, wherever they come from.
_CONNECTS = re.compile(r"(?:.*\.)?(?:connect|create_pool|MongoClient)")
#: Words of modules and names whose import is likely to connect.
_CONNECTING_WORDS = frozenset(
    {"db", "database", "databases", "engine", "session", "sessions", "connection", "connections", "conn", "dbsession"}
)
#: Packages that do nothing by being imported.
_DRIVERS = frozenset(
    {"sqlalchemy", "sqlmodel", "psycopg", "psycopg2", "pymysql", "MySQLdb", "asyncpg", "aiosqlite", "sqlite3"}
    | {"pymongo", "redis", "alembic", "django", "flask_sqlalchemy", "requests", "httpx", "databases", "oracledb"}
)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class Connection(NamedTuple):
    """The first thing that connects, and what it is."""

    node: ast.stmt | ast.expr
    what: str


class Guarding(NamedTuple):
    """Whether the guard is called before the first connection (None: there is none before it)."""

    guarded: bool
    connection: Connection | None


def is_program(file: MutationFile) -> bool:
    """Whether the file is run, not just imported: it asks for `__main__`, or works when it is read.

    What functions of the file do counts, where they are called when it is read.
    """
    body = file.source.tree.body
    if any(isinstance(s, ast.If) and _is_main(s.test) for s in body):
        return True
    functions = _functions(file)
    todo = [s for s in body if not _is_definition(s)]
    while todo:
        for node in _executed(todo.pop()):
            if node in file.reader.at:
                return True
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions:
                todo += [s for s in functions.pop(node.func.id).body if not _is_definition(s)]
    return False


def follow(file: MutationFile) -> Guarding:
    """Walk through the program up to its guard or its first connection."""
    return _Walk(file).run(file.source.tree.body) or Guarding(False, None)


class _Walk:
    def __init__(self, file: MutationFile) -> None:
        self.file = file
        self.functions = _functions(file)
        self.entered: set[str] = set()

    def run(self, statements: Sequence[ast.stmt]) -> Guarding | None:
        for statement in statements:
            if (found := self.step(statement)) is not None:
                return found
        return None

    def step(self, statement: ast.stmt) -> Guarding | None:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            what = _connecting_import(statement, self.file.settings.connects)
            return Guarding(False, Connection(statement, what)) if what else None
        if _is_definition(statement):
            return None
        if isinstance(statement, ast.Expr) and self.file.is_guard(statement.value):
            return Guarding(True, None)
        if isinstance(statement, ast.If) and _is_main(statement.test):
            return self.run(statement.body)
        if isinstance(statement, ast.With | ast.AsyncWith):
            head = [node for item in statement.items for node in _executed(item.context_expr)]
            return self.calls(head) or self.run(statement.body)
        if isinstance(statement, ast.Try | ast.TryStar):
            return self.run(statement.body) or self.run(statement.finalbody)
        return self.calls(_executed(statement))

    def calls(self, nodes: Sequence[ast.expr]) -> Guarding | None:
        """The calls of a statement, in order; functions of the file are entered."""
        for node in nodes:
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id in self.functions and node.func.id not in self.entered:
                self.entered.add(node.func.id)
                if (found := self.run(self.functions[node.func.id].body)) is not None:
                    return found
            elif node in self.file.reader.at:
                return Guarding(False, Connection(node, self.file.reader.at[node][0].text))
            elif _CONNECTS.fullmatch(name := self.file.reader.origin(node.func) or ast.unparse(node.func)):
                return Guarding(False, Connection(node, f"{name}(…)"))
        return None


def _functions(file: MutationFile) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions of the file's top level, by name."""
    return {s.name: s for s in file.source.tree.body if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)}


def is_main_block(node: ast.AST) -> bool:
    """Whether a statement is `if __name__ == "__main__":`."""
    return isinstance(node, ast.If) and _is_main(node.test)


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and "__name__" in ast.unparse(test) and "__main__" in ast.unparse(test)


def _is_definition(statement: ast.AST) -> bool:
    return isinstance(statement, _DEFINITIONS)


def _executed(node: ast.AST) -> list[ast.expr]:
    """The expressions that a statement evaluates, inner ones first, without those of nested definitions."""

    def visit(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            if not _is_definition(child):
                yield from visit(child)
        yield node

    return [child for child in visit(node) if isinstance(child, ast.expr)]


def _connecting_import(statement: ast.Import | ast.ImportFrom, connects: Sequence[str]) -> str:
    """The module whose import connects; "" where none is likely to."""
    if isinstance(statement, ast.ImportFrom):
        module = "." * statement.level + (statement.module or "")
        candidates = [f"{module}.{alias.name}" for alias in statement.names]
    else:
        candidates = [alias.name for alias in statement.names]
    for name in candidates:
        bare = name.lstrip(".")
        if any(bare == c or bare.startswith(f"{c}.") for c in connects):
            return name
        parts = bare.split(".")
        if not connects and parts[0] not in _DRIVERS and _CONNECTING_WORDS & {p.lower() for p in parts}:
            return name
    return ""
