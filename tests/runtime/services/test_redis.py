"""Redis: a real server with passwords, users and TLS, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from holdline_runtime import patch_env
from holdline_runtime.services import Status, probe

from .conftest import PASSWORD, answers, free_port, silent, trickling

if TYPE_CHECKING:
    from .conftest import Certificate, Redis, Serve


def ask(url: str) -> tuple[Status, str]:
    outcome = probe(url, timeout=5, fresh=True)
    assert outcome.service == "redis"
    assert PASSWORD not in f"{outcome} {outcome!r}"
    return outcome.status, outcome.cause


def test_available(redis: Redis, certificate: Certificate) -> None:
    pong = (Status.AVAILABLE, "it answers PONG")
    assert ask(redis.url()) == pong
    assert ask(redis.url(user="alice")) == pong
    assert ask(redis.url(user="default", path="/3")) == pong
    assert ask(redis.url(path="?db=3")) == pong
    assert ask(f"redis://localhost:{redis.open_port}") == pong
    tls = redis.url().replace("redis://", "rediss://").replace(str(redis.port), str(redis.tls_port))
    assert ask(f"{tls}?ssl_ca_certs={certificate.cert}") == pong
    assert ask(f"{tls}?ssl_cert_reqs=none") == pong


def test_available_by_variables_and_a_unix_socket(redis: Redis) -> None:
    with patch_env(REDIS_URL=redis.url()):
        outcome = probe("redis")
        assert (outcome.status, outcome.endpoint) == (Status.AVAILABLE, f"localhost:{redis.port}")
    with patch_env(CACHE_URL=f"unix://:{PASSWORD}@{redis.socket}?db=1"):
        assert probe("redis", variable="CACHE_URL").status is Status.AVAILABLE


@pytest.mark.parametrize(
    ("user", "password", "path", "status", "cause"),
    [
        ("", "wrong", "/0", Status.UNAUTHORISED, "WRONGPASS"),
        ("alice", "wrong", "/0", Status.UNAUTHORISED, "WRONGPASS"),
        ("nobody", PASSWORD, "/0", Status.UNAUTHORISED, "WRONGPASS"),
        ("", "", "/0", Status.UNAUTHORISED, "NOAUTH"),
        ("mute", PASSWORD, "/0", Status.UNAUTHORISED, "NOPERM"),
        ("", PASSWORD, "/99", Status.MISCONFIGURED, "DB index is out of range"),
        ("", PASSWORD, "/first", Status.MISCONFIGURED, "the database in its URL is not a number"),
    ],
)
def test_refused(redis: Redis, user: str, password: str, path: str, status: Status, cause: str) -> None:
    found, said = ask(redis.url(user, password, path))
    assert found is status
    assert cause in said


def test_a_password_where_the_server_has_none_is_a_setting(redis: Redis) -> None:
    found, said = ask(f"redis://:{PASSWORD}@localhost:{redis.open_port}")
    assert found is Status.MISCONFIGURED
    assert "without any password configured" in said


def test_tls_and_plain_mixed_up(redis: Redis) -> None:
    assert ask(redis.url().replace(str(redis.port), str(redis.tls_port)))[0] is Status.MISCONFIGURED
    waits = probe(redis.url().replace("redis://", "rediss://"), timeout=0.5)  # Redis waits for a line to end
    assert waits.status is Status.TIMED_OUT
    assert waits.cause == "no answer within 0.5 s while setting up TLS: it may speak none"
    found, said = ask(redis.url().replace("redis://", "rediss://").replace(str(redis.port), str(redis.tls_port)))
    assert found is Status.MISCONFIGURED
    assert "self-signed certificate" in said


def test_nobody_there() -> None:
    assert ask(f"redis://localhost:{free_port()}")[0] is Status.ABSENT
    with patch_env(REDIS_URL="unix:///nowhere/at/all"):
        assert probe("redis").cause == "there is no such socket"


def test_a_variable_that_is_not_set_or_no_url() -> None:
    outcome = probe("redis", variable="CACHE_URL")
    assert (outcome.status, outcome.cause) == (Status.MISCONFIGURED, "CACHE_URL is not set")
    for wrong in ("localhost:6379", "redis://localhost:nil", "redis://[::1", "redis://host%00name"):
        with patch_env(CACHE_URL=wrong):
            assert probe("redis", variable="CACHE_URL").status is Status.MISCONFIGURED


@pytest.mark.parametrize(
    ("said", "status", "cause"),
    [
        (b"-LOADING Redis is loading the dataset in memory\r\n", Status.ABSENT, "LOADING Redis is loading"),
        (b"-DENIED Redis is running in protected mode\r\n", Status.UNAUTHORISED, "protected mode"),
        (b"-ERR something new\r\n", Status.PROBE_ERROR, "ERR something new"),
        (b"+OK\r\n", Status.MISCONFIGURED, "what answers is not Redis"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Status.MISCONFIGURED, "does not speak the protocol of Redis"),
        (b"x" * 50_000, Status.MISCONFIGURED, "speaks another protocol"),
        (b"", Status.MISCONFIGURED, "the connection"),
    ],
)
def test_what_a_server_may_say(serve: Serve, said: bytes, status: Status, cause: str) -> None:
    found, words = ask(f"redis://127.0.0.1:{serve(answers(said)).port}")
    assert found is status
    assert cause in words


@pytest.mark.parametrize("handler", [silent, trickling])
def test_a_black_hole_is_given_up_in_time(serve: Serve, handler) -> None:  # type: ignore[no-untyped-def]
    outcome = probe(f"redis://127.0.0.1:{serve(handler).port}", timeout=0.4)
    assert (outcome.status, outcome.cause) == (Status.TIMED_OUT, "no answer within 0.4 s")
    assert 0.3 < outcome.seconds < 2
