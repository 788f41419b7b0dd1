"""Originals in git's object database: there before anything is written, and whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdline.errors import RepositoryError
from holdline.gitobjects import ObjectStore

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

CONTENT = b"x = 1\r\n\xff"


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo({"a.py": CONTENT})


def store(repo: Repo, content: bytes) -> Path:
    """Store a content; its loose object."""
    (blob,) = ObjectStore(repo.root / ".git").store([content])
    return repo.root / ".git" / "objects" / blob[:2] / blob[2:]


@pytest.mark.parametrize("content", [b"", CONTENT, b"line\n" * 100_000])
def test_git_finds_what_is_stored(repo: Repo, content: bytes) -> None:
    repo.write("b", content)
    loose = store(repo, content)
    blob = loose.parent.name + loose.name
    assert blob == repo.git("hash-object", "b").strip()
    assert repo.git("cat-file", "-t", blob) == "blob\n"
    assert ObjectStore(repo.root / ".git").read(blob) == content
    assert stat.S_IMODE(loose.stat().st_mode) == 0o444
    assert repo.git("fsck", "--strict", "--no-dangling") == ""


@pytest.mark.parametrize("left", [b"", b"x\x9c", b"not even compressed"])
def test_an_object_that_was_cut_short_is_stored_again(repo: Repo, left: bytes) -> None:
    """As a power cut leaves it, or a full disk, which an object of git's own may have met."""
    loose = store(repo, CONTENT)
    loose.chmod(0o644)
    loose.write_bytes(left)
    store(repo, CONTENT)
    assert ObjectStore(repo.root / ".git").read(loose.parent.name + loose.name) == CONTENT


def test_what_a_killed_run_left_is_overwritten(repo: Repo) -> None:
    loose = store(repo, b"new")
    unfinished = loose.rename(loose.with_name(f"tmp_obj_{loose.name}"))
    store(repo, b"new")
    assert loose.exists()
    assert not unfinished.exists()


def test_garbage_collection_takes_what_a_killed_run_left(repo: Repo) -> None:
    loose = store(repo, b"new")
    loose.rename(loose.with_name(f"tmp_obj_{loose.name}"))
    repo.git("gc", "--quiet", "--prune=now")
    assert not list((repo.root / ".git" / "objects").rglob("tmp_obj_*"))


def test_each_object_is_flushed_before_it_has_its_name(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    loose = store(repo, b"new")
    assert flushed == [f"tmp_obj_{loose.name}", loose.parent.name, "objects"]
    flushed.clear()
    store(repo, b"new")  # git may have made it, and not flushed it
    assert flushed == [loose.name, loose.parent.name]


def test_packed_objects_are_not_stored_again(repo: Repo) -> None:
    repo.git("gc", "--quiet")
    assert not store(repo, CONTENT).exists()


def test_a_folder_that_takes_nothing(repo: Repo) -> None:
    (repo.root / ".git" / "objects" / "3e").write_bytes(b"in the way")  # where b"new" would go
    with pytest.raises(
        RepositoryError, match=r"originals cannot be stored in .*/objects: (File exists|Not a directory)"
    ):
        store(repo, b"new")
