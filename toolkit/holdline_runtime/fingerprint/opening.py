"""Connections for the command line: opened by URL, with a hard limit in time, and errors without secrets."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from holdline_runtime.fingerprint.addresses import Address
from holdline_runtime.fingerprint.databases import database_named, first_line
from holdline_runtime.fingerprint.errors import (
    DriverMissingError,
    FingerprintError,
    InvalidRequestError,
    TimedOutError,
    UnreachableError,
)

T = TypeVar("T")

_DRIVERS = {
    "postgresql": ("psycopg", "psycopg2", "pg8000", "asyncpg"),
    "mysql": ("MySQLdb", "pymysql"),
    "mariadb": ("MySQLdb", "pymysql"),
}
_DIALECT_NAMES = {"MySQLdb": "mysqldb"}


def work_on(address: Address, work: Callable[[Any], T], *, write: bool, timeout: float) -> T:
    """Return what `work` makes of a connection to a database. SQLite files are opened read-only unless `write`.

    It runs in a thread that is left alone after `timeout` seconds, the connecting included. Raises a
    `FingerprintError` that holds no secret of the URL.
    """
    ended: list[tuple[T | None, BaseException | None]] = []

    def run() -> None:
        try:
            ended.append((_with_connection(address, work, write), None))
        except BaseException as error:  # noqa: BLE001  # it is raised where it is waited for
            ended.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout)
    if not ended:
        raise TimedOutError(f"{address.label} did not answer within {timeout:g} s: look at the network and its load")
    result, error = ended[0]
    if isinstance(error, FingerprintError):
        raise type(error)(f"{address.label}: {address.redacted(str(error))}") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # there is one, or an error


def _with_connection(address: Address, work: Callable[[Any], T], write: bool) -> T:
    if address.file:
        with contextlib.closing(_open_file(address.file, write)) as connection:
            return work(connection)
    if address.url.startswith("sqlite"):
        raise InvalidRequestError("SQLite is asked for as sqlite:///FILE here, without options")
    try:
        import sqlalchemy
        import sqlalchemy.exc
        import sqlalchemy.pool
    except ModuleNotFoundError:
        raise DriverMissingError("this needs SQLAlchemy 2: install Holdline with [database]") from None
    try:
        url = _with_driver(sqlalchemy.make_url(address.url))
        database_named(url.get_backend_name())
        if url.get_dialect().is_async:
            return asyncio.run(_in_loop(url, work))
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
        with engine.connect() as connection:
            return work(connection)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        raise InvalidRequestError("the URL cannot be read") from None
    except ModuleNotFoundError as error:
        raise DriverMissingError(f"the driver's package {error.name} is not installed") from None
    except sqlalchemy.exc.DBAPIError as error:
        raise UnreachableError(f"no connection: {first_line(error.orig or error)}") from None
    except OSError as error:  # asyncpg's way to say that nobody is there
        raise UnreachableError(f"no connection: {error.strerror or error}") from None


async def _in_loop(url: Any, work: Callable[[Any], T]) -> T:
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    async with create_async_engine(url, poolclass=NullPool).connect() as connection:
        return await connection.run_sync(work)


def _with_driver(url: Any) -> Any:
    """Choose a driver that is installed, where the URL names none."""
    backend = url.get_backend_name()
    if "+" in url.drivername or backend not in _DRIVERS:
        return url
    for package in _DRIVERS[backend]:
        if importlib.util.find_spec(package) is not None:
            return url.set(drivername=f"{backend}+{_DIALECT_NAMES.get(package, package)}")
    raise DriverMissingError(f"there is no driver for {backend}: install one of {', '.join(_DRIVERS[backend])}")


def _open_file(path: str, write: bool) -> sqlite3.Connection:
    """Open a file that exists: a mistyped name is not to become an empty database."""
    if path == ":memory:":
        raise InvalidRequestError("a database in memory ends with the command")
    if not os.path.exists(path):  # noqa: PTH110  # as SQLite sees it
        raise UnreachableError("there is no such file; to make a new database, make an empty file first")
    try:
        return sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode={'rw' if write else 'ro'}", uri=True)
    except sqlite3.Error as error:
        raise database_named("sqlite").explain(error) from None
