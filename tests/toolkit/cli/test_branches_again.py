"""`holdline branches`, run again after time has passed: what is left alone, updated, dropped, refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

READ = 'import os\n\n\ndef test():\n    assert os.getenv("A") is None\n'
FILES = {
    "tests/conftest.py": READ,
    **{f"tests/{folder}/test_{n}.py": READ for folder in ("a", "b", "c") for n in range(4)},
    "README": "hello\n",
}
CAP = ("--max-files-per-branch", "4")
PREFIX = "holdline/env-access"
MEMORY = "refs/holdline/branches/env-access"


@pytest.fixture
def repo(make_repo: MakeRepo, call: Run) -> Repo:
    repo = make_repo(FILES)
    assert call(repo.root, "branches", *CAP).code == 0
    return repo


@pytest.fixture
def again(call: Run) -> Callable[..., Any]:
    """Run it again: exit code, and by shard its state, reason and commit."""

    def run(repo: Repo, *arguments: str) -> tuple[int, dict[str, Any]]:
        done = call(repo.root, "branches", "--format", "json", *CAP, *arguments)
        return done.code, {b["name"].rpartition("/")[2]: b for b in done.json["branches"]}

    return run


def heads(repo: Repo) -> dict[str, str]:
    listed = repo.git("for-each-ref", "--format=%(refname) %(objectname)", f"refs/heads/{PREFIX}").splitlines()
    return {ref.rpartition("/")[2]: commit for ref, commit in (line.split(" ") for line in listed)}


def states(found: dict[str, Any]) -> dict[str, str]:
    return {name: branch["state"] for name, branch in found.items()}


def test_unchanged(repo: Repo, again: Run) -> None:
    before = heads(repo)
    code, found = again(repo)
    assert (code, set(states(found).values())) == (0, {"unchanged"})
    assert heads(repo) == before == {name: b["commit"] for name, b in found.items()}


def test_a_base_that_moved_elsewhere_leaves_branches_alone(repo: Repo, again: Run) -> None:
    before = heads(repo)
    repo.write("README", "changed\n")
    repo.write("tests/a/test_9.py", "X = 1\n")
    repo.commit("elsewhere")
    code, found = again(repo)
    assert (code, set(states(found).values())) == (0, {"unchanged"})
    assert heads(repo) == before


def test_a_base_that_moved_in_a_file(repo: Repo, again: Run) -> None:
    before = heads(repo)
    repo.write("tests/a/test_0.py", "# new\n" + READ)
    base = repo.commit("in a file")
    code, found = again(repo)
    expected = {"tests": "unchanged", "tests.a": "stale", "tests.b": "unchanged", "tests.c": "unchanged"}
    assert (code, states(found)) == (0, expected)
    after = heads(repo)
    assert repo.git("rev-parse", f"{PREFIX}/tests.a^").strip() == base
    assert after | {"tests.a": ""} == before | {"tests.a": ""}
    assert states(again(repo)[1])["tests.a"] == "unchanged"
    assert heads(repo) == after


def test_a_base_that_was_rewritten(repo: Repo, again: Run) -> None:
    repo.git("commit", "--quiet", "--amend", "-m", "other")
    code, found = again(repo)
    assert (code, set(states(found).values())) == (0, {"stale"})
    base = repo.git("rev-parse", "main").strip()
    assert {repo.git("rev-parse", f"{PREFIX}/{name}^").strip() for name in heads(repo)} == {base}


@pytest.mark.parametrize("way", ["merge", "squash", "rebase", "later edits"])
def test_merged(repo: Repo, again: Run, way: str) -> None:
    before = heads(repo)
    if way == "merge":
        repo.git("merge", "--quiet", "--no-ff", "--no-edit", f"{PREFIX}/tests.a")
    elif way == "rebase":
        repo.write("README", "changed\n")
        repo.commit("elsewhere")
        repo.git("cherry-pick", f"{PREFIX}/tests.a")
    else:
        repo.git("merge", "--quiet", "--squash", f"{PREFIX}/tests.a")
        repo.git("commit", "--quiet", "-m", "squashed")
        if way == "later edits":
            (repo.root / "tests/a/test_0.py").unlink()
            repo.write("tests/a/test_1.py", "X = 1\n")
            repo.commit("later")
    code, found = again(repo)
    assert (code, states(found)) == (
        0,
        {"tests": "unchanged", "tests.a": "merged", "tests.b": "unchanged", "tests.c": "unchanged"},
    )
    assert heads(repo) == {name: commit for name, commit in before.items() if name != "tests.a"}
    assert repo.git("for-each-ref", f"{MEMORY}/tests.a") == ""
    assert "tests.a" not in again(repo)[1]


def test_a_part_of_it_was_merged(repo: Repo, again: Run) -> None:
    repo.git("checkout", "--quiet", f"{PREFIX}/tests.a", "--", "tests/a/test_0.py")
    repo.commit("one file")
    code, found = again(repo)
    assert (code, found["tests.a"]["state"], len(found["tests.a"]["files"])) == (0, "stale", 3)


def test_all_merged(repo: Repo, call: Run) -> None:
    repo.git("merge", "--quiet", "--no-edit", *(f"{PREFIX}/{name}" for name in heads(repo)))
    done = call(repo.root, "branches", *CAP)
    assert (done.code, done.text.endswith("\n4 branches: 4 merged\n")) == (0, True)
    assert heads(repo) == {}
    done = call(repo.root, "branches", *CAP)
    assert (done.code, done.text.startswith("nothing to publish: ")) == (0, True)


def test_somebody_committed_to_it(repo: Repo, call: Run, again: Run) -> None:
    repo.git("checkout", "--quiet", f"{PREFIX}/tests.a")
    repo.write("tests/a/test_0.py", "# mine\n" + READ)
    theirs = repo.commit("mine")
    repo.git("checkout", "--quiet", "main")
    before = heads(repo)
    code, found = again(repo)
    assert (code, found["tests.a"]["state"], found["tests.a"]["commit"]) == (1, "diverged", None)
    assert theirs[:9] in found["tests.a"]["why"]
    assert heads(repo) == before
    # its files do not go to another branch
    assert [len(b["files"]) for b in found.values()] == [1, 4, 4, 4]
    done = call(repo.root, "branches", *CAP)
    assert done.err.startswith(f"holdline: {PREFIX}/tests.a: diverged: here somebody put {theirs[:9]} on our ")
    assert call(repo.root, "branches", "--dry-run", *CAP).code == 0


@pytest.mark.parametrize("what", ["content", "message", "copied"])
def test_an_amended_commit_is_not_ours(repo: Repo, again: Run, what: str) -> None:
    repo.git("checkout", "--quiet", f"{PREFIX}/tests.a")
    if what == "content":
        repo.write("tests/a/test_0.py", "# mine\n")
        repo.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    elif what == "message":
        repo.git("commit", "--quiet", "--amend", "-m", "mine")
    else:
        repo.git("reset", "--quiet", "--hard", f"{PREFIX}/tests.b")
    repo.git("checkout", "--quiet", "main")
    before = heads(repo)
    code, found = again(repo)
    assert (code, found["tests.a"]["state"]) == (1, "diverged")
    assert heads(repo) == before


def test_deleted_branches_come_back(repo: Repo, again: Run) -> None:
    before = heads(repo)
    repo.git("branch", "-D", "--quiet", f"{PREFIX}/tests.a")
    code, found = again(repo)
    assert (code, found["tests.a"]["state"]) == (0, "recreated")
    assert repo.git("rev-parse", f"{PREFIX}/tests.a^{{tree}}") == repo.git("rev-parse", f"{before['tests.a']}^{{tree}}")
    assert set(states(again(repo)[1]).values()) == {"unchanged"}


def test_a_memory_that_is_not_ours(repo: Repo, again: Run) -> None:
    before = heads(repo)
    repo.git("update-ref", f"{MEMORY}/tests.a", "main")
    code, found = again(repo)
    assert (code, set(states(found).values())) == (0, {"unchanged"})
    assert heads(repo) == before
    assert repo.git("rev-parse", f"{MEMORY}/tests.a").strip() == before["tests.a"]


@pytest.mark.parametrize("how", ["checkout", "worktree", "rebase", "bisect"])
def test_a_branch_in_use_is_refused(repo: Repo, again: Run, tmp_path: Path, how: str) -> None:
    name = f"{PREFIX}/tests.a"
    if how == "worktree":
        repo.git("worktree", "add", "--quiet", str(tmp_path / "linked"), name)
        repo.git("checkout", "--quiet", "--detach")
    elif how == "rebase":
        repo.git("checkout", "--quiet", "-b", "topic")
        repo.write("tests/a/test_0.py", "# topic\n" + READ)
        repo.commit("topic")
        repo.git("checkout", "--quiet", name)
        subprocess.run(["git", "rebase", "topic"], cwd=repo.root, capture_output=True, check=False)
    elif how == "bisect":
        repo.git("checkout", "--quiet", name)
        repo.git("bisect", "start")
        repo.git("checkout", "--quiet", "--detach")
    else:
        repo.git("checkout", "--quiet", name)
    linked = type(repo)(tmp_path / "other")
    repo.git("worktree", "add", "--quiet", str(linked.root), "main")
    linked.write("tests/a/test_0.py", "# new\n" + READ)
    linked.write("tests/b/test_0.py", "# new\n" + READ)
    linked.commit("moved")
    before = heads(repo)
    code, found = again(repo, "--base", "main")
    assert (code, found["tests.a"]["state"], found["tests.b"]["state"]) == (1, "in use", "stale")
    assert str(tmp_path) in found["tests.a"]["why"]
    assert heads(repo)["tests.a"] == before["tests.a"]
    assert heads(repo)["tests.b"] != before["tests.b"]


def test_a_branch_in_use_that_is_as_planned_is_no_trouble(repo: Repo, again: Run) -> None:
    repo.git("checkout", "--quiet", f"{PREFIX}/tests.a")
    code, found = again(repo, "--base", "main")
    assert (code, found["tests.a"]["state"]) == (0, "unchanged")


def test_other_options_drop_nothing(repo: Repo, again: Run) -> None:
    before = heads(repo)
    assert again(repo, "--scope", "source") == (0, {})
    assert set(states(again(repo, "tests/b")[1])) == {"tests.b"}
    assert set(states(again(repo, "--select", "HL103")[1]).values()) == {"obsolete"}
    assert heads(repo) == before


def test_a_layout_stays_while_the_work_goes_on(make_repo: MakeRepo, again: Run) -> None:
    repo = make_repo({f"tests/big/test_{n}.py": READ for n in range(10)})
    assert list(states(again(repo)[1])) == [f"tests.big.part-{n}" for n in (1, 2, 3)]
    before = heads(repo)
    repo.git("merge", "--quiet", "--no-ff", "--no-edit", f"{PREFIX}/tests.big.part-1")
    repo.write("tests/big/test_00.py", READ)  # sorts into the middle of the second part
    repo.commit("new")
    code, found = again(repo)
    assert (code, states(found)) == (
        0,
        {"tests.big.part-2": "unchanged", "tests.big.part-3": "stale", "tests.big.part-1": "merged"},
    )
    assert {name: len(b["files"]) for name, b in found.items()} == {
        "tests.big.part-1": 0,
        "tests.big.part-2": 4,
        "tests.big.part-3": 3,
    }
    assert heads(repo)["tests.big.part-2"] == before["tests.big.part-2"]


def test_somebody_changes_a_branch_meanwhile(repo: Repo, shell: Run, sabotage: Run) -> None:
    repo.write("tests/a/test_0.py", "# new\n" + READ)
    repo.commit("moved")
    theirs = repo.git("rev-parse", f"{PREFIX}/tests.b").strip()
    env = sabotage(f"""
import subprocess
from holdline.gitcommits import CommitBuilder
build = CommitBuilder.build
def slow(self, *arguments):
    subprocess.run(["git", "update-ref", "refs/heads/{PREFIX}/tests.a", "{theirs}"], cwd=self._repo.root, check=True)
    return build(self, *arguments)
CommitBuilder.build = slow
""")
    done = shell(repo.root, "branches", *CAP, env=env)
    assert done.code == 2
    assert "no branch was changed" in done.complaint
    assert heads(repo)["tests.a"] == theirs


def test_killed_at_any_moment(make_repo: MakeRepo, shell: Run, tmp_path: Path, sabotage: Run) -> None:
    """Either no branch is there, or all of them are; and the next run completes the work."""
    repo = make_repo(FILES)
    env = sabotage("""
import os, signal
from holdline import gitcommits
calls = 0
build = gitcommits.CommitBuilder.build
def dying(self, *arguments):
    global calls
    calls += 1
    if calls == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return build(self, *arguments)
gitcommits.CommitBuilder.build = dying
""")
    assert shell(repo.root, "branches", *CAP, env=env).code == -9
    assert heads(repo) == {}
    assert repo.git("status", "--porcelain") == ""
    done = shell(repo.root, "branches", *CAP)
    assert (done.code, done.text.endswith("\n4 branches: 4 new\n")) == (0, True)
    repo.git("fsck", "--strict")
