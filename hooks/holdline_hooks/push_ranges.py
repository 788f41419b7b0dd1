"""Which commits a push brings to the remote: what `pre-push` is to judge, and against what.

A ref that is updated is judged against its old value, a new one against everything that the remote is known to
have. The default branches of all remotes count as there before in any case: whoever merged one did not write it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from holdline.errors import HoldlineError
from holdline.git import Repository

_TRACKING = "refs/remotes/"
_USUAL_DEFAULTS = ("main", "master")


class PushedRef(NamedTuple):
    """One line that git writes to `pre-push`; an id of zeros says that the ref is not there.

    `local_ref` is as the user gave it (`HEAD~1`, an object id), or `(delete)`.
    """

    local_ref: str
    local_oid: str
    remote_ref: str
    remote_oid: str


class PushRange(NamedTuple):
    """The commits of `head` that are new to the remote.

    `bases` is what `head` builds on and the remote has already: the ref's old value first, where that is one of them;
    several where `head` merged more of what is there, and what one of them holds is not new. None at all: everything
    is new. `ref` is the remote's ref, `note` a line to tell where the bases are not the obvious ones, else empty.
    """

    bases: tuple[str, ...]
    head: str
    ref: str
    note: str = ""


def parse_push(lines: bytes) -> list[PushedRef]:
    """The lines that git writes to `pre-push`; HoldlineError for anything else."""
    refs = []
    for line in lines.decode("utf-8", "surrogateescape").split("\n"):
        fields = line.rsplit(" ", 3)  # the local ref is an expression and may hold spaces
        if len(fields) == 4:
            refs.append(PushedRef(*fields))
        elif line:
            raise HoldlineError(f"pre-push expects lines `<ref> <id> <remote ref> <remote id>` from git, not {line!r}")
    return refs


def pushed_under_pre_commit(environ: Mapping[str, str]) -> list[PushedRef]:
    """The ref that pre-commit, which keeps git's lines to itself, tells of in variables; [] where it does not.

    Of a push of several refs it tells of one. For a ref that is new to the remote, `PRE_COMMIT_FROM_REF` is not the
    remote's value but where pre-commit would start: that it is no tip of the remote does no harm, for it is there.
    """
    remote_ref = environ.get("PRE_COMMIT_REMOTE_BRANCH")
    if not remote_ref:
        return []
    local_ref = environ.get("PRE_COMMIT_LOCAL_BRANCH", "")
    head = environ.get("PRE_COMMIT_TO_REF") or local_ref  # without a start, pre-commit does not tell the end
    return [PushedRef(local_ref, head, remote_ref, environ.get("PRE_COMMIT_FROM_REF", ""))]


def ranges_to_judge(repo: Repository, remote: str, refs: Iterable[PushedRef]) -> list[PushRange]:
    """What a push of `refs` to `remote` (a name, or an address) brings there; deletions bring nothing.

    Refs that bring the same commits are judged once. Raises RepositoryError where a shallow clone's history ends
    before anything that the remote is known to have.
    """
    tracking = repo.remote_refs()
    defaults = _default_branches(repo.remotes(), tracking)
    ranges: dict[tuple[tuple[str, ...], str], PushRange] = {}
    for ref in refs:
        head = None if _is_absent(ref.local_oid) else repo.commit(ref.local_oid)
        if head is None:  # a deletion, or a tag of something that is no commit
            continue
        found = _range(repo, remote, ref, head, tracking, defaults)
        if found is not None:
            ranges.setdefault((found.bases, head), found)
    return list(ranges.values())


def _range(
    repo: Repository, remote: str, ref: PushedRef, head: str, tracking: Mapping[str, str], defaults: list[str]
) -> PushRange | None:
    old, note = None, ""
    if not _is_absent(ref.remote_oid):
        old = repo.commit(ref.remote_oid)
        if old is None:
            note = f"{ref.remote_ref} of {remote} is at {ref.remote_oid[:12]}, which is not here: judged as a new ref"
    known = [old] if old else [oid for name, oid in tracking.items() if name.startswith(f"{_TRACKING}{remote}/")]
    if not known and not defaults and tracking:
        known = list(tracking.values())
    edge = repo.edge(head, [*known, *defaults])
    if edge is None:
        return None
    if not edge:
        if repo.is_shallow():
            raise HoldlineError(
                f"{ref.remote_ref}: this clone's history ends before anything that {remote} is known to have: "
                "run `git fetch --unshallow` and push again"
            )
        note = note or f"nothing of {ref.remote_ref} is known to be on {remote}: all of it counts as new"
    return PushRange(tuple(sorted(edge, key=lambda commit: commit != old)), head, ref.remote_ref, note)


def _default_branches(remotes: Iterable[str], tracking: Mapping[str, str]) -> list[str]:
    """The commits of the remotes' default branches: what `HEAD` says, else the usual names."""
    commits = []
    for remote in remotes:
        names = (f"{_TRACKING}{remote}/{name}" for name in ("HEAD", *_USUAL_DEFAULTS))
        commits.extend([tracking[name] for name in names if name in tracking][:1])
    return commits


def _is_absent(oid: str) -> bool:
    return not oid.strip("0")
