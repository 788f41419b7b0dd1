"""SQLAlchemy engines: each connection is verified when the pool makes it, and again when work begins on it."""

from __future__ import annotations

from typing import Any

from holdline_runtime.fingerprint.errors import DriverMissingError, FingerprintError, InvalidRequestError
from holdline_runtime.fingerprint.handle import adapted
from holdline_runtime.fingerprint.stamp import canonical, environment_name, schema_name
from holdline_runtime.fingerprint.verifying import TIMEOUT, check


def guard(
    engine: Any, *, environment: str, fingerprint: str | None = None, schema: str = "public", timeout: float = TIMEOUT
) -> None:
    """Have an engine, or an AsyncEngine, work on a database of that environment only.

    Whoever takes a connection from it gets a `FingerprintError` before any work, if the database is not the one that
    is meant: when the pool connects, and in each transaction, before its first statement. Nothing is asked yet. The
    options are those of `verify`.
    """
    try:
        from sqlalchemy import Engine, event
    except ModuleNotFoundError:
        raise DriverMissingError("to guard an engine needs SQLAlchemy 2: install Holdline with [database]") from None
    target = getattr(engine, "sync_engine", engine)
    if not isinstance(target, Engine):
        raise InvalidRequestError(f"{type(engine).__qualname__} is no engine of SQLAlchemy's; for connections: verify")
    expected = (
        environment_name(environment),
        None if fingerprint is None else canonical(fingerprint),
        schema_name(schema),
        timeout,
    )

    def on_connect(connection: Any, _: object) -> None:
        handle = adapted(connection, target.dialect)
        try:
            check(handle, *expected)
            handle.rollback()
        except FingerprintError:
            connection.close()  # the pool forgets a connection over which a listener raises, without closing it
            raise

    def on_begin(connection: Any, *_: object) -> None:
        check(adapted(connection.connection.dbapi_connection, target.dialect), *expected)

    event.listen(target, "connect", on_connect)
    event.listen(target, "begin", on_begin)
    event.listen(target, "begin_twophase", on_begin)
