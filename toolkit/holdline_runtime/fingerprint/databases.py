"""What each kind of database needs said in its own way."""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from holdline_runtime.fingerprint.errors import FingerprintError, InvalidRequestError

if TYPE_CHECKING:
    from holdline_runtime.fingerprint.handle import Handle

_CLASSES = {
    "sqlite": ("sqlite", "SQLite"),
    "postgresql": ("postgresql", "PostgreSQL"),
    "mysql": ("mysql", "MySQL"),
    "mariadb": ("mysql", "MySQL"),
}


class Database(Protocol):
    """A kind of database. Statements take ? for a value; `schema` counts where there are schemas."""

    #: Types of columns for short text and for a UUID, and how a UUID is given as text.
    text_type: str
    uuid_type: str
    uuid_value: str

    def name(self, table: str, schema: str) -> str:
        """Return a table's name, qualified: no temporary table can come before it."""

    def find(self, handle: Handle, schema: str) -> None:
        """Raise unless the table is there, is a table, can be read in full and is what its name means to everyone."""

    def content(self, schema: str) -> str:
        """Return the query for the whole table, or the beginning of it."""

    def origin(self, handle: Handle) -> str | None:
        """Return what tells this database from a copy of it."""

    def patience(self, handle: Handle, seconds: float) -> AbstractContextManager[object]:
        """Around questions: wait for other processes' locks that long and no longer, where only the database can."""

    def begin_writing(self, handle: Handle, seconds: float) -> None:
        """Begin a transaction that no other one of these runs beside. ReadOnlyError where nothing can be written."""

    def guard(self, handle: Handle, schema: str) -> None:
        """Have the database refuse statements that change the row, where it can."""

    def unguard(self, handle: Handle, schema: str) -> None:
        """Take that back within the transaction that `guard` ends again."""

    def end_writing(self, handle: Handle) -> None:
        """Let the next one begin, after the transaction's end."""

    def explain(self, error: Exception) -> FingerprintError:
        """Return what a driver's exception means."""


def database_named(name: str) -> Database:
    """Return a kind of database by SQLAlchemy's name for it."""
    if name not in _CLASSES:
        raise InvalidRequestError(f"{name} is not supported: SQLite, PostgreSQL, MySQL and MariaDB are")
    module, title = _CLASSES[name]
    database: Database = getattr(importlib.import_module(f"holdline_runtime.fingerprint.{module}"), title)()
    return database


def first_line(error: BaseException) -> str:
    """Return what an exception says, in short."""
    text = str(error.args[1] if len(error.args) > 1 and isinstance(error.args[0], int) else error)
    return next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)
