"""1. The index blob is judged, with the index's line numbers; a fix that is only in the working tree does not pass."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from .gates import Judge, reads, stage

if TYPE_CHECKING:
    from conftest import MakeRepo


def test_the_staged_half_is_judged_with_its_own_lines(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A")})
    repo.write("a.py", "# one\n# two\n" + reads("NEW", "A", "B"))
    stage(repo, "a.py", reads("A", "B"))
    verdict = judge(repo)
    assert (verdict.code, verdict.new, verdict.old) == (1, ["a.py:7 HL101"], 1)


def test_what_is_not_staged_is_not_judged(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A")})
    repo.write("a.py", reads("A", "B"))
    repo.write("new.py", reads("C"))
    verdict = judge(repo)
    assert (verdict.code, verdict.report["totals"]["files"]) == (0, 0)


def test_a_fix_in_the_working_tree_alone_does_not_pass(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A")})
    repo.write("a.py", reads("A", "B"))
    repo.git("add", "a.py")
    repo.write("a.py", reads("A"))
    assert judge(repo).new == ["a.py:7 HL101"]


def test_a_file_gone_from_the_working_tree_alone_is_judged(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A")})
    repo.write("b.py", reads("B"))
    repo.git("add", "b.py")
    (repo.root / "b.py").unlink()
    assert judge(repo).new == ["b.py:4 HL101"]


def test_one_hunk_of_two(make_repo: MakeRepo, judge: Judge) -> None:
    middle = "".join(f"# {n}\n" for n in range(20))
    repo = make_repo({"a.py": f"import os\n{middle}"})
    repo.write("a.py", f'import os\nA = os.environ["A"]\n{middle}B = os.environ["B"]\n')
    # answer `git add -p` as a person does: not the first hunk, but the second
    subprocess.run(["git", "add", "-p"], cwd=repo.root, input=b"n\ny\n", capture_output=True, check=True)
    assert judge(repo).new == ["a.py:22 HL101"]
