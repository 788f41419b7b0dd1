"""Whether a connection leads to the database that is meant."""

from __future__ import annotations

from typing import Any

from holdline_runtime.fingerprint.errors import (
    CloneError,
    CorruptError,
    EnvironmentMismatchError,
    FingerprintMismatchError,
)
from holdline_runtime.fingerprint.handle import Handle, handle_of
from holdline_runtime.fingerprint.stamp import (
    TABLE,
    Reading,
    Stamp,
    canonical,
    environment_name,
    schema_name,
    stamp_of,
)
from holdline_runtime.fingerprint.watchdog import Watchdog

TIMEOUT = 5.0  # seconds


def verify(
    connection: Any,
    *,
    environment: str,
    fingerprint: str | None = None,
    schema: str = "public",
    timeout: float = TIMEOUT,
) -> Stamp:
    """Return the stamp of the database behind a connection, if it is one of that environment; else raise.

    `connection` is the one that will do the work: a DB-API connection, or a Connection of SQLAlchemy's. It only reads;
    a transaction that the driver begins for that stays open, and is the one to work in. `fingerprint` pins one
    database of the environment, `schema` is PostgreSQL's, `timeout` is in seconds.

    Raises a `FingerprintError` of the class that tells what is wrong.
    """
    return check(handle_of(connection), environment, fingerprint, schema, timeout)


def read(connection: Any, *, schema: str = "public", timeout: float = TIMEOUT) -> Reading:
    """Return the stamp of the database behind a connection, whatever it says, and the origin as it is now."""
    return ask(handle_of(connection), schema, timeout)


def check(
    handle: Handle, environment: str, fingerprint: str | None = None, schema: str = "public", timeout: float = TIMEOUT
) -> Stamp:
    """As `verify`, for a handle."""
    wanted = environment_name(environment)
    pinned = None if fingerprint is None else canonical(fingerprint)
    reading = ask(handle, schema, timeout)
    stamp = reading.stamp
    if stamp.environment != wanted:
        raise EnvironmentMismatchError(
            f"this is a database of {stamp.environment}, and {wanted} was asked for: "
            "look at the URL and at the environment that you meant; nothing was changed"
        )
    if pinned not in (None, stamp.fingerprint):
        raise FingerprintMismatchError(
            f"this database of {wanted} has the fingerprint {stamp.fingerprint}, and {pinned} was asked for: "
            "it is another one"
        )
    _check_origin(reading)
    return stamp


def ask(handle: Handle, schema: str, timeout: float) -> Reading:
    """As `read`, for a handle."""
    name = schema_name(schema)
    handle.watchdog = Watchdog(handle.connection, timeout)
    with handle.watchdog, handle.database.patience(handle, timeout):
        return current(handle, name)


def current(handle: Handle, schema: str) -> Reading:
    """Read the table, without a limit in time."""
    handle.database.find(handle, schema)
    stamp = stamp_of(*handle.table(handle.database.content(schema)))
    return Reading(stamp, handle.database.origin(handle))


def _check_origin(reading: Reading) -> None:
    written, here = reading.stamp.origin, reading.here
    if written == here:
        return
    if written is None:
        raise CorruptError(f"the row in {TABLE} has no origin, so that copies could not be told: restamp it")
    raise CloneError(
        f"this is a copy of a database of {reading.stamp.environment}: its fingerprint was written for {written}, and "
        f"this is {here}; if the copy is to be used, say what it is with `holdline fingerprint restamp`"
    )
