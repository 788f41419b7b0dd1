"""Replace one file's content in a single step: even after a crash, the file is the old or the new one."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from holdline.errors import HoldlineError

_PREFIX = ".holdline-write-"
_SUFFIX = ".tmp"
_WRITE_BITS = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class WriteRefused(HoldlineError):
    """A file was left as it was; `reason` says why, without naming it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.reason = reason


class FileChanged(WriteRefused):
    """The file is no longer what the change was made from."""


class FileReadOnly(WriteRefused):
    """Nobody may write the file, so neither do we (replacing it would need its folder's permission only)."""


def replace_file(path: Path, *, expected: bytes, new: bytes) -> None:
    """Atomically replace the content of the plain file at `path`, which must be `expected`, with `new`.

    Mode is kept, and ownership where the system lets us. The new content is on the disk before it takes the
    file's place. A symbolic link is never followed. Raises FileChanged, FileReadOnly, or OSError (disk full,
    closed folder); the file is then as it was.
    """
    status = _plain_status(path)
    if status is None:
        raise FileChanged(path, "gone, or no longer a plain file: left alone")
    if not status.st_mode & _WRITE_BITS:
        raise FileReadOnly(path, "read-only: make it writable (chmod u+w) and run again")
    temporary = _write_beside(path, new, status)
    try:
        # Compared last, to leave an editor's save as little room as the system allows.
        if read_plain(path) != expected:
            raise FileChanged(path, "changed meanwhile: left alone, run again")
        os.replace(temporary, path)  # noqa: PTH105  # Path.replace is the same call by another name
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def read_plain(path: Path) -> bytes | None:
    """The content of the plain file at `path`; None where there is none or it is something else (a link)."""
    if _plain_status(path) is None:
        return None
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with open(descriptor, "rb") as stream:
        return stream.read()


def locate(root: Path, relative: str) -> Path:
    """Where the repository's file `relative` is; FileChanged if a symbolic link now leads there."""
    path = root / relative
    if os.path.realpath(path.parent) != str(path.parent):
        raise FileChanged(path, "its folder is now reached through a symbolic link: left alone")
    return path


def sweep_leftovers(folders: Iterable[Path]) -> None:
    """Remove the temporary files that a killed run left in `folders`. Only for whoever holds the lock."""
    for folder in set(folders):
        if os.path.realpath(folder) != str(folder):
            continue  # a symbolic link leads elsewhere now
        for leftover in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
            with contextlib.suppress(OSError):
                leftover.unlink()


def _plain_status(path: Path) -> os.stat_result | None:
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _write_beside(path: Path, content: bytes, like: os.stat_result) -> Path:
    """A new file in the same folder with `content`, flushed, owned and moded like the old one."""
    descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=path.parent)
    temporary = Path(name)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(content)
            if (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
                with contextlib.suppress(PermissionError):
                    os.fchown(descriptor, like.st_uid, like.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(like.st_mode))
            stream.flush()
            os.fsync(descriptor)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def flush_file(path: Path) -> None:
    """Have what a file holds outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_folder(folder: Path) -> None:
    """Have new names in `folder` outlive a power cut, where the file system can promise that (not all)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
