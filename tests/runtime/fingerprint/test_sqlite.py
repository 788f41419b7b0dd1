"""SQLite: each thing that can be wrong, in real files."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from holdline_runtime import fingerprint
from holdline_runtime.fingerprint import (
    AlreadyStampedError,
    CloneError,
    CorruptError,
    EnvironmentMismatchError,
    FingerprintMismatchError,
    InvalidRequestError,
    NoRowError,
    ReadOnlyError,
    SeveralRowsError,
    ShadowedError,
    TableMissingError,
    TimedOutError,
    UnreachableError,
)

from .conftest import fails_with, race, staging, told

UUID = "5f0c6a52-6c3c-4c6e-9d7c-0c5a2b0f7a10"


def unguarded(
    connection: sqlite3.Connection, rows: str = "", columns: str = "id, environment, fingerprint, origin"
) -> None:
    """A table that somebody made by hand."""
    connection.executescript(f"CREATE TABLE database_metadata ({columns}); {rows}")


def test_what_init_wrote_is_verified(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE orders (id)")
    stamp = fingerprint.init(connection, environment="staging")
    assert stamp.origin is not None
    assert staging(connection) == stamp
    assert staging(connection, fingerprint=stamp.fingerprint.upper()) == stamp
    assert fingerprint.read(connection) == fingerprint.Reading(stamp, stamp.origin)
    assert not connection.in_transaction


def test_each_environment_refuses_the_other(tmp_path: Path) -> None:
    for own, other in (("staging", "qa"), ("qa", "staging")):
        with closing(sqlite3.connect(tmp_path / own)) as connection:
            fingerprint.init(connection, environment=own)
            fails_with(
                EnvironmentMismatchError,
                lambda connection=connection, other=other: fingerprint.verify(connection, environment=other),  # type: ignore[misc]
                f"a database of {own}, and {other} was asked for",
            )


def test_another_database_of_the_same_environment(connection: sqlite3.Connection) -> None:
    fingerprint.init(connection, environment="staging")
    fails_with(FingerprintMismatchError, lambda: staging(connection, fingerprint=UUID), UUID)


def test_table_missing(connection: sqlite3.Connection) -> None:
    fails_with(TableMissingError, lambda: staging(connection), "no table database_metadata", "fingerprint init")


@pytest.mark.parametrize(
    ("rows", "kind", "words"),
    [
        ("", NoRowError, "has no row"),
        (f"(1, 'staging', '{UUID}', NULL), (2, 'production', '{UUID}', NULL)", SeveralRowsError, "several rows"),
        (f"(2, 'staging', '{UUID}', 'o')", CorruptError, "id"),
        (f"(1, NULL, '{UUID}', 'o')", CorruptError, "environment"),
        (f"(1, 'Staging', '{UUID}', 'o')", CorruptError, "environment"),
        (f"(1, x'ff', '{UUID}', 'o')", CorruptError, "environment"),
        ("(1, 'staging', NULL, 'o')", CorruptError, "UUID"),
        ("(1, 'staging', 'abc', 'o')", CorruptError, "UUID"),
        (f"(1, 'staging', '{UUID.upper()}', 'o')", CorruptError, "UUID"),
        ("(1, 'staging', '00000000-0000-0000-0000-000000000000', 'o')", CorruptError, "UUID"),
        (f"(1, 'staging', '{UUID}', NULL)", CorruptError, "no origin"),
    ],
)
def test_rows_that_are_wrong(
    connection: sqlite3.Connection, rows: str, kind: type[fingerprint.FingerprintError], words: str
) -> None:
    unguarded(connection, f"INSERT INTO database_metadata VALUES {rows};" if rows else "")
    fails_with(kind, lambda: staging(connection), words)


def test_a_table_of_another_shape_is_corrupt(connection: sqlite3.Connection) -> None:
    unguarded(connection, columns="id, environment")
    fails_with(CorruptError, lambda: staging(connection), "no column fingerprint")


def test_a_file_that_is_no_database_is_corrupt(file: Path) -> None:
    file.write_bytes(b"no database at all, but long enough for a header" * 100)
    with closing(sqlite3.connect(file)) as connection:
        fails_with(CorruptError, lambda: staging(connection), "restore")


def test_a_copy_is_a_clone_wherever_it_is_put(connection: sqlite3.Connection, file: Path) -> None:
    fingerprint.init(connection, environment="staging")
    copy = file.with_name("copy.db")
    shutil.copy(file, copy)
    with closing(sqlite3.connect(copy)) as other:
        fails_with(CloneError, lambda: staging(other), "a copy", "restamp")
    connection.close()
    copy.replace(file)  # under the original's name
    with closing(sqlite3.connect(file)) as other:
        fails_with(CloneError, lambda: staging(other))


def test_the_original_may_be_renamed_and_compacted(connection: sqlite3.Connection, file: Path) -> None:
    stamp = fingerprint.init(connection, environment="staging")
    connection.execute("VACUUM")
    connection.close()
    with closing(sqlite3.connect(file.rename(file.with_name("other.db")))) as other:
        assert staging(other) == stamp


def test_a_backup_and_a_dump_are_clones(connection: sqlite3.Connection, tmp_path: Path) -> None:
    fingerprint.init(connection, environment="staging")
    with closing(sqlite3.connect(tmp_path / "backup")) as backup, closing(sqlite3.connect(tmp_path / "dump")) as dump:
        connection.backup(backup)
        dump.executescript("\n".join(connection.iterdump()))
        for copy in (backup, dump):
            fails_with(CloneError, lambda copy=copy: staging(copy))  # type: ignore[misc]


@pytest.mark.parametrize("kind", ["TABLE database_metadata AS SELECT 1", "VIEW Database_Metadata AS SELECT 1"])
def test_a_temporary_table_before_the_real_one(connection: sqlite3.Connection, kind: str) -> None:
    fingerprint.init(connection, environment="qa")
    connection.execute(f"CREATE TEMP {kind} AS id, 'staging' AS environment, '{UUID}' AS fingerprint, 'o' AS origin")
    fails_with(ShadowedError, lambda: staging(connection), "temporary")


def test_a_view_in_place_of_the_table(connection: sqlite3.Connection) -> None:
    connection.execute(
        f"CREATE VIEW database_metadata AS SELECT 1 id, 'staging' environment, '{UUID}' fingerprint, 0 origin"
    )
    fails_with(ShadowedError, lambda: staging(connection), "view")


def test_an_attached_database_proves_nothing(connection: sqlite3.Connection, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "staging.db")) as other:
        fingerprint.init(other, environment="staging")
    connection.execute("ATTACH ? AS other", (str(tmp_path / "staging.db"),))
    fails_with(TableMissingError, lambda: staging(connection))


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT OR REPLACE INTO database_metadata VALUES (1, 'production', '{UUID}', NULL)",
        f"REPLACE INTO database_metadata VALUES (1, 'production', '{UUID}', NULL)",
        f"INSERT INTO database_metadata VALUES (1, 'production', '{UUID}', NULL) ON CONFLICT DO UPDATE SET environment = 'x'",
        "UPDATE database_metadata SET environment = 'production'",
        "UPDATE OR IGNORE database_metadata SET environment = 'production'",
        "UPDATE OR REPLACE database_metadata SET environment = 'production'",
        "DELETE FROM database_metadata",
    ],
)
def test_no_statement_changes_the_row(connection: sqlite3.Connection, statement: str) -> None:
    stamp = fingerprint.init(connection, environment="staging")
    with pytest.raises(sqlite3.IntegrityError, match="restamp"):
        connection.execute(statement)
    connection.rollback()
    assert staging(connection) == stamp


def test_init_says_what_is_wrong_and_changes_nothing(connection: sqlite3.Connection) -> None:
    stamp = fingerprint.init(connection, environment="staging")
    again = lambda: fingerprint.init(connection, environment="qa")  # noqa: E731
    fails_with(AlreadyStampedError, again, stamp.fingerprint, "staging")
    assert staging(connection) == stamp
    connection.executescript("DROP TABLE database_metadata")
    unguarded(connection)
    fails_with(NoRowError, again)
    assert not connection.in_transaction


def test_init_leaves_a_transaction_under_way_alone(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE orders (id)")
    connection.execute("INSERT INTO orders VALUES (1)")
    fails_with(InvalidRequestError, lambda: fingerprint.init(connection, environment="staging"), "under way")
    assert connection.in_transaction
    connection.rollback()
    assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)


def test_the_connections_own_ways_do_not_matter(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.row_factory = lambda cursor, row: {"only": row[0]}
        connection.text_factory = bytes
        stamp = fingerprint.init(connection, environment="staging")
        assert staging(connection) == stamp
    with closing(sqlite3.connect(file)) as connection:
        assert staging(connection) == stamp


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the attribute is new in 3.12")
def test_autocommit_as_of_python_3_12(file: Path) -> None:
    with closing(sqlite3.connect(file, autocommit=True)) as connection:  # type: ignore[call-overload]
        stamp = fingerprint.init(connection, environment="staging")
        assert not connection.in_transaction
    with closing(sqlite3.connect(file)) as connection:
        assert staging(connection) == stamp


def test_read_only(connection: sqlite3.Connection, file: Path) -> None:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as other:
        fails_with(ReadOnlyError, lambda: fingerprint.init(other, environment="staging"))
    stamp = fingerprint.init(connection, environment="staging")
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as other:
        assert staging(other) == stamp


def test_a_lock_that_stays_is_told_within_the_limit(connection: sqlite3.Connection, file: Path) -> None:
    fingerprint.init(connection, environment="staging")
    connection.execute("BEGIN EXCLUSIVE")
    with closing(sqlite3.connect(file, timeout=60)) as other:
        began = time.monotonic()
        fails_with(TimedOutError, lambda: staging(other, timeout=0.5))
        fails_with(TimedOutError, lambda: fingerprint.init(other, environment="qa", timeout=0.5))
        assert time.monotonic() - began < 20
        connection.rollback()
        assert other.execute("PRAGMA busy_timeout").fetchone() == (60_000,)  # as it was
        assert staging(other)


def test_a_closed_connection_is_unreachable(connection: sqlite3.Connection) -> None:
    connection.close()
    fails_with(UnreachableError, lambda: staging(connection), "closed")


def test_a_database_in_memory_has_no_origin() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert fingerprint.init(connection, environment="staging").origin is None
        assert staging(connection)


def test_of_16_at_once_one_stamps(file: Path, connection: sqlite3.Connection) -> None:
    program = (
        "import sqlite3; from holdline_runtime import fingerprint\n"
        "connection = sqlite3.connect(sys.argv[1], timeout=0)\n"
        "try: fingerprint.init(connection, environment='staging', timeout=60); print('stamped')\n"
        "except fingerprint.FingerprintError as error: print(type(error).__name__)"
    )
    assert told(race(program, 16, str(file))) == (1, 15)
    assert staging(connection)


def test_killed_while_it_stamps_it_leaves_nothing(file: Path, connection: sqlite3.Connection) -> None:
    program = (
        "import sqlite3, os, sys; from holdline_runtime import fingerprint\n"
        "from holdline_runtime.fingerprint.sqlite import SQLite\n"
        "SQLite.guard = lambda *_: os.kill(os.getpid(), 9)\n"
        "fingerprint.init(sqlite3.connect(sys.argv[1]), environment='staging')"
    )
    assert subprocess.run([sys.executable, "-c", program, str(file)], check=False).returncode == -9
    fails_with(TableMissingError, lambda: staging(connection))
    assert fingerprint.init(connection, environment="staging")


@pytest.mark.parametrize("name", ["", "Staging", " staging", "stag ing", "staging\n", "1", "x" * 64, "'; --"])
def test_names_that_cannot_be_one(connection: sqlite3.Connection, name: str) -> None:
    for call in (fingerprint.init, fingerprint.verify):
        fails_with(InvalidRequestError, lambda call=call: call(connection, environment=name))  # type: ignore[misc]
    fails_with(InvalidRequestError, lambda: staging(connection, fingerprint=name))
    fails_with(InvalidRequestError, lambda: fingerprint.verify(object(), environment="staging"))
