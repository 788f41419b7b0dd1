"""Real servers on loopback, started for the tests and stopped after them, and small ones of our own that misbehave."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from holdline_runtime.services import cache

from ..servers import PASSWORD, Certificate, Postgres, free_port, program  # noqa: TID252  # the fixtures of all runtime tests

__all__ = ["PASSWORD", "Certificate", "Postgres", "free_port", "program"]

Handler = Callable[[socket.socket], None]

VARIABLES = (
    *("DATABASE_URL", "REDIS_URL", "PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSSLMODE"),
    *("PGSSLROOTCERT", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"),
)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of one's own, and none of the variables that point at services of this machine."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    cache.forget()


@dataclass(frozen=True)
class Redis:
    """A server that wants a password, has a user `alice` and one without rights, TLS and a Unix socket."""

    port: int
    tls_port: int
    socket: Path
    open_port: int

    def url(self, user: str = "", password: str = PASSWORD, path: str = "/0") -> str:
        return f"redis://{user}:{password}@localhost:{self.port}{path}"


@pytest.fixture(scope="session")
def redis(certificate: Certificate) -> Iterator[Redis]:
    server = program("redis-server", "redis-server")
    folder = Path(tempfile.mkdtemp(prefix="holdline-redis-", dir="/tmp"))
    made = Redis(free_port(), free_port(), folder / "s", free_port())
    guarded = f"""\
port {made.port}
tls-port {made.tls_port}
tls-cert-file {certificate.cert}
tls-key-file {certificate.key}
tls-auth-clients no
unixsocket {made.socket}
requirepass {PASSWORD}
user alice on >{PASSWORD} ~* +@all
user mute on >{PASSWORD} ~* -@all +auth
"""
    common = f'bind 127.0.0.1\nsave ""\ndir {folder}\n'
    processes = [
        subprocess.Popen([server, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) for _ in range(2)
    ]
    try:
        for process, text in zip(processes, (guarded, f"port {made.open_port}\n"), strict=True):
            assert process.stdin is not None
            process.stdin.write(text + common)
            process.stdin.close()
        for port in (made.port, made.tls_port, made.open_port):
            wait_for(port)
        yield made
    finally:
        for process in processes:
            process.terminate()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(port: int) -> None:
    """Wait until somebody listens, 20 seconds at most."""
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise AssertionError(f"nothing listens on port {port}")


@dataclass
class Served:
    """A small server of ours: its address, and how often it was asked."""

    port: int
    connections: int = 0


Serve = Callable[..., Served]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(handler)` hands each connection on a free port to the handler; `path=` makes it a Unix socket."""
    with _serving() as go:
        yield go


@contextmanager
def _serving() -> Iterator[Serve]:
    listeners: list[socket.socket] = []

    def go(handler: Handler, path: Path | None = None) -> Served:
        if path is None:
            listener = socket.create_server(("127.0.0.1", 0))
            served = Served(listener.getsockname()[1])
        else:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            listener.listen()
            served = Served(0)
        listeners.append(listener)

        def handle(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                handler(connection)

        def accept() -> None:
            with suppress(OSError):  # closed when the test is over
                while True:
                    connection, _ = listener.accept()
                    served.connections += 1
                    threading.Thread(target=handle, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return served

    yield go
    for listener in listeners:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def answers(data: bytes) -> Handler:
    """A handler that reads once, answers and hangs up."""

    def handler(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(data)

    return handler


def silent(connection: socket.socket) -> None:
    """A black hole: takes what comes and says nothing, until the other side gives up."""
    while connection.recv(4096):
        pass


def trickling(connection: socket.socket) -> None:
    """One byte at a time, each sooner than a time limit for one read would notice."""
    for _ in range(200):
        connection.sendall(b"H")
        time.sleep(0.05)
