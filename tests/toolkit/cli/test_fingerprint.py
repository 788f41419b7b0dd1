"""`holdline fingerprint`: exit codes, one line of complaint, and no password in it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
Shell = Callable[..., Any]

PASSWORD = "hunter2x"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """An empty database's."""
    (tmp_path / "shop.db").touch()
    return f"sqlite:///{tmp_path}/shop.db"


def test_a_whole_life(call: Call, tmp_path: Path, url: str) -> None:
    def run(*arguments: str, at: str = url) -> Any:
        return call(tmp_path, "fingerprint", *arguments, "--url", at)

    assert run("verify", "--environment", "staging").code == 1
    made = run("init", "--environment", "staging", "--format", "json")
    assert made.code == 0
    fingerprint = made.json["fingerprint"]
    assert made.json == {**made.json, "environment": "staging", "copy": False, "database": url}
    again = run("init", "--environment", "staging")
    assert again.code == 1
    assert fingerprint in again.complaint
    assert run("verify", "--environment", "staging", "--fingerprint", fingerprint).code == 0
    assert run("verify", "--environment", "staging", "-q").text == ""
    wrong = run("verify", "--environment", "production")
    assert wrong.code == 1
    assert "a database of staging, and production was asked for" in wrong.complaint

    shutil.copy(tmp_path / "shop.db", tmp_path / "copy.db")
    copy = url.replace("shop", "copy")
    cloned = run("verify", "--environment", "staging", at=copy)
    assert (cloned.code, "restamp" in cloned.complaint) == (1, True)
    assert "a copy" in run("show", at=copy).text
    assert run("show", "--format", "json", at=copy).json["copy"] is True
    record = ("--who", "Ada", "--reason", "load tests")
    swap = ("restamp", "--environment", "load", "--fingerprint", fingerprint, *record)
    assert run(*swap, at=copy).code == 0
    late = run(*swap, at=copy)
    assert (late.code, "nothing was changed" in late.complaint) == (1, True)
    assert run("verify", "--environment", "load", at=copy).code == 0
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        assert connection.execute("SELECT who, reason FROM database_metadata_log").fetchall() == [("Ada", "load tests")]


def test_the_url_from_the_variable(shell: Shell, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    arguments = ("fingerprint", "init", "--environment", "staging")
    assert shell(tmp_path, *arguments, env={"DATABASE_URL": url}).code == 0
    assert shell(tmp_path, *arguments, env={"DATABASE_URL": ""}).code == 2
    assert shell(tmp_path, *arguments, "--url", "", env={"DATABASE_URL": url}).code == 2  # an unset shell variable
    missing = shell(tmp_path, *arguments)
    assert missing.code == 2
    assert "DATABASE_URL" in missing.complaint


def test_a_file_is_looked_for_where_c_says(shell: Shell, tmp_path: Path, url: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    arguments = ("-C", str(tmp_path), "fingerprint", "init", "--environment", "staging", "--url", "sqlite:///shop.db")
    assert shell(tmp_path / "elsewhere", *arguments).code == 0


@pytest.mark.parametrize("action", ["init", "restamp"])
def test_production_is_refused_before_any_connection(shell: Shell, tmp_path: Path, action: str) -> None:
    record = ["--fingerprint", "5f0c6a52-6c3c-4c6e-9d7c-0c5a2b0f7a10", "--who", "Ada", "--reason", "x"]
    options = [
        "--environment",
        "production",
        "--url",
        f"sqlite:///{tmp_path}/none.db",
        *(record if action == "restamp" else []),
    ]
    refused = shell(tmp_path, "fingerprint", action, *options, env={"CI": ""})
    assert refused.code == 1
    assert "CI" in refused.complaint
    connected = shell(tmp_path, "fingerprint", action, *options, env={"CI": "true"})
    assert connected.code == 2
    assert "no such file" in connected.complaint


@pytest.mark.parametrize(
    "arguments",
    [
        ["verify", "--environment", "staging", "--url", f"postgresql+psycopg://ada:{PASSWORD}@127.0.0.1:1/shop"],
        ["verify", "--environment", "staging", "--url", f"postgresql+pg8000://ada:{PASSWORD}@nowhere.invalid/shop"],
        ["verify", "--environment", "staging", "--url", f"postgresql://ada:p@{PASSWORD}@db/shop"],
        ["verify", "--environment", "staging", "--url", f"nosuch://ada:{PASSWORD}@db/shop"],
        ["verify", "--environment", "Staging", "--url", f"postgresql://ada:{PASSWORD}@127.0.0.1:1/shop"],
        ["verify", "--environment", "staging", f"postgresql://ada:{PASSWORD}@db/shop"],
        [f"postgresql://ada:{PASSWORD}@db/shop"],
        ["verify", "--environment", "staging", "--url", f"{PASSWORD}"],
        ["verify", "--environment", "staging", "--timeout", f"postgresql://ada:{PASSWORD}@db/shop"],
    ],
)
def test_what_is_not_known_is_2_and_no_password_is_told(shell: Shell, tmp_path: Path, arguments: list[str]) -> None:
    for more in ([], ["-v"]):
        told = shell(tmp_path, "fingerprint", *arguments, *more)
        assert told.code == 2
        assert PASSWORD not in told.complaint
