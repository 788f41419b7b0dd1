"""Git's object database through GitPython: no git process for each object, no configuration read.

It belongs to the gateway `holdline.git` and knows SHA-1 repositories only.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from pathlib import Path

from holdline.errors import MissingExtraError, RepositoryError
from holdline.gitprocess import NO_GIT
from holdline.writing import flush_file, flush_folder


class ObjectStore:
    """The objects below a repository's common git folder. Raises MissingExtraError without GitPython."""

    def __init__(self, common_dir: Path) -> None:
        require_gitpython()
        from git.db import GitDB

        self._folder = common_dir / "objects"
        self._database = GitDB(str(self._folder))

    def store(self, contents: Iterable[bytes]) -> list[str]:
        """Put each content there, flushed to the disk; their blob ids, in order. One process at a time may do this."""
        try:
            return [self._store(b"blob %d\0%b" % (len(data), data)) for data in contents]
        except OSError as error:
            raise RepositoryError(f"originals cannot be stored in {self._folder}: {error.strerror}") from error

    def _store(self, whole: bytes) -> str:
        """Store one blob, given with its header, unless the database has it, as it has most of a clean checkout.

        Packs were flushed when git made them. A loose object was perhaps not, and a power cut or a full disk may have
        cut it short: only what can be read back counts as there.
        """
        name = hashlib.sha1(whole, usedforsecurity=False)
        loose = self._folder / name.hexdigest()[:2] / name.hexdigest()[2:]
        if loose.exists():
            if _holds(loose, whole):
                flush_file(loose)
                flush_folder(loose.parent)
                return name.hexdigest()
        elif self._database.has_object(name.digest()):
            return name.hexdigest()
        loose.parent.mkdir(exist_ok=True)
        # git's own name for one that is not finished: should we be killed here, its garbage collection takes it away,
        # or the next run overwrites it
        unfinished = loose.with_name(f"tmp_obj_{loose.name}")
        try:
            unfinished.write_bytes(zlib.compress(whole, 1))
            flush_file(unfinished)
            unfinished.chmod(0o444)
            unfinished.replace(loose)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        flush_folder(loose.parent)
        flush_folder(self._folder)
        return name.hexdigest()

    def read(self, blob: str) -> bytes:
        """A blob's content; KeyError where the database lacks it or it is damaged."""
        from git.exc import ODBError

        try:
            return bytes(self._database.stream(bytes.fromhex(blob)).read())
        except (ODBError, OSError, ValueError, zlib.error):  # the last three: a file cut short or overwritten
            raise KeyError(blob) from None


def require_gitpython() -> None:
    """Raise MissingExtraError where GitPython is not installed: to be told before the work, not after."""
    try:
        import git  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "this command needs GitPython: install Holdline with its extra (pip install '.[toolkit]' in its clone)"
        ) from error
    except ImportError as error:  # its way of saying that it found no git to run
        raise RepositoryError(NO_GIT) from error


def _holds(loose: Path, whole: bytes) -> bool:
    """Whether a loose object is intact."""
    try:
        return zlib.decompress(loose.read_bytes()) == whole
    except (OSError, zlib.error):
        return False
