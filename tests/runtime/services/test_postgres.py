"""PostgreSQL: every way to log in to a real server, and what it refuses."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from holdline_runtime import patch_env
from holdline_runtime.services import Status, probe
from holdline_runtime.services.postgres_login import Scram

from .conftest import PASSWORD, answers, free_port, silent, trickling

if TYPE_CHECKING:
    from .conftest import Certificate, Postgres, Serve


def ask(url: str) -> tuple[Status, str]:
    outcome = probe(url, timeout=5, fresh=True)
    assert outcome.service == "postgres"
    assert PASSWORD not in f"{outcome} {outcome!r}"
    return outcome.status, outcome.cause


@pytest.mark.parametrize(
    ("database", "user", "password"),
    [
        ("trust", "scram", None),
        ("plain", "scram", PASSWORD),
        ("md5", "md5", PASSWORD),
        ("md5", "scram", PASSWORD),  # the server asks for SCRAM where the stored password is one
        ("scram", "scram", PASSWORD),
        ("scram", "accents", "p%C3%A4ssw%C3%B6rd"),
        ("tls", "scram", PASSWORD),
    ],
)
@pytest.mark.parametrize("mode", ["", "?sslmode=require"])
def test_available(postgres: Postgres, database: str, user: str, password: str | None, mode: str) -> None:
    assert ask(postgres.url(database, user, password, mode)) == (Status.AVAILABLE, "it is ready for queries")


def test_available_without_tls_and_with_a_certificate_that_is_verified(
    postgres: Postgres, certificate: Certificate
) -> None:
    assert ask(postgres.url("scram", query="?sslmode=disable"))[0] is Status.AVAILABLE
    for mode in ("verify-ca", "verify-full"):
        query = f"?sslmode={mode}&sslrootcert={certificate.cert}"
        assert ask(postgres.url("tls", query=query))[0] is Status.AVAILABLE
    assert ask(postgres.url("tls", query=query).replace("localhost", "127.0.0.1"))[0] is Status.MISCONFIGURED


def test_available_by_the_variables_of_libpq_and_a_unix_socket(postgres: Postgres) -> None:
    variables = {"PGHOST": "localhost", "PGPORT": str(postgres.port), "PGUSER": "scram", "PGPASSWORD": PASSWORD}
    with patch_env(variables, PGDATABASE="scram"):
        outcome = probe("postgresql")
        assert (outcome.service, outcome.status) == ("postgres", Status.AVAILABLE)
        assert outcome.endpoint == f"localhost:{postgres.port}"
    with patch_env(PGHOST=str(postgres.folder), PGPORT=str(postgres.port), PGUSER="root", PGDATABASE="trust"):
        assert probe("postgres").status is Status.AVAILABLE
    assert ask(f"postgresql://root@/trust?host={postgres.folder}&port={postgres.port}")[0] is Status.AVAILABLE


def test_a_database_url_comes_first_if_it_is_postgres(postgres: Postgres) -> None:
    url = postgres.url("scram").replace("postgresql://", "postgresql+psycopg://")
    with patch_env(DATABASE_URL=url, PGHOST="localhost", PGPORT="1"):
        assert probe("postgres").status is Status.AVAILABLE
    with patch_env(DATABASE_URL="sqlite:///x.db", PGHOST="localhost", PGPORT=str(free_port())):
        assert probe("postgres").status is Status.ABSENT


@pytest.mark.parametrize(
    ("database", "user", "password", "query", "status", "cause"),
    [
        ("scram", "scram", "wrong", "", Status.UNAUTHORISED, 'password authentication failed for user "scram"'),
        ("md5", "md5", "wrong", "", Status.UNAUTHORISED, 'password authentication failed for user "md5"'),
        ("plain", "scram", "wrong", "", Status.UNAUTHORISED, 'password authentication failed for user "scram"'),
        ("scram", "scram", None, "", Status.UNAUTHORISED, "it asks for a password, and none is configured"),
        ("scram", "nobody", PASSWORD, "", Status.UNAUTHORISED, 'password authentication failed for user "nobody"'),
        ("trust", "nobody", None, "", Status.UNAUTHORISED, 'role "nobody" does not exist'),
        ("postgres", "scram", PASSWORD, "", Status.UNAUTHORISED, "no pg_hba.conf entry for host"),
        ("tls", "scram", PASSWORD, "?sslmode=disable", Status.MISCONFIGURED, "no encryption"),
        ("tls", "scram", PASSWORD, "?sslmode=verify-ca", Status.MISCONFIGURED, "its sslrootcert cannot be read"),
        ("scram", "scram", PASSWORD, "?sslmode=maybe", Status.MISCONFIGURED, "sslmode is none of disable, allow"),
    ],
)
def test_refused(
    postgres: Postgres, database: str, user: str, password: str | None, query: str, status: Status, cause: str
) -> None:
    found, said = ask(postgres.url(database, user, password, query))
    assert found is status
    assert cause in said


def test_a_database_that_is_not_there_is_a_setting(postgres: Postgres) -> None:
    url = f"postgresql://root@/nowhere?host={postgres.folder}&port={postgres.port}"
    assert ask(url) == (Status.MISCONFIGURED, 'database "nowhere" does not exist')


def test_nobody_there(postgres: Postgres) -> None:
    dead = ask(f"postgresql://localhost:{free_port()}/x")
    assert dead == (Status.ABSENT, "nobody listens there (connection refused)")
    assert ask(f"postgresql://root@/x?host={postgres.folder}&port=1") == (Status.ABSENT, "there is no such socket")
    assert ask("postgresql://no-such-host.invalid/x")[0] is Status.ABSENT


@pytest.mark.parametrize("handler", [silent, trickling])
def test_a_black_hole_is_given_up_in_time(serve: Serve, handler) -> None:  # type: ignore[no-untyped-def]
    outcome = probe(f"postgresql://127.0.0.1:{serve(handler).port}/x?sslmode=disable", timeout=0.4)
    if handler is silent:
        assert (outcome.status, outcome.cause) == (Status.TIMED_OUT, "no answer within 0.4 s")
    else:
        assert outcome.status in (Status.TIMED_OUT, Status.MISCONFIGURED)
    assert outcome.seconds < 2


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


@pytest.mark.parametrize(
    ("said", "status", "cause"),
    [
        (message(b"E", b"SFATAL\0C57P03\0Mthe database system is starting up\0\0"), Status.ABSENT, "starting up"),
        (message(b"E", b"C53300\0Msorry, too many clients already\0\0"), Status.ABSENT, "too many clients"),
        (message(b"E", b"CXX000\0M\x1b[31mred\nlines geheim\0\0"), Status.PROBE_ERROR, "[31mred lines <masked>"),
        (message(b"E", b"CXX000\0\0"), Status.PROBE_ERROR, "SQLSTATE XX000"),
        (message(b"R", struct.pack("!i", 7)), Status.PROBE_ERROR, "a way to log in that the probe does not know"),
        (message(b"R", struct.pack("!i", 10) + b"OTHER\0\0"), Status.PROBE_ERROR, "does not know"),
        (message(b"R", b""), Status.MISCONFIGURED, "the connection"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Status.MISCONFIGURED, "does not speak the protocol of PostgreSQL"),
        (b"", Status.MISCONFIGURED, "the connection"),
        (message(b"R", struct.pack("!i", 10) + b"SCRAM-SHA-256\0\0") + message(b"R", struct.pack("!i", 11) + b"r=x"),
         Status.PROBE_ERROR, "its SCRAM challenge cannot be read"),
        (message(b"R", struct.pack("!i", 10) + b"SCRAM-SHA-256\0\0")
         + message(b"R", struct.pack("!i", 11) + b"r=x,s=QUFB,i=4096"), Status.PROBE_ERROR, "not one to answer"),
    ],
)  # fmt: skip
def test_what_a_server_may_say(serve: Serve, said: bytes, status: Status, cause: str) -> None:
    found, words = ask(f"postgresql://me:geheim@127.0.0.1:{serve(answers(said)).port}/x?sslmode=disable")
    assert found is status
    assert cause in words


def test_a_server_without_tls_where_tls_is_required(serve: Serve) -> None:
    port = serve(answers(b"N")).port
    found = ask(f"postgresql://127.0.0.1:{port}/x?sslmode=require")
    assert found == (Status.MISCONFIGURED, "sslmode is require, but the server has no TLS")
    assert ask(f"postgresql://127.0.0.1:{port}/x")[0] is Status.MISCONFIGURED  # goes on without, to no answer


def test_a_server_that_does_not_know_the_password_is_found_out() -> None:
    scram = Scram("pencil", nonce="rOprNGfwEbeRWgbNEkqO")
    assert scram.first() == b"n,,n=,r=rOprNGfwEbeRWgbNEkqO"
    proof = scram.final(b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
    assert proof.startswith(b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=")
    with pytest.raises(Exception, match="did not prove"):
        scram.check(b"v=AAAA")


def test_too_many_rounds_are_not_computed() -> None:
    with pytest.raises(Exception, match="not one to answer"):
        Scram("p", nonce="n").final(b"r=nx,s=QUFB,i=2000000000")
