"""The one place that talks to git: plumbing where speed counts, GitPython's objects in the batch commands.

Git runs with a sealed environment and fixed flags, so that neither the caller's variables nor the
repository's own configuration (hooks, fsmonitor, pagers, external diffs, colours) change what it prints or
make it run anything.
"""

from __future__ import annotations

import enum
import os
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from holdline.errors import MissingExtraError, RepositoryError
from holdline_runtime import get_env

if TYPE_CHECKING:
    from git.db import GitDB

_FLAGS = (
    "--literal-pathspecs",
    "--no-pager",
    *("-c", "core.quotePath=false"),
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "color.ui=false"),
    *("-c", "log.showSignature=false"),
    *("-c", "log.showRoot=false"),
)

# Of git's own variables only these pass: where its configuration and programs are, and where discovery stops.
# GIT_DIR, GIT_INDEX_FILE and the like, which git sets around hooks, would point us at another repository.
_ALLOWED = frozenset(
    {
        "GIT_CEILING_DIRECTORIES",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CONFIG_SYSTEM",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM",
        "GIT_EXEC_PATH",
    }
)
_ALLOWED_PREFIXES = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")
_FIXED = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
}

# `git rev-parse` prints an unknown flag as it is: a separator that no newline in a folder's name imitates.
_SEPARATOR = "--holdline-next"

_NO_GIT = "git is not installed or not on PATH: install it and run again"


class FileKind(enum.Enum):
    """What an index entry is."""

    REGULAR = "100644"
    EXECUTABLE = "100755"
    SYMLINK = "120000"
    SUBMODULE = "160000"


_KINDS = {kind.value.encode(): kind for kind in FileKind}


class TrackedFile(NamedTuple):
    """One path of the index: `/`-separated, relative to the repository's root, with the blob id git recorded.

    `blob` names the index's content, which the working tree may have left; it is empty while in conflict.
    """

    path: str
    kind: FileKind
    blob: str


class Repository:
    """A git working tree: `root` and the two git folders are real, absolute paths.

    `git_dir` belongs to this working tree; `common_dir` is shared by all linked worktrees of the repository.
    """

    def __init__(self, root: Path, git_dir: Path, common_dir: Path, object_format: str = "sha1") -> None:
        self.root = root
        self.git_dir = git_dir
        self.common_dir = common_dir
        self._object_format = object_format
        self._odb: GitDB | None = None

    @classmethod
    def discover(cls, start: Path) -> Repository:
        """The repository whose working tree holds the folder `start`; RepositoryError where there is none."""
        start = start.absolute()
        if not start.is_dir():
            raise RepositoryError(f"{start} is not a folder: point -C at one inside a git repository")
        asked = (
            "--is-bare-repository",
            "--show-object-format",
            "--git-dir",
            "--git-common-dir",
            "--show-toplevel",
        )
        arguments = [part for flag in asked for part in (flag, _SEPARATOR)]
        done = _run(start, ["rev-parse", *arguments])
        if done.returncode:
            raise _discovery_error(start, done)
        _, object_format, git_dir, common_dir, root = os.fsdecode(done.stdout).split(f"\n{_SEPARATOR}\n")[:5]
        here = Path(os.path.realpath(start))
        return cls(
            Path(os.path.realpath(root)),
            Path(os.path.realpath(here / git_dir)),
            Path(os.path.realpath(here / common_dir)),
            object_format if object_format == "sha256" else "sha1",
        )

    def tracked(self) -> list[TrackedFile]:
        """Every path of the index, in git's byte order; a path in conflict once."""
        files: list[TrackedFile] = []
        for record in self._git("ls-files", "-z", "--stage").split(b"\0")[:-1]:
            head, _, name = record.partition(b"\t")
            mode, blob, stage = head.split(b" ")
            path = os.fsdecode(name)
            if stage == b"0":
                files.append(TrackedFile(path, _KINDS[mode], blob.decode()))
            elif not files or files[-1].path != path:
                files.append(TrackedFile(path, _KINDS[mode], ""))
        return files

    def head(self) -> str | None:
        """The commit id of HEAD; None before the first commit."""
        done = _run(self.root, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def churn(self, max_commits: int = 1000) -> dict[str, int]:
        """How many of the last `max_commits` commits changed each path.

        A root commit, or the boundary of a shallow clone, changes none. A measure for ordering only: empty
        where history cannot be read (there is none yet, or its trees were never fetched).
        """
        flags = ("--no-merges", "--no-renames", "--no-ext-diff", "--no-textconv", "--format=", "--name-only")
        done = _run(self.root, ["log", "-z", f"--max-count={max_commits}", *flags, "HEAD", "--"])
        if done.returncode:
            return {}
        return dict(Counter(os.fsdecode(name) for name in done.stdout.split(b"\0") if name))

    def store_blobs(self, contents: Iterable[bytes]) -> list[str]:
        """Put each content in the object database, flushed to the disk; their blob ids, in order."""
        if self._object_format != "sha1":  # GitPython knows SHA-1 repositories only
            return [self._git("hash-object", "-w", "--stdin", stdin=data).decode().strip() for data in contents]
        odb = self._objects()
        try:
            return [_store(odb, data) for data in contents]
        except OSError as error:
            folder = self.common_dir / "objects"
            raise RepositoryError(f"originals cannot be stored in {folder}: {error.strerror}") from error

    def read_blob(self, blob: str) -> bytes:
        """A blob's content; KeyError where the object database lacks it or it is damaged."""
        if self._object_format != "sha1":
            done = _run(self.root, ["cat-file", "blob", blob])
            if done.returncode:
                raise KeyError(blob)
            return done.stdout
        odb = self._objects()
        import zlib

        from git.exc import ODBError

        try:
            return bytes(odb.stream(bytes.fromhex(blob)).read())
        except (ODBError, OSError, ValueError, zlib.error):  # the last three: a file cut short or overwritten
            raise KeyError(blob) from None

    def protect(self, ref: str, blobs: Iterable[str]) -> None:
        """Point `ref` at a tree of `blobs`, so that no garbage collection takes them."""
        entries = b"".join(f"100644 blob {blob}\t{blob}\0".encode() for blob in sorted(set(blobs)))
        tree = self._git("mktree", "-z", stdin=entries).decode().strip()
        self._git("update-ref", ref, tree, self._ref_value(ref) or "0" * len(tree))

    def release(self, ref: str) -> None:
        """Delete `ref`, if it is there."""
        if value := self._ref_value(ref):
            self._git("update-ref", "-d", ref, value)

    def _ref_value(self, ref: str) -> str:
        done = _run(self.root, ["rev-parse", "--verify", "--quiet", ref])
        return done.stdout.decode().strip()

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        done = _run(self.root, arguments, stdin)
        if done.returncode:
            raise RepositoryError(f"git {arguments[0]} failed in {self.root}: {_complaint(done)}")
        return done.stdout

    def _objects(self) -> GitDB:
        """GitPython's object database: no git process, no configuration read."""
        if self._odb is None:
            require_gitpython()
            from git.db import GitDB

            self._odb = GitDB(str(self.common_dir / "objects"))
        return self._odb


def require_gitpython() -> None:
    """Raise MissingExtraError where GitPython is not installed: to be told before the work, not after."""
    try:
        import git  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError("this command needs GitPython: pip install 'holdline[toolkit]'") from error
    except ImportError as error:  # its way of saying that it found no git to run
        raise RepositoryError(_NO_GIT) from error


def _store(odb: GitDB, data: bytes) -> str:
    """Store one blob unless the database has it, as it has most files of a clean checkout."""
    import hashlib
    import io

    from gitdb import IStream  # type: ignore[import-untyped]  # GitPython's own object layer

    from holdline.writing import flush_folder

    name = hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False)
    if odb.has_object(name.digest()):
        return name.hexdigest()
    odb.store(IStream(b"blob", len(data), io.BytesIO(data)))
    loose = Path(odb.root_path(), name.hexdigest()[:2], name.hexdigest()[2:])
    with loose.open("rb") as stream:
        os.fsync(stream.fileno())
    flush_folder(loose.parent)
    return name.hexdigest()


def _environment(inherited: Mapping[str, str]) -> dict[str, str]:
    passed = {
        name: value
        for name, value in inherited.items()
        if not name.startswith("GIT_") or name in _ALLOWED or name.startswith(_ALLOWED_PREFIXES)
    }
    return passed | _FIXED


def _run(folder: Path, arguments: Sequence[str], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", *_FLAGS, *arguments],
            cwd=folder,
            env=_environment(get_env()),
            input=stdin,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise RepositoryError(_NO_GIT) from error
    except OSError as error:
        raise RepositoryError(f"git cannot be run in {folder}: {error.strerror}") from error


def _complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    """The first line git wrote to stderr, without its severity."""
    lines = os.fsdecode(done.stderr).strip().splitlines() or [f"exit status {done.returncode}"]
    return lines[0].removeprefix("fatal: ").removeprefix("error: ")


def _discovery_error(start: Path, done: subprocess.CompletedProcess[bytes]) -> RepositoryError:
    complaint = _complaint(done)
    if "not a git repository" in complaint:
        return RepositoryError(f"{start} is not in a git repository: run `git init` there or point -C at one")
    if "dubious ownership" in complaint:
        return RepositoryError(
            f"the repository at {start} belongs to another user: if you trust it, run "
            f"`git config --global --add safe.directory {start}`"
        )
    if done.stdout.startswith(b"true"):
        return RepositoryError(f"{start} is a bare repository: point -C at a clone with a working tree")
    if "work tree" in complaint:
        return RepositoryError(f"{start} is inside a git directory: point -C at the working tree")
    return RepositoryError(f"git cannot open the repository at {start}: {complaint}")
