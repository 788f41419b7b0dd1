"""What branches are built on, and merged into."""

from __future__ import annotations

from holdline.branches import HEADS, Base
from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline.gitrefs import full_name, symbolic_ref
from holdline.gitremotes import Remote

_TRACKING = "refs/remotes/"


def choose_base(repo: Repository, asked: str | None, remote: Remote | None) -> Base:
    """The commit that was asked for, or else the default branch of the remote, as it was last fetched.

    That is what pull requests are merged into, whatever is checked out here. Without a remote, or where it does not
    tell, it is what is checked out. Raises HoldlineError where there is no such commit.
    """
    if asked is not None:
        return _named(repo, asked)
    ref = _default_branch(repo, remote)
    if ref:
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


def _default_branch(repo: Repository, remote: Remote | None) -> str:
    """The remote-tracking ref of the remote's default branch; "" for none."""
    names = repo.remotes()
    if remote is not None:
        name = remote.name if remote.is_named else ""
    else:
        name = "origin" if "origin" in names else "".join(names[:1] if len(names) == 1 else ())
    if not name:
        return ""
    ref = symbolic_ref(repo, f"{_TRACKING}{name}/HEAD")
    if not ref and remote is not None:  # a clone knows; `git remote add` does not
        ref = remote.default_branch().replace(HEADS, f"{_TRACKING}{name}/", 1)
    return ref if ref and repo.commit(ref) else ""
