"""PostgreSQL: qualified names, row-level security found out, the cluster and database as the origin."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from holdline_runtime.fingerprint.databases import first_line
from holdline_runtime.fingerprint.errors import (
    FingerprintError,
    ForbiddenError,
    ReadOnlyError,
    RowSecurityError,
    ShadowedError,
    TableMissingError,
    TimedOutError,
    UnreachableError,
)
from holdline_runtime.fingerprint.stamp import TABLE

if TYPE_CHECKING:
    from holdline_runtime.fingerprint.handle import Handle

_LOCK = 0x686F6C646C696E65  # "holdline"; one for each database of a cluster, as advisory locks are
# No statement here fails over what it looks for: that would spoil the transaction which is to do the work.
_FIND = f"""\
SELECT c.relkind::text, pg_catalog.row_security_active(c.oid),
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = '{{}}' AND c.relname = '{TABLE}'"""
_SURROUNDINGS = f"""\
SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class
               WHERE relname = '{TABLE}' AND relnamespace = pg_catalog.pg_my_temp_schema()),
       pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')"""
_ORIGIN = """\
SELECT (SELECT system_identifier::text FROM pg_catalog.pg_control_system()),
       (SELECT oid::text FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())"""


class PostgreSQL:
    """See `Database`."""

    text_type = "text"
    uuid_type = "uuid"
    uuid_value = "CAST(? AS uuid)"

    def name(self, table: str, schema: str) -> str:
        """Return a table's name with its schema."""
        return f'"{schema}".{table}'

    def find(self, handle: Handle, schema: str) -> None:
        """Raise unless the table is there, an ordinary one, to be read in full, with nothing before it."""
        shadowed, may_identify = handle.rows(_SURROUNDINGS)[0]
        if shadowed:
            raise ShadowedError(f"a temporary table or view named {TABLE} stands before the real one: find who made it")
        found = handle.rows(_FIND.format(schema))
        if not found:
            raise TableMissingError(
                f"the database has no table {schema}.{TABLE}: if it is the right one, run `holdline fingerprint init`"
            )
        kind, filtered, readable = found[0]
        if kind != "r":
            raise ShadowedError(f"{schema}.{TABLE} is no ordinary table: what it shows is not stored there")
        if not readable:
            raise ForbiddenError(f"the user may not read {schema}.{TABLE}: grant select on it, and usage on the schema")
        if filtered:
            raise RowSecurityError(
                f"row-level security decides what this user sees of {schema}.{TABLE}: "
                "alter table … disable row level security"
            )
        if not may_identify:
            raise ForbiddenError("the user may not execute pg_control_system(), which tells a copy from the original")

    def content(self, schema: str) -> str:
        """Return the query for the rows, without those of tables that inherit from it."""
        return f"SELECT * FROM ONLY {self.name(TABLE, schema)} LIMIT 2"

    def origin(self, handle: Handle) -> str | None:
        """Return the cluster's system identifier and the database's oid: a restored dump has others.

        A replica has the same, and so has a copy of the cluster's files.
        """
        cluster, oid = handle.rows(_ORIGIN)[0]
        return f"postgresql:{cluster}:{oid}"

    def patience(self, handle: Handle, seconds: float) -> AbstractContextManager[object]:
        """Leave it to the watchdog, which can cut the connection."""
        return nullcontext()

    def begin_writing(self, handle: Handle, seconds: float) -> None:
        """Wait for the lock, which the transaction's end frees, and for the database to take writes."""
        in_recovery, read_only = handle.rows(
            "SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only')"
        )[0]
        if in_recovery:
            raise ReadOnlyError("the server is a replica: stamp the primary, and the replica has it too")
        if read_only == "on":
            raise ReadOnlyError("transactions are read-only here (default_transaction_read_only): stamp elsewhere")
        handle.rows(f"SELECT pg_catalog.pg_advisory_xact_lock({_LOCK})::text")

    def guard(self, handle: Handle, schema: str) -> None:
        """Leave it to the rights of users: who owns the table may drop any trigger too."""

    def unguard(self, handle: Handle, schema: str) -> None:
        """Nothing to take back."""

    def end_writing(self, handle: Handle) -> None:
        """Nothing is left to do: the lock has ended with the transaction."""

    def explain(self, error: Exception) -> FingerprintError:
        """Return what a driver's exception means."""
        text = first_line(error)
        if "permission denied" in text:
            return ForbiddenError(f"the user lacks a right: {text}")
        if "canceling statement" in text:
            return TimedOutError(f"the server gave up: {text}; look at what holds a lock, and at the session's limits")
        return UnreachableError(f"the database cannot be asked: {text}")
