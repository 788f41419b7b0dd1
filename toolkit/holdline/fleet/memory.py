"""What earlier runs of a fleet found, kept in an SQLite file beside the clones, so that a second run can go on."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from holdline.errors import HoldlineError
from holdline.fleet.values import Job, Outcome, Status

_FILE = "fleet-1.sqlite3"
_SCHEMA = "CREATE TABLE IF NOT EXISTS outcomes (key TEXT PRIMARY KEY, outcome TEXT NOT NULL) WITHOUT ROWID"
_BUSY_SECONDS = 10.0


class Memory:
    """The outcomes of repositories that were brought to an end. Use it as a context manager, from one thread.

    `file` is the list that is worked on, `code` changes with the program: what another version found is not known.
    """

    def __init__(self, work: Path, file: Path, code: str) -> None:
        self._path = work / _FILE
        self._scope = f"{file}\0{code}"

    def __enter__(self) -> Memory:
        with self._reported(), contextlib.ExitStack() as if_it_fails:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
            if_it_fails.callback(self._database.close)
            self._database.execute(_SCHEMA)
            if_it_fails.pop_all()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._database.close()

    def recall(self, job: Job) -> Outcome | None:
        """What came of the same job; None where that is not known, or it failed."""
        with self._reported():
            row = self._database.execute("SELECT outcome FROM outcomes WHERE key = ?", (self._key(job),)).fetchone()
        if row is None:
            return None
        try:
            values = json.loads(row[0])
            return Outcome(**{**values, "status": Status(values["status"])})
        except (ValueError, TypeError, KeyError):
            return None

    def remember(self, job: Job, outcome: Outcome) -> None:
        """Keep an outcome; a failure takes the place of what was known, and is tried again."""
        if outcome.resumed:
            return
        with self._reported():
            if outcome.status is Status.FAILED:
                self._database.execute("DELETE FROM outcomes WHERE key = ?", (self._key(job),))
                return
            value = json.dumps(dataclasses.asdict(outcome))
            self._database.execute("INSERT OR REPLACE INTO outcomes VALUES (?, ?)", (self._key(job), value))

    def _key(self, job: Job) -> str:
        """A digest of all that decides the outcome beside the repository's contents; passwords have no part in it."""
        config = (job.config.name, job.config.contents) if job.config else None
        parts = (self._scope, job.name, job.source, job.ref, job.command, job.arguments, config)
        return hashlib.sha256(repr(parts).encode(errors="surrogatepass")).hexdigest()

    @contextlib.contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise HoldlineError(f"{self._path.parent}: {error.strerror}: name another folder with --work") from None
        except sqlite3.Error as error:
            raise HoldlineError(f"{self._path} cannot be used ({error}): remove it, or name another --work") from None
