"""Refs: one transaction, branches in use, hooks."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdline.errors import RepositoryError
from holdline.git import Repository
from holdline.gitrefs import (
    RefChange,
    branches_in_use,
    change_refs,
    commit_hooks,
    contains,
    first_parents,
    full_name,
    refs_below,
    symbolic_ref,
)

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

A, B = "refs/heads/x/a", "refs/heads/x/b"


@pytest.fixture
def made(make_repo: MakeRepo) -> Repo:
    return make_repo({"a.py": "a\n"})


def test_all_or_none(made: Repo) -> None:
    repo = Repository.discover(made.root)
    first = repo.head() or ""
    second = made.commit("second")
    change_refs(repo, [RefChange(A, "", first), RefChange(B, "", first)], "test")
    assert refs_below(repo, "refs/heads/x/") == {A: first, B: first}
    for wrong in (
        RefChange(B, second, first),
        RefChange(B, "", second),
        RefChange(B, second, ""),
        RefChange(f"{A}/c", "", first),
    ):
        with pytest.raises(RepositoryError, match="no branch was changed"):
            change_refs(repo, [RefChange(A, first, second), wrong], "test")
        assert refs_below(repo, "refs/heads/x/") == {A: first, B: first}
    change_refs(repo, [RefChange(A, first, second), RefChange(B, first, "")], "holdline branches")
    assert refs_below(repo, "refs/heads/x/") == {A: second}
    assert "holdline branches" in made.git("reflog", "show", A)
    change_refs(repo, [], "nothing")


def test_names(made: Repo) -> None:
    repo = Repository.discover(made.root)
    made.git("branch", "topic")
    assert symbolic_ref(repo, "HEAD") == "refs/heads/main"
    assert full_name(repo, "topic") == "refs/heads/topic"
    assert full_name(repo, "HEAD") == "refs/heads/main"
    assert full_name(repo, repo.head() or "") == ""
    assert full_name(repo, "--all") == ""
    assert full_name(repo, "nothing") == ""
    made.git("checkout", "--quiet", "--detach")
    assert symbolic_ref(repo, "HEAD") == ""


def test_history(made: Repo) -> None:
    repo = Repository.discover(made.root)
    first = repo.head() or ""
    made.git("checkout", "--quiet", "-b", "side")
    side = made.commit("side")
    made.git("checkout", "--quiet", "main")
    main = made.commit("on main")
    made.git("merge", "--quiet", "--no-edit", "side")
    merge = made.git("rev-parse", "HEAD").strip()
    assert contains(repo, merge, side)
    assert contains(repo, side, side)
    assert not contains(repo, side, main)
    assert first_parents(repo, merge, first, 10) == [merge, main]
    assert first_parents(repo, merge, first, 1) == [merge]


def test_in_use(made: Repo, tmp_path: Path) -> None:
    linked = tmp_path / "lin ked"
    for name in ("one", "two", "three"):
        made.git("branch", name)
    made.git("worktree", "add", "--quiet", str(linked), "one")
    repo = Repository.discover(made.root)
    assert branches_in_use(repo) == {"refs/heads/main": made.root, "refs/heads/one": linked}
    assert branches_in_use(Repository.discover(linked)) == branches_in_use(repo)
    made.git("checkout", "--quiet", "two")
    made.write("a.py", "two\n")
    made.commit("two")
    other = type(made)(linked)
    other.write("a.py", "one\n")
    other.commit("one")
    done = subprocess.run(["git", "rebase", "two"], cwd=linked, capture_output=True, check=False)
    assert done.returncode
    made.git("bisect", "start")
    made.git("checkout", "--quiet", "--detach")
    assert set(branches_in_use(repo)) == {"refs/heads/one", "refs/heads/two"}


def test_hooks(made: Repo) -> None:
    repo = Repository.discover(made.root)
    assert commit_hooks(repo) == []
    for name, mode in (("pre-commit", 0o755), ("commit-msg", 0o644), ("pre-push", 0o755)):
        made.write(f".git/hooks/{name}", "#!/bin/sh\n").chmod(mode)
    assert commit_hooks(repo) == ["pre-commit"]
    made.git("config", "core.hooksPath", "githooks")
    made.write("githooks/commit-msg", "#!/bin/sh\n").chmod(0o755)
    assert commit_hooks(repo) == ["commit-msg"]
