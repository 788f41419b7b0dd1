"""What earlier scans found, kept in an SQLite file by content and fingerprint.

A cache never fails a run: a corrupt file is made anew, and one that cannot be read or written is done
without. Values are opaque bytes of the caller; they should be JSON and never pickles, for the file is data,
not code.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from holdline import __version__

if TYPE_CHECKING:
    import sqlite3

CACHE_FILE = Path("holdline", "cache.sqlite3")
#: What the commits of the past held: short values, but for every version of every file there ever was.
HISTORY_FILE = Path("holdline", "history.sqlite3")
MAX_ENTRIES = 200_000
MAX_HISTORY_ENTRIES = 4_000_000
MAX_IDLE_DAYS = 30

_DAY = 86_400
_LOCK_WAIT_SECONDS = 0.5
_KEYS_PER_QUERY = 500  # old SQLite takes at most 999 parameters
_SCHEMA_VERSION = 1
# A new file has version 0; the tables of another version are replaced.
_SCHEMA = f"""
BEGIN IMMEDIATE;
DROP TABLE IF EXISTS generations;
DROP TABLE IF EXISTS entries;
CREATE TABLE generations (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, used INTEGER NOT NULL);
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    UNIQUE (generation, key)
);
PRAGMA user_version = {_SCHEMA_VERSION};
COMMIT;
"""


def content_key(contents: bytes) -> str:
    """The git blob id (SHA-1) of a file's bytes."""
    return hashlib.sha1(b"blob %d\0" % len(contents) + contents, usedforsecurity=False).hexdigest()


def code_fingerprint(parts: Iterable[str], packages: Iterable[Path]) -> str:
    """A digest of what results depend on besides the file's contents.

    That is `parts`, the versions of Holdline and Python, and every module below the folders `packages` by
    size and time: the result must not outlive the code that found it, in an editable install as well.
    """
    import sys

    digest = hashlib.sha256(repr((__version__, sys.version_info[:2], *parts)).encode())
    for package in packages:
        for module in sorted(package.rglob("*.py")):
            status = module.lstat()
            digest.update(
                f"{module.relative_to(package)}\0{status.st_size}\0{status.st_mtime_ns}\0".encode(
                    errors="surrogateescape"
                )
            )
    return digest.hexdigest()


class ScanCache:
    """The results stored under one fingerprint. Use it as a context manager, from one thread of one process.

    Without a connection (see `disabled`) every look-up misses and nothing is stored.
    """

    def __init__(
        self, path: Path, fingerprint: str, connection: sqlite3.Connection | None, most: int = MAX_ENTRIES
    ) -> None:
        self._path = path
        self._most = most
        self._fingerprint = fingerprint
        self._connection = connection

    @classmethod
    def open(cls, directory: Path, fingerprint: str, *, of_history: bool = False) -> ScanCache:
        """The cache below `directory`, made if missing; disabled if it cannot be.

        That of scans (see `CACHE_FILE`) is another than the one `of_history`, whose size would slow them down.
        """
        path = directory / (HISTORY_FILE if of_history else CACHE_FILE)
        cache = cls(path, fingerprint, None, MAX_HISTORY_ENTRIES if of_history else MAX_ENTRIES)
        try:
            import sqlite3

            path.parent.mkdir(parents=True, exist_ok=True)
        except (ImportError, OSError):
            return cache
        for _ in range(2):  # the second time after a corrupt file was removed
            try:
                cache._connection = _connect(path)
            except sqlite3.Error as error:
                if not _is_corrupt(error) or not _remove(path):
                    break
            else:
                break
        return cache

    @classmethod
    def disabled(cls) -> ScanCache:
        """A cache that holds nothing, for `--no-cache`."""
        return cls(Path(), "", None)

    @property
    def enabled(self) -> bool:
        """Whether results are kept at all."""
        return self._connection is not None

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The stored values of those `keys` that have one."""
        if self._connection is None:
            return {}
        import sqlite3

        try:
            return self._select(self._connection, list(keys))
        except sqlite3.Error as error:
            self._give_up(error)
            return {}

    def keys(self) -> list[str]:
        """The keys of all values stored."""
        if self._connection is None:
            return []
        import sqlite3

        query = "SELECT key FROM entries WHERE generation = (SELECT id FROM generations WHERE fingerprint = ?)"
        try:
            return [key for (key,) in self._connection.execute(query, (self._fingerprint,))]
        except sqlite3.Error as error:
            self._give_up(error)
            return []

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """Store or replace values, and drop what is old."""
        if self._connection is None or not values:
            return
        import sqlite3

        try:
            with self._connection as transaction:
                self._insert(transaction, values)
                self._prune(transaction)
        except sqlite3.Error as error:
            self._give_up(error)

    def close(self) -> None:
        """Release the file; the cache is disabled from then on."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> ScanCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _select(self, connection: sqlite3.Connection, keys: list[str]) -> dict[str, bytes]:
        row = connection.execute("SELECT id FROM generations WHERE fingerprint = ?", (self._fingerprint,)).fetchone()
        if row is None:
            return {}
        found: dict[str, bytes] = {}
        for start in range(0, len(keys), _KEYS_PER_QUERY):
            chunk = keys[start : start + _KEYS_PER_QUERY]
            marks = ",".join("?" * len(chunk))
            query = f"SELECT key, value FROM entries WHERE generation = ? AND key IN ({marks})"
            found.update(connection.execute(query, (row[0], *chunk)))
        return found

    def _insert(self, connection: sqlite3.Connection, values: Mapping[str, bytes]) -> None:
        connection.execute(
            "INSERT INTO generations (fingerprint, used) VALUES (?, ?)"
            " ON CONFLICT (fingerprint) DO UPDATE SET used = excluded.used",
            (self._fingerprint, int(time.time())),
        )
        connection.executemany(
            "INSERT OR REPLACE INTO entries (generation, key, value)"
            " SELECT id, ?, ? FROM generations WHERE fingerprint = ?",
            ((key, value, self._fingerprint) for key, value in values.items()),
        )

    def _prune(self, connection: sqlite3.Connection) -> None:
        idle = int(time.time()) - MAX_IDLE_DAYS * _DAY
        connection.execute(
            "DELETE FROM entries WHERE generation IN (SELECT id FROM generations WHERE used < ?)", (idle,)
        )
        connection.execute("DELETE FROM generations WHERE used < ?", (idle,))
        # Ids grow with each write, so the lowest are the oldest.
        connection.execute("DELETE FROM entries WHERE id <= (SELECT max(id) FROM entries) - ?", (self._most,))

    def _give_up(self, error: sqlite3.Error) -> None:
        self.close()
        if _is_corrupt(error):
            _remove(self._path)


def _connect(path: Path) -> sqlite3.Connection:
    import sqlite3

    connection = sqlite3.connect(path, timeout=_LOCK_WAIT_SECONDS)
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] != _SCHEMA_VERSION:
            connection.executescript(_SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_corrupt(error: sqlite3.Error) -> bool:
    """Whether a new file would help; a lock or a full disk says nothing against this one."""
    import sqlite3

    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE)
    # SQLITE_ERROR is a table or column that is not there.
    return code & 0xFF in {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _remove(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
        path.with_name(path.name + "-journal").unlink(missing_ok=True)
    except OSError:
        return False
    return True
