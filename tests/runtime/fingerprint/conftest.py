"""Databases of a test's own, and processes that work on them at once."""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from holdline_runtime import fingerprint
from holdline_runtime.fingerprint import FingerprintError

from ..servers import PASSWORD, MariaDB, Postgres, program  # noqa: TID252  # the servers of all runtime tests

__all__ = ["PASSWORD", "MariaDB", "Postgres", "program"]

_numbers = itertools.count(1)


def fails_with(kind: type[FingerprintError], call: Callable[[], object], *words: str) -> None:
    """Exactly that class, with these words."""
    with pytest.raises(FingerprintError) as caught:
        call()
    assert type(caught.value) is kind, repr(caught.value)
    for word in words:
        assert word in str(caught.value)


def staging(connection: Any, **options: Any) -> fingerprint.Stamp:
    """Verify that a database is one of staging."""
    return fingerprint.verify(connection, environment="staging", **options)


def race(statements: str, count: int, *arguments: str) -> list[str]:
    """Run a program in many processes that start together; the last line that each prints."""
    code = f"import sys; sys.stdin.readline()\n{statements}"
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", code, *arguments],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
            for _ in range(count)
        ]
        for process in started:
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
        return [(process.communicate(timeout=120)[0].strip().splitlines() or [""])[-1] for process in started]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An empty SQLite database."""
    path = tmp_path / "shop.db"
    path.touch()
    return path


@pytest.fixture
def connection(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file)) as made:
        yield made


@dataclass(frozen=True)
class Shop:
    """A database of the PostgreSQL server, reached over its Unix socket without a password."""

    server: Postgres
    name: str

    def dsn(self, user: str = "root") -> str:
        return f"host={self.server.folder} port={self.server.port} dbname={self.name} user={user}"

    def url(self, driver: str = "postgresql+psycopg", user: str = "root") -> str:
        return f"{driver}://{user}@/{self.name}?host={self.server.folder}&port={self.server.port}"

    def psql(self, text: str, name: str = "") -> None:
        """Run statements as the superuser."""
        options = ["-h", self.server.folder, "-p", str(self.server.port), "-U", "root", "-q", "-v", "ON_ERROR_STOP=1"]
        self.server.run(self.server.programs / "psql", *options, name or self.name, text=text)

    def tool(self, name: str, *arguments: str | Path) -> str:
        """Run one of PostgreSQL's programs on the server."""
        options = ["-h", self.server.folder, "-p", str(self.server.port), "-U", "root"]
        return self.server.run(self.server.programs / name, *options, *arguments)


@pytest.fixture
def shop(postgres: Postgres) -> Iterator[Shop]:
    """A new database."""
    made = Shop(postgres, f"shop_{next(_numbers)}")
    made.psql(f"CREATE DATABASE {made.name};", "postgres")
    yield made
    made.psql(f"DROP DATABASE {made.name} WITH (FORCE);", "postgres")


@pytest.fixture
def psycopg_connection(shop: Shop) -> Iterator[Any]:
    import psycopg

    with closing(psycopg.connect(shop.dsn())) as made:
        yield made


def told(outcomes: Sequence[str]) -> tuple[int, int]:
    """How many processes of a race stamped, and how many were told that somebody else had."""
    return outcomes.count("stamped"), outcomes.count("AlreadyStampedError")
