"""6. Moved, split and re-indented code is not new; copied code is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .gates import Judge, reads

if TYPE_CHECKING:
    from conftest import MakeRepo


def test_moved_within_the_file(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A", "B", "C")})
    repo.write("a.py", reads("C", "A", "B"))
    repo.git("add", "--all")
    assert (judge(repo).new, judge(repo).old) == ([], 3)


def test_moved_to_another_file(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A", "B"), "b.py": reads("C")})
    repo.write("a.py", reads("A"))
    repo.write("b.py", reads("C", "B"))
    repo.git("add", "--all")
    assert judge(repo).new == []


def test_split_into_several_files(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A", "B", "C", "D")})
    repo.git("rm", "--quiet", "a.py")
    repo.write("a/__init__.py", reads("A"))
    repo.write("a/b.py", reads("B", "C"))
    repo.write("a/d.py", reads("D", "NEW"))
    repo.git("add", "--all")
    assert judge(repo).new == ["a/d.py:7 HL101"]


def test_merged_into_one_file(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A"), "b.py": reads("B")})
    repo.git("rm", "--quiet", "a.py", "b.py")
    repo.write("c.py", reads("A", "B"))
    repo.git("add", "--all")
    assert judge(repo).new == []


def test_reindented(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": 'import os\n\nA = os.environ["A"]\nB = os.getenv("B", "x")\n'})
    repo.write("a.py", "import os\n\nif True:\n    A = os.environ[ 'A' ]\n    B = os.getenv(\n        'B', 'y')\n")
    repo.git("add", "--all")
    assert judge(repo).new == []


def test_imported_differently(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": 'import os\n\nA = os.environ["A"]\nB = os.getenv("B")\n'})
    repo.write("a.py", 'from os import environ as e, getenv\n\nA = e["A"]\nB = getenv("B")\n')
    repo.git("add", "--all")
    assert judge(repo).new == []


def test_mock_imported_differently(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo(
        {"a.py": 'import os\nfrom unittest.mock import patch\n\nwith patch.dict(os.environ, {"A": "1"}):\n    pass\n'}
    )
    repo.write(
        "a.py", 'import os\nfrom unittest import mock\n\nwith mock.patch.dict(os.environ, {"A": "2"}):\n    pass\n'
    )
    repo.git("add", "--all")
    assert judge(repo).new == []


def test_copied_within_the_file(make_repo: MakeRepo, judge: Judge) -> None:
    """The one that stands still is old, wherever the copy is put."""
    repo = make_repo({"a.py": reads("A", "B")})
    repo.write("a.py", reads("A", "B", "A"))
    repo.git("add", "--all")
    assert judge(repo).new == ["a.py:10 HL101"]
    repo.write("a.py", reads("B", "A", "B"))
    repo.git("add", "--all")
    assert judge(repo).new == ["a.py:4 HL101"]


def test_copied_to_another_file(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A", "B"), "b.py": "X = 1\n"})
    repo.write("copy.py", reads("A", "B"))
    repo.write("b.py", reads("B"))
    repo.git("add", "--all")
    assert judge(repo).new == ["b.py:4 HL101", "copy.py:4 HL101", "copy.py:7 HL101"]


def test_moved_and_copied_in_one_change(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A")})
    repo.git("rm", "--quiet", "a.py")
    repo.write("b.py", reads("A"))
    repo.write("c.py", reads("A"))
    repo.git("add", "--all")
    assert len(judge(repo).new) == 1


def test_moved_over_two_commits_is_new_to_the_second(make_repo: MakeRepo, judge: Judge) -> None:
    """Each commit is judged by itself; the range as a whole shows the move."""
    repo = make_repo({"a.py": reads("A"), "b.py": "X = 1\n"})
    repo.write("a.py", reads())
    repo.commit()
    repo.write("b.py", reads("A"))
    repo.git("add", "--all")
    assert judge(repo).new == ["b.py:4 HL101"]
    repo.commit()
    assert judge(repo, "--base", "HEAD~2").new == []
