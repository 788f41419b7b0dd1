"""Real servers on loopback, started for the tests and stopped after them, and small ones of our own that misbehave."""

from __future__ import annotations

import os
import pwd
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

from holdline_runtime import get_env
from holdline_runtime.services import cache

Handler = Callable[[socket.socket], None]

PASSWORD = "geheim"
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


def program(name: str, package: str, folders: str = "") -> str:
    """Find a server's program. Without it tests are skipped; where CI runs they fail, as it has to install it."""
    beside = sorted(Path("/usr/lib").glob(folders)) if folders else []
    found = next((str(path / name) for path in reversed(beside) if (path / name).exists()), shutil.which(name))
    if found is None:
        message = f"{name} is missing: apt-get install {package}"
        if get_env().get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate for localhost, and its key."""

    cert: Path
    key: Path


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    openssl = program("openssl", "openssl")
    folder = tmp_path_factory.mktemp("tls")
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*command, "-out", made.cert, "-keyout", made.key], check=True, capture_output=True)
    return made


@dataclass(frozen=True)
class Postgres:
    """A server whose databases are named after how one logs in: trust, plain, md5, scram, tls (TLS only)."""

    port: int
    folder: Path

    def url(self, database: str, user: str = "scram", password: str | None = PASSWORD, query: str = "") -> str:
        secret = f":{password}" if password is not None else ""
        return f"postgresql://{user}{secret}@localhost:{self.port}/{database}{query}"


_HBA = """\
local all all trust
host trust all samehost trust
host plain all samehost password
host md5 all samehost md5
host scram all samehost scram-sha-256
hostssl tls all samehost scram-sha-256
"""
_ROLES = f"""\
SET password_encryption = 'md5'; CREATE ROLE md5 LOGIN PASSWORD '{PASSWORD}';
SET password_encryption = 'scram-sha-256'; CREATE ROLE scram LOGIN PASSWORD '{PASSWORD}';
CREATE ROLE accents LOGIN PASSWORD 'pässwörd';
CREATE DATABASE trust; CREATE DATABASE plain; CREATE DATABASE md5; CREATE DATABASE scram; CREATE DATABASE tls;
"""


@pytest.fixture(scope="session")
def postgres(certificate: Certificate) -> Iterator[Postgres]:
    """A PostgreSQL of this session's; the server refuses to run as root, so then it runs as `postgres`."""
    initdb = program("initdb", "postgresql", "postgresql/*/bin")
    programs = Path(initdb).parent
    folder = Path(tempfile.mkdtemp(prefix="holdline-pg-", dir="/tmp"))
    owner = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}

    def run(*command: str | Path, text: str = "") -> None:
        subprocess.run(command, cwd=folder, input=text, text=True, check=True, capture_output=True, **owner)  # type: ignore[call-overload]

    for name in ("cert.pem", "key.pem"):
        shutil.copy(certificate.cert.with_name(name), folder / name)
        (folder / name).chmod(0o600)
    if owner:
        account = pwd.getpwnam("postgres")
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.pw_uid, account.pw_gid)
    server = Postgres(free_port(), folder)
    data = folder / "data"
    settings = {
        "port": server.port,
        "listen_addresses": "localhost",
        "unix_socket_directories": folder,
        "ssl": "on",
        "ssl_cert_file": folder / "cert.pem",
        "ssl_key_file": folder / "key.pem",
        "fsync": "off",
    }
    options = " ".join(f"-c {key}={value}" for key, value in settings.items())
    try:
        run(initdb, "--pgdata", data, "--username", "root", "--auth", "trust", "--no-sync", "--encoding", "UTF8")
        run("sh", "-c", f"cat > {data / 'pg_hba.conf'}", text=_HBA)
        run(programs / "pg_ctl", "start", "--wait", "-D", data, "-l", folder / "log", "-o", options)
        run(programs / "psql", "-h", folder, "-p", str(server.port), "-U", "root", "-q", "postgres", text=_ROLES)
        yield server
    finally:
        with suppress(subprocess.CalledProcessError):
            run(programs / "pg_ctl", "stop", "--wait", "-D", data, "-m", "immediate")
        shutil.rmtree(folder, ignore_errors=True)


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
