"""`restamp`: compare and swap, on record; and who may stamp production."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from holdline_runtime import fingerprint, get_env
from holdline_runtime.fingerprint import (
    CloneError,
    EnvironmentMismatchError,
    InvalidRequestError,
    NoRowError,
    StaleError,
)

from .conftest import fails_with, race, staging

LOG = "SELECT who, reason, old_environment, old_fingerprint, old_origin, environment, fingerprint, origin FROM database_metadata_log"
OTHER = "5f0c6a52-6c3c-4c6e-9d7c-0c5a2b0f7a10"


def restamp(connection: Any, old: str, environment: str = "staging", **options: str) -> fingerprint.Stamp:
    given = {"who": "Ada", "reason": "it's a copy; \\ % ? of qa's", **options}
    return fingerprint.restamp(connection, environment=environment, fingerprint=old, **given)


def test_a_copy_gets_a_fingerprint_of_its_own_on_record(connection: sqlite3.Connection, file: Path) -> None:
    old = fingerprint.init(connection, environment="qa")
    shutil.copy(file, file.with_name("copy"))
    with closing(sqlite3.connect(file.with_name("copy"))) as copy:
        new = restamp(copy, old.fingerprint)
        assert staging(copy) == new
        assert new.fingerprint != old.fingerprint
        assert copy.execute(LOG).fetchall() == [
            (
                "Ada",
                "it's a copy; \\ % ? of qa's",
                "qa",
                old.fingerprint,
                old.origin,
                "staging",
                new.fingerprint,
                new.origin,
            )
        ]
        with pytest.raises(sqlite3.IntegrityError):  # the triggers are back
            copy.execute("DELETE FROM database_metadata")
    fails_with(EnvironmentMismatchError, lambda: staging(connection))  # the original is what it was


def test_the_old_fingerprint_must_be_right(connection: sqlite3.Connection) -> None:
    stamp = fingerprint.init(connection, environment="staging")
    fails_with(StaleError, lambda: restamp(connection, OTHER, "qa"), stamp.fingerprint, "nothing was changed")
    assert staging(connection) == stamp
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE '%log'").fetchone() == (0,)


@pytest.mark.parametrize("missing", ["who", "reason"])
def test_somebody_and_a_reason(connection: sqlite3.Connection, missing: str) -> None:
    stamp = fingerprint.init(connection, environment="staging")
    fails_with(InvalidRequestError, lambda: restamp(connection, stamp.fingerprint, **{missing: " "}), "reason")


def test_what_is_broken_is_not_restamped(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE database_metadata (id, environment, fingerprint, origin)")
    fails_with(NoRowError, lambda: restamp(connection, OTHER))


def test_of_8_who_swap_at_once_one_does(connection: sqlite3.Connection, file: Path) -> None:
    old = fingerprint.init(connection, environment="staging")
    program = (
        "import sqlite3; from holdline_runtime import fingerprint\n"
        "try: fingerprint.restamp(sqlite3.connect(sys.argv[1]), environment='qa', fingerprint=sys.argv[2], who='a', reason='b')\n"
        "except fingerprint.StaleError: print('late')\n"
        "else: print('swapped')"
    )
    outcomes = race(program, 8, str(file), old.fingerprint)
    assert sorted(outcomes) == ["late"] * 7 + ["swapped"]
    assert len(connection.execute(LOG).fetchall()) == 1


def in_process(call: str, file: Path, ci: str) -> str:
    """Call in a process of its own that was started with `CI`, and that sets it itself besides; what comes of it."""
    program = (
        "import os, sqlite3, sys; os.environ['CI'] = 'true'; from holdline_runtime import fingerprint\n"
        "connection = sqlite3.connect(sys.argv[1])\n"
        f"try: fingerprint.{call}; print('stamped')\n"
        "except BaseException as error: print(type(error).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(file)],
        env={**get_env(), "CI": ci},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_production_only_where_the_process_was_started_in_ci(file: Path) -> None:
    init = "init(connection, environment='production')"
    for value in ("", "false"):
        assert in_process(init, file, value) == "CIGuardRefusal"
    assert in_process(init, file, "true") == "stamped"


def test_neither_from_nor_to_production_outside_of_ci(connection: sqlite3.Connection, file: Path) -> None:
    swap = "restamp(connection, environment={!r}, fingerprint={!r}, who='Ada', reason='x')"
    old = fingerprint.init(connection, environment="staging").fingerprint
    to = swap.format("production", old)
    assert in_process(to, file, "") == "CIGuardRefusal"
    assert staging(connection).fingerprint == old
    assert in_process(to, file, "true") == "stamped"
    live = fingerprint.verify(connection, environment="production").fingerprint
    back = swap.format("staging", live)
    assert in_process(back, file, "") == "CIGuardRefusal"
    assert fingerprint.verify(connection, environment="production").fingerprint == live


def test_a_clone_of_production_is_told_before_anything_else_is_known(
    connection: sqlite3.Connection, file: Path
) -> None:
    fingerprint.init(connection, environment="staging")
    shutil.copy(file, file.with_name("copy"))
    with closing(sqlite3.connect(file.with_name("copy"))) as copy:
        fails_with(CloneError, lambda: staging(copy))
        reading = fingerprint.read(copy)
        assert reading.here != reading.stamp.origin
