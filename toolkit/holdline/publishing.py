"""What is to become of each branch, going by what is there already; pure.

A commit of ours is known again by its message, which names its shard, and by a key of what it does to which files:
nothing is ours that somebody has changed, whoever committed it.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from holdline.gitcommits import Commit, FileChange

SHARD, BASE, KEY, LAYOUT = "Holdline-Shard", "Holdline-Base", "Holdline-Key", "Holdline-Layout"


class State(enum.StrEnum):
    """What a branch is found to be, which decides what is done."""

    NEW = "new"
    UNCHANGED = "unchanged"
    STALE = "stale"
    RECREATED = "recreated"
    MERGED = "merged"
    DIVERGED = "diverged"
    IN_USE = "in use"
    OBSOLETE = "obsolete"

    @property
    def is_refusal(self) -> bool:
        """Whether a branch was to be changed, and is not."""
        return self in (State.DIVERGED, State.IN_USE)

    @property
    def is_live(self) -> bool:
        """Whether the branch is, or will be, as planned."""
        return self in (State.NEW, State.UNCHANGED, State.STALE, State.RECREATED)


class Tip(NamedTuple):
    """Where a branch is. `ours` is our latest commit in it, if any.

    `in_base` says that the base has all of the branch, `on_base` that the commit that ours was built on is in the base.
    """

    commit: str
    ours: Commit | None
    in_base: bool = False
    on_base: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether nobody else put anything on our commit."""
        return self.ours is not None and self.ours.id == self.commit


class Found(NamedTuple):
    """What there is under a branch's name. `remembered` is the commit of ours that an earlier run made here, `memory`
    what the ref says that remembers it.

    `lost` says that the remote is known to have had the branch, and has it no more; `in_use` where it is checked out.
    """

    local: Tip | None = None
    remote: Tip | None = None
    remembered: Commit | None = None
    memory: str = ""
    lost: bool = False
    in_use: str = ""

    @property
    def ours(self) -> Commit | None:
        """Our latest commit under this name that is to be found."""
        found = (t.ours for t in (self.remote, self.local) if t is not None and t.ours)
        return next(found, self.remembered)


class Decision(NamedTuple):
    """What to do with a branch: `keep` is a commit that is as planned already ("": one has to be built).

    `why` explains what is refused or left alone.
    """

    state: State
    keep: str = ""
    why: str = ""


def content_key(changes: Sequence[FileChange]) -> str:
    """The same for the same rewrites of the same files, whatever else the base has.

    It has to stay the same from version to version, or branches under review would count as somebody else's.
    """
    entries = sorted(f"{change.path}\0{change.before}\0{change.after}\0" for change in changes)
    return hashlib.sha256("".join(entries).encode("utf-8", "surrogateescape")).hexdigest()


def is_ours(commit: Commit, shard: str) -> bool:
    """Whether a commit is one that we made for a shard, and does what it did then."""
    said = commit.trailers
    return commit.changes is not None and said.get(SHARD) == shard and said.get(KEY) == content_key(commit.changes)


def decide(key: str, found: Found) -> Decision:
    """What to do with a branch whose rewrites have this key."""
    for tip, where in ((found.remote, "on the remote"), (found.local, "here")):
        if tip is not None and not tip.is_ours and not tip.in_base:
            return Decision(State.DIVERGED, why=_why_diverged(tip, where))
    current = [t for t in (found.remote, found.local) if t is not None and _is_current(t, key)]
    keep = current[0].commit if current else ""
    if found.in_use and found.local is not None and found.local.commit != keep:
        return Decision(State.IN_USE, why=f"it is checked out, or being rebased, in {found.in_use}")
    if keep:
        return Decision(State.RECREATED if found.lost and found.remote is None else State.UNCHANGED, keep)
    if found.local is not None or found.remote is not None:
        return Decision(State.STALE)
    return Decision(State.RECREATED if found.remembered or found.lost else State.NEW)


def decide_unplanned(found: Found, base: Mapping[str, str], planned: Collection[str]) -> Decision:
    """What to do with a branch that nothing is planned for any more.

    `base` gives the blob of each file there, `planned` the files that are rewritten in other branches.
    """
    tips = [t for t in (found.local, found.remote) if t is not None]
    if all(t.in_base or (t.is_ours and t.ours is not None and _is_settled(t.ours, base, planned)) for t in tips):
        if found.in_use:
            return Decision(State.IN_USE, why=f"it is merged, and checked out, or being rebased, in {found.in_use}")
        return Decision(State.MERGED)
    if any(not t.is_ours and not t.in_base for t in tips):
        return Decision(State.OBSOLETE, why="nothing is planned for it any more; somebody committed to it: left alone")
    return Decision(State.OBSOLETE, why="nothing is planned for it any more, and it is not merged: left alone")


def _is_current(tip: Tip, key: str) -> bool:
    """Whether a tip is as planned. Where the base moved in other files, it stays, and so do its reviews."""
    if not tip.is_ours or tip.in_base or not tip.on_base or tip.ours is None:
        return False
    return tip.ours.trailers.get(KEY) == key


def _is_settled(commit: Commit, base: Mapping[str, str], planned: Collection[str]) -> bool:
    """Whether the base has what a commit does, as after a squash or a rebase, whatever came on top of it since."""
    changes = commit.changes or ()
    return all(base.get(c.path) != c.before and c.path not in planned for c in changes)


def _why_diverged(tip: Tip, where: str) -> str:
    if tip.ours is None:
        return f"{where} it holds {tip.commit[:9]}, which is not ours: rename or delete it, and run again"
    return f"{where} somebody put {tip.commit[:9]} on our {tip.ours.id[:9]}: merge or delete it, and run again"
