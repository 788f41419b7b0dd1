"""A provider that is down, slow, huge, somebody else or on another protocol; and a hostile environment."""

from __future__ import annotations

import socket
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from holdline_runtime.ci_guard.fetching import LIMIT, Deadline, FetchError, fetch_json


def failure(url: str, ca_file: str | None, seconds: float = 5.0) -> str:
    with pytest.raises(FetchError) as caught:
        fetch_json(url, Deadline(seconds), ca_file)
    return str(caught.value)


def test_json_is_fetched(issuer: Any) -> None:
    issuer.answers["/x"] = b'{"a": [1]}'
    assert fetch_json(f"{issuer.url}/x", Deadline(5), issuer.ca_file, {"Authorization": "Bearer b"}) == {"a": [1]}
    ((path, headers),) = issuer.asked
    assert (path, headers["Authorization"]) == ("/x", "Bearer b")


@pytest.mark.parametrize(
    "url",
    [
        *("http://localhost/x", "file:///etc/passwd", "ftp://localhost/x", "https:///x", "localhost/x", ""),
        *("https://user:pw@localhost/x", "https://localhost/a b", "https://localhost/\n", "https://[x", "data:,1"),
        *("https://localhost/é", "HTTPX://localhost/"),
    ],
)
def test_only_plain_https(url: str) -> None:
    assert failure(url, None) == "its address is no plain https:// URL"


def test_a_certificate_of_no_known_authority(issuer: Any) -> None:
    issuer.answers["/x"] = b"{}"
    assert "certificate does not verify" in failure(f"{issuer.url}/x", None)
    assert issuer.asked == []


def test_a_certificate_for_another_name(issuer: Any) -> None:
    url = issuer.url.replace("localhost", "127.0.0.1")
    assert "certificate does not verify" in failure(f"{url}/x", issuer.ca_file)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_the_environment_names_no_authorities(issuer: Any, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, issuer.ca_file if variable.endswith("FILE") else issuer.ca_file.rpartition("/")[0])
    assert "certificate does not verify" in failure(f"{issuer.url}/x", None)


def test_a_proxy_of_the_environment_cannot_stand_in_for_the_provider(
    issuer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would have to speak TLS with a certificate for that name."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert "no answer within" in failure("https://issuer.example/x", issuer.ca_file, 0.3)
        proxy.settimeout(5)
        connection, _ = proxy.accept()
        with connection:
            assert connection.recv(100).startswith(b"CONNECT issuer.example:443")


def test_authorities_that_cannot_be_read(issuer: Any) -> None:
    assert "authorities cannot be read" in failure(f"{issuer.url}/x", f"{issuer.ca_file}.missing")


def test_nobody_there(issuer: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert "refused" in failure(f"https://localhost:{port}/x", issuer.ca_file)


def test_a_status_that_is_no_answer(issuer: Any) -> None:
    assert failure(f"{issuer.url}/none", issuer.ca_file) == "the answer is 404"


def test_redirects_are_not_followed(issuer: Any) -> None:
    def redirect(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/y")
        handler.end_headers()

    issuer.answers.update({"/x": redirect, "/y": b"{}"})
    assert failure(f"{issuer.url}/x", issuer.ca_file) == "the answer is 302"
    assert [path for path, _ in issuer.asked] == ["/x"]


def _silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(2)


def _trickling_head(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for at in range(40):
        handler.wfile.write(b"X-%d: y\r\n" % at)
        time.sleep(0.05)


def _trickling_body(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b" ")
        time.sleep(0.05)


@pytest.mark.parametrize("answer", [_silent, _trickling_head, _trickling_body])
def test_time_is_bounded_whatever_comes(issuer: Any, answer: Any) -> None:
    issuer.answers["/x"] = answer
    start = time.monotonic()
    assert failure(f"{issuer.url}/x", issuer.ca_file, 0.3) == "no answer within 0.3 s"
    assert time.monotonic() - start < 1.5


def test_a_server_that_speaks_no_tls(issuer: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        start = time.monotonic()
        assert "no answer within" in failure(f"https://localhost:{server.getsockname()[1]}/", issuer.ca_file, 0.3)
    assert time.monotonic() - start < 1.5


def test_size_is_bounded(issuer: Any) -> None:
    sent: list[int] = []

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while sum(sent) < 64 * LIMIT:
            sent.append(handler.wfile.write(b" " * 65536))

    issuer.answers["/x"] = endless
    assert "larger than 256 KiB" in failure(f"{issuer.url}/x", issuer.ca_file, 10)
    assert sum(sent) < 64 * LIMIT


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 100_000, b'{"a": NaN'])
def test_what_is_no_json(issuer: Any, body: bytes) -> None:
    issuer.answers["/x"] = body
    assert failure(f"{issuer.url}/x", issuer.ca_file) == "it is no JSON"


def test_the_time_for_all_is_up(issuer: Any) -> None:
    deadline = Deadline(0.01)
    time.sleep(0.02)
    assert deadline.remaining() == 0
    with pytest.raises(FetchError, match="no answer"):
        fetch_json(f"{issuer.url}/x", deadline, issuer.ca_file)
