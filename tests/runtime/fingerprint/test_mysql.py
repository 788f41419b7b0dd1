"""MariaDB, a real one, through PyMySQL and SQLAlchemy. Copies cannot be told there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pymysql
import pymysql.cursors
import pytest
import sqlalchemy

from holdline_runtime import fingerprint
from holdline_runtime.fingerprint import (
    AlreadyStampedError,
    EnvironmentMismatchError,
    InvalidRequestError,
    NoRowError,
    ShadowedError,
    TableMissingError,
    TimedOutError,
)

from .conftest import PASSWORD, MariaDB, fails_with, race, staging, told

TABLES = "DROP TABLE IF EXISTS database_metadata, database_metadata_log, worked"


def connect(mariadb: MariaDB, **options: Any) -> Any:
    given = {"user": "shop", "password": PASSWORD, "database": "shop", **options}
    return pymysql.connect(unix_socket=str(mariadb.socket), **given)


@pytest.fixture
def connection(mariadb: MariaDB) -> Iterator[Any]:
    with closing(connect(mariadb, cursorclass=pymysql.cursors.DictCursor)) as made:
        made.cursor().execute(TABLES)
        yield made


def test_written_verified_and_replaced(connection: Any) -> None:
    fails_with(TableMissingError, lambda: staging(connection))
    stamp = fingerprint.init(connection, environment="qa")
    assert stamp.origin is None
    fails_with(AlreadyStampedError, lambda: fingerprint.init(connection, environment="staging"), stamp.fingerprint)
    fails_with(EnvironmentMismatchError, lambda: staging(connection))
    options = {"fingerprint": stamp.fingerprint, "who": "Ada", "reason": "it's %s \\ ?"}
    new = fingerprint.restamp(connection, environment="staging", **options)
    connection.rollback()
    assert staging(connection) == new
    cursor = connection.cursor()
    cursor.execute("SELECT reason FROM database_metadata_log")
    assert cursor.fetchall() == [{"reason": "it's %s \\ ?"}]


def test_no_row_and_a_temporary_table_that_even_a_qualified_name_means(connection: Any) -> None:
    fingerprint.init(connection, environment="staging")
    connection.cursor().execute("CREATE TEMPORARY TABLE database_metadata (id integer)")
    fails_with(ShadowedError, lambda: staging(connection))
    connection.cursor().execute("DROP TEMPORARY TABLE database_metadata")
    connection.cursor().execute("DELETE FROM database_metadata")
    fails_with(NoRowError, lambda: staging(connection))


def test_no_database_chosen(mariadb: MariaDB) -> None:
    with closing(connect(mariadb, database=None)) as made:
        fails_with(InvalidRequestError, lambda: staging(made), "no database")


def test_of_16_at_once_one_stamps(mariadb: MariaDB, connection: Any) -> None:
    program = (
        "import pymysql; from holdline_runtime import fingerprint\n"
        "connection = pymysql.connect(unix_socket=sys.argv[1], user='shop', password=sys.argv[2], database='shop')\n"
        "try: fingerprint.init(connection, environment='staging', timeout=60); print('stamped')\n"
        "except fingerprint.FingerprintError as error: print(type(error).__name__)"
    )
    assert told(race(program, 16, str(mariadb.socket), PASSWORD)) == (1, 15)
    assert staging(connection)


def test_a_lock_ends_the_connection(mariadb: MariaDB, connection: Any) -> None:
    fingerprint.init(connection, environment="staging")
    with closing(connect(mariadb)) as other:
        other.cursor().execute("LOCK TABLES database_metadata WRITE")
        fails_with(TimedOutError, lambda: staging(connection, timeout=0.5))
    connection.close = lambda: None  # it is broken already, and says so


def test_an_engine(mariadb: MariaDB, connection: Any) -> None:
    fingerprint.init(connection, environment="qa")
    engine = sqlalchemy.create_engine(mariadb.url())
    fingerprint.guard(engine, environment="staging")

    def work() -> None:
        with engine.begin() as made:
            made.execute(sqlalchemy.text("CREATE TABLE worked (id integer)"))

    fails_with(EnvironmentMismatchError, work)
    assert not sqlalchemy.inspect(sqlalchemy.create_engine(mariadb.url("mariadb+pymysql"))).has_table("worked")
