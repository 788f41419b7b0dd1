"""SQLite: `main.` against temporary tables, triggers against `INSERT OR REPLACE`, the file as the origin."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from holdline_runtime.fingerprint.databases import first_line
from holdline_runtime.fingerprint.errors import (
    CorruptError,
    FingerprintError,
    InvalidRequestError,
    ReadOnlyError,
    ShadowedError,
    TableMissingError,
    TimedOutError,
    UnreachableError,
)
from holdline_runtime.fingerprint.stamp import TABLE

if TYPE_CHECKING:
    from holdline_runtime.fingerprint.handle import Handle

_REFUSAL = f"{TABLE} is written once: holdline fingerprint restamp changes it, with a reason"
# REPLACE deletes without firing triggers on deletion, but not before those on insertion.
_GUARDS = {
    "insert": f"BEFORE INSERT ON {TABLE} WHEN (SELECT count(*) FROM {TABLE}) > 0",
    "update": f"BEFORE UPDATE ON {TABLE}",
    "delete": f"BEFORE DELETE ON {TABLE}",
}
_ONES = "SELECT type, sql FROM {}.sqlite_master WHERE lower(name) = '" + TABLE + "' AND type IN ('table', 'view')"


class SQLite:
    """See `Database`. There are no schemas: the table is in the file that the connection opened."""

    text_type = "text"
    uuid_type = "text"
    uuid_value = "?"

    def name(self, table: str, schema: str) -> str:
        """Return a table's name in the file itself."""
        return f"main.{table}"

    def find(self, handle: Handle, schema: str) -> None:
        """Raise unless the table is there, an ordinary one, with nothing before it."""
        if handle.rows(_ONES.format("temp")):
            raise ShadowedError(f"a temporary table or view named {TABLE} stands before the real one: find who made it")
        found = handle.rows(_ONES.format("main"))
        if not found:
            raise TableMissingError(
                f"the database has no table {TABLE}: if it is the right one, run `holdline fingerprint init`"
            )
        kind, definition = found[0]
        if _str(kind) != "table" or not _str(definition).upper().startswith("CREATE TABLE"):
            raise ShadowedError(f"{TABLE} is a view or a virtual table: what it shows is not stored there")

    def content(self, schema: str) -> str:
        """Return the query for the rows."""
        return f"SELECT * FROM main.{TABLE} LIMIT 2"

    def origin(self, handle: Handle) -> str | None:
        """Return the file system and the file's number in it: a copy has another. None in memory.

        The path would not do: a copy put in the original's place has the same.
        """
        path = next((_str(file) for _, name, file in handle.rows("PRAGMA database_list") if _str(name) == "main"), "")
        if not path:
            return None
        try:
            return f"sqlite:{os.statvfs(path).f_fsid & 0xFFFFFFFFFFFFFFFF:x}:{os.stat(path).st_ino}"  # noqa: PTH116
        except OSError as error:
            raise UnreachableError(f"the database's file is gone: {error.strerror}") from None

    @contextmanager
    def patience(self, handle: Handle, seconds: float) -> Iterator[None]:
        """Set the time for which SQLite tries again itself: nothing can interrupt it in that."""
        (before,) = handle.rows("PRAGMA busy_timeout")[0]
        handle.rows(f"PRAGMA busy_timeout = {max(1, int(seconds * 1000))}")
        try:
            yield
        finally:
            with suppress(FingerprintError):  # of a connection that is broken
                handle.rows(f"PRAGMA busy_timeout = {before}")

    def begin_writing(self, handle: Handle, seconds: float) -> None:
        """Take the file's lock for writing; others wait for it."""
        if getattr(handle.connection, "in_transaction", False):
            raise InvalidRequestError("the connection has a transaction under way: commit it or roll it back first")
        handle.run("BEGIN IMMEDIATE")

    def guard(self, handle: Handle, schema: str) -> None:
        """Put the triggers there."""
        for name, condition in _GUARDS.items():
            body = f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            handle.run(f"CREATE TRIGGER main.{TABLE}_{name} {condition} {body}")

    def unguard(self, handle: Handle, schema: str) -> None:
        """Take the triggers away."""
        for name in _GUARDS:
            handle.run(f"DROP TRIGGER IF EXISTS main.{TABLE}_{name}")

    def end_writing(self, handle: Handle) -> None:
        """Nothing is left to do: the lock has ended with the transaction."""

    def explain(self, error: Exception) -> FingerprintError:
        """Return what an exception of sqlite3's means."""
        text = first_line(error)
        if "locked" in text or "interrupted" in text:
            return TimedOutError(f"the database is locked by another process, and stayed so: {text}")
        if "readonly" in text:
            return ReadOnlyError(f"the database cannot be written: {text}; stamp it where it can be")
        if "malformed" in text or "not a database" in text:
            return CorruptError(f"the file cannot be read as a database: {text}; restore it")
        return UnreachableError(f"the database cannot be asked: {text}")


def _str(value: object) -> str:
    """Text, whatever `text_factory` the connection has."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")
