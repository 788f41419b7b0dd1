"""Replace one file's content in a single step: even after a crash, the file is the old or the new one.

What a power cut leaves is what had been flushed, plus any of what had not, in any order. Hence this order, of which no
step may be left out:

1.  The journal: the original's blob, the ref that keeps it, then the commit of the run's planned writes, each flushed
    before the next. Cut here, no file has changed, and at worst an object lies about that garbage collection takes.
2.  The new content goes to a file beside the old one, which is flushed (fsync). A rename may reach the disk before the
    content it names: without the flush, the cut would leave an empty file, or one of zeros, under the old name.
3.  The rename. It is atomic for whoever looks, and for the journal of the file system: after a cut the name leads to
    the old file or to the new one, and step 2 has made both whole.
4.  The folder is flushed, so that the rename outlives the cut before the journal calls the run complete. Without it
    nothing would be torn, but an old file could be found in a run that says it wrote it; undo would count it as back.

A run that did not come to its end is settled by looking at the files, so nothing has to be recorded between the steps.
Undo goes the same way in reverse: files and folders are flushed before the journal calls the run undone, and only then
goes the ref that keeps the originals.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from holdline.errors import HoldlineError

_PREFIX = ".holdline-write-"
_SUFFIX = ".tmp"
_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
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


class DiskFullError(HoldlineError):
    """There is no room, or no quota, for another file; each file is as it was or rewritten in full."""


def replace_file(path: Path, *, expected: bytes, new: bytes) -> None:
    """Atomically replace the content of the plain file at `path`, which must be `expected`, with `new`.

    Mode is kept, and ownership where the system lets us. The new content is on the disk before it takes the
    file's place. A symbolic link is never followed. Raises FileChanged, FileReadOnly, DiskFullError, or OSError
    (a closed folder); the file is then as it was.
    """
    try:
        _replace(path, expected, new)
    except OSError as error:
        if error.errno not in _DISK_FULL:
            raise
        raise DiskFullError(f"{path} cannot be written: {error.strerror}") from error


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


def _replace(path: Path, expected: bytes, new: bytes) -> None:
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
