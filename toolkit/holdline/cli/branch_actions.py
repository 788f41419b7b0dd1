"""Carrying a plan of branches out: commits, refs, the push, the pull requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdline.branches import HEADS, MEMORY, Branch
from holdline.forges import ForgeCommand, Proposal
from holdline.git import Repository
from holdline.gitcommits import building
from holdline.gitrefs import RefChange, change_refs
from holdline.gitremotes import Push, Remote
from holdline.messages import Background, commit_message, request_text, title
from holdline.publishing import Found, State


def build(
    repo: Repository,
    branches: Sequence[Branch],
    background: Background,
    found: Mapping[str, Found],
) -> list[Branch]:
    """Build the commits that are missing, then change all refs in one step; the branches with their commits.

    Until then nothing refers to the commits, and a run that is killed has changed nothing.
    """
    built = []
    wanted = [b for b in branches if b.state.is_live and not b.commit]
    if wanted:
        with building(repo, background.base.commit) as builder:
            for branch in wanted:
                contents = {r.path: r.after for r in branch.results}
                built.append(branch._replace(commit=builder.build(contents, commit_message(branch, background))))
    by_name = {b.name: b for b in built}
    done = [by_name.get(b.name, b) for b in branches]
    changes = [change for b in done for change in _ref_changes(b, found.get(b.shard.name, Found()))]
    change_refs(repo, changes, "holdline branches")
    return done


def push(remote: Remote, branches: Sequence[Branch], found: Mapping[str, Found]) -> list[Branch]:
    """Push what the remote has not got yet, each branch only over what it had when we looked."""
    pushes = {}
    for branch in branches:
        there = found.get(branch.shard.name, Found()).remote
        if branch.state.is_live and (there is None or there.commit != branch.commit):
            ref = HEADS + branch.name
            pushes[ref] = Push(ref, branch.commit, there.commit if there else "")
    pushed = {p.ref: p for p in remote.push(list(pushes.values()))}
    return [b._replace(pushed=pushed.get(HEADS + b.name)) for b in branches]


def propose(
    forge: ForgeCommand, branches: Sequence[Branch], background: Background, labels: Sequence[str], *, draft: bool
) -> list[Branch]:
    """Open a pull request for each branch that the remote has; one that is open gets a new text with a new commit."""
    done = []
    for branch in branches:
        if branch.state.is_live and not (branch.pushed and branch.pushed.problem):
            proposal = Proposal(
                branch.name,
                background.base.branch,
                title(branch),
                request_text(branch, background),
                tuple(labels),
                branch.owners,
                draft,
            )
            branch = branch._replace(request=forge.propose(proposal))
        done.append(branch)
    return done


def _ref_changes(branch: Branch, found: Found) -> list[RefChange]:
    local = found.local.commit if found.local else ""
    if branch.state.is_live:
        after = branch.commit
    elif branch.state is State.MERGED:
        after = ""
    else:
        return []
    pairs = ((HEADS + branch.name, local), (f"{MEMORY}{branch.migration}/{branch.shard.name}", found.memory))
    return [RefChange(ref, before, after) for ref, before in pairs if before != after]
