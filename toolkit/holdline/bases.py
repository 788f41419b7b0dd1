"""Against what a change is judged: HEAD, a merge's parents, or where a branch left its target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdline.errors import HoldlineError
from holdline.gate import Snapshot
from holdline.git import Repository

#: Where CI systems say what a change is to be merged into: variable, and whether it holds a commit or a branch.
#: Sources: the systems' documentation of predefined variables.
# GitLab's first one is set where it judges a merge made for the purpose; the other is then too far back.
_CI_COMMITS = ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA")
_CI_BRANCHES = (
    "GITHUB_BASE_REF",  # GitHub Actions, Gitea, Forgejo
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",  # GitLab
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",  # Azure Pipelines
    "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
    "CHANGE_TARGET",  # Jenkins multibranch
    "DRONE_TARGET_BRANCH",
)


_MERGED = "GITHEAD_"


def staged(repo: Repository, environ: Mapping[str, str]) -> Snapshot:
    """The index against HEAD; against the empty tree before the first commit; against all parents in a merge."""
    head = repo.head()
    if head is None:
        return Snapshot((repo.empty_tree(),), None, "nothing, as this is the first commit")
    others = repo.merge_heads() or _merging(environ)
    named = f"HEAD {head[:9]}"
    if others:
        named += " and the merged " + ", ".join(o[:9] for o in others)
    return Snapshot((head, *others), None, named)


def since(repo: Repository, base: str, head: str = "HEAD") -> Snapshot:
    """A commit against the place where its history left `base`; HoldlineError says what to do where there is none."""
    tip, target = repo.commit(head), repo.commit(base)
    if tip is None:
        raise HoldlineError(f"{head} names no commit here: commit something first")
    if target is None:
        raise HoldlineError(
            f"the base {base} is not in this clone: fetch it (git fetch origin {_to_fetch(base)}) and run again"
        )
    forks = repo.fork_points(target, tip)
    if forks:
        return Snapshot(tuple(forks), tip, f"{', '.join(f[:9] for f in forks)}, where {head} left {base}")
    if repo.is_shallow():
        raise HoldlineError(
            f"this clone is too shallow to see where {base} and {head} part: fetch the history "
            "(git fetch --unshallow; fetch-depth: 0 in GitHub Actions, GIT_DEPTH: 0 in GitLab) and run again"
        )
    raise HoldlineError(f"{base} and {head} have no common history: name another --base")


def before_push(repo: Repository, known: Sequence[str], head: str, ref: str) -> Snapshot:
    """A commit that is pushed to a ref against the commits that the remote is known to have; none: all of it is new."""
    if not known:
        return Snapshot((repo.empty_tree(),), head, f"nothing, as all of {ref} is new")
    return Snapshot(tuple(known), head, f"{', '.join(k[:9] for k in known)}, before the push to {ref}")


def from_ci(repo: Repository, environ: Mapping[str, str]) -> Snapshot:
    """What the CI system says the change is to be merged into."""
    for variable in _CI_COMMITS:
        if commit := environ.get(variable):
            return since(repo, commit)
    for variable in _CI_BRANCHES:
        branch = environ.get(variable, "").removeprefix("refs/heads/")
        if branch:
            remote = f"origin/{branch}"
            return since(repo, remote if repo.commit(remote) or not repo.commit(branch) else branch)
    known = ", ".join((*_CI_COMMITS, *_CI_BRANCHES))
    raise HoldlineError(f"--base auto finds no merge target: none of {known} is set; name the base")


def _merging(environ: Mapping[str, str]) -> list[str]:
    """The commits that `git merge` joins to HEAD, as the variables of its hook pre-merge-commit tell: MERGE_HEAD is
    not there yet.
    """
    return [name.removeprefix(_MERGED) for name in environ if name.startswith(_MERGED) and "GIT_INDEX_FILE" in environ]


def _to_fetch(base: str) -> str:
    """What to tell `git fetch origin`; a clone of a single branch makes no `origin/…` of others unless told to."""
    branch = base.removeprefix("origin/")
    return branch if branch == base else f"{branch}:refs/remotes/{base}"
