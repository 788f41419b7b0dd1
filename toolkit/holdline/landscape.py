"""What there is already of our branches: here, on the remote, and in our memory."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from holdline.branches import HEADS, MEMORY, branch_name
from holdline.git import Repository
from holdline.gitcommits import Commit, read_commit
from holdline.gitrefs import branches_in_use, contains, first_parents, refs_below
from holdline.gitremotes import Remote
from holdline.publishing import LAYOUT, Found, Tip, is_ours

#: How many commits others may have put on ours for us to find it.
_FARTHEST = 200


def look_around(repo: Repository, base: str, migration: str, remote: Remote | None) -> dict[str, Found]:
    """What there is of each shard of which there is anything. The commits of the remote are brought here."""
    prefix = HEADS + branch_name(migration, "")
    local = _by_shard(refs_below(repo, prefix), prefix)
    memory = _by_shard(refs_below(repo, f"{MEMORY}{migration}/"), f"{MEMORY}{migration}/")
    there: dict[str, str] = {}
    tracked: dict[str, str] = {}
    if remote is not None:
        there = _by_shard(remote.branches(prefix), prefix)
        remote.bring({prefix + shard: commit for shard, commit in there.items()}, pushed=True)
        tracking = prefix.replace(HEADS, f"refs/remotes/{remote.name}/", 1)
        tracked = _by_shard(refs_below(repo, tracking), tracking) if remote.is_named else {}
    in_use = branches_in_use(repo)
    tip = functools.cache(functools.partial(_tip, repo, base))
    found = {}
    for shard in sorted({*local, *memory, *there}):
        remembered = read_commit(repo, memory[shard]) if shard in memory else None
        found[shard] = Found(
            local=tip(shard, local[shard]) if shard in local else None,
            remote=tip(shard, there[shard]) if shard in there else None,
            remembered=remembered if remembered and is_ours(remembered, shard) else None,
            memory=memory.get(shard, ""),
            lost=shard in tracked and shard not in there,
            in_use=str(in_use.get(prefix + shard, "")),
        )
    return found


def known_places(found: Mapping[str, Found], layout: str) -> dict[str, str]:
    """In which shard each file is already, among those that were laid out in the same way."""
    known: dict[str, str] = {}
    for shard, there in found.items():
        commit = there.ours
        if commit is not None and commit.trailers.get(LAYOUT) == layout:
            for change in commit.changes or ():
                known.setdefault(change.path, shard)
    return known


@contextmanager
def apart(repo: Repository) -> Iterator[None]:
    """Inside, new objects go to a folder that is thrown away: for a dry run, which leaves no trace."""
    before = repo.variables
    with TemporaryDirectory(prefix="holdline-") as folder:
        objects = repo.common_dir / "objects"
        repo.variables = {
            **before,
            "GIT_OBJECT_DIRECTORY": str(Path(folder)),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(objects),
        }
        try:
            yield
        finally:
            repo.variables = before


def _quoted(folder: Path) -> str:
    """A folder as git takes it in a list, where a colon parts two of them."""
    text = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _by_shard(refs: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {ref.removeprefix(prefix): commit for ref, commit in refs.items()}


def _tip(repo: Repository, base: str, shard: str, commit: str) -> Tip:
    ours = _ours(repo, base, shard, commit)
    on_base = ours is not None and contains(repo, base, ours.parents[0])
    return Tip(commit, ours, contains(repo, base, commit), on_base)


def _ours(repo: Repository, base: str, shard: str, tip: str) -> Commit | None:
    """Our latest commit on a branch, whatever somebody put on top."""
    top = read_commit(repo, tip)
    if is_ours(top, shard):
        return top
    below = (read_commit(repo, commit) for commit in first_parents(repo, tip, base, _FARTHEST)[1:])
    return next((commit for commit in below if is_ours(commit, shard)), None)
