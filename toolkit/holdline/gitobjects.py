"""Git's object database through GitPython: no git process for each object, no configuration read.

It belongs to the gateway `holdline.git` and knows SHA-1 repositories only.
"""

from __future__ import annotations

import hashlib
import io
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from holdline.errors import MissingExtraError, RepositoryError
from holdline.gitprocess import NO_GIT
from holdline.writing import flush_folder

if TYPE_CHECKING:
    from git.db import GitDB


class ObjectStore:
    """The objects below a repository's common git folder. Raises MissingExtraError without GitPython."""

    def __init__(self, common_dir: Path) -> None:
        require_gitpython()
        from git.db import GitDB

        self._folder = common_dir / "objects"
        self._database = GitDB(str(self._folder))

    def store(self, contents: Iterable[bytes]) -> list[str]:
        """Put each content there, flushed to the disk; their blob ids, in order."""
        try:
            return [_store(self._database, data) for data in contents]
        except OSError as error:
            raise RepositoryError(f"originals cannot be stored in {self._folder}: {error.strerror}") from error

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


def _store(database: GitDB, data: bytes) -> str:
    """Store one blob unless the database has it, as it has most files of a clean checkout."""
    from gitdb import IStream  # type: ignore[import-untyped]  # GitPython's own object layer

    name = hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False)
    if database.has_object(name.digest()):
        return name.hexdigest()
    database.store(IStream(b"blob", len(data), io.BytesIO(data)))
    loose = Path(database.root_path(), name.hexdigest()[:2], name.hexdigest()[2:])
    with loose.open("rb") as stream:
        os.fsync(stream.fileno())
    flush_folder(loose.parent)
    return name.hexdigest()
