"""What `holdline branches` plans, and what came of it: the values that are decided on, written about and shown."""

from __future__ import annotations

from typing import NamedTuple

from holdline.gitremotes import Pushed
from holdline.model import FileResult, Problem
from holdline.publishing import Decision, State
from holdline.shards import Shard
from holdline.verdicts import Dropped, Verification

HEADS = "refs/heads/"
#: Where the latest commit that we made for a branch is remembered.
MEMORY = "refs/holdline/branches/"


class Base(NamedTuple):
    """The commit that branches are built on. `branch` is where they are to be merged into; "" for a bare commit."""

    commit: str
    name: str
    branch: str = ""

    @property
    def shown(self) -> str:
        """The base in words."""
        return f"{self.name} {self.commit[:9]}" if self.name != self.commit else self.commit


class Request(NamedTuple):
    """A pull request, by its address; `is_new` where it was opened just now. `problem` is why there is none.

    `is_closed` says that somebody closed it without merging it.
    """

    url: str
    is_new: bool = False
    is_closed: bool = False
    problem: str = ""


class Branch(NamedTuple):
    """One branch: its shard, the rewrites it carries, who owns the files, and what is done.

    `commit` is where the branch is in the end; "" before it is built, or where it is left alone or dropped. Without
    `results` nothing is planned for it any more. `verification` is what the tests said, where they were asked.
    """

    migration: str
    shard: Shard
    decision: Decision
    results: tuple[FileResult, ...] = ()
    owners: tuple[str, ...] = ()
    key: str = ""
    commit: str = ""
    verification: Verification | None = None
    pushed: Pushed | None = None
    request: Request | None = None

    @property
    def name(self) -> str:
        """What git calls it."""
        return branch_name(self.migration, self.shard.name)

    @property
    def state(self) -> State:
        """What it was found to be."""
        return self.decision.state

    @property
    def after(self) -> tuple[str, ...]:
        """The branches to merge before this one."""
        return tuple(branch_name(self.migration, name) for name in self.shard.after)

    @property
    def fixed(self) -> int:
        """Violations that it removes."""
        return sum(len(r.fixed) for r in self.results)

    @property
    def left(self) -> int:
        """Violations that stay in its files."""
        return sum(len(r.remaining) for r in self.results)


class BranchesReport(NamedTuple):
    """All branches in the order to merge them, those without a plan last.

    `skipped_hooks` are the repository's hooks that would have run with a `git commit`; `problems` are files that could
    not be judged; `dropped` are the fixes that were taken back for the tests they broke.
    """

    base: Base
    by: str
    dry_run: bool
    branches: tuple[Branch, ...]
    remote: str = ""
    skipped_hooks: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    dropped: tuple[Dropped, ...] = ()


def branch_name(migration: str, shard: str) -> str:
    """The branch of a shard."""
    return f"holdline/{migration}/{shard}"
