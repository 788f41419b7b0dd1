"""A DB-API connection to ask: its kind of database, how it marks parameters, and its errors as ours."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from holdline_runtime.fingerprint.databases import Database, database_named
from holdline_runtime.fingerprint.errors import InvalidRequestError, TimedOutError
from holdline_runtime.fingerprint.watchdog import Watchdog

_KINDS = {
    "sqlite3": "sqlite",
    "psycopg": "postgresql",
    "psycopg2": "postgresql",
    "pg8000": "postgresql",
    "pymysql": "mysql",
    "MySQLdb": "mysql",
}


@dataclass
class Handle:
    """One connection: `style` is the driver's `paramstyle`, a ? in a statement stands for a value."""

    connection: Any
    database: Database
    style: str
    watchdog: Watchdog | None = field(default=None, repr=False)

    def rows(self, statement: str, *values: str | None) -> list[Sequence[Any]]:
        """Return the rows of a query."""
        return self.table(statement, *values)[1]

    def table(self, statement: str, *values: str | None) -> tuple[list[str], list[Sequence[Any]]]:
        """Return the names of a query's columns, and its rows."""
        try:
            with _closing(self._cursor()) as cursor:
                cursor.execute(*bound(statement, values, self.style))
                return [str(column[0]) for column in cursor.description], [_row(row) for row in cursor.fetchall()]
        except Exception as error:  # noqa: BLE001  # drivers have no common base class
            raise self._explained(error) from None

    def run(self, statement: str, *values: str | None) -> int:
        """Run a statement; how many rows it changed."""
        try:
            with _closing(self._cursor()) as cursor:
                cursor.execute(*bound(statement, values, self.style))
                return int(cursor.rowcount)
        except Exception as error:  # noqa: BLE001  # as above
            raise self._explained(error) from None

    def commit(self) -> None:
        """End the transaction."""
        self._end("commit")

    def rollback(self) -> None:
        """End the transaction, and keep nothing of it."""
        self._end("rollback")

    def _end(self, how: str) -> None:
        # In autocommit mode the method of sqlite3 does nothing, even where BEGIN was said.
        if isinstance(self.connection, sqlite3.Connection) and self.connection.in_transaction:
            self.run(how)
            return
        try:
            getattr(self.connection, how)()
        except Exception as error:  # noqa: BLE001  # as above
            raise self._explained(error) from None

    def _cursor(self) -> Any:
        """A cursor that gives plain rows, whatever factory the connection has for them."""
        if top_module(self.connection) == "psycopg":
            return self.connection.cursor(row_factory=lambda _: tuple)
        cursor = self.connection.cursor()
        if isinstance(cursor, sqlite3.Cursor):
            cursor.row_factory = None
        return cursor

    def _explained(self, error: Exception) -> Exception:
        if self.watchdog is not None and self.watchdog.fired:
            return TimedOutError(self.watchdog.message)
        return self.database.explain(error)


def handle_of(connection: Any) -> Handle:
    """Return what asks a connection: of a DB-API driver, or SQLAlchemy's. InvalidRequestError for anything else."""
    alchemy = sys.modules.get("sqlalchemy.engine")
    if alchemy is not None and isinstance(connection, alchemy.Connection):
        return adapted(connection.connection.dbapi_connection, connection.dialect)
    kind = _KINDS.get(top_module(connection))
    if kind is None or "Async" in type(connection).__name__ or not hasattr(connection, "cursor"):
        raise InvalidRequestError(
            f"{type(connection).__module__}.{type(connection).__qualname__} is no connection that can be verified: "
            "DB-API connections of sqlite3, psycopg, psycopg2, pg8000, PyMySQL, mysqlclient and SQLAlchemy's can; "
            "for an engine there is guard(engine, …), for an AsyncConnection its run_sync(verify, …)"
        )
    return Handle(connection, database_named(kind), _paramstyle(connection))


def adapted(connection: Any, dialect: Any) -> Handle:
    """Return what asks a connection of SQLAlchemy's pool; `dialect` is SQLAlchemy's."""
    return Handle(connection, database_named(dialect.name), dialect.paramstyle)


def top_module(connection: Any) -> str:
    """Return the package that a connection's class is from."""
    return type(connection).__module__.partition(".")[0]


def bound(statement: str, values: Sequence[str | None], style: str) -> tuple[Any, ...]:
    """Return what `execute` takes for a statement with a ? for each value.

    >>> bound("a = ? and b = ?", ["1", "2"], "pyformat")
    ('a = %s and b = %s', ('1', '2'))
    >>> bound("a = ? and b = ?", ["1", "2"], "named")
    ('a = :p1 and b = :p2', {'p1': '1', 'p2': '2'})
    """
    if not values:
        return (statement,)
    marks = {"qmark": "?", "format": "%s", "pyformat": "%s", "numeric": ":{}", "numeric_dollar": "${}", "named": ":p{}"}
    first, *others = statement.split("?")
    mark = marks[style]
    text = first + "".join(mark.format(number) + part for number, part in enumerate(others, 1))
    named = {f"p{number}": value for number, value in enumerate(values, 1)}
    return (text, named if style == "named" else tuple(values))


def _paramstyle(connection: Any) -> str:
    name = type(connection).__module__
    while name:
        if style := getattr(sys.modules.get(name), "paramstyle", ""):
            return str(style)
        name = name.rpartition(".")[0]
    return "qmark"


def _row(row: Any) -> Sequence[Any]:
    return tuple(row.values() if isinstance(row, Mapping) else row)


class _closing:
    """`contextlib.closing`, but silent where a broken connection cannot even close its cursor."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def __enter__(self) -> Any:
        return self._cursor

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            self._cursor.close()
        except Exception:  # what failed before says more
            if kind is None:
                raise
