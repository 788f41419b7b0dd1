"""The journal's SQLite files: their tables, how they are opened and locked, what is said when they fail."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from holdline.errors import HoldlineError
from holdline.writing import flush_folder

_SCHEMA_VERSION = 1
_SCHEMA = (
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        started TEXT NOT NULL,
        finished TEXT,
        command TEXT NOT NULL,
        head TEXT,
        root BLOB NOT NULL,
        worktree BLOB NOT NULL,
        status TEXT NOT NULL,
        counts TEXT NOT NULL DEFAULT '{}')""",
    """CREATE TABLE writes (
        run INTEGER NOT NULL REFERENCES runs (id),
        path BLOB NOT NULL,
        original TEXT NOT NULL,
        before TEXT NOT NULL,
        after TEXT NOT NULL,
        fixed INTEGER NOT NULL,
        remaining INTEGER NOT NULL,
        state TEXT NOT NULL,
        PRIMARY KEY (run, path)) WITHOUT ROWID""",
    "CREATE TABLE holder (id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER NOT NULL, since TEXT NOT NULL)",
    f"PRAGMA user_version = {_SCHEMA_VERSION}",
)
_RUNS = "runs.sqlite3"
_LOCK = "lock.sqlite3"
_BUSY_SECONDS = 10.0  # how long to wait for another process's short transaction


class JournalError(HoldlineError):
    """The journal cannot be read or written; the message names its file and what to do."""


def has_runs(folder: Path) -> bool:
    """Whether there is a database of runs in `folder`."""
    return (folder / _RUNS).exists()


def open_runs(folder: Path) -> sqlite3.Connection:
    """The database of runs in `folder`, made (like the folder) if there is none.

    Its commits are on the disk when they return: SQLite's default, stated because undo rests on it. Until a commit
    others can read, however much it is about to write.
    """
    with reported(folder):
        folder.mkdir(exist_ok=True)
        flush_folder(folder.parent)
        database = sqlite3.connect(folder / _RUNS, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            database.execute("PRAGMA synchronous = FULL")
            database.execute("PRAGMA cache_spill = OFF")  # to spill what does not fit it would lock readers out
            _prepare(folder, database)
        except BaseException:
            database.close()
            raise
    return database


def hold_lock(folder: Path) -> sqlite3.Connection | None:
    """The repository's lock, held until the connection is closed or the process dies; None if another has it.

    A database of its own, so that others can read the runs meanwhile; nothing is ever stored in it.
    """
    with reported(folder):
        database = sqlite3.connect(folder / _LOCK, timeout=0, isolation_level=None)
        try:
            database.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            database.close()
            if _is_busy(error):
                return None
            raise
    return database


@contextlib.contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Commit what is done inside, or none of it."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.rollback()
        raise
    database.commit()


@contextlib.contextmanager
def reported(folder: Path) -> Iterator[None]:
    """Turn SQLite's and the system's failures into JournalError."""
    try:
        yield
    except OSError as error:
        raise JournalError(f"the journal folder {folder} cannot be used: {error.strerror}") from error
    except sqlite3.OperationalError as error:  # disk full, no permission
        if _is_busy(error):  # a commit takes no time: it was suspended in the middle of one, or its disk hangs
            raise JournalError(
                f"another holdline process keeps the journal {folder / _RUNS} locked, for {_BUSY_SECONDS:.0f} seconds "
                "by now: let it continue (`fg`, if it is suspended) or stop it"
            ) from error
        raise JournalError(f"the journal {folder / _RUNS} cannot be used: {error}") from error
    except sqlite3.DatabaseError as error:
        raise JournalError(
            f"the journal {folder / _RUNS} is damaged ({error}): move it away to start a new one; "
            "the originals of its runs stay in git, under refs/holdline/runs"
        ) from error


def _is_busy(error: sqlite3.Error) -> bool:
    """Whether another process has the lock that SQLite needs."""
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _prepare(folder: Path, database: sqlite3.Connection) -> None:
    """Make the tables of a new database; refuse one whose tables are not ours."""
    if _version(database) == 0:
        with transaction(database):
            if _version(database) == 0:  # still: nobody else made them while we waited
                for statement in _SCHEMA:
                    database.execute(statement)
    version = _version(database)
    if version != _SCHEMA_VERSION:
        raise JournalError(
            f"the journal {folder / _RUNS} was written by another holdline (format {version}, "
            f"this one knows {_SCHEMA_VERSION}): use that version, or move the file away"
        )


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])
