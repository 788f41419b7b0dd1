"""Databases by URL: read-only files, drivers, what cannot be reached, and no password in any message."""

from __future__ import annotations

import gc
import socket
import sqlite3
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from holdline_runtime import fingerprint
from holdline_runtime.fingerprint import (
    DriverMissingError,
    FingerprintError,
    InvalidRequestError,
    ReadOnlyError,
    TableMissingError,
    TimedOutError,
    UnreachableError,
)
from holdline_runtime.fingerprint.addresses import address_of
from holdline_runtime.fingerprint.opening import work_on

from .conftest import PASSWORD, MariaDB, Postgres, Shop, fails_with, staging

WRONG = "wr0ngp@ss w0rd"
QUOTED = "wr0ngp%40ss%20w0rd"


def init(connection: Any) -> fingerprint.Stamp:
    return fingerprint.init(connection, environment="staging")


def on(url: str, work: Callable[[Any], Any] = staging, timeout: float = 10) -> Any:
    return work_on(address_of(url), work, write=work is init, timeout=timeout)


def test_a_file_is_opened_read_only_to_verify(file: Path) -> None:
    url = f"sqlite:///{file}"
    fails_with(ReadOnlyError, lambda: work_on(address_of(url), init, write=False, timeout=5))
    stamp = on(url, init)
    assert on(url) == stamp
    file.chmod(0o444)
    assert on(url) == stamp


def test_a_file_in_use_is_verified_meanwhile(file: Path, connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    stamp = init(connection)
    connection.execute("CREATE TABLE orders (id)")
    connection.execute("INSERT INTO orders VALUES (1)")
    assert on(f"sqlite:///{file}") == stamp


def test_a_file_that_is_not_there_stays_so(tmp_path: Path) -> None:
    for work in (staging, init):
        fails_with(UnreachableError, lambda work=work: on(f"sqlite:///{tmp_path}/none.db", work), "no such file")  # type: ignore[misc]
    assert list(tmp_path.iterdir()) == []
    fails_with(UnreachableError, lambda: on(f"sqlite:///{tmp_path}"))
    for url in (
        "sqlite:///:memory:",
        "sqlite://",
        f"sqlite:///{tmp_path}/none.db?timeout=3",
        f"sqlite:///file:{tmp_path}/n?uri=1",
    ):
        fails_with(InvalidRequestError, lambda url=url: on(url))  # type: ignore[misc]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "driver", ["postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg2", "postgresql+psycopg_async"]
)
def test_postgresql_by_whatever_driver(shop: Shop, driver: str) -> None:
    stamp = on(shop.url(driver), init)
    assert on(shop.url(driver)) == stamp


def test_mariadb(mariadb: MariaDB) -> None:
    fails_with(TableMissingError, lambda: on(mariadb.url("mysql").replace("/shop?", "/information_schema?")))


def test_asynchronous_sqlite(file: Path) -> None:
    assert on(f"sqlite+aiosqlite:///{file}", init) == on(f"sqlite:///{file}")


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # drivers that are refused leave their sockets to the collector
@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "pg8000", "asyncpg"])
def test_a_password_is_in_no_message(postgres: Postgres, driver: str) -> None:
    scheme = f"postgresql+{driver}"
    right = postgres.url("scram", query="").replace("postgresql", scheme, 1)
    fails_with(TableMissingError, lambda: on(right), "postgresql+", "/scram")
    for url in (
        right.replace(PASSWORD, QUOTED),
        right.replace("/scram", "/nowhere"),
        right.replace("localhost", "nowhere.invalid").replace(PASSWORD, QUOTED),
        right.replace(str(postgres.port), "1"),
    ):
        with pytest.raises(FingerprintError) as caught:
            on(url)
        assert type(caught.value) is UnreachableError, repr(caught.value)
        told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
        for secret in (PASSWORD, WRONG, QUOTED):
            assert f":{secret}" not in told
            assert secret not in told.replace("scram", "")
        del caught
    gc.collect()


def test_a_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        url = f"postgresql+psycopg://ada:{PASSWORD}@127.0.0.1:{silent.getsockname()[1]}/shop"
        fails_with(TimedOutError, lambda: on(url, timeout=0.5), "0.5 s")
        assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("nosuchthing://host/db", InvalidRequestError),
        ("mssql+pyodbc://host/db", InvalidRequestError),
        ("postgresql://host:port/db", InvalidRequestError),
        ("mysql+mysqlconnector://host/db", DriverMissingError),
    ],
)
def test_what_cannot_be_opened(url: str, kind: type[FingerprintError]) -> None:
    fails_with(kind, lambda: on(url))


def test_without_sqlalchemy_files_are_no_matter(file: Path) -> None:
    program = (
        "import sys; sys.modules['sqlalchemy'] = None\n"
        "from holdline.cli import main\n"
        "codes = [main(['fingerprint', *sys.argv[1:3], '--environment', 'staging', '--url', url]) for url in sys.argv[3:]]\n"
        "print([*map(int, codes)])"
    )
    command = [sys.executable, "-c", program, "-q", "init", f"sqlite:///{file}", "postgresql://host/db"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[0, 2]\n"
    assert "[database]" in done.stderr
    with closing(sqlite3.connect(file)) as connection:
        assert staging(connection)
