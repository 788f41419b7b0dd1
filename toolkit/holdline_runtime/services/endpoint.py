"""Where a service is and with which credentials, read from a URL."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from holdline_runtime.services.outcome import Status, Unavailable


@dataclass(frozen=True)
class Endpoint:
    """An address (`host` and `port`, or a Unix socket's `socket`), and what the protocol needs beyond it.

    `resource` is the protocol's own: a database, a number, a path. `options` are those of the URL or of variables
    (`sslmode`, certificates, …).
    """

    service: str
    host: str = ""
    port: int = 0
    socket: str = ""
    tls: bool = False
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    resource: str = ""
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        parts = (self.host, self.socket, self.user, self.password, self.resource, *map("".join, self.options))
        if any("\0" in part for part in parts if part) or re.search(r"[\x00-\x20\x7f]", self.host):
            raise Unavailable(Status.MISCONFIGURED, "its address or credentials have characters that cannot be there")

    @property
    def label(self) -> str:
        """The address for people: no user, no password, no query."""
        if self.socket:
            return self.socket
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def option(self, name: str, default: str = "") -> str:
        """Return one of the options."""
        return dict(self.options).get(name, default)

    def fingerprint(self) -> str:
        """Return a digest of the address and the credentials, for the cache."""
        parts = (self.service, self.host, self.port, self.socket, self.tls, self.user, self.password)
        return hashlib.sha256(repr((*parts, self.resource, self.options)).encode()).hexdigest()


def from_url(service: str, url: str, *, port: int, default_host: str = "localhost", tls: bool = False) -> Endpoint:
    """Read `scheme://user:password@host:port/resource?options`; Unavailable (misconfigured) where that fails."""
    try:
        parts = urlsplit(url)
        number = parts.port
    except ValueError:
        raise Unavailable(Status.MISCONFIGURED, "its URL cannot be read") from None
    return Endpoint(
        service,
        host=unquote(parts.hostname or default_host),
        port=number if number is not None else port,
        tls=tls,
        user=_decoded(parts.username),
        password=_decoded(parts.password),
        resource=unquote(parts.path.removeprefix("/")),
        options=tuple(parse_qsl(parts.query)),
    )


def from_variable(environ: Mapping[str, str], variable: str) -> str:
    """Return the URL in a variable that must be set."""
    if not environ.get(variable):
        raise Unavailable(Status.MISCONFIGURED, f"{variable} is not set")
    return environ[variable]


def scheme_of(url: str) -> str:
    """Return a URL's scheme in lower case, without a driver (`postgresql+psycopg`)."""
    return url.partition(":")[0].lower().partition("+")[0] if "://" in url else ""


def _decoded(text: str | None) -> str | None:
    return None if text is None else unquote(text)
