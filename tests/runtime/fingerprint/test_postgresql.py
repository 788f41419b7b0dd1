"""PostgreSQL: each thing that can be wrong, on a real server, through each driver."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from typing import Any

import pytest

from holdline_runtime import fingerprint
from holdline_runtime.fingerprint import (
    AlreadyStampedError,
    CloneError,
    CorruptError,
    EnvironmentMismatchError,
    ForbiddenError,
    InvalidRequestError,
    NoRowError,
    ReadOnlyError,
    RowSecurityError,
    SeveralRowsError,
    ShadowedError,
    StaleError,
    TableMissingError,
    TimedOutError,
    UnreachableError,
)

from .conftest import Shop, fails_with, race, staging, told

UUID = "5f0c6a52-6c3c-4c6e-9d7c-0c5a2b0f7a10"
BARE = "CREATE TABLE database_metadata (id integer, environment text, fingerprint text, origin text);"

Connect = Callable[[], AbstractContextManager[Any]]


def by_psycopg(shop: Shop, user: str = "root") -> Any:
    import psycopg
    from psycopg.rows import dict_row

    return psycopg.connect(shop.dsn(user), row_factory=dict_row)


def by_psycopg2(shop: Shop, user: str = "root") -> Any:
    import psycopg2
    import psycopg2.extras

    return psycopg2.connect(shop.dsn(user), cursor_factory=psycopg2.extras.RealDictCursor)


def by_pg8000(shop: Shop, user: str = "root") -> Any:
    import pg8000.dbapi

    path = shop.server.folder / f".s.PGSQL.{shop.server.port}"
    return pg8000.dbapi.connect(user, unix_sock=str(path), database=shop.name)


@pytest.fixture(params=[by_psycopg, by_psycopg2, by_pg8000])
def connect(request: pytest.FixtureRequest, shop: Shop) -> Connect:
    @contextmanager
    def connected() -> Iterator[Any]:
        made = request.param(shop)
        socket_of_pg8000 = getattr(made, "_usock", None)
        yield made
        with suppress(Exception):  # of those that were broken
            made.close()
        if socket_of_pg8000 is not None and (left := socket_of_pg8000.detach()) >= 0:
            os.close(left)  # it forgets the socket of a connection that broke

    return connected


@pytest.fixture
def reader(shop: Shop) -> Iterator[str]:
    """A user who may read."""
    name = f"reader_{shop.name}"
    shop.psql(f"CREATE ROLE {name} LOGIN;")
    yield name
    shop.psql(f"DROP OWNED BY {name}; DROP ROLE {name};")


@pytest.mark.parametrize("autocommit", [False, True])
def test_written_and_verified_through_each_driver(connect: Connect, autocommit: bool) -> None:
    with connect() as connection:
        connection.autocommit = autocommit
        stamp = fingerprint.init(connection, environment="qa")
        assert connection.autocommit is autocommit
        fails_with(AlreadyStampedError, lambda: fingerprint.init(connection, environment="qa"), stamp.fingerprint)
        fails_with(EnvironmentMismatchError, lambda: staging(connection))
        options: dict[str, str] = {"environment": "staging", "who": "Ada", "reason": "it's %s ? \\"}
        fails_with(StaleError, lambda: fingerprint.restamp(connection, fingerprint=UUID, **options))
        new = fingerprint.restamp(connection, fingerprint=stamp.fingerprint, **options)
        connection.rollback()  # nothing is left to do: it was committed
    with connect() as connection:
        assert staging(connection) == new
        assert new.origin == stamp.origin
        cursor = connection.cursor()
        cursor.execute("SELECT who, reason, old_fingerprint FROM database_metadata_log")
        (row,) = cursor.fetchall()
        assert [*(row.values() if isinstance(row, dict) else row)] == ["Ada", "it's %s ? \\", stamp.fingerprint]


def test_what_is_wrong_leaves_the_transaction_usable(connect: Connect) -> None:
    with connect() as connection:
        fails_with(TableMissingError, lambda: staging(connection), "public.database_metadata")
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        assert len(cursor.fetchall()) == 1


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ("", NoRowError),
        (f"(1, 'staging', '{UUID}', 'o'), (1, 'production', '{UUID}', 'o')", SeveralRowsError),
        (f"(1, 'Staging', '{UUID}', 'o')", CorruptError),
        ("(1, 'staging', 'x', 'o')", CorruptError),
        (f"(2, 'staging', '{UUID}', 'o')", CorruptError),
        (f"(1, 'staging', '{UUID}', NULL)", CorruptError),
        (f"(1, 'staging', '{UUID}', 'o')", CloneError),
    ],
)
def test_rows_that_are_wrong(
    shop: Shop, psycopg_connection: Any, rows: str, kind: type[fingerprint.FingerprintError]
) -> None:
    shop.psql(BARE + (f"INSERT INTO database_metadata VALUES {rows};" if rows else ""))
    fails_with(kind, lambda: staging(psycopg_connection))


def test_rows_of_a_table_that_inherits_do_not_count(shop: Shop, psycopg_connection: Any) -> None:
    shop.psql(
        BARE
        + f"CREATE TABLE child () INHERITS (database_metadata); INSERT INTO child VALUES (1, 'staging', '{UUID}', 'o');"
    )
    fails_with(NoRowError, lambda: staging(psycopg_connection))


def test_a_restored_dump_is_a_clone(shop: Shop, psycopg_connection: Any) -> None:
    stamp = fingerprint.init(psycopg_connection, environment="staging")
    copy = Shop(shop.server, f"{shop.name}_copy")
    shop.psql(f"CREATE DATABASE {copy.name};", "postgres")
    try:
        copy.psql(shop.tool("pg_dump", shop.name))
        with closing(by_psycopg(copy)) as connection:
            fails_with(CloneError, lambda: staging(connection), "copy of a database of staging", "restamp")
            options = {"fingerprint": stamp.fingerprint, "who": "Ada", "reason": "load test"}
            new = fingerprint.restamp(connection, environment="load", **options)
            assert fingerprint.verify(connection, environment="load") == new
        assert staging(psycopg_connection) == stamp
    finally:
        shop.psql(f"DROP DATABASE {copy.name} WITH (FORCE);", "postgres")


def test_a_database_made_from_it_as_a_template_is_a_clone(shop: Shop) -> None:
    with closing(by_psycopg(shop)) as connection:
        fingerprint.init(connection, environment="staging")
    copy = Shop(shop.server, f"{shop.name}_copy")
    shop.psql(f"CREATE DATABASE {copy.name} TEMPLATE {shop.name};", "postgres")
    try:
        with closing(by_psycopg(copy)) as connection:
            fails_with(CloneError, lambda: staging(connection))
    finally:
        shop.psql(f"DROP DATABASE {copy.name} WITH (FORCE);", "postgres")


def test_row_level_security_that_filters(shop: Shop, psycopg_connection: Any, reader: str) -> None:
    stamp = fingerprint.init(psycopg_connection, environment="staging")
    shop.psql(
        f"GRANT SELECT ON database_metadata TO {reader}; ALTER TABLE database_metadata ENABLE ROW LEVEL SECURITY;"
    )
    with closing(by_psycopg(shop, reader)) as connection:
        fails_with(RowSecurityError, lambda: staging(connection), "row-level security")
        shop.psql("CREATE POLICY shown ON database_metadata USING (true);")  # today; it proves nothing
        fails_with(RowSecurityError, lambda: staging(connection))
        shop.psql("ALTER TABLE database_metadata DISABLE ROW LEVEL SECURITY;")
        assert staging(connection) == stamp


def test_rights_that_lack(shop: Shop, psycopg_connection: Any, reader: str) -> None:
    fingerprint.init(psycopg_connection, environment="staging")
    with closing(by_psycopg(shop, reader)) as connection:
        fails_with(ForbiddenError, lambda: staging(connection), "grant select")
        shop.psql(
            f"GRANT SELECT ON database_metadata TO {reader}; REVOKE EXECUTE ON FUNCTION pg_control_system() FROM public;"
        )
        fails_with(ForbiddenError, lambda: staging(connection), "pg_control_system")
        fails_with(
            ForbiddenError, lambda: fingerprint.init(connection, environment="qa", schema="x"), "permission denied"
        )


def test_a_temporary_table_before_the_real_one(shop: Shop, psycopg_connection: Any) -> None:
    fingerprint.init(psycopg_connection, environment="qa")
    psycopg_connection.execute(
        f"CREATE TEMP TABLE database_metadata AS SELECT 1 AS id, 'staging' AS environment, '{UUID}' AS fingerprint"
    )
    fails_with(ShadowedError, lambda: staging(psycopg_connection), "temporary")


@pytest.mark.parametrize("kind", ["VIEW", "MATERIALIZED VIEW"])
def test_a_view_in_place_of_the_table(shop: Shop, psycopg_connection: Any, kind: str) -> None:
    shop.psql(f"CREATE {kind} database_metadata AS SELECT 1 AS id, 'staging' AS environment, '{UUID}' AS fingerprint;")
    fails_with(ShadowedError, lambda: staging(psycopg_connection), "no ordinary table")


def test_the_search_path_does_not_matter(shop: Shop, psycopg_connection: Any) -> None:
    stamp = fingerprint.init(psycopg_connection, environment="staging")
    shop.psql(
        f"CREATE SCHEMA evil; SET search_path = evil; {BARE} INSERT INTO database_metadata VALUES (1, 'qa', '{UUID}', 'o');"
    )
    psycopg_connection.execute("SET search_path = evil, public")
    assert staging(psycopg_connection) == stamp
    fails_with(CloneError, lambda: fingerprint.verify(psycopg_connection, environment="qa", schema="evil"))
    fails_with(InvalidRequestError, lambda: staging(psycopg_connection, schema='evil"; --'))


def test_of_16_at_once_one_stamps(shop: Shop, psycopg_connection: Any) -> None:
    program = (
        "import psycopg; from holdline_runtime import fingerprint\n"
        "connection = psycopg.connect(sys.argv[1])\n"
        "try: fingerprint.init(connection, environment='staging', timeout=60); print('stamped')\n"
        "except fingerprint.FingerprintError as error: print(type(error).__name__)"
    )
    assert told(race(program, 16, shop.dsn())) == (1, 15)
    assert staging(psycopg_connection)


def test_killed_while_it_stamps_it_leaves_nothing(shop: Shop, psycopg_connection: Any) -> None:
    program = (
        "import os, psycopg; from holdline_runtime import fingerprint\n"
        "from holdline_runtime.fingerprint.postgresql import PostgreSQL\n"
        "PostgreSQL.guard = lambda *_: (print('killed', flush=True), os.kill(os.getpid(), 9))\n"
        "fingerprint.init(psycopg.connect(sys.argv[1]), environment='staging')"
    )
    assert race(program, 1, shop.dsn()) == ["killed"]
    fails_with(TableMissingError, lambda: staging(psycopg_connection))
    psycopg_connection.rollback()
    assert fingerprint.init(psycopg_connection, environment="staging")


def test_a_session_that_takes_no_writes(shop: Shop) -> None:
    shop.psql(f"ALTER DATABASE {shop.name} SET default_transaction_read_only = on;")
    with closing(by_psycopg(shop)) as connection:
        fails_with(ReadOnlyError, lambda: fingerprint.init(connection, environment="staging"), "read-only")
        connection.rollback()
        connection.read_only = False
        stamp = fingerprint.init(connection, environment="staging")
    with closing(by_psycopg(shop)) as connection:
        assert staging(connection) == stamp


def test_a_replica_is_verified_and_not_stamped(shop: Shop, psycopg_connection: Any) -> None:
    stamp = fingerprint.init(psycopg_connection, environment="staging")
    server = shop.server
    data, control = server.folder / "replica", server.programs / "pg_ctl"
    shop.tool("pg_basebackup", "-D", data, "-X", "stream", "-R", "--checkpoint=fast")
    options = f"-c port={server.port + 1} -c listen_addresses= -c unix_socket_directories={server.folder}"
    server.run(control, "start", "--wait", "-D", data, "-l", server.folder / "replica.log", "-o", options)
    try:
        import psycopg

        dsn = shop.dsn().replace(f"port={server.port}", f"port={server.port + 1}")
        with closing(psycopg.connect(dsn)) as connection:
            assert staging(connection) == stamp
            swap = {"environment": "qa", "fingerprint": stamp.fingerprint, "who": "Ada", "reason": "why not"}
            connection.rollback()
            fails_with(ReadOnlyError, lambda: fingerprint.init(connection, environment="qa"), "replica", "primary")
            fails_with(ReadOnlyError, lambda: fingerprint.restamp(connection, **swap), "replica")
    finally:
        server.run(control, "stop", "--wait", "-D", data, "-m", "immediate")
        shutil.rmtree(data)


def test_a_lock_ends_the_connection_within_the_limit(connect: Connect, psycopg_connection: Any) -> None:
    fingerprint.init(psycopg_connection, environment="staging")
    with connect() as slow:
        psycopg_connection.execute("LOCK TABLE database_metadata IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        fails_with(TimedOutError, lambda: staging(slow, timeout=0.5), "0.5 s", "lock")
        assert time.monotonic() - began < 20
        psycopg_connection.rollback()
        with pytest.raises(Exception):  # noqa: B017, PT011  # each driver has its own: no work on what is unverified
            slow.cursor().execute("SELECT 1")


def test_the_sessions_own_limit_is_one_too(psycopg_connection: Any, shop: Shop) -> None:
    fingerprint.init(psycopg_connection, environment="staging")
    psycopg_connection.execute("LOCK TABLE database_metadata IN ACCESS EXCLUSIVE MODE")
    with closing(by_psycopg(shop)) as other:
        other.execute("SET lock_timeout = 100")
        fails_with(TimedOutError, lambda: staging(other), "gave up")


def test_a_server_that_falls_silent(shop: Shop) -> None:
    """The network is gone: nothing comes back, not even for a request to cancel."""
    import psycopg

    silent = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as front:

        def pass_on(source: socket.socket, target: socket.socket) -> None:
            with suppress(OSError):
                while data := source.recv(65536):
                    if not silent.is_set():
                        target.sendall(data)

        def serve() -> None:
            client, _ = front.accept()
            back = socket.create_connection(("localhost", shop.server.port))
            threads = [threading.Thread(target=pass_on, args=pair) for pair in ((client, back), (back, client))]
            for thread in threads:
                thread.start()
            threads[0].join()  # until the client hangs up
            back.shutdown(socket.SHUT_RDWR)
            threads[1].join()
            client.close()
            back.close()

        server = threading.Thread(target=serve)
        server.start()
        port = front.getsockname()[1]
        with closing(
            psycopg.connect(f"host=127.0.0.1 port={port} dbname=trust user=scram sslmode=disable")
        ) as connection:
            silent.set()
            fails_with(TimedOutError, lambda: staging(connection, timeout=0.5))
        server.join()


def test_a_connection_that_broke_is_unreachable(connect: Connect, psycopg_connection: Any) -> None:
    with connect() as connection:
        connection.close()
        fails_with(UnreachableError, lambda: staging(connection))


def test_asking_makes_no_errors_in_the_servers_log(shop: Shop, psycopg_connection: Any) -> None:
    log = shop.server.folder / "log"
    before = len(log.read_text())
    fails_with(TableMissingError, lambda: staging(psycopg_connection))
    psycopg_connection.rollback()
    fingerprint.init(psycopg_connection, environment="staging")
    assert staging(psycopg_connection)
    assert "ERROR" not in log.read_text()[before:]
