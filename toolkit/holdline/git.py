"""The one place that talks to git: plumbing where speed counts, GitPython's objects in the batch commands.

How git is run, so that nothing from outside changes what it says, is in `holdline.gitprocess`; what GitPython does in
`holdline.gitobjects`. No other module runs git.
"""

from __future__ import annotations

import contextlib
import copy
import enum
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from holdline.errors import RepositoryError
from holdline.gitprocess import Done, ObjectReader, checked_git, complaint, discovery_error, run_git

if TYPE_CHECKING:
    from holdline.gitobjects import ObjectStore

_RENAMES = ("--find-renames=50%", "-l1000")
_RAW_DIFF = ("--raw", "-z", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all", *_RENAMES)
# Whatever diff.* says: hunks as they are, no context that would join two into one, no colour before the marks.
_HUNKS_ONLY = (
    *("--no-ext-diff", "--no-textconv", "--text", "--no-color", "--no-relative", "--diff-algorithm=myers"),
    *("--unified=0", "--inter-hunk-context=0", "--no-indent-heuristic", "--ignore-submodules=none"),
)
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)

# `git rev-parse` prints an unknown flag as it is: a separator that no newline in a folder's name imitates.
_SEPARATOR = "--holdline-next"


class FileKind(enum.Enum):
    """What an index entry is."""

    REGULAR = "100644"
    EXECUTABLE = "100755"
    SYMLINK = "120000"
    SUBMODULE = "160000"


_KINDS = {kind.value: kind for kind in FileKind}


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
        #: What leads git here where its own discovery does not, as in a hook under `git --git-dir`.
        self.variables: Mapping[str, str] = {}
        self.root = root
        self.git_dir = git_dir
        self.common_dir = common_dir
        #: The hash that names objects: `sha1` or `sha256`.
        self.object_format = object_format
        self._odb: ObjectStore | None = None
        self._reader: ObjectReader | None = None

    @classmethod
    def discover(cls, start: Path, variables: Mapping[str, str] | None = None) -> Repository:
        """The repository whose working tree holds the folder `start`; RepositoryError where there is none.

        `variables` are GIT_DIR and GIT_WORK_TREE where they are to be obeyed.
        """
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
        done = run_git(start, ["rev-parse", *arguments], variables=variables)
        if done.returncode:
            raise discovery_error(start, done)
        _, object_format, git_dir, common_dir, root = os.fsdecode(done.stdout).split(f"\n{_SEPARATOR}\n")[:5]
        here = Path(os.path.realpath(start))
        repo = cls(
            Path(os.path.realpath(root)),
            Path(os.path.realpath(here / git_dir)),
            Path(os.path.realpath(here / common_dir)),
            object_format if object_format == "sha256" else "sha1",
        )
        if variables:
            repo.variables = {"GIT_DIR": os.fspath(repo.git_dir), "GIT_WORK_TREE": os.fspath(repo.root)}
        return repo

    def tracked(self) -> list[TrackedFile]:
        """Every path of the index, in git's byte order; a path in conflict once."""
        return list(self.each_tracked())

    def each_tracked(self) -> Iterator[TrackedFile]:
        """The same one by one, for those who need not hold them all at once."""
        listed, start, last = self._git("ls-files", "-z", "--stage"), 0, ""
        while (end := listed.find(b"\0", start)) >= 0:
            head, _, path = os.fsdecode(listed[start:end]).partition("\t")
            mode, blob, stage = head.split(" ")
            if stage == "0" or path != last:
                yield TrackedFile(path, _KINDS[mode], blob if stage == "0" else "")
            start, last = end + 1, path

    def head(self) -> str | None:
        """The commit id of HEAD; None before the first commit, RepositoryError where HEAD's commit is not here."""
        with self.reading() as reader:
            found = reader.ask("HEAD^{commit}")
        commit = found.id if found else None
        if commit is None and (lost := self._ref_value("HEAD")):
            raise RepositoryError(f"{self.root}: HEAD is {lost}, which is not here: look what `git fsck` says")
        return commit

    def churn(self, max_commits: int = 1000, head: str = "HEAD") -> dict[str, int]:
        """How many of the last `max_commits` commits up to `head` changed each path.

        A root commit, or the boundary of a shallow clone, changes none. A measure for ordering only: empty
        where history cannot be read (there is none yet, or its trees were never fetched).
        """
        flags = ("--no-merges", "--no-renames", "--no-ext-diff", "--no-textconv", "--format=", "--name-only")
        done = self._try("log", "-z", f"--max-count={max_commits}", *flags, head, "--")
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
        done = self._try("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def fork_points(self, base: str, head: str) -> list[str]:
        """The best common ancestors of two commits: one, several after criss-cross merges, none that history shows."""
        return self._try("merge-base", "--all", base, head).stdout.decode().split()

    def empty_tree(self) -> str:
        """The id of the tree that holds nothing."""
        return self._git("hash-object", "-t", "tree", "--stdin").decode().strip()

    def changes(self, base: str, head: str | None) -> list[BlobChange]:
        """What differs from the tree of `base` to that of `head`, or, where that is None, to the index.

        Renames are found with fixed settings in the whole repository; a copy is an addition. RepositoryError names
        a path in conflict.
        """
        what = (
            ["diff-index", "--cached", "--ita-invisible-in-index", *_RAW_DIFF, base]
            if head is None
            else ["diff-tree", "-r", *_RAW_DIFF, base, head]
        )
        fields = iter(self._git(*what, "--").split(b"\0")[:-1])
        changes = []
        for meta in fields:
            mode_before, mode_after, before, after, status = meta[1:].decode().split(" ")
            path = os.fsdecode(next(fields))
            if status == "U":
                raise RepositoryError(f"{path} is in conflict: resolve it, `git add` it and run again")
            renamed = os.fsdecode(next(fields)) if status[0] in "RC" else path
            changes.append(BlobChange(path, _file(mode_before, before), renamed, _file(mode_after, after)))
        return changes

    @contextlib.contextmanager
    def reading(self) -> Iterator[ObjectReader]:
        """Inside, all objects are read through one process: starting git is what costs."""
        if self._reader is not None:
            yield self._reader
            return
        with ObjectReader(self.root, self._with_index()) as reader:
            self._reader = reader
            try:
                yield reader
            finally:
                self._reader = None

    def stream_blobs(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The contents of blobs, one at a time and in order. RepositoryError names one that is not here."""
        with self.reading() as reader:
            for name in blobs:
                found = reader.ask(name)
                if found is None:
                    raise RepositoryError(f"{self.root}: git has no object {name} here: fetch it (git fetch --refetch)")
                yield name, found.content

    def read_blobs(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """The contents of blobs, all at once."""
        return dict(self.stream_blobs(dict.fromkeys(blobs)))

    def read_files(self, head: str | None, paths: Iterable[str]) -> dict[str, bytes]:
        """Those of some files that the index (`head` None) or a commit has."""
        with self.reading() as reader:
            found = {path: reader.ask(f"{head or ''}:{path}") for path in paths}
        return {path: file.content for path, file in found.items() if file is not None}

    def files_of(self, head: str | None) -> list[TrackedFile]:
        """Every path of the index (`head` None) or of a commit."""
        if head is None:
            return self.tracked()
        files = []
        for record in self._git("ls-tree", "-r", "-z", "--full-tree", head).split(b"\0")[:-1]:
            meta, _, path = os.fsdecode(record).partition("\t")
            mode, _, blob = meta.split(" ")
            files.append(TrackedFile(path, _KINDS[mode], blob))
        return files

    def write_blob(self, data: bytes) -> str:
        """Put content into the object database as it is; its blob id."""
        return self._git("hash-object", "-w", "--no-filters", "--stdin", stdin=data).decode().strip()

    def stage(self, changes: Iterable[BlobChange]) -> None:
        """Put other blobs into the index, for paths that have the blob before; their modes stay, and whether they are
        checked out.

        In a hook of `git commit FILE` the index is one made for that commit; the one that git has ready for
        afterwards is changed as well.
        """
        changes = list(changes)
        self._stage(changes)
        if self.index_file and self.index_file.name.startswith("next-index-"):
            afterwards = copy.copy(self)
            afterwards.index_file = self.index_file.with_name("index.lock")
            afterwards._stage(changes)

    def _stage(self, changes: Iterable[BlobChange]) -> None:
        there = {(f.path, f.blob): f.kind for f in self.tracked()}
        kinds = {c: there[c.path_before, c.before] for c in changes if (c.path_before, c.before) in there}
        entries = [f"{kind.value} {change.after}\t{change.path_after}\0" for change, kind in kinds.items()]
        blobs = {change.path_after for change in kinds}
        listed = self._git("ls-files", "-z", "-t").split(b"\0")
        sparse = [line[2:] for line in listed if line.startswith(b"S ") and os.fsdecode(line[2:]) in blobs]
        self._git("update-index", "-z", "--index-info", stdin=os.fsencode("".join(entries)))
        if sparse:
            self._git("update-index", "-z", "--skip-worktree", "--stdin", stdin=b"".join(p + b"\0" for p in sparse))

    def checked_out(self, path: str, blob: str) -> bytes:
        """What a checkout would write for a blob at a path: line endings and filters applied."""
        return self._git("cat-file", "--filters", f"--path={path}", blob)

    def merge_texts(self, mine: bytes, base: bytes, theirs: bytes) -> bytes | None:
        """The three-way merge of texts; None where it conflicts."""
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            names = ("mine", "base", "theirs")
            for name, text in zip(names, (mine, base, theirs), strict=True):
                Path(folder, name).write_bytes(text)
            done = self._try("merge-file", "-p", "-q", *(os.path.join(folder, n) for n in names))  # noqa: PTH118
        return done.stdout if done.returncode == 0 else None

    def unchanged_lines(self, before: str, after: str) -> tuple[tuple[int, int, int], ...]:
        """Where two blobs have the same lines: (first line before, first line after, how many), from 1, in order."""
        output = self._git("diff", *_HUNKS_ONLY, before, after)
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
        if self.object_format != "sha1":  # GitPython knows SHA-1 repositories only
            return [self._git("hash-object", "-w", "--stdin", stdin=data).decode().strip() for data in contents]
        return self._objects().store(contents)

    def read_blob(self, blob: str) -> bytes:
        """A blob's content; KeyError where the object database lacks it or it is damaged."""
        if self.object_format != "sha1":
            done = self._try("cat-file", "blob", blob)
            if done.returncode:
                raise KeyError(blob)
            return done.stdout
        return self._objects().read(blob)

    def protect(self, ref: str, blobs: Iterable[str]) -> None:
        """Point `ref` at a tree of `blobs`, so that no garbage collection takes them. Just one process may do this."""
        entries = b"".join(f"100644 blob {blob}\t{blob}\0".encode() for blob in sorted(set(blobs)))
        tree = self._git("mktree", "-z", stdin=entries).decode().strip()
        found = self._ref_value(ref)
        if not found:  # so git has no business with it, and a lock on it is left from a power cut
            (self.common_dir / f"{ref}.lock").unlink(missing_ok=True)
        self._update_ref(ref, tree, found or "0" * len(tree))

    def release(self, refs: Iterable[str]) -> None:
        """Delete those of `refs`, all below `refs/holdline/`, that are there. What git cannot delete now stays."""
        wanted = frozenset(refs)
        there = self._git("for-each-ref", "--format=%(refname) %(objectname)", "refs/holdline/").decode().splitlines()
        for ref, value in (line.split() for line in there):
            if ref in wanted:
                with contextlib.suppress(RepositoryError):
                    self._update_ref("-d", ref, value)

    def _update_ref(self, *arguments: str) -> None:
        done = run_git(self.root, ["update-ref", *arguments], variables=self._with_index(), to_the_end=True)
        if done.returncode:
            raise RepositoryError(f"git update-ref failed in {self.root}: {complaint(done)}")

    def _ref_value(self, ref: str) -> str:
        return self._try("rev-parse", "--verify", "--quiet", ref).stdout.decode().strip()

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        return checked_git(self.root, arguments, stdin, self._with_index())

    def _try(self, *arguments: str) -> Done:
        """Run git where a failure is an answer."""
        return run_git(self.root, arguments, variables=self._with_index())

    def _with_index(self) -> dict[str, str]:
        return {**self.variables, **({"GIT_INDEX_FILE": os.fspath(self.index_file)} if self.index_file else {})}

    def _objects(self) -> ObjectStore:
        if self._odb is None:
            from holdline.gitobjects import ObjectStore

            self._odb = ObjectStore(self.common_dir)
        return self._odb

    def hooks_setting(self) -> str | None:
        """What `core.hooksPath` says, `~` expanded; None where it is not set."""
        values = self._git("config", "--null", "--path", "--get-all", "core.hooksPath").split(b"\0")[:-1]
        return os.fsdecode(values[-2]) if len(values) > 1 else None  # the last one is ours: see _FLAGS

    def hooks_path(self) -> Path:
        """The folder that git runs this working tree's hooks from; it need not exist."""
        setting = self.hooks_setting()
        return self.common_dir / "hooks" if setting is None else Path(os.path.normpath(self.root / setting))

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


def _file(mode: str, blob: str) -> str:
    """A regular file's blob; "" for what is none: nothing at all, a symbolic link, a submodule."""
    return blob if mode in (FileKind.REGULAR.value, FileKind.EXECUTABLE.value) else ""
