"""Addresses of remotes: what may be shown of them."""

from __future__ import annotations

import re
import urllib.parse
from pathlib import Path

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
#: Those whose user name is no secret; with the others it may be a token.
_NAMED_USERS = frozenset({"ssh", "git+ssh", "ssh+git"})
_MASK = "***"


def shown(url: str) -> str:
    """The address without what may be secret: passwords, tokens in place of user names, queries.

    >>> shown("https://ann:secret@example.org/shop.git?key=1"), shown("ssh://git:pw@example.org/shop")
    ('https://example.org/shop.git', 'ssh://git@example.org/shop')
    >>> shown("git@example.org:shop.git")
    'git@example.org:shop.git'
    """
    if not _SCHEME.match(url):
        return url
    scheme, _, rest = url.partition("://")
    authority, slash, path = _without_query(rest).partition("/")
    user, _, host = authority.rpartition("@")
    name = user.partition(":")[0] if scheme.lower() in _NAMED_USERS else ""
    return f"{scheme}://{name}{'@' if name else ''}{host}{slash}{path}"


def masked(text: str, url: str) -> str:
    """`text` without whatever is secret in the address.

    >>> masked("fatal: 'https://ann:s3@example.org/': s3 is wrong", "https://ann:s3@example.org/")
    "fatal: 'https://example.org/': *** is wrong"
    """
    if not url or shown(url) == url:
        return text
    text = text.replace(url, shown(url))
    for secret in sorted(_secrets(url), key=len, reverse=True):
        text = text.replace(secret, _MASK)
    return text


def is_local(url: str) -> bool:
    """Whether git takes it for a path: neither `scheme://…` nor `host:path`."""
    return not _SCHEME.match(url) and ":" not in url.partition("/")[0]


def default_name(source: str) -> str:
    """What to call the repository at a path or an address: the last part of it.

    >>> default_name("git@example.org:team/shop.git"), default_name("/srv/shop/")
    ('shop', 'shop')
    """
    return Path(re.split(r"[/:]", shown(source).rstrip("/"))[-1]).name.removesuffix(".git")


def problem_with(url: str) -> str:
    """Why it cannot be the address of a remote; "" where it can. Quotes nothing of it."""
    if url.startswith("-") or "\0" in url or not url.strip() or not (is_local(url) or url.isprintable()):
        return "expected the address of a git remote"
    if _SCHEME.match(url):
        try:
            _ = urllib.parse.urlsplit(url).port  # a password with a raw slash makes nonsense of it
        except ValueError:
            return "expected the address of a git remote; write `/`, `:` and `@` in a password as %2F, %3A and %40"
    return ""


def _secrets(url: str) -> set[str]:
    scheme, _, rest = url.partition("://")
    user = _without_query(rest).partition("/")[0].rpartition("@")[0]
    name, _, password = user.partition(":")
    found = {password, rest[len(_without_query(rest)) :]}
    if scheme.lower() not in _NAMED_USERS and not password:
        found.add(name)
    return {form for secret in found for form in (secret, urllib.parse.unquote(secret)) if form}


def _without_query(rest: str) -> str:
    return re.split(r"[?#]", rest, maxsplit=1)[0]
