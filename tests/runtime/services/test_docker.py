"""Docker: an engine's API on a Unix socket and on TCP, served by the test, and where the engine is looked for."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdline_runtime import patch_env
from holdline_runtime.services import Outcome, Status, is_docker_available, probe
from holdline_runtime.services.docker import from_environment

from .conftest import answers, free_port, silent, trickling

if TYPE_CHECKING:
    from .conftest import Certificate, Serve

OK = b"HTTP/1.1 200 OK\r\nApi-Version: 1.47\r\nContent-Length: 2\r\n\r\nOK"


def engine(connection: socket.socket) -> None:
    """What `GET /_ping` gets from an engine."""
    request = connection.recv(4096)
    known = request.startswith(b"GET /_ping HTTP/1.1\r\nHost: ") and request.endswith(b"\r\n\r\n")
    connection.sendall(OK if known else b"HTTP/1.1 404 Not Found\r\n\r\n")


def ask(host: str, **variables: str) -> Outcome:
    with patch_env(variables, DOCKER_HOST=host):
        return probe("docker", timeout=2, fresh=True)


def test_a_unix_socket(serve: Serve, tmp_path: Path) -> None:
    serve(engine, tmp_path / "docker.sock")
    outcome = ask(f"unix://{tmp_path}/docker.sock")
    assert (outcome.status, outcome.cause) == (Status.AVAILABLE, "the engine answers 200 OK")
    assert outcome.endpoint == f"{tmp_path}/docker.sock"
    with patch_env(DOCKER_HOST=f"unix://{tmp_path}/docker.sock"):
        assert is_docker_available()


def test_tcp(serve: Serve) -> None:
    assert ask(f"tcp://127.0.0.1:{serve(engine).port}").available


def test_tls(serve: Serve, certificate: Certificate, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert, certificate.key)

    def secured(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as stream:
            engine(stream)

    (tmp_path / "ca.pem").write_bytes(certificate.cert.read_bytes())
    host = f"tcp://localhost:{serve(secured).port}"
    assert ask(host, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(tmp_path)).available
    assert ask(host, DOCKER_TLS="1").available
    missing = ask(host, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(tmp_path / "none"))
    assert missing.status is Status.MISCONFIGURED
    assert "cannot be read" in missing.cause
    other_name = ask(host.replace("localhost", "127.0.0.1"), DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(tmp_path))
    assert other_name.status is Status.MISCONFIGURED
    assert ask(host).status is Status.MISCONFIGURED


@pytest.mark.parametrize(
    ("said", "status", "cause"),
    [
        (b"HTTP/1.1 500 Internal Server Error\r\n\r\n", Status.ABSENT, "500 Internal Server Error"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", Status.UNAUTHORISED, "403 Forbidden"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", Status.MISCONFIGURED, "404 Not Found"),
        (
            b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
            Status.MISCONFIGURED,
            "400 Client sent an HTTP request to an HTTPS server.",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Status.MISCONFIGURED, "does not speak HTTP"),
    ],
)
def test_what_an_engine_may_say(serve: Serve, said: bytes, status: Status, cause: str) -> None:
    outcome = ask(f"tcp://127.0.0.1:{serve(answers(said)).port}")
    assert outcome.status is status
    assert cause in outcome.cause


def test_nobody_there(tmp_path: Path) -> None:
    none = ask(f"unix://{tmp_path}/docker.sock")
    assert (none.status, none.cause) == (Status.ABSENT, "there is no such socket")
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "left.sock"))
    left.close()
    assert ask(f"unix://{tmp_path}/left.sock").cause == "nobody listens there (connection refused)"
    assert ask(f"tcp://127.0.0.1:{free_port()}").status is Status.ABSENT
    assert not is_docker_available() or Path("/var/run/docker.sock").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every socket")
def test_a_socket_that_one_may_not_use(serve: Serve, tmp_path: Path) -> None:
    serve(engine, tmp_path / "docker.sock")
    (tmp_path / "docker.sock").chmod(0)
    assert ask(f"unix://{tmp_path}/docker.sock").status is Status.UNAUTHORISED


@pytest.mark.parametrize("handler", [silent, trickling])
def test_a_black_hole_is_given_up_in_time(serve: Serve, handler, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    serve(handler, tmp_path / "docker.sock")
    with patch_env(DOCKER_HOST=f"unix://{tmp_path}/docker.sock"):
        outcome = probe("docker", timeout=0.4)
    assert (outcome.status, outcome.cause) == (Status.TIMED_OUT, "no answer within 0.4 s")
    assert 0.3 < outcome.seconds < 2


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("ssh://me@host", Status.PROBE_ERROR),
        ("npipe:////./pipe/docker_engine", Status.PROBE_ERROR),
        ("localhost:2375", Status.MISCONFIGURED),
        ("tcp://localhost:port", Status.MISCONFIGURED),
    ],
)
def test_addresses_that_cannot_be_asked(host: str, status: Status) -> None:
    assert ask(host).status is status


def test_where_the_engine_is_looked_for(tmp_path: Path) -> None:
    def context(name: str, host: str) -> None:
        folder = tmp_path / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))

    environ = {"DOCKER_CONFIG": str(tmp_path)}
    assert from_environment(environ).socket == "/var/run/docker.sock"
    (tmp_path / "config.json").write_text('{"currentContext": "colima"}')
    context("colima", "unix:///home/me/.colima/docker.sock")
    context("remote", "tcp://build.example:2376")
    assert from_environment(environ).socket == "/home/me/.colima/docker.sock"
    assert from_environment({**environ, "DOCKER_CONTEXT": "remote"}).host == "build.example"
    assert from_environment({**environ, "DOCKER_CONTEXT": "default"}).socket == "/var/run/docker.sock"
    assert from_environment({**environ, "DOCKER_HOST": "tcp://1.2.3.4"}).port == 2375
    with patch_env(environ, DOCKER_CONTEXT="gone"):
        outcome = probe("docker")
    assert (outcome.status, outcome.cause) == (Status.MISCONFIGURED, "Docker's context gone has no address")
    (tmp_path / "config.json").write_text("{broken")
    assert from_environment(environ).socket == "/var/run/docker.sock"
