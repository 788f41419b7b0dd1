"""16. A rule or tool upgrade does not block old code: today's rules on both sides, read from the snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .gates import Judge, reads, stage

if TYPE_CHECKING:
    from conftest import MakeRepo

SETENV = 'def test(monkeypatch):\n    monkeypatch.setenv("A", "1")\n'


def test_a_stricter_rule_in_the_same_commit(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"test_a.py": SETENV, "pyproject.toml": '[tool.holdline]\nselect = ["HL101"]\n'})
    repo.write("pyproject.toml", '[tool.holdline]\nselect = ["HL1", "HL105"]\n')
    repo.write("test_a.py", SETENV + "# touched\n")
    repo.write("test_b.py", SETENV.replace("A", "B"))
    repo.git("add", "--all")
    verdict = judge(repo)
    assert (verdict.new, verdict.old) == (["test_b.py:2 HL105"], 1)


def test_more_files_judged_than_before(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"app/a.py": reads("A"), "holdline.toml": 'exclude = ["app/**"]\n'})
    repo.write("holdline.toml", "exclude = []\n")
    repo.write("app/a.py", reads("A") + "# touched\n")
    repo.git("add", "--all")
    assert (judge(repo).new, judge(repo).old) == ([], 1)


def test_the_configuration_is_that_of_the_snapshot(make_repo: MakeRepo, judge: Judge) -> None:
    """Not that of the working tree, nor that of the base."""
    repo = make_repo({"a.py": "X = 1\n", "holdline.toml": 'exclude = ["a.py"]\n'})
    repo.write("a.py", reads("A"))
    repo.git("add", "--all")
    repo.write("holdline.toml", "exclude = []\n")
    assert judge(repo).code == 0
    stage(repo, "holdline.toml", "exclude = []\n")
    assert judge(repo).new == ["a.py:4 HL101"]
    repo.git("commit", "--quiet", "--message", "change")
    stage(repo, "holdline.toml", 'exclude = ["a.py"]\n')
    assert judge(repo, "--base", "HEAD~1").new == ["a.py:4 HL101"]


def test_a_configuration_file_can_be_named(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": "X = 1\n"})
    repo.write("a.py", reads("A"))
    repo.git("add", "--all")
    repo.write("lax.toml", 'exclude = ["a.py"]\n')
    assert judge(repo, "--config", "lax.toml").code == 0
    assert judge(repo, "--config", "none.toml").code == 2


@pytest.mark.parametrize("name", ["pyproject.toml", "holdline.toml"])
def test_a_wrong_configuration_in_the_snapshot_is_an_error(make_repo: MakeRepo, judge: Judge, name: str) -> None:
    repo = make_repo({"a.py": reads("A")})
    stage(repo, name, "[tool.holdline\n")
    verdict = judge(repo)
    assert verdict.code == 2
    assert name in verdict.err


def test_rules_on_the_command_line(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"test_a.py": "X = 1\n"})
    repo.write("test_a.py", SETENV)
    repo.git("add", "--all")
    assert judge(repo).new == []
    assert judge(repo, "--select", "HL105").new == ["test_a.py:2 HL105"]
    assert "HL9" in judge(repo, "--select", "HL9").err


def test_a_suppression_that_expired_meanwhile_blocks_nobody(make_repo: MakeRepo, judge: Judge) -> None:
    old = 'import os\n\nX = os.environ["A"]  # holdline: allow[HL101] until the move — until 2020-01-01\n'
    repo = make_repo({"a.py": old})
    repo.write("a.py", "# touched\n" + old)
    repo.git("add", "--all")
    verdict = judge(repo)
    assert (verdict.new, verdict.old) == ([], 2)
    repo.write("b.py", old.replace('"A"', '"B"'))
    repo.git("add", "--all")
    assert judge(repo).new == ["b.py:3 HL101", "b.py:3 HL001"]
