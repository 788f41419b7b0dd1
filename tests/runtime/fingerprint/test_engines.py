"""Engines of SQLAlchemy: verified when the pool connects, and on the transaction that works."""

from __future__ import annotations

import asyncio
import gc
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from holdline_runtime import fingerprint
from holdline_runtime.fingerprint import (
    EnvironmentMismatchError,
    InvalidRequestError,
    ShadowedError,
    TableMissingError,
    TimedOutError,
    guard,
)

from .conftest import Shop, fails_with

DRIVERS = ["postgresql+psycopg", "postgresql+psycopg2", "postgresql+pg8000"]
ASYNC_DRIVERS = ["postgresql+psycopg", "postgresql+asyncpg"]
ONE = sqlalchemy.text("SELECT 1")
SWITCH = sqlalchemy.text("UPDATE database_metadata SET environment = 'qa'")


def url_of(shop: Shop, driver: str) -> Any:
    if driver.endswith("pg8000"):
        path = shop.server.folder / f".s.PGSQL.{shop.server.port}"
        return sqlalchemy.URL.create(driver, "root", database=shop.name, query={"unix_sock": str(path)})
    return shop.url(driver)


@pytest.fixture(params=["sqlite", *DRIVERS])
def engine(request: pytest.FixtureRequest) -> Iterator[sqlalchemy.Engine]:
    """An engine whose database is one of staging, and not guarded yet."""
    if request.param == "sqlite":
        url = f"sqlite:///{request.getfixturevalue('file')}"
    else:
        url = url_of(request.getfixturevalue("shop"), request.param)
    made = sqlalchemy.create_engine(url)
    with made.connect() as connection:
        fingerprint.init(connection, environment="staging")
        if request.param == "sqlite":
            for name in ("insert", "update", "delete"):  # the tests change the row to see whether that is seen
                connection.exec_driver_sql(f"DROP TRIGGER database_metadata_{name}")
            connection.commit()
    yield made
    made.dispose()


def work(engine: sqlalchemy.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE worked (id integer)"))


def test_the_right_one_works(engine: sqlalchemy.Engine) -> None:
    guard(engine, environment="staging")
    work(engine)
    with engine.connect() as connection:
        assert connection.execute(ONE).scalar() == 1
        connection.commit()
        assert fingerprint.verify(connection, environment="staging")
    with Session(engine) as session:
        assert session.execute(ONE).scalar() == 1
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        assert connection.execute(ONE).scalar() == 1


def test_the_wrong_one_does_no_work_and_leaves_no_connection(engine: sqlalchemy.Engine) -> None:
    guard(engine, environment="qa")
    engine.dispose()
    for _ in range(3):
        fails_with(EnvironmentMismatchError, lambda: work(engine))
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert not sqlalchemy.inspect(sqlalchemy.create_engine(engine.url, poolclass=NullPool)).has_table("worked")


def test_a_connection_from_before_the_guard_is_verified_when_it_begins(engine: sqlalchemy.Engine) -> None:
    guard(engine, environment="qa")  # the pool holds one already
    fails_with(EnvironmentMismatchError, lambda: work(engine))


def test_each_transaction_is_verified(engine: sqlalchemy.Engine) -> None:
    guard(engine, environment="staging")
    with engine.connect() as connection:
        connection.execute(SWITCH)
        connection.commit()
        fails_with(EnvironmentMismatchError, lambda: connection.execute(ONE))
    with Session(engine) as session:
        fails_with(EnvironmentMismatchError, lambda: session.execute(ONE))


def test_a_temporary_table_in_a_pooled_connection_is_seen(engine: sqlalchemy.Engine) -> None:
    guard(engine, environment="staging")
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TEMP TABLE database_metadata (id integer)"))
    fails_with(ShadowedError, lambda: work(engine))


def test_a_file_swapped_under_the_pool_is_seen_at_the_next_connection(tmp_path: Path) -> None:
    for name in ("staging", "qa"):
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            fingerprint.init(connection, environment=name)
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'staging'}", poolclass=NullPool)
    guard(engine, environment="staging")
    work(engine)
    shutil.copy(tmp_path / "qa", tmp_path / "staging")
    fails_with(EnvironmentMismatchError, lambda: work(engine))


def test_what_is_no_engine() -> None:
    fails_with(InvalidRequestError, lambda: guard(object(), environment="staging"), "no engine")
    engine = sqlalchemy.create_engine("sqlite://")
    fails_with(InvalidRequestError, lambda: guard(engine, environment="Staging"))
    fails_with(InvalidRequestError, lambda: fingerprint.verify(engine, environment="staging"), "guard(engine")


async def async_work(engine: AsyncEngine, **options: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(ONE)


def in_loop(engine: AsyncEngine, *works: Any) -> None:
    async def run() -> None:
        try:
            for each in works:
                await each()
        finally:
            await engine.dispose()

    asyncio.run(run())


async def stamp(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.run_sync(fingerprint.init, environment="staging")


def async_engine_of(request: pytest.FixtureRequest, driver: str) -> AsyncEngine:
    if driver == "sqlite":
        return create_async_engine(f"sqlite+aiosqlite:///{request.getfixturevalue('file')}")
    return create_async_engine(request.getfixturevalue("shop").url(driver))


@pytest.mark.parametrize("driver", ["sqlite", *ASYNC_DRIVERS])
def test_asynchronous_engines(request: pytest.FixtureRequest, driver: str) -> None:
    engine = async_engine_of(request, driver)
    in_loop(engine, lambda: stamp(engine))
    guard(engine, environment="staging")

    async def replace() -> None:
        async with engine.connect() as connection:
            found = await connection.run_sync(fingerprint.verify, environment="staging")
            await connection.rollback()
            await connection.run_sync(
                fingerprint.restamp, environment="qa", fingerprint=found.fingerprint, who="Ada", reason="it's %s"
            )

    in_loop(engine, lambda: async_work(engine), lambda: async_work(engine), replace)
    fails_with(EnvironmentMismatchError, lambda: in_loop(engine, lambda: async_work(engine)))


@pytest.mark.parametrize("driver", ["sqlite", *ASYNC_DRIVERS])
def test_an_asynchronous_engine_of_a_database_without_fingerprint(request: pytest.FixtureRequest, driver: str) -> None:
    engine = async_engine_of(request, driver)
    guard(engine, environment="staging")
    fails_with(TableMissingError, lambda: in_loop(engine, lambda: async_work(engine)))


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # what was cut is left to the collector
@pytest.mark.parametrize("driver", ASYNC_DRIVERS)
def test_an_asynchronous_engine_that_waits_for_a_lock(shop: Shop, psycopg_connection: Any, driver: str) -> None:
    fingerprint.init(psycopg_connection, environment="staging")
    psycopg_connection.execute("LOCK TABLE database_metadata IN ACCESS EXCLUSIVE MODE")
    engine = create_async_engine(shop.url(driver))
    guard(engine, environment="staging", timeout=0.5)
    fails_with(TimedOutError, lambda: in_loop(engine, lambda: async_work(engine)))
    gc.collect()


def test_what_needs_sqlalchemy_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    fails_with(fingerprint.DriverMissingError, lambda: guard(object(), environment="staging"), "[database]")
