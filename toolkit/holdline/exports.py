"""Copies of files as a commit has them, laid out as in the repository, in a folder of their own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from holdline.errors import HoldlineError
from holdline.git import FileKind, Repository, TrackedFile

Tree = Mapping[str, TrackedFile]


def tree_of(files: Iterable[TrackedFile]) -> Tree:
    """The regular files among some, by path."""
    return {f.path: f for f in files if f.blob and f.kind in (FileKind.REGULAR, FileKind.EXECUTABLE)}


def write_files(repo: Repository, files: Iterable[TrackedFile], folder: Path) -> None:
    """Put files into an empty folder, byte for byte as git has them: no filter, no line endings of a checkout.

    HoldlineError for a path that the file system does not take.
    """
    places: dict[str, list[TrackedFile]] = {}
    for file in files:
        places.setdefault(file.blob, []).append(file)
    for blob, data in repo.stream_blobs(places):
        for file in places[blob]:
            _write(folder, file, data)


def _write(folder: Path, file: TrackedFile, data: bytes) -> None:
    if {"", ".", "..", ".git"}.intersection(file.path.split("/")):
        raise HoldlineError(f"{file.path}: a path that git would not check out: it cannot be looked into")
    target = folder / file.path
    mode = 0o755 if file.kind is FileKind.EXECUTABLE else 0o644
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
            stream.write(data)
    except OSError as error:  # two names that differ in case only, where that makes no difference; a name too long
        raise HoldlineError(f"{file.path}: no copy of it can be made: {error.strerror}") from error
