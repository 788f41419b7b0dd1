"""MySQL and MariaDB. They name nothing that a replica shares and a copy does not: copies cannot be told."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from holdline_runtime.fingerprint.databases import first_line
from holdline_runtime.fingerprint.errors import (
    FingerprintError,
    ForbiddenError,
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

_LOCK = "CONCAT('holdline:', SHA1(DATABASE()))"


class MySQL:
    """See `Database`. The table is in the database that the connection has chosen."""

    text_type = "varchar(255)"
    uuid_type = "char(36)"
    uuid_value = "?"

    def name(self, table: str, schema: str) -> str:
        """Return a table's name; to qualify it would not help against a temporary one."""
        return table

    def find(self, handle: Handle, schema: str) -> None:
        """Raise unless the table is there, an ordinary one, with no temporary one before it."""
        if handle.rows("SELECT DATABASE()")[0][0] is None:
            raise InvalidRequestError("the connection has no database chosen: name it in the URL")
        found = handle.rows(
            "SELECT table_type FROM information_schema.tables "
            f"WHERE table_schema = DATABASE() AND table_name = '{TABLE}'"
        )
        if not found:
            raise TableMissingError(
                f"the database has no table {TABLE}: if it is the right one, run `holdline fingerprint init`"
            )
        definition = str(handle.rows(f"SHOW CREATE TABLE {TABLE}")[0][1])
        if [kind for (kind,) in found] != ["BASE TABLE"] or not definition.startswith("CREATE TABLE"):
            raise ShadowedError(f"a temporary table or a view goes by the name {TABLE}: find who made it")

    def content(self, schema: str) -> str:
        """Return the query for the rows."""
        return f"SELECT * FROM {TABLE} LIMIT 2"

    def origin(self, handle: Handle) -> str | None:
        """Return None: nothing tells a copy."""
        return None

    def patience(self, handle: Handle, seconds: float) -> AbstractContextManager[object]:
        """Leave it to the watchdog, which can cut the connection."""
        return nullcontext()

    def begin_writing(self, handle: Handle, seconds: float) -> None:
        """Wait for a lock by name: no transaction holds the making of a table."""
        if handle.rows("SELECT @@global.read_only")[0][0] not in (0, "OFF"):
            raise ReadOnlyError("the server takes no writes (read_only): stamp the primary, and its replicas have it")
        if handle.rows(f"SELECT GET_LOCK({_LOCK}, {max(1, int(seconds))})")[0][0] != 1:
            raise TimedOutError("somebody else is stamping the database and does not come to an end")

    def guard(self, handle: Handle, schema: str) -> None:
        """Leave it to the rights of users: triggers need rights that few have."""

    def unguard(self, handle: Handle, schema: str) -> None:
        """Nothing to take back."""

    def end_writing(self, handle: Handle) -> None:
        """Free the lock."""
        handle.rows(f"SELECT RELEASE_LOCK({_LOCK})")

    def explain(self, error: Exception) -> FingerprintError:
        """Return what a driver's exception means."""
        text = first_line(error)
        if "denied" in text:
            return ForbiddenError(f"the user lacks a right: {text}")
        return UnreachableError(f"the database cannot be asked: {text}")
