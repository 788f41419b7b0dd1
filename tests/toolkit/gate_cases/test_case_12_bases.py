"""12. Missing base or shallow clone: stop and name the fix; never "everything" or "nothing"."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .gates import Judge, reads

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo


@pytest.fixture
def origin(make_repo: MakeRepo) -> Repo:
    """`main` moved on after `topic` left it."""
    repo = make_repo({"a.py": reads("A")}, name="origin")
    repo.git("checkout", "--quiet", "-b", "topic")
    for name in ("T1", "T2", "T3"):
        repo.write(f"{name}.py", reads(name))
        repo.commit(name)
    repo.git("checkout", "--quiet", "main")
    for name in ("M1", "M2", "M3"):
        repo.write(f"{name}.py", reads(name))
        repo.commit(name)
    repo.git("checkout", "--quiet", "topic")
    return repo


def clone(origin: Repo, folder: Path, *arguments: str) -> Repo:
    from dataclasses import replace

    subprocess.run(["git", "clone", "--quiet", *arguments, f"file://{origin.root}", folder], check=True)
    return replace(origin, root=folder)


def test_a_full_clone(origin: Repo, tmp_path: Path, judge: Judge) -> None:
    verdict = judge(clone(origin, tmp_path / "clone"), "--base", "origin/main")
    assert verdict.new == ["T1.py:4 HL101", "T2.py:4 HL101", "T3.py:4 HL101"]


def test_a_base_that_is_not_here(origin: Repo, tmp_path: Path, judge: Judge) -> None:
    shallow = clone(origin, tmp_path / "clone", "--depth=1", "--branch=topic")
    verdict = judge(shallow, "--base", "origin/main")
    assert verdict.code == 2
    assert verdict.err == (
        "holdline: the base origin/main is not in this clone: fetch it (git fetch origin "
        "main:refs/remotes/origin/main) and run again\n"
    )
    shallow.git("fetch", "--quiet", "origin", "main:refs/remotes/origin/main")
    assert "too shallow" in judge(shallow, "--base", "origin/main").err
    shallow.git("fetch", "--quiet", "--unshallow")
    assert len(judge(shallow, "--base", "origin/main").new) == 3


def test_a_history_cut_off_before_the_fork(origin: Repo, tmp_path: Path, judge: Judge) -> None:
    shallow = clone(origin, tmp_path / "clone", "--depth=2", "--no-single-branch")
    verdict = judge(shallow, "--base", "origin/main")
    assert verdict.code == 2
    assert "too shallow to see where origin/main and HEAD part" in verdict.err
    assert "git fetch --unshallow; fetch-depth: 0 in GitHub Actions, GIT_DEPTH: 0 in GitLab" in verdict.err
    shallow.git("fetch", "--quiet", "--unshallow")
    assert len(judge(shallow, "--base", "origin/main").new) == 3


def test_a_shallow_clone_that_reaches_far_enough(origin: Repo, tmp_path: Path, judge: Judge) -> None:
    shallow = clone(origin, tmp_path / "clone", "--depth=4", "--no-single-branch")
    assert len(judge(shallow, "--base", "origin/main").new) == 3


def test_what_is_staged_in_a_shallow_clone(origin: Repo, tmp_path: Path, judge: Judge) -> None:
    shallow = clone(origin, tmp_path / "clone", "--depth=1")
    shallow.write("T3.py", reads("T3", "NEW"))
    shallow.git("add", "--all")
    assert judge(shallow).new == ["T3.py:7 HL101"]


def test_a_clone_without_blobs(origin: Repo, tmp_path: Path, judge: Judge) -> None:
    """A verdict where git can still fetch what is missing, one clear line where it cannot."""
    origin.git("config", "uploadpack.allowFilter", "true")
    partial = clone(origin, tmp_path / "clone", "--filter=blob:none", "--no-checkout")
    partial.git("remote", "set-url", "origin", "file:///nowhere")
    code, _, err = 0, "", ""
    from .gates import run_check

    code, _, err = run_check(partial.root, "--base", "origin/main")
    assert code == 2
    assert err.count("\n") == 1


def test_histories_with_nothing_in_common(origin: Repo, judge: Judge) -> None:
    origin.git("checkout", "--quiet", "--orphan", "alone")
    origin.git("commit", "--quiet", "--message", "alone")
    verdict = judge(origin, "--base", "main")
    assert verdict.err == "holdline: main and HEAD have no common history: name another --base\n"


@pytest.mark.parametrize("name", ["nowhere", "-x", "--all", "HEAD:a.py", "", "main..topic"])
def test_a_name_that_is_no_commit(origin: Repo, judge: Judge, name: str) -> None:
    verdict = judge(origin, f"--base={name}")
    assert verdict.code == 2
    assert "is not in this clone" in verdict.err


def test_no_commits_yet_and_a_base(make_repo: MakeRepo, judge: Judge) -> None:
    verdict = judge(make_repo(), "--base", "main")
    assert verdict.err == "holdline: HEAD names no commit here: commit something first\n"


def test_the_commit_of_head_is_lost(make_repo: MakeRepo, judge: Judge) -> None:
    """Not the same as no commit yet: then everything would be new."""
    repo = make_repo({"a.py": reads("A")})
    head = repo.git("rev-parse", "HEAD").strip()
    (repo.root / ".git" / "objects" / head[:2] / head[2:]).unlink()
    verdict = judge(repo)
    assert verdict.code == 2
    assert f"HEAD is {head}, which is not here: look what `git fsck` says" in verdict.err


def test_a_blob_of_the_base_is_lost(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A")})
    blob = repo.git("rev-parse", "HEAD:a.py").strip()
    repo.write("a.py", reads("A", "B"))
    repo.git("add", "--all")
    (repo.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    verdict = judge(repo)
    assert verdict.code == 2
    assert f"git has no object {blob} here" in verdict.err


def test_the_base_is_the_head(origin: Repo, judge: Judge) -> None:
    verdict = judge(origin, "--base", "HEAD")
    assert (verdict.code, verdict.report["totals"]["files"]) == (0, 0)


@pytest.mark.parametrize(
    "environ",
    [
        {"GITHUB_BASE_REF": "main"},
        {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"},
        {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": ""},
        {"BITBUCKET_PR_DESTINATION_BRANCH": "main"},
        {"SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"},
        {"BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main"},
        {"CHANGE_TARGET": "main"},
        {"DRONE_TARGET_BRANCH": "main"},
    ],
    ids=lambda environ: next(iter(environ)),
)
@pytest.mark.parametrize("local", [True, False])
def test_what_ci_systems_say(
    origin: Repo, tmp_path: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], local: bool
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    repo = origin if local else clone(origin, tmp_path / "clone")
    assert judge(repo, "--base", "auto").new == ["T1.py:4 HL101", "T2.py:4 HL101", "T3.py:4 HL101"]


def test_gitlab_names_a_commit(origin: Repo, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", origin.git("rev-parse", "topic~1").strip())
    assert judge(origin, "--base", "auto").new == ["T3.py:4 HL101"]
    monkeypatch.setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "1" * 40)
    assert "is not in this clone" in judge(origin, "--base", "auto").err


def test_a_merge_that_ci_makes_of_a_pull_request(origin: Repo, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub's refs/pull/N/merge and GitLab's merged results: what the target has gained does not count."""
    fork = origin.git("merge-base", "main", "topic").strip()
    target = origin.git("rev-parse", "main").strip()
    origin.git("checkout", "--quiet", "--detach", "main")
    origin.git("merge", "--quiet", "--no-edit", "topic")
    expected = ["T1.py:4 HL101", "T2.py:4 HL101", "T3.py:4 HL101"]
    with monkeypatch.context() as patch:
        patch.setenv("GITHUB_BASE_REF", "main")
        assert judge(origin, "--base", "auto").new == expected
    monkeypatch.setenv("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", target)
    monkeypatch.setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", fork)
    assert judge(origin, "--base", "auto").new == expected


def test_no_ci_system_says_anything(origin: Repo, judge: Judge) -> None:
    verdict = judge(origin, "--base", "auto")
    assert verdict.code == 2
    assert "--base auto finds no merge target" in verdict.err
    assert "name the base" in verdict.err
