"""What a push brings to the remote, in real clones; and what git and pre-commit say of it, from real pushes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline_hooks.push_ranges import (
    PushedRef,
    PushRange,
    parse_push,
    pushed_under_pre_commit,
    ranges_to_judge,
)

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

ZEROS = "0" * 40
TEMPLATE = "printf '%s\\n' \"$1\" > pushed; cat >> pushed\n"

Commit = Callable[..., str]


@pytest.fixture
def repo(make_repo: MakeRepo, tmp_path: Path) -> Repo:
    """A clone whose branch `main` is on `origin`, and whose hook `pre-push` writes down what git tells it."""
    made = make_repo({"a.txt": "0\n"})
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "origin.git"], check=True)
    made.git("remote", "add", "origin", tmp_path / "origin.git")
    made.git("push", "--quiet", "origin", "main")
    hook = made.root / ".git" / "hooks" / "pre-push"
    hook.write_text("#!/bin/sh\n" + TEMPLATE)
    hook.chmod(0o755)
    return made


def commit(repo: Repo, name: str) -> str:
    repo.write(name, name)
    repo.git("add", name)
    repo.git("commit", "--quiet", "--message", name)
    return repo.git("rev-parse", "HEAD").strip()


def tip(repo: Repo, name: str) -> str:
    return repo.git("rev-parse", f"{name}^{{commit}}").strip()


def pushed(repo: Repo, *arguments: str) -> list[PushRange]:
    """The ranges of `git push …`, from what git really tells the hook."""
    (repo.root / "pushed").unlink(missing_ok=True)
    repo.git("push", "--quiet", "--dry-run", *arguments)
    remote, _, lines = repo.read("pushed").partition(b"\n")
    return ranges_to_judge(Repository.discover(repo.root), remote.decode(), parse_push(lines))


def test_an_update(repo: Repo) -> None:
    old = tip(repo, "main")
    commit(repo, "b")
    head = commit(repo, "c")
    assert pushed(repo, "origin", "main") == [PushRange((old,), head, "refs/heads/main")]


def test_a_new_branch(repo: Repo) -> None:
    old = tip(repo, "main")
    repo.git("switch", "--quiet", "--create", "topic")
    head = commit(repo, "b")
    assert pushed(repo, "origin", "topic") == [PushRange((old,), head, "refs/heads/topic")]
    assert pushed(repo, "origin", "HEAD:refs/heads/other") == [PushRange((old,), head, "refs/heads/other")]


def test_a_new_branch_on_another_one(repo: Repo) -> None:
    repo.git("switch", "--quiet", "--create", "one")
    base = commit(repo, "b")
    repo.git("push", "--quiet", "origin", "one")
    repo.git("switch", "--quiet", "--create", "two")
    head = commit(repo, "c")
    assert pushed(repo, "origin", "two") == [PushRange((base,), head, "refs/heads/two")]


def test_what_is_there_already(repo: Repo) -> None:
    assert pushed(repo, "origin", "main:new") == []
    repo.git("tag", "v1")
    assert pushed(repo, "origin", "v1") == []


def test_deletions(repo: Repo) -> None:
    repo.git("push", "--quiet", "origin", "main:old")
    assert pushed(repo, "origin", "--delete", "old") == []


def test_a_forced_update(repo: Repo) -> None:
    fork = tip(repo, "main")
    repo.git("switch", "--quiet", "--create", "topic")
    commit(repo, "b")
    repo.git("push", "--quiet", "origin", "topic")
    repo.git("reset", "--quiet", "--hard", fork)
    head = commit(repo, "c")
    assert pushed(repo, "--force", "origin", "topic") == [PushRange((fork,), head, "refs/heads/topic")]


def test_a_rebase_onto_what_others_pushed(repo: Repo) -> None:
    repo.git("switch", "--quiet", "--create", "topic")
    commit(repo, "b")
    repo.git("push", "--quiet", "origin", "topic")
    repo.git("switch", "--quiet", "main")
    theirs = commit(repo, "theirs")
    repo.git("push", "--quiet", "origin", "main")
    repo.git("rebase", "--quiet", "main", "topic")
    assert pushed(repo, "--force", "origin", "topic") == [PushRange((theirs,), tip(repo, "topic"), "refs/heads/topic")]


def test_merging_main_does_not_charge_for_it(repo: Repo) -> None:
    repo.git("switch", "--quiet", "--create", "topic")
    old = commit(repo, "b")
    repo.git("push", "--quiet", "origin", "topic")
    repo.git("switch", "--quiet", "main")
    theirs = commit(repo, "theirs")
    repo.git("push", "--quiet", "origin", "main")
    repo.git("switch", "--quiet", "topic")
    repo.git("merge", "--quiet", "--no-edit", "main")
    assert pushed(repo, "origin", "topic") == [PushRange((old, theirs), tip(repo, "topic"), "refs/heads/topic")]


def test_what_another_branch_has_is_new_to_main(repo: Repo) -> None:
    old = tip(repo, "main")
    head = commit(repo, "b")
    repo.git("push", "--quiet", "origin", "main:topic")
    assert pushed(repo, "origin", "main") == [PushRange((old,), head, "refs/heads/main")]


def test_the_default_branch_goes_by_what_the_remote_says(repo: Repo) -> None:
    repo.git("push", "--quiet", "origin", "main:trunk")
    repo.git("fetch", "--quiet")
    repo.git("remote", "set-head", "origin", "trunk")
    repo.git("switch", "--quiet", "--create", "topic")
    old = commit(repo, "b")
    repo.git("push", "--quiet", "origin", "topic")
    repo.git("switch", "--quiet", "main")
    theirs = commit(repo, "theirs")
    repo.git("push", "--quiet", "origin", "main:trunk")
    repo.git("switch", "--quiet", "topic")
    repo.git("merge", "--quiet", "--no-edit", "main")
    assert pushed(repo, "origin", "topic")[0].bases == (old, theirs)


def test_several_at_once(repo: Repo) -> None:
    old = tip(repo, "main")
    one = commit(repo, "b")
    repo.git("switch", "--quiet", "--create", "topic", old)
    two = commit(repo, "c")
    assert pushed(repo, "origin", "main", "topic") == [
        PushRange((old,), one, "refs/heads/main"),
        PushRange((old,), two, "refs/heads/topic"),
    ]


@pytest.mark.parametrize("options", [[], ["--annotate", "--message", "x"]])
def test_tags_are_judged_by_their_commit(repo: Repo, options: list[str]) -> None:
    old = tip(repo, "main")
    head = commit(repo, "b")
    repo.git("tag", *options, "v1")
    assert pushed(repo, "origin", "v1") == [PushRange((old,), head, "refs/tags/v1")]
    assert pushed(repo, "origin", "main", "v1") == [PushRange((old,), head, "refs/heads/main")]


def test_a_tag_of_something_else(repo: Repo) -> None:
    repo.git("tag", "text", "HEAD:a.txt")
    assert pushed(repo, "origin", "text") == []


def test_a_value_that_was_never_fetched(repo: Repo, tmp_path: Path) -> None:
    base = tip(repo, "main")
    other = type(repo)(tmp_path / "other")
    repo.git("clone", "--quiet", tmp_path / "origin.git", other.root)
    theirs = commit(other, "theirs")
    other.git("push", "--quiet", "origin", "main")
    head = commit(repo, "mine")
    (found,) = pushed(repo, "--force", "origin", "main")
    note = f"refs/heads/main of origin is at {theirs[:12]}, which is not here: judged as a new ref"
    assert found == PushRange((base,), head, "refs/heads/main", note)


def test_a_first_push(make_repo: MakeRepo, repo: Repo, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "empty.git"], check=True)
    repo.git("remote", "remove", "origin")
    repo.git("remote", "add", "fresh", tmp_path / "empty.git")
    note = "nothing of refs/heads/main is known to be on fresh: all of it counts as new"
    assert pushed(repo, "fresh", "main") == [PushRange((), tip(repo, "main"), "refs/heads/main", note)]


def test_a_branch_with_no_common_history(repo: Repo) -> None:
    repo.git("switch", "--quiet", "--orphan", "pages")
    head = commit(repo, "index.html")
    (found,) = pushed(repo, "origin", "pages")
    assert found[:3] == ((), head, "refs/heads/pages")


@pytest.mark.parametrize("default", ["main", "release"])
def test_a_fork_that_has_nothing_yet(repo: Repo, tmp_path: Path, default: str) -> None:
    """What is on another remote was there before."""
    repo.git("push", "--quiet", "origin", f"main:{default}")
    if default != "main":
        repo.git("update-ref", "-d", "refs/remotes/origin/main")
    base = tip(repo, "main")
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "fork.git"], check=True)
    repo.git("switch", "--quiet", "--create", "topic")
    head = commit(repo, "b")
    assert pushed(repo, str(tmp_path / "fork.git"), "topic") == [PushRange((base,), head, "refs/heads/topic")]
    repo.git("remote", "add", "my-fork", tmp_path / "fork.git")
    assert pushed(repo, "my-fork", "topic") == [PushRange((base,), head, "refs/heads/topic")]


def test_a_fork_that_is_behind(repo: Repo, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "fork.git"], check=True)
    repo.git("remote", "add", "fork", tmp_path / "fork.git")
    repo.git("push", "--quiet", "fork", "main")
    upstream = commit(repo, "theirs")
    repo.git("push", "--quiet", "origin", "main")
    repo.git("switch", "--quiet", "--create", "topic")
    head = commit(repo, "b")
    assert pushed(repo, "fork", "topic") == [PushRange((upstream,), head, "refs/heads/topic")]


def test_a_shallow_clone_that_ends_too_early(repo: Repo, tmp_path: Path) -> None:
    commit(repo, "b")
    repo.git("push", "--quiet", "origin", "main")
    shallow = type(repo)(tmp_path / "shallow")
    repo.git("clone", "--quiet", "--depth=1", f"file://{tmp_path / 'origin.git'}", shallow.root)
    head, base = commit(shallow, "c"), tip(shallow, "origin/main")
    found = Repository.discover(shallow.root)
    refs = [PushedRef("main", head, "refs/heads/main", base)]
    assert ranges_to_judge(found, "origin", refs) == [PushRange((base,), head, "refs/heads/main")]
    shallow.git("remote", "remove", "origin")
    with pytest.raises(HoldlineError, match=r"refs/heads/main: .*: run `git fetch --unshallow` and push again$"):
        ranges_to_judge(found, "origin", [PushedRef("main", head, "refs/heads/main", ZEROS)])


def test_in_a_linked_worktree(repo: Repo, tmp_path: Path) -> None:
    old = tip(repo, "main")
    linked = type(repo)(tmp_path / "linked")
    repo.git("worktree", "add", "--quiet", "-b", "topic", linked.root)
    head = commit(linked, "b")
    assert pushed(linked, "origin", "topic") == [PushRange((old,), head, "refs/heads/topic")]


class TestLines:
    def test_expressions_with_spaces(self, repo: Repo) -> None:
        line = b"HEAD@{1 day ago} 1111 refs/heads/main 2222\n"
        assert parse_push(line) == [PushedRef("HEAD@{1 day ago}", "1111", "refs/heads/main", "2222")]

    def test_names_that_are_no_text(self) -> None:
        (ref,) = parse_push(b"refs/heads/\xff 1 refs/heads/\xe2\x80\xa8 2\n")
        assert ref.local_ref == "refs/heads/\udcff"

    def test_nothing(self) -> None:
        assert parse_push(b"") == []

    @pytest.mark.parametrize("line", [b"x\n", b"a b c\n"])
    def test_what_git_does_not_write(self, line: bytes) -> None:
        with pytest.raises(HoldlineError, match=re.escape(f"not {line.decode().strip()!r}")):
            parse_push(line)


class TestUnderPreCommit:
    def test_an_update(self, repo: Repo) -> None:
        old = tip(repo, "main")
        head = commit(repo, "b")
        told = {
            "PRE_COMMIT_FROM_REF": old,
            "PRE_COMMIT_TO_REF": head,
            "PRE_COMMIT_LOCAL_BRANCH": "refs/heads/main",
            "PRE_COMMIT_REMOTE_BRANCH": "refs/heads/main",
        }
        refs = pushed_under_pre_commit(told)
        assert ranges_to_judge(Repository.discover(repo.root), "origin", refs) == [
            PushRange((old,), head, "refs/heads/main")
        ]

    def test_all_of_a_branch(self, repo: Repo) -> None:
        repo.git("switch", "--quiet", "--orphan", "pages")
        head = commit(repo, "index.html")
        told = {"PRE_COMMIT_LOCAL_BRANCH": "refs/heads/pages", "PRE_COMMIT_REMOTE_BRANCH": "refs/heads/pages"}
        (found,) = ranges_to_judge(Repository.discover(repo.root), "origin", pushed_under_pre_commit(told))
        assert found[:2] == ((), head)

    def test_nothing(self) -> None:
        assert pushed_under_pre_commit({"PRE_COMMIT": "1"}) == []
