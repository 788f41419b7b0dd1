"""PostgreSQL: a log-in by its protocol, version 3, up to the moment the server is ready for queries."""

from __future__ import annotations

import getpass
import ssl
import struct
from collections.abc import Mapping
from pathlib import Path

from holdline_runtime.services.connection import Connection, Deadline
from holdline_runtime.services.endpoint import Endpoint, from_url, scheme_of
from holdline_runtime.services.outcome import Status, Unavailable, quoted
from holdline_runtime.services.postgres_login import Scram, md5_answer

_PORT = 5432
_SOCKETS = Path("/var/run/postgresql")
_PROTOCOL = 196608
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_LARGEST = 64 * 1024
_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_STATUSES = {
    **dict.fromkeys(("28P01", "28000"), Status.UNAUTHORISED),
    **dict.fromkeys(("3D000",), Status.MISCONFIGURED),
    **dict.fromkeys(("57P03", "57P01", "57P02", "53300"), Status.ABSENT),  # starting, stopping, full
}


def from_environment(environ: Mapping[str, str]) -> Endpoint:
    """Find the server: a DATABASE_URL of PostgreSQL's, else the variables of libpq and its defaults."""
    url = environ.get("DATABASE_URL", "")
    if scheme_of(url) in ("postgres", "postgresql"):
        return from_text(url, environ)
    return from_text("postgresql://", environ)


def from_text(url: str, environ: Mapping[str, str]) -> Endpoint:
    """Read `postgresql://…`; what the URL leaves out comes from `PGHOST`, `PGPORT`, `PGUSER`, ….

    As with libpq a host that is a path (also as `?host=`) is the folder of a Unix socket.
    """
    endpoint = from_url("postgres", url, port=0, default_host="")
    given = dict(endpoint.options)
    user = endpoint.user or given.get("user") or environ.get("PGUSER") or _system_user(environ)
    try:
        port = endpoint.port or int(given.get("port") or environ.get("PGPORT") or _PORT)
    except ValueError:
        raise Unavailable(Status.MISCONFIGURED, "PGPORT is not a number") from None
    mode = given.get("sslmode") or environ.get("PGSSLMODE") or "prefer"
    if mode not in _MODES:
        raise Unavailable(Status.MISCONFIGURED, f"sslmode is none of {', '.join(_MODES)}")
    root = given.get("sslrootcert") or environ.get("PGSSLROOTCERT") or ""
    host = endpoint.host or given.get("host") or environ.get("PGHOST") or _default_host(port)
    folder = host.startswith("/")
    return Endpoint(
        "postgres",
        host="" if folder else host,
        port=port,
        socket=f"{host}/.s.PGSQL.{port}" if folder else "",
        user=user,
        password=endpoint.password or given.get("password") or environ.get("PGPASSWORD"),
        resource=endpoint.resource or given.get("dbname") or environ.get("PGDATABASE") or user,
        options=(("sslmode", mode), ("sslrootcert", root)),
    )


def ask(endpoint: Endpoint, deadline: Deadline) -> str:
    """Log in, wait until the server is ready, and leave politely."""
    with Connection(endpoint, deadline) as connection:
        if not endpoint.socket and endpoint.option("sslmode") != "disable":
            _start_tls(connection, endpoint)
        parameters = {"user": endpoint.user or "", "database": endpoint.resource, "application_name": "holdline probe"}
        body = (
            b"".join(f"{key}\0{value}\0".encode(errors="surrogateescape") for key, value in parameters.items()) + b"\0"
        )
        connection.send(struct.pack("!ii", len(body) + 8, _PROTOCOL) + body)
        _log_in(connection, endpoint)
        _send(connection, b"X", b"")
        return "it is ready for queries"


def _log_in(connection: Connection, endpoint: Endpoint) -> None:
    scram: Scram | None = None
    while True:
        kind, body = _receive(connection)
        if kind == b"Z":
            return
        if kind == b"E":
            raise _refusal(body, endpoint)
        if kind != b"R":
            continue  # parameters, notices, the key for cancelling
        method = int.from_bytes(body[:4], "big")
        if method == 10:
            scram = _begin_scram(connection, endpoint, body[4:])
        elif method == 11 and scram is not None:
            _send(connection, b"p", scram.final(body[4:]))
        elif method == 12 and scram is not None:
            scram.check(body[4:])
        elif method == 3:
            _send(connection, b"p", _password(endpoint).encode(errors="surrogateescape") + b"\0")
        elif method == 5:
            _send(connection, b"p", md5_answer(endpoint.user or "", _password(endpoint), body[4:8]) + b"\0")
        elif method != 0:
            raise Unavailable(Status.PROBE_ERROR, "it asks for a way to log in that the probe does not know")


def _begin_scram(connection: Connection, endpoint: Endpoint, mechanisms: bytes) -> Scram:
    if Scram.mechanism not in mechanisms.split(b"\0"):
        raise Unavailable(Status.PROBE_ERROR, "it asks for a way to log in that the probe does not know")
    scram = Scram(_password(endpoint))
    first = scram.first()
    _send(connection, b"p", Scram.mechanism + b"\0" + struct.pack("!i", len(first)) + first)
    return scram


def _password(endpoint: Endpoint) -> str:
    if endpoint.password is None:
        raise Unavailable(Status.UNAUTHORISED, "it asks for a password, and none is configured")
    return endpoint.password


def _start_tls(connection: Connection, endpoint: Endpoint) -> None:
    mode = endpoint.option("sslmode")
    connection.send(_SSL_REQUEST)
    answer = connection.exactly(1)
    if answer == b"S":
        connection.start_tls(_tls(mode, endpoint.option("sslrootcert")))
    elif answer != b"N":
        raise Unavailable(Status.MISCONFIGURED, "what answers does not speak the protocol of PostgreSQL")
    elif mode not in ("allow", "prefer"):
        raise Unavailable(Status.MISCONFIGURED, f"sslmode is {mode}, but the server has no TLS")


def _tls(mode: str, root: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = mode == "verify-full"
    if mode not in ("verify-ca", "verify-full"):
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        context.load_verify_locations(root or Path.home() / ".postgresql" / "root.crt")
    except (OSError, ssl.SSLError):
        raise Unavailable(Status.MISCONFIGURED, f"sslmode is {mode}, but its sslrootcert cannot be read") from None
    return context


def _send(connection: Connection, kind: bytes, body: bytes) -> None:
    connection.send(kind + struct.pack("!i", len(body) + 4) + body)


def _receive(connection: Connection) -> tuple[bytes, bytes]:
    kind, (length,) = connection.exactly(1), struct.unpack("!i", connection.exactly(4))
    if not 4 <= length <= _LARGEST:
        raise Unavailable(Status.MISCONFIGURED, "what answers does not speak the protocol of PostgreSQL")
    return kind, connection.exactly(length - 4)


def _refusal(body: bytes, endpoint: Endpoint) -> Unavailable:
    fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
    code, message = fields.get(b"C", ""), fields.get(b"M", "")
    status = _STATUSES.get(code, Status.PROBE_ERROR)
    if code == "28000" and ("no encryption" in message or "SSL off" in message):
        status = Status.MISCONFIGURED  # another sslmode might do, another password would not
    return Unavailable(status, quoted(message, endpoint.password) or f"SQLSTATE {code}")


def _system_user(environ: Mapping[str, str]) -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return environ.get("USER", "postgres")


def _default_host(port: int) -> str:
    return str(_SOCKETS) if (_SOCKETS / f".s.PGSQL.{port}").exists() else "localhost"
