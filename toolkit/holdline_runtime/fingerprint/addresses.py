"""A database's URL: what may be shown of it, and its secrets taken out of what others say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, unquote_plus

from holdline_runtime import names, scrubbing
from holdline_runtime.fingerprint.errors import InvalidRequestError
from holdline_runtime.masking import MASK

_FORM = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9_]*(?:\+[A-Za-z0-9_]+)?)://(?P<rest>.*)", re.DOTALL)
_FILE = re.compile(r"sqlite(?:\+\w+)?:///(?!file:)(?P<path>[^?#]+)")


@dataclass(frozen=True, repr=False)
class Address:
    """A URL that SQLAlchemy can read. `label` is for people: no user, no password, no query."""

    url: str
    label: str
    secrets: tuple[str, ...]

    @property
    def file(self) -> str:
        """The file of a SQLite URL without options, whatever driver it names; "" for any other URL."""
        found = _FILE.fullmatch(self.url)
        return found["path"] if found else ""

    def redacted(self, text: str) -> str:
        """Return what somebody says, without the URL's secrets."""
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return scrubbing.scrub(text)


def address_of(url: str) -> Address:
    """Read a URL. InvalidRequestError, which shows nothing of it, where it cannot be read safely."""
    found = _FORM.fullmatch(url.strip())
    if not found:
        raise InvalidRequestError("the URL cannot be read: it is like postgresql://user:password@host/database")
    scheme, rest = found["scheme"], found["rest"]
    scheme = re.sub(r"^postgres(?=\+|$)", "postgresql", scheme)  # as some providers write it
    if scheme.partition("+")[0] == "sqlite" and rest.startswith("/"):
        return Address(f"{scheme}://{rest}", f"{scheme}://{rest.partition('?')[0]}", _in_query(rest))
    login, at, place = rest.rpartition("@")
    _, colon, password = login.partition(":")
    if re.search(r"[@/?#\s]", login):
        # Else a part of the password would be taken for the host, and be told by those who look for that host.
        raise InvalidRequestError("the URL's user or password has characters that must be percent-encoded: @ / ? # …")
    given = {password, unquote(password), unquote_plus(password)} if colon else set()
    secrets = {*given, *_in_query(place)} - {""}
    label = f"{scheme}://{place.partition('?')[0]}"
    ordered = tuple(sorted(secrets, key=len, reverse=True))
    return Address(f"{scheme}://{login}{at}{place}", label, ordered)


def _in_query(text: str) -> tuple[str, ...]:
    pairs = parse_qsl(text.partition("?")[2])
    return tuple(value for name, value in pairs if value and names.tells_secret(name, "any"))  # even if it is `false`
