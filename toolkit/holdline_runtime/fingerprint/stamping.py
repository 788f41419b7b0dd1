"""Writing the fingerprint: once, and afterwards only by comparing and swapping, on record."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

from holdline_runtime.fingerprint.errors import (
    AlreadyStampedError,
    CorruptError,
    FingerprintError,
    InvalidRequestError,
    StaleError,
    TableMissingError,
)
from holdline_runtime.fingerprint.handle import Handle, handle_of
from holdline_runtime.fingerprint.production import require_ci_for
from holdline_runtime.fingerprint.stamp import LOG, TABLE, Stamp, canonical, environment_name, schema_name
from holdline_runtime.fingerprint.verifying import current
from holdline_runtime.fingerprint.watchdog import Watchdog

TIMEOUT = 30.0  # seconds; for many that begin at once each waits for those before it


def init(connection: Any, *, environment: str, schema: str = "public", timeout: float = TIMEOUT) -> Stamp:
    """Give a database its fingerprint, and return it. The table must not be there yet; what else is, stays.

    `connection` must have no transaction under way; this one's is committed. `schema` is PostgreSQL's, `timeout` is in
    seconds. Production can be stamped in CI only. Raises AlreadyStampedError where the table is there and sound, and
    what is wrong with it otherwise.
    """
    handle, name = handle_of(connection), environment_name(environment)
    require_ci_for(name)
    with _writing(handle, schema_name(schema), timeout):
        try:
            found = current(handle, schema).stamp
        except TableMissingError:
            pass
        else:
            raise AlreadyStampedError(
                f"the database has a fingerprint already: {found.fingerprint} of {found.environment}; "
                "nothing was changed (restamp changes it)"
            )
        return _create(handle, schema, Stamp(name, str(uuid.uuid4()), handle.database.origin(handle)))


def restamp(
    connection: Any,
    *,
    environment: str,
    fingerprint: str,
    who: str,
    reason: str,
    schema: str = "public",
    timeout: float = TIMEOUT,
) -> Stamp:
    """Give a database a new fingerprint and environment in place of the `fingerprint` it has, and return them.

    `who` does it and the `reason` are recorded in `database_metadata_log`, in the same transaction. For the rest see
    `init`. Raises StaleError where the database has another fingerprint.
    """
    handle, name, old = handle_of(connection), environment_name(environment), canonical(fingerprint)
    if not who.strip() or not reason.strip():
        raise InvalidRequestError("a fingerprint is changed by somebody and for a reason: say who, and which")
    with _writing(handle, schema_name(schema), timeout):
        found = current(handle, schema).stamp
        require_ci_for(name, found.environment)
        if found.fingerprint != old:
            raise StaleError(f"the database has the fingerprint {found.fingerprint}, not {old}: nothing was changed")
        stamp = Stamp(name, str(uuid.uuid4()), handle.database.origin(handle))
        _swap(handle, schema, found, stamp, who.strip(), reason.strip())
        return _reread(handle, schema, stamp)


@contextlib.contextmanager
def _writing(handle: Handle, schema: str, timeout: float) -> Iterator[None]:
    """A transaction with nobody beside it; rolled back by whatever is raised in it."""
    connection, database = handle.connection, handle.database
    automatic = getattr(connection, "autocommit", False) is True
    if automatic and database.uuid_type == "uuid":
        connection.autocommit = False
    handle.watchdog = Watchdog(connection, timeout)
    try:
        with handle.watchdog, database.patience(handle, timeout):
            database.begin_writing(handle, timeout)
            try:
                yield
                handle.commit()
            except BaseException:
                with contextlib.suppress(FingerprintError):  # of a connection that is broken
                    handle.rollback()
                raise
            finally:
                with contextlib.suppress(FingerprintError):
                    database.end_writing(handle)
    finally:
        if automatic and database.uuid_type == "uuid":
            with contextlib.suppress(Exception):
                connection.rollback()
                connection.autocommit = True


def _create(handle: Handle, schema: str, stamp: Stamp) -> Stamp:
    database = handle.database
    text, table = database.text_type, database.name(TABLE, schema)
    handle.run(
        f"CREATE TABLE {table} (id integer NOT NULL PRIMARY KEY CHECK (id = 1), "
        f"environment {text} NOT NULL, fingerprint {database.uuid_type} NOT NULL, origin {text})"
    )
    handle.run(
        f"INSERT INTO {table} (id, environment, fingerprint, origin) VALUES (1, ?, {database.uuid_value}, ?)",
        *(stamp.environment, stamp.fingerprint, stamp.origin),
    )
    database.guard(handle, schema)
    return _reread(handle, schema, stamp)


def _swap(handle: Handle, schema: str, old: Stamp, new: Stamp, who: str, reason: str) -> None:
    database = handle.database
    text, table, log = database.text_type, database.name(TABLE, schema), database.name(LOG, schema)
    columns = ("environment", "fingerprint", "origin")
    types = f"environment {text}, fingerprint {text}, origin {text}"
    handle.run(
        f"CREATE TABLE IF NOT EXISTS {log} (at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, who {text} NOT NULL, "
        f"reason {text} NOT NULL, old_{types.replace(', ', ', old_')}, {types})"
    )
    database.unguard(handle, schema)
    changed = handle.run(
        f"UPDATE {table} SET environment = ?, fingerprint = {database.uuid_value}, origin = ? "
        f"WHERE id = 1 AND fingerprint = {database.uuid_value}",
        *(new.environment, new.fingerprint, new.origin, old.fingerprint),
    )
    if changed != 1:
        raise StaleError(f"the fingerprint {old.fingerprint} was replaced meanwhile: nothing was changed")
    database.guard(handle, schema)
    names = ", ".join([*(f"old_{column}" for column in columns), *columns])
    handle.run(
        f"INSERT INTO {log} (who, reason, {names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(who, reason, old.environment, old.fingerprint, old.origin),
        *(new.environment, new.fingerprint, new.origin),
    )


def _reread(handle: Handle, schema: str, written: Stamp) -> Stamp:
    found = current(handle, schema).stamp
    if found != written:
        raise CorruptError(f"the database did not keep what was written to {TABLE}: a trigger or a rule changes it")
    return found
