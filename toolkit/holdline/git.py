"""The one place that talks to git: plumbing where speed counts, GitPython's objects in the batch commands.

Git runs with a sealed environment and fixed flags, so that neither the caller's variables nor the
repository's own configuration (hooks, fsmonitor, pagers, external diffs, colours) change what it prints or
make it run anything.
"""

from __future__ import annotations

import enum
import os
import re
import subprocess
import sys
import tempfile
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

_RENAMES = ("--find-renames=50%", "-l1000")
_RAW_DIFF = ("--raw", "-z", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all", *_RENAMES)
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)

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


class BlobChange(NamedTuple):
    """One changed file: path and blob before and after. A blob is "" where there is no regular file."""

    path_before: str
    before: str
    path_after: str
    after: str


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
        #: The index to judge where it is not the usual one, as in a hook of `git commit FILE`; absolute.
        self.index_file: Path | None = None
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

    def merge_heads(self) -> list[str]:
        """The commits that an unfinished merge is about to join to HEAD; none outside a merge."""
        try:
            return (self.git_dir / "MERGE_HEAD").read_text("ascii").split()
        except FileNotFoundError:
            return []

    def commit(self, name: str) -> str | None:
        """The commit id that a name stands for; None where it names none that is here."""
        done = _run(self.root, ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"])
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def fork_point(self, base: str, head: str) -> str | None:
        """The best common ancestor of two commits; None where history does not show one."""
        done = _run(self.root, ["merge-base", base, head])
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def empty_tree(self) -> str:
        """The id of the tree that holds nothing."""
        return self._git("hash-object", "-t", "tree", "--stdin").decode().strip()

    def changes(self, base: str, head: str | None) -> list[BlobChange]:
        """What differs from the tree of `base` to that of `head`, or, where that is None, to the index.

        Renames are found with fixed settings in the whole repository; a copy is an addition.
        """
        what = (
            ["diff-index", "--cached", *_RAW_DIFF, base]
            if head is None
            else ["diff-tree", "-r", *_RAW_DIFF, base, head]
        )
        fields = iter(self._git(*what, "--").split(b"\0")[:-1])
        changes = []
        for meta in fields:
            mode_before, mode_after, before, after, status = meta[1:].decode().split(" ")
            path = os.fsdecode(next(fields))
            renamed = os.fsdecode(next(fields)) if status[0] in "RC" else path
            changes.append(BlobChange(path, _file(mode_before, before), renamed, _file(mode_after, after)))
        return changes

    def read_blobs(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """The contents of blobs, in one git process. RepositoryError names one that is not here."""
        names = sorted(set(blobs))
        if not names:
            return {}
        output = self._git("cat-file", "--batch", stdin="".join(f"{n}\n" for n in names).encode())
        contents, position = {}, 0
        for name in names:
            end = output.index(b"\n", position)
            header = output[position:end].split(b" ")
            if len(header) != 3:
                raise RepositoryError(f"{self.root}: git has no object {name} here: fetch it (git fetch --refetch)")
            position = end + 1 + int(header[2])
            contents[name] = output[end + 1 : position]
            position += 1
        return contents

    def read_file(self, head: str | None, path: str) -> bytes | None:
        """A file of the index (`head` None) or of a commit; None where it has none."""
        done = _run(self.root, ["cat-file", "blob", f"{head or ''}:{path}"], index_file=self.index_file)
        return done.stdout if done.returncode == 0 else None

    def files_of(self, head: str | None) -> list[TrackedFile]:
        """Every path of the index (`head` None) or of a commit."""
        if head is None:
            return self.tracked()
        files = []
        for record in self._git("ls-tree", "-r", "-z", "--full-tree", head).split(b"\0")[:-1]:
            meta, _, name = record.partition(b"\t")
            mode, _, blob = meta.split(b" ")
            files.append(TrackedFile(os.fsdecode(name), _KINDS[mode], blob.decode()))
        return files

    def stage(self, contents: Mapping[str, bytes]) -> None:
        """Put new contents of tracked paths into the index; their modes stay."""
        kinds = {f.path: f.kind for f in self.tracked() if f.path in contents}
        lines = []
        for path, data in contents.items():
            blob = self._git("hash-object", "-w", "--no-filters", "--stdin", stdin=data).strip()
            lines.append(kinds[path].value.encode() + b" " + blob + b"\t" + os.fsencode(path) + b"\0")
        self._git("update-index", "-z", "--index-info", stdin=b"".join(lines))

    def checked_out(self, path: str, blob: str) -> bytes:
        """What a checkout would write for a blob at a path: line endings and filters applied."""
        return self._git("cat-file", "--filters", f"--path={path}", blob)

    def merge_texts(self, mine: bytes, base: bytes, theirs: bytes) -> bytes | None:
        """The three-way merge of texts; None where it conflicts."""
        with tempfile.TemporaryDirectory() as folder:
            names = ("mine", "base", "theirs")
            for name, text in zip(names, (mine, base, theirs), strict=True):
                Path(folder, name).write_bytes(text)
            done = _run(self.root, ["merge-file", "-p", "-q", *(os.path.join(folder, n) for n in names)])  # noqa: PTH118
        return done.stdout if done.returncode == 0 else None

    def unchanged_lines(self, before: str, after: str) -> tuple[tuple[int, int, int], ...]:
        """Where two blobs have the same lines: (first line before, first line after, how many), from 1, in order."""
        output = self._git(
            "diff", "--no-ext-diff", "--no-textconv", "--text", "-U0", "--diff-algorithm=myers", before, after
        )
        runs, old, new = [], 1, 1
        for match in _HUNK.finditer(output):
            first_old, count_old, first_new, count_new = (int(n) if n else 1 for n in match.groups())
            first_old += not count_old  # an empty range stands behind its line
            first_new += not count_new
            runs.append((old, new, first_old - old))
            old, new = first_old + count_old, first_new + count_new
        return (*runs, (old, new, sys.maxsize))

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
        done = _run(self.root, arguments, stdin, self.index_file)
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

    def hooks_setting(self) -> str | None:
        """What `core.hooksPath` says, `~` expanded; None where it is not set."""
        values = self._git("config", "--null", "--path", "--get-all", "core.hooksPath").split(b"\0")[:-1]
        return os.fsdecode(values[-2]) if len(values) > 1 else None  # the last one is ours: see _FLAGS

    def hooks_path(self) -> Path:
        """The folder that git runs this working tree's hooks from; it need not exist."""
        setting = self.hooks_setting()
        return self.common_dir / "hooks" if setting is None else Path(os.path.normpath(self.root / setting))

    def commit_of(self, name: str) -> str | None:
        """The commit that an object id or a ref leads to; None where it is unknown here or leads to none."""
        done = _run(self.root, ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"])
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def remote_refs(self) -> dict[str, str]:
        """The remote-tracking refs and their commits. `<remote>/HEAD`, where known, is listed as itself."""
        listed = self._git("for-each-ref", "--format=%(refname) %(objectname)", "refs/remotes")
        pairs = (line.rpartition(" ") for line in os.fsdecode(listed).splitlines())
        return {ref: commit for ref, _, commit in pairs}

    def remotes(self) -> list[str]:
        """The names of the remotes."""
        return os.fsdecode(self._git("remote")).splitlines()

    def edge(self, head: str, known: Sequence[str]) -> tuple[str, ...] | None:
        """Where what is new in `head` starts: the latest of its ancestors that the commits `known` hold too.

        None where `known` holds all of `head`; empty where the two have nothing in common.
        """
        names = "".join(f"{name}\n" for name in (head, *(f"^{commit}" for commit in known))).encode()
        lines = self._git("rev-list", "--boundary", "--stdin", stdin=names).decode().split()
        if not lines:
            return None
        boundary = [line[1:] for line in lines if line.startswith("-")]
        if len(boundary) < 2:
            return tuple(boundary)
        return tuple(self._git("merge-base", "--independent", *boundary).decode().split())

    def is_shallow(self) -> bool:
        """Whether history is cut off, as `git clone --depth` does it."""
        return (self.common_dir / "shallow").exists()


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


def _file(mode: str, blob: str) -> str:
    """A regular file's blob; "" for what is none: nothing at all, a symbolic link, a submodule."""
    return blob if mode in (FileKind.REGULAR.value, FileKind.EXECUTABLE.value) else ""


def _environment(inherited: Mapping[str, str]) -> dict[str, str]:
    passed = {
        name: value
        for name, value in inherited.items()
        if not name.startswith("GIT_") or name in _ALLOWED or name.startswith(_ALLOWED_PREFIXES)
    }
    return passed | _FIXED


def _run(
    folder: Path, arguments: Sequence[str], stdin: bytes = b"", index_file: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", *_FLAGS, *arguments],
            cwd=folder,
            env=_environment(get_env()) | ({"GIT_INDEX_FILE": os.fspath(index_file)} if index_file else {}),
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
