"""Docker: the engine's `/_ping`, where `DOCKER_HOST`, the current context or the usual socket has it."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote, urlsplit

from holdline_runtime.services import http
from holdline_runtime.services.connection import Deadline
from holdline_runtime.services.endpoint import Endpoint, from_url
from holdline_runtime.services.outcome import Status, Unavailable

_SOCKET = "unix:///var/run/docker.sock"
_PLAIN_PORT, _TLS_PORT = 2375, 2376


def from_environment(environ: Mapping[str, str]) -> Endpoint:
    """Find the engine as Docker's own client does: DOCKER_HOST, DOCKER_CONTEXT, the current context, the socket."""
    host = environ.get("DOCKER_HOST")
    if host:
        return from_text(host, environ)
    folder = _configuration(environ)
    name = environ.get("DOCKER_CONTEXT") or _current_context(folder)
    if name and name != "default":
        return from_text(_context_host(folder, name), environ)
    return from_text(_SOCKET, environ)


def from_text(host: str, environ: Mapping[str, str]) -> Endpoint:
    """Read what DOCKER_HOST holds."""
    scheme, _, rest = host.partition("://")
    if scheme == "unix":
        return Endpoint("docker", socket=unquote(rest))
    if scheme in ("tcp", "http", "https"):
        tls = scheme == "https" or bool(environ.get("DOCKER_TLS_VERIFY") or environ.get("DOCKER_TLS"))
        endpoint = from_url("docker", host, port=_TLS_PORT if tls else _PLAIN_PORT, tls=tls)
        certificates = environ.get("DOCKER_CERT_PATH") or str(_configuration(environ))
        options = (("certificates", certificates), ("verify", environ.get("DOCKER_TLS_VERIFY", ""))) if tls else ()
        return Endpoint(**{**vars(endpoint), "resource": urlsplit(host).path.rstrip("/"), "options": options})
    if scheme in ("ssh", "npipe", "fd"):
        raise Unavailable(Status.PROBE_ERROR, f"an engine behind {scheme}:// cannot be asked from here")
    raise Unavailable(Status.MISCONFIGURED, "DOCKER_HOST is none of unix://, tcp://, http:// and https://")


def ask(endpoint: Endpoint, deadline: Deadline) -> str:
    """Ask the engine whether it is well."""
    context = _tls(endpoint) if endpoint.tls else None
    status, reason = http.exchange(endpoint, deadline, f"{endpoint.resource}/_ping", context)
    said = f"the engine answers {status} {reason}".rstrip()
    if status == HTTPStatus.OK:
        return said
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise Unavailable(Status.UNAUTHORISED, said)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unavailable(Status.ABSENT, said)
    raise Unavailable(Status.MISCONFIGURED, said)


def _tls(endpoint: Endpoint) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    folder = Path(endpoint.option("certificates"))
    try:
        if endpoint.option("verify"):
            context.load_verify_locations(folder / "ca.pem")
        else:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if (folder / "cert.pem").exists():
            context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    except (OSError, ssl.SSLError):
        raise Unavailable(Status.MISCONFIGURED, f"the certificates in {folder} cannot be read") from None
    return context


def _configuration(environ: Mapping[str, str]) -> Path:
    if folder := environ.get("DOCKER_CONFIG"):
        return Path(folder)
    return Path(environ.get("HOME") or Path.home()) / ".docker"


def _current_context(folder: Path) -> str:
    try:
        name = json.loads((folder / "config.json").read_bytes()).get("currentContext", "")
    except (OSError, ValueError, AttributeError):  # Docker's client goes on without such a file, too
        return ""
    return name if isinstance(name, str) else ""


def _context_host(folder: Path, name: str) -> str:
    """Return the address of a context, which Docker keeps under the digest of its name."""
    path = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    try:
        return str(json.loads(path.read_bytes())["Endpoints"]["docker"]["Host"])
    except (OSError, ValueError, KeyError, TypeError):
        raise Unavailable(Status.MISCONFIGURED, f"Docker's context {name} has no address") from None
