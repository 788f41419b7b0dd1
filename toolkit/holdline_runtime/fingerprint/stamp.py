"""The one row of `database_metadata`, and what it has to look like."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from holdline_runtime.fingerprint.errors import CorruptError, InvalidRequestError, NoRowError, SeveralRowsError

TABLE = "database_metadata"
LOG = "database_metadata_log"

_ENVIRONMENT = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_SCHEMA = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_NIL = uuid.UUID(int=0)


@dataclass(frozen=True)
class Stamp:
    """Which database this is.

    `fingerprint` is a UUID in its canonical form. `origin` names the place it was written for, None where the kind of
    database has no such name.
    """

    environment: str
    fingerprint: str
    origin: str | None


@dataclass(frozen=True)
class Reading:
    """The stamp that a database holds, and what its origin would be if it were written now."""

    stamp: Stamp
    here: str | None


def environment_name(name: str) -> str:
    """Return the name of an environment as it is, if it can be one: lower case, no blanks."""
    if not _ENVIRONMENT.fullmatch(name):
        raise InvalidRequestError(
            f"{name!r} cannot be the name of an environment: a lower-case letter, then lower-case letters, digits, - "
            "and _, 63 characters at most"
        )
    return name


def schema_name(name: str) -> str:
    """Return the name of a schema as it is, if it needs no quotation marks."""
    if not _SCHEMA.fullmatch(name):
        raise InvalidRequestError(f"{name!r} cannot be a schema's name here: letters, digits and _ only")
    return name


def canonical(fingerprint: str) -> str:
    """Return a fingerprint in the form that databases hold."""
    try:
        return str(uuid.UUID(fingerprint))
    except ValueError:
        raise InvalidRequestError(f"{fingerprint!r} is no fingerprint: it is a UUID") from None


def stamp_of(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Stamp:
    """Return the stamp in a table's content."""
    names = [name.lower() for name in columns]
    if missing := {"id", "environment", "fingerprint", "origin"} - {*names}:
        raise CorruptError(f"{TABLE} has no column {min(missing)}: it was not made by `holdline fingerprint init`")
    if not rows:
        raise NoRowError(
            f"{TABLE} has no row: somebody deleted it, or init was cut short; find out which database this is, then "
            "drop the table and run `holdline fingerprint init`"
        )
    if len(rows) > 1:
        raise SeveralRowsError(f"{TABLE} has several rows: one of them is wrong; find out which, and how it came there")
    row: Mapping[str, Any] = dict(zip(names, rows[0], strict=True))
    environment, origin = _text(row["environment"]), _text(row["origin"])
    if row["id"] != 1:
        raise CorruptError(f"the id in {TABLE} is not 1")
    if environment is None or not _ENVIRONMENT.fullmatch(environment):
        raise CorruptError(f"the environment in {TABLE} is no name of an environment")
    return Stamp(environment, _fingerprint(row["fingerprint"]), origin)


def _fingerprint(value: Any) -> str:
    text = str(_text(value))
    try:
        number = uuid.UUID(text)
    except ValueError:
        number = _NIL
    if number == _NIL or str(number) != text:
        raise CorruptError(f"the fingerprint in {TABLE} is no UUID")
    return text


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
