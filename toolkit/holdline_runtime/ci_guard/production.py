"""Whether a database URL leads to production."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from urllib.parse import unquote

from holdline_runtime.ci_guard.refusal import CIGuardMisuse, CIGuardRefusal

_NO_HOST = re.compile(r"[^\w.:-]+")


def is_production(url: str, hosts: str | Iterable[str]) -> bool:
    """Tell whether any word of the URL is one of the hosts.

    Words, since a host may stand in many places: behind another one, in the query, as `host=`, percent-encoded. That
    finds one too many rather than one too few.

    >>> is_production("postgresql://u:p@localhost,DB.prod.example:5432/shop", "*.prod.example")
    True
    >>> is_production("host=localhost dbname=shop", ["10.0.0.*", "db.prod.example"])
    False
    """
    patterns = [pattern.lower() for pattern in ((hosts,) if isinstance(hosts, str) else hosts)]
    if not patterns or not all(pattern.strip("*. ") for pattern in patterns):
        raise CIGuardMisuse("production's hosts are to be named")
    if not url.strip():
        raise CIGuardRefusal("there is no database URL", "set it to the database that is meant")
    return any(fnmatchcase(word, pattern) for word in _words(url) for pattern in patterns)


def _words(url: str) -> set[str]:
    found: set[str] = set()
    for text in (url.lower(), unquote(url).lower(), unquote(unquote(url)).lower()):
        for word in _NO_HOST.split(text):
            parts = (word, word.rpartition(":")[0], *word.split(":"))
            found.update(part.rstrip(".") for part in parts)
    return found
