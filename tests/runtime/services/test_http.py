"""HTTP and plain TCP: a real `http.server`, dead ports and black holes."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from holdline_runtime.services import Status, probe

from .conftest import PASSWORD, answers, free_port, silent, trickling

if TYPE_CHECKING:
    from .conftest import Certificate, Serve


class Pages(BaseHTTPRequestHandler):
    """`/404` answers 404; `/secret` wants a password; anything else is there."""

    def do_GET(self) -> None:
        wanted = f"Basic {base64.b64encode(f'me:{PASSWORD}'.encode()).decode()}"
        if self.path.startswith("/secret"):
            self.send_response(200 if self.headers["Authorization"] == wanted else 401)
        else:
            number = self.path.removeprefix("/").partition("?")[0]
            self.send_response(int(number) if number.isdigit() else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def pages() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "status", "cause"),
    [
        ("", Status.AVAILABLE, "it answers 200 OK"),
        ("/health?deep=1", Status.AVAILABLE, "it answers 200 OK"),
        ("/302", Status.AVAILABLE, "it answers 302 Found"),
        ("/404", Status.MISCONFIGURED, "it answers 404 Not Found"),
        ("/401", Status.UNAUTHORISED, "it answers 401 Unauthorized"),
        ("/403", Status.UNAUTHORISED, "it answers 403 Forbidden"),
        ("/503", Status.ABSENT, "it answers 503 Service Unavailable"),
        ("/secret", Status.UNAUTHORISED, "it answers 401 Unauthorized"),
        ("/two words", Status.MISCONFIGURED, "its URL has characters that must be encoded"),
    ],
)
def test_by_status_code(pages: int, path: str, status: Status, cause: str) -> None:
    outcome = probe(f"http://127.0.0.1:{pages}{path}")
    assert (outcome.service, outcome.status, outcome.cause) == ("http", status, cause)
    assert str(outcome).startswith(f"http at 127.0.0.1:{pages} is {status}: {cause} (")


def test_credentials(pages: int) -> None:
    assert probe(f"http://me:{PASSWORD}@127.0.0.1:{pages}/secret").available
    wrong = probe(f"http://me:{PASSWORD}x@127.0.0.1:{pages}/secret")
    assert wrong.status is Status.UNAUTHORISED
    assert PASSWORD not in f"{wrong} {wrong!r}"


def test_https_with_a_certificate_nobody_knows(serve: Serve, certificate: Certificate) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert, certificate.key)

    def secured(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as stream:
            answers(b"HTTP/1.1 200 OK\r\n\r\n")(stream)

    outcome = probe(f"https://localhost:{serve(secured).port}/")
    assert (outcome.status, outcome.cause) == (Status.MISCONFIGURED, "TLS failed: self-signed certificate")


def test_https_where_plain_http_is_served(pages: int) -> None:
    assert probe(f"https://127.0.0.1:{pages}/").status is Status.MISCONFIGURED


def test_no_http(serve: Serve) -> None:
    assert probe(f"http://127.0.0.1:{serve(answers(b'220 mail ready' + bytes([13, 10]))).port}/").cause == (
        "what answers does not speak HTTP"
    )


@pytest.mark.parametrize("scheme", ["http", "tcp"])
def test_a_dead_port(scheme: str) -> None:
    outcome = probe(f"{scheme}://127.0.0.1:{free_port()}")
    assert (outcome.status, outcome.cause) == (Status.ABSENT, "nobody listens there (connection refused)")


def test_tcp(serve: Serve) -> None:
    served = serve(silent)
    outcome = probe(f"tcp://127.0.0.1:{served.port}")
    assert (outcome.status, outcome.cause) == (Status.AVAILABLE, "it accepts connections")
    assert probe("tcp://127.0.0.1").cause == "its URL has no port"


@pytest.mark.parametrize("handler", [silent, trickling])
def test_a_black_hole_is_given_up_in_time(serve: Serve, handler) -> None:  # type: ignore[no-untyped-def]
    outcome = probe(f"http://127.0.0.1:{serve(handler).port}/", timeout=0.4)
    assert (outcome.status, outcome.cause) == (Status.TIMED_OUT, "no answer within 0.4 s")
    assert 0.3 < outcome.seconds < 2


def test_a_host_that_does_not_answer_at_all() -> None:
    """A full backlog: the system drops what knocks, as a firewall would."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(listener.getsockname())
            outcome = probe(f"tcp://127.0.0.1:{listener.getsockname()[1]}", timeout=0.5)
        finally:
            for filler in fillers:
                filler.close()
    assert (outcome.status, outcome.cause) == (Status.TIMED_OUT, "no answer within 0.5 s")
    assert outcome.seconds < 2


def test_a_name_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: gate.wait(20) and [])
    outcome = probe("tcp://some.host:80", timeout=0.3)
    gate.set()
    assert outcome.status is Status.TIMED_OUT
    assert outcome.seconds < 2


def test_names_that_are_no_hosts() -> None:
    for host in ("no-such-host.invalid", "a" * 70 + ".invalid"):
        outcome = probe(f"tcp://{host}:80")
        assert outcome.status is Status.ABSENT
        assert "host name is not known" in outcome.cause
    assert probe("http://a b/").status is Status.MISCONFIGURED
