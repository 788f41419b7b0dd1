"""The scan cache: it remembers, it forgets what is old, and it never gets in the way."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from holdline import cache
from holdline.cache import CACHE_FILE, ScanCache, code_fingerprint, content_key
from holdline_runtime import get_env


def put(directory: Path, fingerprint: str, values: dict[str, bytes]) -> None:
    with ScanCache.open(directory, fingerprint) as store:
        store.put_many(values)


def get(directory: Path, fingerprint: str, *keys: str) -> dict[str, bytes]:
    with ScanCache.open(directory, fingerprint) as store:
        return store.get_many(keys)


def test_remembers_between_runs(tmp_path: Path) -> None:
    put(tmp_path, "f", {"a": b"[1]", "b": b""})
    assert (tmp_path / "holdline" / "cache.sqlite3").is_file()
    assert get(tmp_path, "f", "a", "b", "c") == {"a": b"[1]", "b": b""}
    put(tmp_path, "f", {"a": b"[2]", "d": b"\x00"})
    assert get(tmp_path, "f", "a", "b", "d") == {"a": b"[2]", "b": b"", "d": b"\x00"}


def test_fingerprints_are_apart(tmp_path: Path) -> None:
    put(tmp_path, "f", {"a": b"1"})
    put(tmp_path, "g", {"a": b"2"})
    assert get(tmp_path, "f", "a") == {"a": b"1"}
    assert get(tmp_path, "g", "a") == {"a": b"2"}
    assert get(tmp_path, "h", "a") == {}


def test_many_keys(tmp_path: Path) -> None:
    values = {content_key(b"%d" % i): b"[]" * 50 for i in range(6_000)}
    put(tmp_path, "f", values)
    assert get(tmp_path, "f", *values) == values


def test_disabled_holds_nothing() -> None:
    with ScanCache.disabled() as store:
        store.put_many({"a": b"1"})
        assert store.get_many(["a"]) == {}
        assert not store.enabled


def test_old_fingerprints_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 31 * 86_400)
    put(tmp_path, "old", {"a": b"1"})
    monkeypatch.setattr(time, "time", lambda: now - 29 * 86_400)
    put(tmp_path, "recent", {"a": b"2"})
    monkeypatch.setattr(time, "time", lambda: now)
    assert get(tmp_path, "old", "a") == {"a": b"1"}
    put(tmp_path, "new", {"a": b"3"})
    assert [get(tmp_path, name, "a") for name in ("old", "recent", "new")] == [{}, {"a": b"2"}, {"a": b"3"}]
    with closing(sqlite3.connect(tmp_path / CACHE_FILE)) as database:
        assert database.execute("SELECT count(*) FROM entries").fetchone() == (2,)


def test_the_oldest_entries_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_ENTRIES", 3)
    for key in "abcde":
        put(tmp_path, "f", {key: b"1"})
    put(tmp_path, "f", {"c": b"2"})
    assert sorted(get(tmp_path, "f", *"abcde")) == ["c", "d", "e"]


@pytest.mark.parametrize("garbage", [b"", b"not a database " * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_corrupt_file_is_made_anew(tmp_path: Path, garbage: bytes) -> None:
    put(tmp_path, "f", {"a": b"1"})
    (tmp_path / CACHE_FILE).write_bytes(garbage)
    assert get(tmp_path, "f", "a") == {}
    put(tmp_path, "f", {"a": b"2"})
    assert get(tmp_path, "f", "a") == {"a": b"2"}


def test_damage_found_late_is_repaired_by_the_next_run(tmp_path: Path) -> None:
    put(tmp_path, "f", {str(i): b"x" * 100 for i in range(1000)})
    path = tmp_path / CACHE_FILE
    contents = path.read_bytes()
    path.write_bytes(contents[:4096] + b"\xff" * (len(contents) - 4096))
    with ScanCache.open(tmp_path, "f") as store:
        assert store.get_many(["1", "2"]) == {}
        store.put_many({"1": b"y"})
    assert not path.exists()
    put(tmp_path, "f", {"1": b"y"})
    assert get(tmp_path, "f", "1") == {"1": b"y"}


@pytest.mark.parametrize("damage", ["DROP TABLE entries", "PRAGMA user_version = 99"])
def test_another_schema_is_replaced(tmp_path: Path, damage: str) -> None:
    put(tmp_path, "f", {"a": b"1"})
    with closing(sqlite3.connect(tmp_path / CACHE_FILE)) as database:
        database.execute(damage)
    assert get(tmp_path, "f", "a") == {}
    put(tmp_path, "f", {"a": b"2"})
    assert get(tmp_path, "f", "a") == {"a": b"2"}


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "holdline").write_text("a file in the way")
    put(tmp_path, "f", {"a": b"1"})
    assert get(tmp_path, "f", "a") == {}


def test_a_folder_in_the_files_place(tmp_path: Path) -> None:
    (tmp_path / CACHE_FILE).mkdir(parents=True)
    put(tmp_path, "f", {"a": b"1"})
    assert get(tmp_path, "f", "a") == {}
    assert (tmp_path / CACHE_FILE).is_dir()


def test_a_read_only_file_is_read_and_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "f", {"a": b"1"})
    # Permissions would not stop root, the mode of the connection does.
    monkeypatch.setattr(cache, "_connect", lambda path: sqlite3.connect(f"file:{path}?mode=ro", uri=True))
    put(tmp_path, "f", {"a": b"2"})
    assert get(tmp_path, "f", "a") == {"a": b"1"}


def test_a_locked_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_LOCK_WAIT_SECONDS", 0.01)
    put(tmp_path, "f", {"a": b"1"})
    with closing(sqlite3.connect(tmp_path / CACHE_FILE)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert get(tmp_path, "f", "a") == {}
        put(tmp_path, "f", {"a": b"2"})
    assert get(tmp_path, "f", "a") == {"a": b"1"}


def test_content_key_is_the_git_blob_id(tmp_path: Path) -> None:
    assert content_key(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert content_key(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_code_fingerprint_follows_the_code(tmp_path: Path) -> None:
    module = tmp_path / "sub" / "a.py"
    module.parent.mkdir()
    module.write_text("x = 1\n")
    first = code_fingerprint(["config"], [tmp_path])
    assert code_fingerprint(["config"], [tmp_path]) == first
    assert code_fingerprint(["other"], [tmp_path]) != first
    os.utime(module, ns=(1, 1))
    assert code_fingerprint(["config"], [tmp_path]) != first
    (tmp_path / ".#lock.py").symlink_to("nowhere")
    assert code_fingerprint(["config"], [tmp_path]) != first


def test_importing_the_module_does_not_load_sqlite() -> None:
    code = "import sys, holdline.cache; print('sqlite3' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**get_env(), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "False\n"
