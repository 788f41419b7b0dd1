"""Real servers on loopback, as a normal user, started once for the tests and stopped after them."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from holdline_runtime import get_env

PASSWORD = "geheim"


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


def _run_as(user: str, folder: Path, *command: str | Path, text: str = "") -> str:
    """Run a program; not as root, which servers refuse, but as that user instead."""
    other = {"user": user, "group": user} if os.geteuid() == 0 else {}
    done = subprocess.run(command, cwd=folder, input=text, text=True, capture_output=True, **other)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def _give(user: str, *paths: Path) -> None:
    if os.geteuid() == 0:
        account = pwd.getpwnam(user)
        for path in paths:
            os.chown(path, account.pw_uid, account.pw_gid)


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
    programs: Path

    def run(self, *command: str | Path, text: str = "") -> str:
        """Run a program as the server's user; what it prints."""
        return _run_as("postgres", self.folder, *command, text=text)

    def url(self, database: str, user: str = "scram", password: str | None = PASSWORD, query: str = "") -> str:
        secret = f":{password}" if password is not None else ""
        return f"postgresql://{user}{secret}@localhost:{self.port}/{database}{query}"


_HBA = """\
local all all trust
local replication all trust
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
    for name in ("cert.pem", "key.pem"):
        shutil.copy(certificate.cert.with_name(name), folder / name)
        (folder / name).chmod(0o600)
    _give("postgres", folder, *folder.iterdir())
    server = Postgres(free_port(), folder, programs)
    run = server.run
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
        with suppress(AssertionError):
            run(programs / "pg_ctl", "stop", "--wait", "-D", data, "-m", "immediate")
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class MariaDB:
    """A server on a Unix socket, with a database `shop` and the user `shop` who may do anything there."""

    socket: Path

    def url(self, driver: str = "mysql+pymysql") -> str:
        return f"{driver}://shop:{PASSWORD}@localhost/shop?unix_socket={self.socket}"


_SCRIPTS = Path("/usr/share/mysql")
_SHOP = f"""\
CREATE DATABASE shop;
CREATE USER shop@localhost IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON shop.* TO shop@localhost;
"""


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """A MariaDB of this session's; where the tests run as root, it runs as `nobody`."""
    mariadbd = program("mariadbd", "mariadb-server-core", "../sbin")
    folder = Path(tempfile.mkdtemp(prefix="holdline-maria-", dir="/tmp"))
    try:
        (folder / "data").mkdir()
        (folder / "shop.sql").write_text(_SHOP)
        _give("nobody", folder, folder / "data")
        with _mariadb_in(folder, mariadbd) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _mariadb_in(folder: Path, mariadbd: str) -> Iterator[MariaDB]:
    user = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
    common = [mariadbd, "--no-defaults", f"--datadir={folder / 'data'}"]
    # What mariadb-install-db would do, which needs programs of another package.
    scripts = [(_SCRIPTS / f"mysql_{name}.sql").read_text() for name in ("system_tables", "system_tables_data")]
    tables = "\n".join(["CREATE DATABASE mysql;", "USE mysql;", "SET @skip_auth_anonymous = 1;", *scripts])
    subprocess.run(
        [*common, "--bootstrap"], cwd=folder, input=tables, text=True, check=True, capture_output=True, **user
    )  # type: ignore[call-overload]
    made = MariaDB(folder / "s")
    options = [f"--socket={made.socket}", "--skip-networking", f"--init-file={folder / 'shop.sql'}"]
    server = subprocess.Popen([*common, *options], cwd=folder, stderr=subprocess.DEVNULL, **user)  # type: ignore[call-overload]
    try:
        until = time.monotonic() + 60
        while not made.socket.exists():
            assert server.poll() is None, "mariadbd ended"
            assert time.monotonic() < until, "mariadbd does not start"
            time.sleep(0.1)
        yield made
    finally:
        server.kill()
        server.wait()
