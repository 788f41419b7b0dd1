"""What becomes of a test whose service is not there: skipped, or failed where that would hide something."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_ENTRY = re.compile(r"(?P<service>\S+)\s+until\s+(?P<expires>\d{4}-\d{2}-\d{2})\s*:\s*(?P<reason>\S.*)")
_NOT_CI = {"", "0", "false", "no", "off"}
# One service, two spellings, in URLs too.
_SPELLINGS = {"postgresql": "postgres"}


class Allowance(NamedTuple):
    """A service that CI may lack for now: until the end of that day, for that reason."""

    service: str
    expires: datetime.date
    reason: str


class Verdict(NamedTuple):
    """Whether the test fails or is skipped, and the words for it."""

    fails: bool
    text: str


class EntryError(ValueError):
    """An entry of the allow-list cannot be read; one line that says what is expected."""


def is_ci(environ: Mapping[str, str]) -> bool:
    """Tell whether `CI` is claimed. Anything that does not say no is a yes: it is the stricter side."""
    return environ.get("CI", "").strip().lower() not in _NOT_CI


def called(service: str) -> str:
    """Return the one name of a service in settings and reports: of a URL scheme and host, without its secrets."""
    from urllib.parse import urlsplit

    scheme, is_url, _ = service.partition("://")
    name = _SPELLINGS.get(scheme, scheme)
    if not is_url:
        return name
    try:
        return f"{name}://{urlsplit(service).hostname}"
    except ValueError:  # brackets that are no address
        return f"{name}://"


def read_allowances(lines: Iterable[str]) -> dict[str, Allowance]:
    """Read lines such as `docker until 2026-12-31: the runner has no engine (issue 12)`."""
    allowances = {}
    for line in lines:
        entry = _ENTRY.fullmatch(line.strip())
        try:
            if entry is None:
                raise ValueError
            expires = datetime.date.fromisoformat(entry["expires"])
        except ValueError:
            raise EntryError(f"{line.strip()!r}: expected SERVICE until YYYY-MM-DD: REASON") from None
        service = called(entry["service"])
        allowances[service] = Allowance(service, expires, entry["reason"])
    return allowances


def judge(
    service: str, cause: str, *, ci: bool, optional: bool, allowance: Allowance | None, today: datetime.date
) -> Verdict:
    """Decide on a test whose service is not available; `cause` is the probe's answer in words.

    On a developer's machine it is skipped. In CI it fails, unless the service is optional for the test and an entry
    of the allow-list, with an expiry that has not passed, says that CI may do without.
    """
    if not ci:
        return Verdict(False, cause)
    if not optional:
        return Verdict(True, f"{cause}; it is required, and CI has to provide it")
    if allowance is None:
        return Verdict(True, f"{cause}; it is optional, but holdline_optional_services has no entry for {service}")
    if today > allowance.expires:
        return Verdict(True, f"{cause}; it was optional until {allowance.expires}: {allowance.reason}")
    return Verdict(False, f"{cause}; CI may lack it until {allowance.expires}: {allowance.reason}")
