"""Redis and its kin: `AUTH`, `SELECT` and `PING` in RESP."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

from holdline_runtime.services.connection import Connection, Deadline
from holdline_runtime.services.endpoint import Endpoint, from_url
from holdline_runtime.services.outcome import Status, Unavailable, quoted

_PORT = 6379
_LIMIT = 16 * 1024
_STATUSES = {
    **dict.fromkeys(("NOAUTH", "WRONGPASS", "NOPERM", "DENIED"), Status.UNAUTHORISED),
    **dict.fromkeys(("LOADING", "MASTERDOWN", "MISCONF", "BUSY"), Status.ABSENT),
}


def from_environment(environ: Mapping[str, str]) -> Endpoint:
    """Find the server: REDIS_URL, else the usual port of this machine."""
    return from_text(environ.get("REDIS_URL") or f"redis://localhost:{_PORT}/0")


def from_text(url: str) -> Endpoint:
    """Read `redis://`, `rediss://` (TLS) or `unix://`; the path, or `db`, is the database's number."""
    scheme = url.partition(":")[0].lower()
    endpoint = from_url("redis", url, port=_PORT, tls=scheme == "rediss")
    if scheme == "unix":
        path = urlsplit(url).path
        endpoint = Endpoint(**{**vars(endpoint), "host": "", "port": 0, "socket": path, "resource": ""})
    elif scheme not in ("redis", "rediss"):
        raise Unavailable(Status.MISCONFIGURED, "its URL is none of redis://, rediss:// and unix://")
    database = endpoint.option("db") or endpoint.resource or "0"
    if not (database.isascii() and database.isdigit()):
        raise Unavailable(Status.MISCONFIGURED, "the database in its URL is not a number")
    return Endpoint(**{**vars(endpoint), "resource": database})


def ask(endpoint: Endpoint, deadline: Deadline) -> str:
    """Authenticate where there is a password, select the database, and wait for PONG."""
    with Connection(endpoint, deadline) as connection:
        if endpoint.tls:
            connection.start_tls(_tls(endpoint))
        if endpoint.password:
            user = [endpoint.user] if endpoint.user else []
            _call(connection, endpoint, "AUTH", *user, endpoint.password)
        if endpoint.resource != "0":
            _call(connection, endpoint, "SELECT", endpoint.resource)
        answer = _call(connection, endpoint, "PING")
        if answer != "PONG":
            raise Unavailable(Status.MISCONFIGURED, "what answers is not Redis")
        return "it answers PONG"


def _call(connection: Connection, endpoint: Endpoint, *words: str) -> str:
    parts = [word.encode(errors="surrogateescape") for word in words]
    connection.send(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
    line = connection.until(b"\n", _LIMIT)
    if not line.endswith(b"\r\n") or line[:1] not in (b"+", b"-"):
        raise Unavailable(Status.MISCONFIGURED, "what answers does not speak the protocol of Redis")
    said = line[1:-2].decode("utf-8", "replace")
    if line.startswith(b"-"):
        # Anything after AUTH or SELECT was refused is about the settings, whatever its words.
        other = Status.PROBE_ERROR if words[0] == "PING" else Status.MISCONFIGURED
        raise Unavailable(_STATUSES.get(said.partition(" ")[0], other), quoted(said, endpoint.password))
    return said


def _tls(endpoint: Endpoint) -> ssl.SSLContext:
    """The context that redis-py's options `ssl_ca_certs` and `ssl_cert_reqs` ask for."""
    authority = endpoint.option("ssl_ca_certs") or None
    try:
        context = ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError):
        raise Unavailable(Status.MISCONFIGURED, f"the certificate {authority} cannot be read") from None
    if endpoint.option("ssl_cert_reqs").lower() == "none":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
