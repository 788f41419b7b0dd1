"""HTTP: a page that answers, by its status code."""

from __future__ import annotations

import re
import ssl
from http import HTTPStatus
from urllib.parse import urlsplit

from holdline_runtime.services.connection import Connection, Deadline
from holdline_runtime.services.endpoint import Endpoint, from_url
from holdline_runtime.services.outcome import Status, Unavailable, quoted

_LIMIT = 64 * 1024
_BODY_LIMIT = 400
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: ([^\r\n]*))?\r?\n")


def from_text(url: str) -> Endpoint:
    """Read `http://` or `https://`, user-info for basic authentication."""
    tls = url.lower().startswith("https:")
    endpoint = from_url("http", url, port=443 if tls else 80, tls=tls)
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(**{**vars(endpoint), "resource": target, "options": ()})


def ask(endpoint: Endpoint, deadline: Deadline) -> str:
    """GET the page: 2xx and 3xx are available, 401 and 403 unauthorised, 5xx absent, the rest misconfigured."""
    context = ssl.create_default_context() if endpoint.tls else None
    status, reason = exchange(endpoint, deadline, endpoint.resource, context)
    said = f"it answers {status} {reason}".rstrip()
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED):
        raise Unavailable(Status.UNAUTHORISED, said)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unavailable(Status.ABSENT, said)
    if status >= HTTPStatus.BAD_REQUEST:
        raise Unavailable(Status.MISCONFIGURED, said)
    return said


def exchange(endpoint: Endpoint, deadline: Deadline, target: str, context: ssl.SSLContext | None) -> tuple[int, str]:
    """Send one GET; return the status code and its reason, or for a refusal the first words of the body."""
    if re.search(r"[^!-~]", target + endpoint.host):
        raise Unavailable(Status.MISCONFIGURED, "its URL has characters that must be encoded")
    with Connection(endpoint, deadline) as connection:
        if context is not None:
            connection.start_tls(context)
        connection.send(_request(endpoint, target))
        head = connection.until(b"\n", _LIMIT)
        line = _STATUS_LINE.fullmatch(head)
        if line is None:
            raise Unavailable(Status.MISCONFIGURED, "what answers does not speak HTTP")
        status, reason = int(line[1]), quoted((line[2] or b"").decode("latin-1"), endpoint.password)
        if status == HTTPStatus.BAD_REQUEST:  # where a server says that it wanted TLS
            while connection.until(b"\n", _LIMIT).strip():
                pass
            body = connection.up_to(_BODY_LIMIT).decode("utf-8", "replace")
            reason = quoted(body, endpoint.password) or reason
        return status, reason


def _request(endpoint: Endpoint, target: str) -> bytes:
    lines = [f"GET {target} HTTP/1.1", f"Host: {'localhost' if endpoint.socket else endpoint.label}"]
    lines += ["User-Agent: holdline-probe", "Accept: */*", "Connection: close"]
    if endpoint.user is not None:
        import base64

        pair = f"{endpoint.user}:{endpoint.password or ''}".encode(errors="surrogateescape")
        lines.append(f"Authorization: Basic {base64.b64encode(pair).decode()}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")
