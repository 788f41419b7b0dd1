"""Which branches there are to be, and what is to become of each: the plan of `holdline branches`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from holdline.branches import Base, Branch
from holdline.cli.base_plan import BasePlan
from holdline.codeowners import GITHUB_PLACES, GITLAB_PLACES, CodeOwners
from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline.gitcommits import FileChange, blob_id
from holdline.model import FileResult
from holdline.publishing import Found, State, content_key, decide, decide_unplanned
from holdline.shards import Shard, group_by_directory, group_by_owner, in_order, is_of_group, lay_out
from holdline.verdicts import Verification


def plan_shards(planned: BasePlan, owners: CodeOwners, by: str, cap: int, known: Mapping[str, str]) -> list[Shard]:
    """The layout of the files that change; `known` is in which shard an earlier run put a file.

    Files that once did change take part in it, so that it stays as it was.
    """
    results = {r.path for r in planned.plan.changed}
    paths = sorted({*results, *known})
    groups = group_by_owner(paths, owners.owners) if by == "owner" else group_by_directory(paths, cap)
    if by == "owner":  # who owns a file now decides; a directory's files stay where they are being reviewed
        known = {p: known[p] for name, ps in groups.items() for p in ps if p in known and is_of_group(known[p], name)}
    changing = {name: [p for p in paths if p in results] for name, paths in groups.items()}
    return lay_out(changing, known, cap)


def plan_branches(
    repo: Repository,
    planned: BasePlan,
    shards: Iterable[Shard],
    owners: CodeOwners,
    found: Mapping[str, Found],
    verdicts: Mapping[str, Verification],
) -> list[Branch]:
    """The branches for all that is planned, in the order to merge them.

    `found` is what there is of each shard, `verdicts` are those on the shards that were verified.
    """
    results = {r.path: r for r in planned.plan.changed}
    rank = {path: place for place, path in enumerate(results)}
    branches = []
    for shard in in_order(shards, rank):
        mine = tuple(results[path] for path in shard.paths)
        key = content_key([_change(repo, planned, r) for r in mine])
        decision = decide(key, found.get(shard.name, Found()))
        owned = tuple(dict.fromkeys(o for path in shard.paths for o in owners.owners(path)))
        verdict = verdicts.get(shard.name)
        branches.append(Branch(planned.name, shard, decision, mine, owned, key, decision.keep, verdict))
    return branches


def plan_others(
    planned: BasePlan, branches: Iterable[Branch], found: Mapping[str, Found], asked: Callable[[str], bool]
) -> list[Branch]:
    """Branches of earlier runs that nothing is planned for any more. What was not looked at now is not judged."""
    blobs = {path: file.blob for path, file in planned.files.items()}
    rewritten = {r.path for r in planned.plan.changed}
    names = {b.shard.name for b in branches}
    others = []
    for name, there in found.items():
        if name in names or there.ours is None:
            continue
        paths = [c.path for c in there.ours.changes or ()]
        if not all(asked(p) and (p in planned.scope or p not in blobs) for p in paths):
            continue
        decision = decide_unplanned(there, blobs, rewritten)
        if decision.state is State.OBSOLETE and there.local is None and there.remote is None:
            continue  # there is nothing of it but our memory
        others.append(Branch(planned.name, Shard(name, tuple(paths)), decision))
    return others


def read_owners(repo: Repository, base: Base, by: str, *, gitlab: bool) -> CodeOwners:
    """The base's CODEOWNERS; without one, nobody owns anything. HoldlineError where branches are `by` owner."""
    places = GITLAB_PLACES if gitlab else (*GITHUB_PLACES, GITLAB_PLACES[-1])
    files = repo.read_files(base.commit, places)
    place = next((p for p in places if p in files), "")
    if not place:
        if by == "owner":
            raise HoldlineError(f"there is no CODEOWNERS in {base.shown}: add one, or use --by directory")
        return CodeOwners()
    return CodeOwners(files[place].decode("utf-8-sig", "replace"), gitlab=gitlab or place == GITLAB_PLACES[-1])


def _change(repo: Repository, planned: BasePlan, result: FileResult) -> FileChange:
    return FileChange(result.path, planned.files[result.path].blob, blob_id(repo, result.after))
