"""3. `git commit path`, `-a` and the like: GIT_INDEX_FILE, GIT_DIR and GIT_PREFIX as git sets them around its hooks."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdline.cli.surroundings import discover_told

from .gates import Hook, reads, stage

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Hooked = Callable[..., Hook]


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo({"a.py": reads("A"), "b.py": reads("B"), "sub/c.py": reads("C"), "d.txt": ""})


def test_plain(repo: Repo, hooked: Hooked) -> None:
    hook = hooked(repo)
    repo.write("a.py", reads("A", "NEW"))
    repo.write("b.py", reads("B", "NOT_STAGED"))
    repo.git("add", "a.py")
    assert not hook.commit()
    assert hook.verdict.new == ["a.py:7 HL101"]


def test_all(repo: Repo, hooked: Hooked) -> None:
    hook = hooked(repo)
    repo.write("a.py", reads("A", "NEW"))
    assert not hook.commit("-a")
    assert hook.verdict.new == ["a.py:7 HL101"]
    repo.write("a.py", reads("A") + "# legacy stays quiet\n")
    assert hook.commit("-a")
    assert (hook.verdict.new, hook.verdict.old) == ([], 1)


def test_one_path_while_another_is_staged(repo: Repo, hooked: Hooked) -> None:
    hook = hooked(repo)
    repo.write("a.py", reads("A", "STAGED"))
    repo.git("add", "a.py")
    repo.write("b.py", reads("B") + "# fine\n")
    assert hook.commit("b.py")  # what is staged in a.py is not part of this commit
    assert hook.verdict.report["totals"] == {"files": 1, "new": 0, "old": 1}
    repo.write("b.py", reads("B", "NEW"))
    assert not hook.commit("b.py")
    assert hook.verdict.new == ["b.py:7 HL101"]
    assert not hook.commit("--include", "b.py")
    assert hook.verdict.new == ["a.py:7 HL101", "b.py:7 HL101"]
    assert not hook.commit()
    assert hook.verdict.new == ["a.py:7 HL101"]


def test_from_a_subfolder(repo: Repo, hooked: Hooked) -> None:
    hook = hooked(repo)
    repo.write("sub/c.py", reads("C", "NEW"))
    for arguments in (["c.py"], ["-a"]):
        assert not hook.commit(*arguments, cwd=repo.root / "sub")
        assert hook.verdict.new == ["sub/c.py:7 HL101"]


def test_intent_to_add(repo: Repo, hooked: Hooked) -> None:
    hook = hooked(repo)
    repo.write("new.py", reads("NEW"))
    repo.git("add", "-N", "new.py")
    repo.write("d.txt", "text")
    repo.git("add", "d.txt")
    assert hook.commit()
    assert hook.verdict.report["totals"]["files"] == 0
    assert not hook.commit("-a")
    assert hook.verdict.new == ["new.py:4 HL101"]


def test_in_a_linked_worktree(repo: Repo, hooked: Hooked, tmp_path: Path) -> None:
    hook = hooked(repo)
    repo.git("worktree", "add", "--quiet", tmp_path / "linked", "-b", "linked")
    linked = tmp_path / "linked"
    (linked / "sub" / "c.py").write_text(reads("C", "NEW"))
    repo.write("a.py", reads("A", "MAIN"))
    repo.git("add", "a.py")
    assert not hook.commit("-a", cwd=linked)
    assert hook.verdict.new == ["sub/c.py:7 HL101"]
    assert not hook.commit("c.py", cwd=linked / "sub")
    assert hook.verdict.new == ["sub/c.py:7 HL101"]


def test_in_a_submodule(make_repo: MakeRepo, hooked: Hooked) -> None:
    inner, outer = make_repo({"in.py": reads("A")}, name="inner"), make_repo({"out.py": reads("O")}, name="outer")
    outer.git("submodule", "--quiet", "add", inner.root, "sub")
    outer.commit("submodule")
    hook = hooked(outer, hooks=outer.root / ".git" / "modules" / "sub" / "hooks")
    (outer.root / "sub" / "in.py").write_text(reads("A", "NEW"))
    assert not hook.commit("-a", cwd=outer.root / "sub")
    assert hook.verdict.new == ["in.py:7 HL101"]


def test_the_git_folder_elsewhere(make_repo: MakeRepo, hooked: Hooked, tmp_path: Path) -> None:
    repo = make_repo({"a.py": reads("A")})
    hook = hooked(repo)
    away = tmp_path / "away.git"
    (repo.root / ".git").rename(away)
    repo.write("a.py", reads("A", "NEW"))
    git = [f"--git-dir={away}", f"--work-tree={repo.root}"]
    for arguments in (["-a"], ["a.py"]):
        assert not hook.commit(*arguments, git=git)
        assert hook.verdict.new == ["a.py:7 HL101"]


def test_another_repository_around_the_work_tree(make_repo: MakeRepo, hooked: Hooked, tmp_path: Path) -> None:
    """As with configuration files under `--git-dir` in a home folder that is a repository itself."""
    outer, inner = make_repo({"other.py": reads("O")}, name="outer"), make_repo({"a.py": reads("A")}, name="inner")
    hook = hooked(inner)
    outer.write("a.py", reads("A", "NEW"))
    git = [f"--git-dir={inner.root / '.git'}", f"--work-tree={outer.root}"]
    assert not hook.commit("a.py", cwd=outer.root, git=git)
    assert hook.verdict.new == ["a.py:7 HL101"]


def test_the_variables_of_one_repository_while_looking_at_another(
    make_repo: MakeRepo, hooked: Hooked, tmp_path: Path
) -> None:
    other = make_repo({"o.py": reads("O")}, name="other")
    other.write("o.py", reads("O", "NEW"))
    other.git("add", "o.py")
    repo = make_repo({"a.py": reads("A")})
    hook = hooked(repo, "-C", str(other.root))
    repo.write("a.py", reads("A") + "#\n")
    assert not hook.commit("-a")
    assert hook.verdict.new == ["o.py:7 HL101"]


def test_an_index_of_the_users_own(repo: Repo, hooked: Hooked, tmp_path: Path) -> None:
    hook = hooked(repo)
    repo.write("a.py", reads("A", "NEW"))
    environ = {"GIT_INDEX_FILE": str(tmp_path / "own")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_INDEX_FILE", environ["GIT_INDEX_FILE"])
        repo.git("read-tree", "HEAD")
        repo.git("add", "a.py")
        assert not hook.commit()
    assert hook.verdict.new == ["a.py:7 HL101"]
    repo.write("d.txt", "text")
    repo.git("add", "d.txt")
    assert hook.commit()


def test_told_of_no_repository_the_complaint_is_the_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    from holdline.errors import RepositoryError

    with pytest.raises(RepositoryError, match="is not in a git repository"):
        discover_told({})


def test_amend(repo: Repo, hooked: Hooked) -> None:
    hook = hooked(repo)
    repo.write("a.py", reads("A") + "# more\n")
    assert hook.commit("-a", "--amend")
    repo.write("a.py", reads("A", "NEW"))
    assert not hook.commit("-a", "--amend")
    assert hook.verdict.new == ["a.py:7 HL101"]


def test_the_staged_half_under_a_hook(repo: Repo, hooked: Hooked) -> None:
    hook = hooked(repo)
    repo.write("a.py", reads("A", "UNSTAGED"))
    stage(repo, "a.py", reads("A") + "# staged\n")
    assert hook.commit()
    assert repo.read("a.py").decode() == reads("A", "UNSTAGED")
    assert subprocess.run(["git", "diff", "--quiet"], cwd=repo.root, check=False).returncode == 1
