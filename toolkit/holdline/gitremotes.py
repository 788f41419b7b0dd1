"""A remote repository: what branches it has, and pushing to it.

It belongs to the gateway `holdline.git`. Unlike everything else there, these commands run as the user would run them:
with the user's credentials, proxies and hooks (`pre-push`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from holdline.errors import RepositoryError
from holdline.git import Repository
from holdline.gitprocess import Done, run_git, run_git_online

_SECRET = re.compile(r"(?<=://)[^/\s'\"]+(?=@)")
#: What explains a failure best, of all that git, ssh and hooks may have written.
_TELLING = re.compile(r"^(?:fatal|error|remote: error): (?!failed to push some refs)", re.MULTILINE)


class Push(NamedTuple):
    """A branch to push: its ref, the commit, and what the remote has now ("" for no such branch)."""

    ref: str
    commit: str
    expected: str


class Pushed(NamedTuple):
    """What became of it. `problem` is why the remote did not take it ("": it did)."""

    ref: str
    problem: str = ""

    @property
    def is_overtaken(self) -> bool:
        """Whether somebody else pushed in the meantime."""
        return "stale info" in self.problem or "fetch first" in self.problem


class Remote:
    """A remote by its name, or by its address."""

    def __init__(self, repo: Repository, name: str) -> None:
        self._repo = repo
        self.name = name
        self.is_named = name in repo.remotes()

    @property
    def shown(self) -> str:
        """The name, safe to show."""
        return redact(self.name)

    def url(self) -> str:
        """The address that is pushed to, with whatever secrets are in it."""
        if not self.is_named:
            return self.name
        done = run_git(self._repo.root, ["remote", "get-url", "--push", self.name], variables=self._repo.variables)
        return os.fsdecode(done.stdout).splitlines()[0] if done.returncode == 0 else self.name

    def branches(self, prefix: str) -> dict[str, str]:
        """The refs that begin with `prefix`, which ends in a slash, and their commits, where pushes go."""
        output = self._checked("ls-remote", "--refs", "--", self._target(), f"{prefix}*")
        pairs = (line.split("\t", 1) for line in os.fsdecode(output).splitlines() if "\t" in line)
        return {ref: commit for commit, ref in pairs if ref.startswith(prefix)}

    def default_branch(self) -> tuple[str, str]:
        """The ref that the remote's HEAD stands for, and its commit; both "" where it does not tell."""
        output = os.fsdecode(self._checked("ls-remote", "--symref", "--", self.name, "HEAD"))
        found = re.match(r"ref: (\S+)\tHEAD\n(\w+)\tHEAD$", output, re.MULTILINE)
        return (found[1], found[2]) if found else ("", "")

    def bring(self, refs: Mapping[str, str], *, pushed: bool = False) -> None:
        """Have the commits of some refs of the remote here; no ref of ours changes, nor FETCH_HEAD.

        With `pushed` they are from where pushes go. RepositoryError where it does not have these commits any more.
        """
        missing = {ref: commit for ref, commit in refs.items() if self._repo.commit(commit) is None}
        if not missing:
            return
        flags = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-prune", "--refmap=")
        settings = ("-c", "fetch.writeCommitGraph=false")
        self._checked(
            *settings,
            "fetch",
            *flags,
            "--no-recurse-submodules",
            "--",
            self._target() if pushed else self.name,
            *missing,
        )
        for ref, commit in missing.items():
            if self._repo.commit(commit) is None:
                raise RepositoryError(f"{ref} of {self.shown} was changed just now: run again")

    def push(self, pushes: Sequence[Push]) -> list[Pushed]:
        """Push branches, each only if the remote still has what was expected. RepositoryError where none got there."""
        if not pushes:
            return []
        leases = [f"--force-with-lease={p.ref}:{p.expected}" for p in pushes]
        specs = [f"{p.commit}:{p.ref}" for p in pushes]
        arguments = [
            "push",
            "--porcelain",
            "--no-follow-tags",
            "--recurse-submodules=no",
            *leases,
            "--",
            self.name,
            *specs,
        ]
        done = run_git_online(self._repo.root, arguments, self._repo.variables)
        told = dict(_statuses(os.fsdecode(done.stdout)))
        if done.returncode and not any(told.values()):
            raise self._failed("push", done)
        return [Pushed(p.ref, redact(told.get(p.ref, "it says nothing of this branch"))) for p in pushes]

    def _target(self) -> str:
        """Where pushes go: the remote, or what its `pushurl` says."""
        if not self.is_named:
            return self.name
        arguments = ["config", "--get-all", f"remote.{self.name}.pushurl"]
        return self.url() if run_git(self._repo.root, arguments, variables=self._repo.variables).stdout else self.name

    def _checked(self, *arguments: str) -> bytes:
        done = run_git_online(self._repo.root, arguments, self._repo.variables)
        if done.returncode:
            raise self._failed(next(a for a in arguments if a in ("ls-remote", "fetch")), done)
        return done.stdout

    def _failed(self, command: str, done: Done) -> RepositoryError:
        return RepositoryError(f"git {command} failed for {self.shown}: {_reason(done)}")


def redact(text: str) -> str:
    """Text without the passwords and tokens of the addresses in it.

    >>> redact("fatal: https://me:secret@host/x.git not found")
    'fatal: https://***@host/x.git not found'
    >>> redact("https://me:p@ss@host/x@y 'ssh://git@host'")
    "https://***@host/x@y 'ssh://***@host'"
    """
    return _SECRET.sub("***", text)


def _statuses(porcelain: str) -> Iterable[tuple[str, str]]:
    """Each ref with why it was not pushed ("": it was), of what `git push --porcelain` prints."""
    for line in porcelain.splitlines():
        flag, *fields = line.split("\t")
        if len(fields) == 2:
            yield fields[0].rpartition(":")[2], fields[1] if flag == "!" else ""


def _reason(done: Done) -> str:
    text = os.fsdecode(done.stderr).strip()
    found = _TELLING.search(text)
    lines = text[found.end() if found else 0 :].splitlines() or [f"exit status {done.returncode}"]
    return redact(lines[0].strip())
