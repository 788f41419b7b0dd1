"""Against what a change is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from holdline.bases import before_push, from_ci, since, staged
from holdline.errors import HoldlineError
from holdline.git import Repository

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """`main` and `topic` have each a commit of their own; `topic` is checked out."""
    repo = make_repo({"a.py": "1\n"})
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.write("b.py", "2\n")
    repo.commit()
    repo.git("checkout", "--quiet", "main")
    repo.write("c.py", "3\n")
    repo.commit()
    repo.git("checkout", "--quiet", "topic")
    return repo


def commit(repo: Repo, name: str) -> str:
    return repo.git("rev-parse", name).strip()


def opened(repo: Repo) -> Repository:
    return Repository.discover(repo.root)


def test_staged_is_against_head(repo: Repo) -> None:
    snapshot = staged(opened(repo), {})
    assert (snapshot.bases, snapshot.head) == ((commit(repo, "HEAD"),), None)
    assert snapshot.named == f"HEAD {commit(repo, 'HEAD')[:9]}"


def test_staged_before_the_first_commit(make_repo: MakeRepo) -> None:
    snapshot = staged(opened(make_repo()), {})
    assert (snapshot.bases, snapshot.head) == ((EMPTY_TREE,), None)


def test_staged_in_a_merge(repo: Repo) -> None:
    repo.git("merge", "--quiet", "--no-commit", "main")
    snapshot = staged(opened(repo), {})
    assert snapshot.bases == (commit(repo, "HEAD"), commit(repo, "main"))
    assert snapshot.named.endswith(f"and the merged {commit(repo, 'main')[:9]}")


def test_staged_where_git_tells_its_hook_of_a_merge(repo: Repo) -> None:
    main = commit(repo, "main")
    told = {f"GITHEAD_{main}": "main", "GIT_INDEX_FILE": ".git/index"}
    assert staged(opened(repo), told).bases == (commit(repo, "HEAD"), main)
    assert staged(opened(repo), {f"GITHEAD_{main}": "main"}).bases == (commit(repo, "HEAD"),)


def test_since_where_the_histories_part(repo: Repo) -> None:
    snapshot = since(opened(repo), "main")
    assert (snapshot.bases, snapshot.head) == ((commit(repo, "main~1"),), commit(repo, "topic"))
    assert snapshot.named == f"{commit(repo, 'main~1')[:9]}, where HEAD left main"
    assert since(opened(repo), "topic", "main").head == commit(repo, "main")


def test_since_a_tag_or_an_id(repo: Repo) -> None:
    repo.git("tag", "-a", "-m", "tag", "v1", "main~1")
    assert since(opened(repo), "v1").bases == since(opened(repo), commit(repo, "main~1")).bases


def test_the_remote_branch_is_preferred(repo: Repo) -> None:
    repo.git("update-ref", "refs/remotes/origin/main", "topic")
    assert from_ci(opened(repo), {"GITHUB_BASE_REF": "main"}).bases == (commit(repo, "topic"),)
    repo.git("update-ref", "-d", "refs/remotes/origin/main")
    assert from_ci(opened(repo), {"GITHUB_BASE_REF": "main"}).bases == (commit(repo, "main~1"),)


def test_a_target_that_was_not_fetched(repo: Repo) -> None:
    with pytest.raises(
        HoldlineError, match=r"origin/release is not in this clone: fetch it \(git fetch origin release\)"
    ):
        from_ci(opened(repo), {"GITHUB_BASE_REF": "release"})


def test_a_commit_outranks_a_branch(repo: Repo) -> None:
    environ = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": commit(repo, "topic")}
    assert from_ci(opened(repo), environ).bases == (commit(repo, "topic"),)


def test_no_variable_is_set(repo: Repo) -> None:
    with pytest.raises(HoldlineError, match=r"none of CI_MERGE_REQUEST_.*GITHUB_BASE_REF.* is set; name the base"):
        from_ci(opened(repo), {"GITHUB_BASE_REF": "", "HOME": "/"})


def test_before_a_push(repo: Repo) -> None:
    head = commit(repo, "topic")
    snapshot = before_push(opened(repo), [commit(repo, "main")], head, "refs/heads/topic")
    assert (snapshot.bases, snapshot.head) == ((commit(repo, "main"),), head)
    assert snapshot.named == f"{commit(repo, 'main')[:9]}, before the push to refs/heads/topic"
    assert before_push(opened(repo), [], head, "refs/heads/topic").bases == (EMPTY_TREE,)
