"""Commits that are built without a checkout, and what a commit of ours says of itself.

It belongs to the gateway `holdline.git`.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from holdline.errors import RepositoryError
from holdline.git import Repository
from holdline.gitprocess import checked_git, complaint, run_git
from holdline_runtime import get_env

#: What makes an author and a committer; git knows what to do where they are not set.
_IDENTITY = tuple(f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL", "DATE"))
_TRAILER = re.compile(r"^(Holdline-[A-Za-z]+): (.*)$", re.MULTILINE)
# Whatever the repository says, an index of ours is one file in a folder of ours.
_INDEX = ("-c", "core.splitIndex=false", "-c", "index.sparse=false", "-c", "core.untrackedCache=false")


class FileChange(NamedTuple):
    """A file that a commit rewrites: path, blob before, blob after."""

    path: str
    before: str
    after: str


class Commit(NamedTuple):
    """A commit, the `Holdline-…` trailers of its message, and, of a single parent, the files it rewrites.

    `changes` is None where it does anything but put other content into files.
    """

    id: str
    parents: tuple[str, ...]
    trailers: Mapping[str, str]
    changes: tuple[FileChange, ...] | None


def blob_id(repo: Repository, data: bytes) -> str:
    """The id that git gives to a file's content; nothing is stored."""
    return hashlib.new(repo.object_format, b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()


def read_commit(repo: Repository, commit: str) -> Commit:
    """A commit, which must be here."""
    raw = checked_git(repo.root, ["cat-file", "commit", commit], b"", repo.variables).decode("utf-8", "replace")
    head, _, message = raw.partition("\n\n")
    parents = tuple(line.split(" ", 1)[1] for line in head.splitlines() if line.startswith("parent "))
    trailers = dict(_TRAILER.findall(message.rstrip().rpartition("\n\n")[2]))
    return Commit(commit, parents, trailers, _changes(repo, parents[0], commit) if len(parents) == 1 else None)


class CommitBuilder:
    """Commits on top of a base, built with an index of their own; see `building`."""

    def __init__(self, repo: Repository, base: str, folder: Path) -> None:
        self._repo = repo
        self._base = base
        self._index = folder / "index"
        self._run(*_INDEX, "read-tree", base)
        self._pristine = self._index.read_bytes()
        self._kinds = {f.path: f.kind.value for f in repo.files_of(base)}
        self._signs = is_set(repo, "commit.gpgSign")

    def build(self, contents: Mapping[str, bytes], message: str) -> str:
        """The id of a commit with other content in some files of the base; their modes stay.

        It is signed where `commit.gpgSign` says so, which `git commit-tree` by itself does not look at.
        """
        self._index.write_bytes(self._pristine)
        blobs = dict(zip(contents, self._repo.store_blobs(contents.values()), strict=True))
        entries = [os.fsencode(f"{self._kinds[path]} {blob}\t{path}\0") for path, blob in blobs.items()]
        self._run(*_INDEX, "update-index", "-z", "--index-info", stdin=b"".join(entries))
        tree = self._run(*_INDEX, "write-tree").decode().strip()
        flags = ["-S"] if self._signs else ["--no-gpg-sign"]
        # the message is UTF-8, whatever git is told that messages are
        command = ["-c", "i18n.commitEncoding=UTF-8", "commit-tree", *flags, "-p", self._base, "-F", "-", tree]
        return self._run(*command, stdin=message.encode("utf-8", "backslashreplace")).decode().strip()

    def _run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        variables = {**self._repo.variables, **_identity(), "GIT_INDEX_FILE": os.fspath(self._index)}
        return checked_git(self._repo.root, arguments, stdin, variables)


@contextmanager
def building(repo: Repository, base: str) -> Iterator[CommitBuilder]:
    """A builder of commits on top of a base. RepositoryError where git does not know who commits."""
    committer(repo)
    with tempfile.TemporaryDirectory(prefix="holdline-") as folder:
        yield CommitBuilder(repo, base, Path(folder))


def committer(repo: Repository) -> str:
    """Who commits, as `Name <address>`."""
    variables = {**repo.variables, **_identity()}
    for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        done = run_git(repo.root, ["var", who], variables=variables)
        if done.returncode:
            raise RepositoryError(
                f"git does not know who commits ({complaint(done)}): set user.name and user.email (git config)"
            )
    return done.stdout.decode("utf-8", "replace").rpartition(">")[0] + ">"


def is_set(repo: Repository, key: str) -> bool:
    """Whether git's configuration says yes to a key."""
    done = run_git(repo.root, ["config", "--type=bool", "--get", key], variables=repo.variables)
    if done.returncode not in (0, 1):
        raise RepositoryError(f"git's configuration of {key} cannot be read: {complaint(done)}")
    return done.stdout.strip() == b"true"


def _changes(repo: Repository, parent: str, commit: str) -> tuple[FileChange, ...] | None:
    found: list[FileChange] = []
    output = checked_git(
        repo.root, ["diff-tree", "-r", "-z", "--no-renames", "--raw", parent, commit], b"", repo.variables
    )
    fields = os.fsdecode(output).split("\0")[:-1]
    for meta, path in _pairs(fields):
        mode_before, mode_after, before, after, status = meta[1:].split(" ")
        if status != "M" or mode_before != mode_after:
            return None
        found.append(FileChange(path, before, after))
    return tuple(found)


def _pairs(fields: Sequence[str]) -> Iterator[tuple[str, str]]:
    return zip(fields[::2], fields[1::2], strict=True)


def _identity() -> dict[str, str]:
    environ = get_env()
    return {name: environ[name] for name in _IDENTITY if name in environ}
