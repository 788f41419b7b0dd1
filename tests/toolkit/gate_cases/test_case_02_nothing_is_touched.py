"""2. The user's files, index and stash are never touched, whatever the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .gates import Judge, reads, run_check, stage, state

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo


@pytest.fixture
def busy(make_repo: MakeRepo) -> Repo:
    """Staged, unstaged, stashed and untracked changes, and an index whose times of files are out of date."""
    repo = make_repo({"a.py": reads("A"), "b.py": reads("B"), "clean.py": "X = 1\n"})
    repo.write("b.py", reads("B", "STASHED"))
    repo.git("stash", "--quiet")
    repo.write("a.py", reads("A", "B", "C"))
    stage(repo, "a.py", reads("A", "B"))
    repo.write("untracked.py", reads("U"))
    (repo.root / "clean.py").write_text("X = 1\n")
    return repo


@pytest.mark.parametrize("arguments", [[], ["--base", "HEAD"], ["--base", "nowhere"], ["nowhere.py"], ["../outside"]])
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "junit"])
def test_whatever_the_outcome(busy: Repo, arguments: list[str], form: str) -> None:
    before = state(busy.root)
    code, out, err = run_check(busy.root, "--format", form, *arguments)
    assert state(busy.root) == before
    assert (code == 2) == (not out) == bool(err)


def test_where_the_configuration_is_wrong(busy: Repo) -> None:
    stage(busy, "pyproject.toml", "[tool.holdline]\nselcet = []\n")
    before = state(busy.root)
    code, out, err = run_check(busy.root)
    assert state(busy.root) == before
    assert (code, out) == (2, "")
    assert "selcet" in err


def test_where_nothing_is_changed(make_repo: MakeRepo, judge: Judge) -> None:
    verdict = judge(make_repo({"a.py": reads("A")}))
    assert (verdict.code, verdict.report["totals"]) == (0, {"files": 0, "new": 0, "old": 0})
