"""A file that changed is looked at again, whatever it is dressed up as; one that did not is not opened."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdline.cache import ScanCache
from holdline.stamps import Stamp, Stamps, stamp_of


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ScanCache]:
    with ScanCache.open(tmp_path / "cache", "print") as cache:
        yield cache


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands a minute on: what was written just now is old enough."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 60_000_000_000)


def here(root: Path, *paths: str) -> dict[str, Stamp]:
    return {path: stamp_of((root / path).lstat()) for path in paths}


def known(stamps: Stamps, *paths: str) -> dict[str, str]:
    return {path: key for path in paths if (key := stamps.key_of(path)) is not None}


def unchanged(root: Path, cache: ScanCache, *paths: str) -> dict[str, str]:
    return known(Stamps(root, here(root, *paths), cache), *paths)


@pytest.mark.usefixtures("later")
def test_what_stayed_is_known_with_its_key(tmp_path: Path, cache: ScanCache) -> None:
    for name in "abc":
        (tmp_path / name).write_text("1")
    stamps = Stamps(tmp_path, here(tmp_path, "a", "b", "c"), cache)
    assert known(stamps, "a", "b", "c") == {}
    stamps.keep([("a", "key"), ("b", ""), ("c", None)])
    assert unchanged(tmp_path, cache, "a", "b", "c") == {"a": "key", "b": ""}


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("change", ["write", "same size and time", "replace", "remove and restore"])
def test_a_change_shows(tmp_path: Path, cache: ScanCache, change: str) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    os.utime(file, ns=(1, 1))
    Stamps(tmp_path, here(tmp_path, "a"), cache).keep([("a", "key")])
    assert unchanged(tmp_path, cache, "a")
    time.sleep(0.02)  # longer than a tick
    if change == "write":
        file.write_text("22")
    elif change == "same size and time":
        file.write_text("2")
        os.utime(file, ns=(1, 1))
    else:
        (tmp_path / "b").write_text("2")
        os.utime(tmp_path / "b", ns=(1, 1))
        if change == "remove and restore":
            file.unlink()
        (tmp_path / "b").replace(file)
    assert unchanged(tmp_path, cache, "a") == {}


def test_a_file_that_is_too_young_is_not_known(tmp_path: Path, cache: ScanCache) -> None:
    (tmp_path / "a").write_text("1")
    Stamps(tmp_path, here(tmp_path, "a"), cache).keep([("a", "key")])
    assert unchanged(tmp_path, cache, "a") == {}


@pytest.mark.usefixtures("later")
def test_working_trees_do_not_share_stamps(tmp_path: Path, cache: ScanCache) -> None:
    for tree in ("one", "two"):
        (tmp_path / tree).mkdir()
        (tmp_path / tree / "a").write_text("1")
        Stamps(tmp_path / tree, here(tmp_path / tree, "a"), cache).keep([("a", tree)])
    assert [unchanged(tmp_path / tree, cache, "a") for tree in ("one", "two")] == [{"a": "one"}, {"a": "two"}]


@pytest.mark.usefixtures("later")
def test_other_files_are_not_forgotten(tmp_path: Path, cache: ScanCache) -> None:
    for name in "ab":
        (tmp_path / name).write_text("1")
        Stamps(tmp_path, here(tmp_path, name), cache).keep([(name, name)])
    assert unchanged(tmp_path, cache, "a", "b") == {"a": "a", "b": "b"}


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("value", [b"", b"\xff", b"[]", b'{"a": 1}', b'{"a": []}', b'{"a": [1, 2]}', b'{"a": null}'])
def test_a_damaged_entry_knows_nothing(tmp_path: Path, cache: ScanCache, value: bytes) -> None:
    (tmp_path / "a").write_text("1")
    stamps = Stamps(tmp_path, here(tmp_path, "a"), cache)
    cache.put_many({f"stamps {os.fspath(tmp_path)!a}": value})
    assert unchanged(tmp_path, cache, "a") == {}
    stamps.keep([("a", "key")])
    assert unchanged(tmp_path, cache, "a") == {"a": "key"}


def test_without_a_cache_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    stamps = Stamps(tmp_path, here(tmp_path, "a"), ScanCache.disabled())
    stamps.keep([("a", "key")])
    assert known(stamps, "a") == {}
