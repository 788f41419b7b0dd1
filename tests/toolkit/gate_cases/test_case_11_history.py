"""11. Merge commits, conflict resolutions, cherry-pick, rebase, amend, revert."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .gates import Hook, Judge, reads

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Hooked = Callable[..., Hook]


@pytest.fixture
def forked(make_repo: MakeRepo) -> Repo:
    """Both branches changed a.py and brought a violation of their own; `main` is checked out."""
    repo = make_repo({"a.py": reads("A"), "b.py": reads("B")})
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.write("a.py", reads("TOPIC", "A"))
    repo.write("theirs.py", reads("THEIRS"))
    repo.commit("topic")
    repo.git("checkout", "--quiet", "main")
    repo.write("a.py", reads("MAIN", "A"))
    repo.write("ours.py", reads("OURS"))
    repo.commit("main")
    return repo


def merge(repo: Repo, *arguments: str) -> None:
    """Merge `topic`, and stop before the commit."""
    subprocess.run(
        ["git", "merge", "--no-commit", *arguments, "topic"], cwd=repo.root, capture_output=True, check=False
    )


def test_what_either_parent_had_is_not_new(forked: Repo, judge: Judge) -> None:
    merge(forked)
    forked.write("a.py", reads("MAIN", "TOPIC", "A"))
    forked.git("add", "--all")
    verdict = judge(forked)
    assert (verdict.code, len(verdict.report["base"]["commits"])) == (0, 2)


def test_what_the_resolution_brings_is_new(forked: Repo, judge: Judge) -> None:
    merge(forked)
    forked.write("a.py", reads("MAIN", "TOPIC", "A", "RESOLUTION"))
    forked.write("ours.py", reads("OURS", "EVIL"))
    forked.git("add", "--all")
    assert judge(forked).new == ["a.py:13 HL101", "ours.py:7 HL101"]
    forked.write("theirs.py", reads("THEIRS", "EVIL"))
    forked.git("add", "--all")
    assert judge(forked).new == ["a.py:13 HL101", "ours.py:7 HL101", "theirs.py:7 HL101"]


def test_a_copy_made_while_merging_is_new(forked: Repo, judge: Judge) -> None:
    merge(forked)
    forked.write("a.py", reads("MAIN", "TOPIC", "A", "A"))
    forked.git("add", "--all")
    assert len(judge(forked).new) == 1


def test_the_same_brought_by_both_in_different_places(make_repo: MakeRepo, judge: Judge) -> None:
    """Alike violations of both parents, moved while merging: how many there may be is known, not which is whose."""
    repo = make_repo({"a.py": reads("A"), "b.py": reads("B"), "c.py": "X = 1\n"})
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.write("a.py", reads("A", "SAME"))
    repo.commit("topic")
    repo.git("checkout", "--quiet", "main")
    repo.write("b.py", reads("B", "SAME"))
    repo.commit("main")
    merge(repo)
    repo.write("a.py", reads("A"))
    repo.write("b.py", reads("B"))
    repo.write("c.py", reads("SAME", "SAME"))
    repo.git("add", "--all")
    assert judge(repo).new == []
    repo.write("c.py", reads("SAME", "SAME", "SAME"))
    repo.git("add", "--all")
    assert len(judge(repo).new) == 1


def test_histories_that_never_met(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A", "SAME")})
    repo.git("checkout", "--quiet", "--orphan", "topic")
    repo.git("rm", "--quiet", "--cached", "a.py")
    (repo.root / "a.py").unlink()
    repo.write("b.py", reads("B", "SAME"))
    repo.commit("alone")
    repo.git("checkout", "--quiet", "main")
    merge(repo, "--allow-unrelated-histories")
    assert judge(repo).new == []
    repo.write("b.py", reads("B", "SAME", "SAME"))
    repo.git("add", "--all")
    assert len(judge(repo).new) == 1


def test_an_octopus(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A")})
    for name in ("one", "two"):
        repo.git("checkout", "--quiet", "-b", name, "main")
        repo.write(f"{name}.py", reads(name.upper()))
        repo.commit(name)
    repo.git("checkout", "--quiet", "main")
    repo.git("commit", "--quiet", "--allow-empty", "--message", "ahead")
    subprocess.run(["git", "merge", "--no-commit", "one", "two"], cwd=repo.root, capture_output=True, check=True)
    repo.write("a.py", reads("A", "EVIL"))
    repo.git("add", "--all")
    verdict = judge(repo)
    assert len(verdict.report["base"]["commits"]) == 3
    assert verdict.new == ["a.py:7 HL101"]


def test_while_in_conflict_the_path_is_named(forked: Repo, judge: Judge) -> None:
    merge(forked)
    verdict = judge(forked)
    assert verdict.code == 2
    assert verdict.err == "holdline: a.py is in conflict: resolve it, `git add` it and run again\n"


@pytest.mark.parametrize("strategy", [["-X", "ours"], ["-X", "theirs"]])
def test_hooks_around_a_merge(forked: Repo, hooked: Hooked, strategy: list[str]) -> None:
    hook = hooked(forked, name="pre-merge-commit")
    done = subprocess.run(["git", "merge", *strategy, "topic"], cwd=forked.root, capture_output=True, check=False)
    assert (done.returncode, hook.verdict.new) == (0, [])


def test_a_hook_at_the_commit_of_a_resolution(forked: Repo, hooked: Hooked) -> None:
    hook = hooked(forked)
    merge(forked)
    forked.write("a.py", reads("MAIN", "TOPIC", "A", "NEW"))
    forked.git("add", "--all")
    assert not hook.commit()
    assert hook.verdict.new == ["a.py:13 HL101"]
    forked.write("a.py", reads("MAIN", "TOPIC", "A"))
    forked.git("add", "--all")
    assert hook.commit()


def test_a_branch_that_merged_its_target(forked: Repo, judge: Judge) -> None:
    """Judged against the merge base, what came from the target does not count."""
    forked.git("checkout", "--quiet", "topic")
    subprocess.run(["git", "merge", "--no-commit", "main"], cwd=forked.root, capture_output=True, check=False)
    forked.write("a.py", reads("MAIN", "TOPIC", "A"))
    forked.commit("merge")
    assert judge(forked, "--base", "main").new == ["a.py:7 HL101", "theirs.py:4 HL101"]


def test_a_criss_cross(make_repo: MakeRepo, judge: Judge) -> None:
    """Two merge bases: what one of them holds is not new."""
    repo = make_repo({"a.py": reads("A"), "b.py": reads("B")})
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.write("a.py", reads("A", "T"))
    repo.commit("topic")
    repo.git("checkout", "--quiet", "main")
    repo.write("b.py", reads("B", "M"))
    repo.commit("main")
    repo.git("merge", "--quiet", "--no-edit", "topic~0")
    repo.git("checkout", "--quiet", "topic")
    repo.git("merge", "--quiet", "--no-edit", "main~1")
    repo.write("c.py", reads("C"))
    repo.commit("new")
    verdict = judge(repo, "--base", "main")
    assert len(verdict.report["base"]["commits"]) == 2
    assert verdict.new == ["c.py:4 HL101"]


def test_cherry_pick(forked: Repo, judge: Judge) -> None:
    """What another branch has is new to this one."""
    forked.git("checkout", "--quiet", "-b", "other", "main~1")
    forked.git("cherry-pick", "--no-commit", "topic")
    assert judge(forked).new == ["a.py:4 HL101", "theirs.py:4 HL101"]


def test_rebase_judges_each_commit_on_its_new_base(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A")})
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.write("a.py", "# edited\n" + reads("A"))
    repo.commit("harmless")
    repo.git("checkout", "--quiet", "main")
    repo.write("a.py", reads("A", "MAIN"))
    repo.commit("main")
    repo.git("checkout", "--quiet", "topic")
    repo.git("rebase", "--quiet", "main")
    assert judge(repo, "--base", "main").new == []
    assert judge(repo, "--base", "topic~1").old == 2


def test_rebase_stopped_for_an_edit(make_repo: MakeRepo, hooked: Hooked) -> None:
    repo = make_repo({"a.py": reads("A")})
    repo.write("a.py", reads("A") + "# one\n")
    repo.commit("one")
    repo.write("b.py", "X = 1\n")
    repo.commit("two")
    hook = hooked(repo)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_SEQUENCE_EDITOR", "sed -i 1s/pick/edit/")
        subprocess.run(["git", "rebase", "-i", "HEAD~2"], cwd=repo.root, capture_output=True, check=True)
    repo.write("a.py", reads("A", "NEW"))
    assert not hook.commit("-a", "--amend")
    assert hook.verdict.new == ["a.py:7 HL101"]


def test_revert(make_repo: MakeRepo, judge: Judge) -> None:
    """A revert that brings a violation back brings it; one that takes it away does not."""
    repo = make_repo({"a.py": reads("A", "B")})
    repo.write("a.py", reads("A"))
    repo.commit("better")
    repo.git("revert", "--no-commit", "HEAD")
    assert judge(repo).new == ["a.py:7 HL101"]
    repo.git("commit", "--quiet", "--message", "revert", "--no-verify")
    repo.git("revert", "--no-commit", "HEAD")
    assert judge(repo).code == 0
