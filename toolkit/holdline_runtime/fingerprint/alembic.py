"""For Alembic's env.py: no migration of a database that is not the one meant, and none that touches its fingerprint."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from holdline_runtime.fingerprint.errors import CorruptError, InvalidRequestError
from holdline_runtime.fingerprint.stamp import LOG, TABLE, Stamp
from holdline_runtime.fingerprint.verifying import TIMEOUT, verify


@contextlib.contextmanager
def guard(
    connection: Any,
    *,
    environment: str,
    fingerprint: str | None = None,
    schema: str = "public",
    timeout: float = TIMEOUT,
) -> Iterator[Stamp]:
    """Around `context.run_migrations()`, inside of its transaction: verify before, and that nothing changed after.

    What a migration did to the fingerprint is an error, and rolled back with the rest where the database can do that.
    The options are those of `verify`.
    """
    if connection is None:
        raise InvalidRequestError("an offline migration has no database to verify: guard(…) needs the connection")
    options: dict[str, Any] = {"environment": environment, "schema": schema, "timeout": timeout}
    before = verify(connection, fingerprint=fingerprint, **options)
    yield before
    if verify(connection, **options) != before:
        raise CorruptError(f"a migration changed {TABLE}: migrations must leave it alone")


def include_name(name: str | None, type_: str, _: object = None) -> bool:
    """For `context.configure(include_name=…)`: autogenerate is not to drop tables that no model knows."""
    return type_ != "table" or name not in (TABLE, LOG)
