"""What branches are built on, and merged into."""

from __future__ import annotations

from holdline.branches import HEADS, Base
from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline.gitrefs import full_name, symbolic_ref
from holdline.gitremotes import Remote

_TRACKING = "refs/remotes/"


def choose_base(repo: Repository, asked: str | None, remote: Remote | None) -> Base:
    """The commit that was asked for, or else the default branch: what pull requests are merged into.

    It is that of `remote` as it is now, else that of `origin` (or the only remote there is) as it was last fetched,
    else what is checked out. Raises HoldlineError where there is no such commit.
    """
    if asked is not None:
        return _named(repo, asked)
    if remote is not None:
        ref, commit = remote.default_branch()
        if commit and ref.startswith(HEADS):
            remote.bring({ref: commit})
            branch = ref.removeprefix(HEADS)
            return Base(commit, f"{remote.shown}/{branch}", branch)
    if ref := _default_branch(repo):
        return _named(repo, ref.removeprefix(_TRACKING))
    current = symbolic_ref(repo, "HEAD")
    if repo.head() is None:
        raise HoldlineError("there is no commit yet to build branches on: commit something, or name a --base")
    return _named(repo, current.removeprefix(HEADS) or "HEAD")


def _named(repo: Repository, name: str) -> Base:
    commit = repo.commit(name)
    if commit is None:
        raise HoldlineError(f"the base {name} is not in this clone: fetch it and run again")
    ref = full_name(repo, name)
    if ref.startswith(HEADS):
        return Base(commit, name, ref.removeprefix(HEADS))
    for remote in repo.remotes():
        if ref.startswith(f"{_TRACKING}{remote}/"):
            return Base(commit, name, ref.removeprefix(f"{_TRACKING}{remote}/"))
    return Base(commit, name)


def _default_branch(repo: Repository) -> str:
    """The remote-tracking ref of the default branch, as a clone knows it; "" for none."""
    names = repo.remotes()
    name = "origin" if "origin" in names else names[0] if len(names) == 1 else ""
    ref = symbolic_ref(repo, f"{_TRACKING}{name}/HEAD") if name else ""
    return ref if ref and repo.commit(ref) else ""
