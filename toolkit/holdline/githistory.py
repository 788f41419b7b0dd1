"""The past of a branch: the commits of its first-parent line, oldest first, with the files each changed.

It belongs to the gateway `holdline.git`. One git process tells all changes; nothing is kept of them here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from holdline.errors import RepositoryError
from holdline.git import FileKind, Repository
from holdline.gitprocess import complaint, run_git, stream_git

_REGULAR = frozenset({FileKind.REGULAR, FileKind.EXECUTABLE})
_REGULAR_MODES = frozenset(kind.value.encode() for kind in _REGULAR)
# Whatever log.* and diff.* say: each commit against its first parent, a moved file as one gone and one new.
_FLAGS = (
    *(
        "--first-parent",
        "--diff-merges=first-parent",
        "--reverse",
        "--topo-order",
        "--root",
        "--no-show-signature",
        "--no-notes",
    ),
    *("--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-relative"),
    *("--ignore-submodules=all", "--format=%H %ct"),
)


class HistoryCommit(NamedTuple):
    """A commit: its id, its committer's time in seconds since 1970 (UTC), and (path, blob) of the files it changed.

    A blob is "" where the commit has no such regular file any more. The first commit of a history has all its files.
    """

    id: str
    at: int
    changes: tuple[tuple[str, str], ...]


class History:
    """The first-parent line up to HEAD: its commits' ids with their times are known, the changes are read on the way.

    Git's own words for a date are taken by `since`. Raises RepositoryError where there is no commit, or git fails.
    """

    def __init__(self, repo: Repository, since: str | None = None, max_commits: int | None = None) -> None:
        self._repo = repo
        limits = [f"--since={since}"] if since is not None else []
        limits += [f"--max-count={max_commits}"] if max_commits is not None else []
        if repo.head() is None:
            raise RepositoryError(f"{repo.root}: there is no history before the first commit")
        done = run_git(
            repo.root, ["rev-list", "--first-parent", "--timestamp", *limits, "HEAD", "--"], variables=repo.variables
        )
        if done.returncode:
            raise RepositoryError(f"git cannot read the history of {repo.root}: {complaint(done)}")
        self._line = [line.split() for line in reversed(done.stdout.decode().splitlines())]

    def __len__(self) -> int:
        return len(self._line)

    def __iter__(self) -> Iterator[HistoryCommit]:
        if not self._line:
            return
        at, first = self._line[0]
        files = self._repo.files_of(first)
        yield HistoryCommit(first, int(at), tuple((f.path, f.blob) for f in files if f.kind in _REGULAR))
        if len(self._line) > 1:
            yield from self._later(first, self._line[-1][1])

    def _later(self, first: str, last: str) -> Iterator[HistoryCommit]:
        records = stream_git(self._repo.root, ["log", *_FLAGS, f"{first}..{last}", "--"], self._repo.variables)
        commit, changes = [""], list[tuple[str, str]]()
        for record in records:
            text = record.removeprefix(b"\n")
            if text.startswith(b":"):
                changes.append((os.fsdecode(next(records)), _blob(text.split(b" "))))
            elif text:
                if len(commit) > 1:
                    yield _commit(commit, changes)
                commit, changes = text.decode().split(), []
        if len(commit) > 1:
            yield _commit(commit, changes)


def _commit(head: Sequence[str], changes: Sequence[tuple[str, str]]) -> HistoryCommit:
    return HistoryCommit(head[0], int(head[1]), tuple(changes))


def _blob(fields: Sequence[bytes]) -> str:
    """The blob that a change leads to, given `:mode mode blob blob status`; "" where that is no regular file."""
    return fields[3].decode() if fields[1] in _REGULAR_MODES else ""
