"""5. Rename plus edit; detection covers the whole repository, with fixed settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .gates import Judge, reads

if TYPE_CHECKING:
    from conftest import MakeRepo

BODY = reads(*(f"V{n}" for n in range(8)))


def test_a_rename_is_not_new(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": BODY})
    repo.git("mv", "a.py", "deep.py")
    verdict = judge(repo)
    assert (verdict.code, verdict.old, verdict.report["totals"]["files"]) == (0, 8, 1)


@pytest.mark.parametrize("setting", ["false", "true", "copies"])
@pytest.mark.parametrize("limit", ["1", "400"])
def test_a_rename_with_an_edit(make_repo: MakeRepo, judge: Judge, setting: str, limit: str) -> None:
    repo = make_repo({"a/one.py": BODY, "other.py": "X = 1\n"})
    repo.git("config", "diff.renames", setting)
    repo.git("config", "diff.renameLimit", limit)
    repo.git("config", "status.renames", setting)
    (repo.root / "b").mkdir()
    repo.git("mv", "a/one.py", "b/two.py")
    repo.write("b/two.py", BODY.replace("V3", "W3"))
    repo.git("add", "--all")
    verdict = judge(repo)
    assert (verdict.new, verdict.old) == (["b/two.py:13 HL101"], 7)


def test_a_rename_from_another_folder_while_judging_from_this_one(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a/one.py": BODY, "b/keep.py": "X = 1\n"})
    repo.git("mv", "a/one.py", "b/two.py")
    repo.git("config", "diff.relative", "true")
    assert judge(repo.root / "b", ".").new == []


def test_two_files_swap_names(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": BODY, "b.py": reads("B")})
    repo.write("a.py", reads("B"))
    repo.write("b.py", BODY)
    repo.git("add", "--all")
    assert (judge(repo).new, judge(repo).old) == ([], 9)


def test_a_rename_out_of_what_is_excluded_is_new(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"vendor/a.py": BODY, "script": BODY, "holdline.toml": 'exclude = ["vendor/**"]\n'})
    repo.git("mv", "vendor/a.py", "a.py")
    assert len(judge(repo).new) == 8
    repo.git("reset", "--quiet", "--hard")
    repo.git("mv", "script", "script.py")
    assert len(judge(repo).new) == 8


def test_a_rename_to_what_is_not_judged(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": BODY})
    repo.git("mv", "a.py", "a.txt")
    assert judge(repo).code == 0


def test_what_only_its_case_tells_apart(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"module.py": BODY})
    repo.git("mv", "module.py", "Module.py")
    assert judge(repo).new == []
