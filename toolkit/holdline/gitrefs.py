"""Branches and other refs: reading them, knowing which are in use, and changing several in one transaction.

It belongs to the gateway `holdline.git`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from holdline.errors import RepositoryError
from holdline.git import Repository
from holdline.gitprocess import checked_git, complaint, run_git

#: Hooks that `git commit` runs, and building a commit without an index or a checkout cannot.
_COMMIT_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")
#: Below a working tree's git folder: what names the branch that an unfinished rebase or bisection is to come back to.
_UNFINISHED = ("rebase-merge/head-name", "rebase-apply/head-name", "rebase-merge/update-refs", "BISECT_START")


class RefChange(NamedTuple):
    """A ref from one commit to another; "" is a ref that is not there."""

    ref: str
    before: str
    after: str


def refs_below(repo: Repository, prefix: str) -> dict[str, str]:
    """The refs whose names begin with `prefix`, which ends in a slash, and their values."""
    listed = checked_git(repo.root, ["for-each-ref", "--format=%(refname) %(objectname)", prefix], b"", repo.variables)
    return {ref: value for ref, _, value in (line.rpartition(" ") for line in os.fsdecode(listed).splitlines())}


def symbolic_ref(repo: Repository, name: str) -> str:
    """The ref that a symbolic one stands for; "" where it is none."""
    done = run_git(repo.root, ["symbolic-ref", "--quiet", name], variables=repo.variables)
    return os.fsdecode(done.stdout).strip()


def full_name(repo: Repository, name: str) -> str:
    """The full name of the ref that a short one stands for; "" where it is none."""
    done = run_git(repo.root, ["rev-parse", "--symbolic-full-name", "--end-of-options", name], variables=repo.variables)
    told = os.fsdecode(done.stdout).splitlines() if done.returncode == 0 else []
    return next((line for line in told if line.startswith("refs/")), "")


def branches_in_use(repo: Repository) -> dict[str, Path]:
    """Branches that are checked out, being rebased or bisected, and the working tree where they are."""
    listed = checked_git(repo.root, ["worktree", "list", "--porcelain"], b"", repo.variables)
    in_use: dict[str, Path] = {}
    for record in os.fsdecode(listed).split("\n\n"):
        fields = dict(line.partition(" ")[::2] for line in record.splitlines())
        if "branch" in fields:
            in_use[fields["branch"]] = Path(fields["worktree"])
    for git_dir in (repo.common_dir, *sorted(repo.common_dir.glob("worktrees/*"))):
        for branch in _unfinished(git_dir):
            in_use.setdefault(branch, git_dir)
    return in_use


def change_refs(repo: Repository, changes: Sequence[RefChange], reason: str) -> None:
    """Change refs, all or none: RepositoryError where one of them is not what it was before, or git refuses it."""
    if not changes:
        return
    lines = ["start", *map(_command, changes), "prepare", "commit"]
    done = run_git(
        repo.root,
        ["update-ref", "--stdin", "-z", "-m", reason],
        os.fsencode("".join(f"{line}\0" for line in lines)),
        repo.variables,
        to_the_end=True,
    )
    if done.returncode:
        raise RepositoryError(f"no branch was changed: {complaint(done)}: run again when that is settled")


def contains(repo: Repository, commit: str, ancestor: str) -> bool:
    """Whether `ancestor` is `commit` or in its history."""
    done = run_git(repo.root, ["merge-base", "--is-ancestor", ancestor, commit], variables=repo.variables)
    return done.returncode == 0


def first_parents(repo: Repository, tip: str, base: str, most: int) -> list[str]:
    """The commits from a tip back to what `base` has, at most so many, along first parents."""
    arguments = ["rev-list", "--first-parent", f"--max-count={most}", tip, f"^{base}", "--"]
    return checked_git(repo.root, arguments, b"", repo.variables).decode().split()


def commit_hooks(repo: Repository) -> list[str]:
    """The names of the hooks that git would run with a commit here."""
    folder = repo.hooks_path()
    return [name for name in _COMMIT_HOOKS if os.access(folder / name, os.X_OK) and (folder / name).is_file()]


def _command(change: RefChange) -> str:
    zeros = "0" * max(len(change.before), len(change.after))
    if not change.after:
        return f"delete {change.ref}\0{change.before}"
    return f"update {change.ref}\0{change.after}\0{change.before or zeros}"


def _unfinished(git_dir: Path) -> Iterable[str]:
    for name in _UNFINISHED:
        try:
            lines = (git_dir / name).read_text("utf-8", "surrogateescape").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            continue
        for line in lines:
            if line.startswith("refs/heads/"):
                yield line
            elif name == "BISECT_START":
                yield f"refs/heads/{line}"
