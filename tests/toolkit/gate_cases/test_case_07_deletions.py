"""7. A deletion can make an untouched line a violation: its line is reported, and the change that caused it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .gates import Judge, reads, run_check

if TYPE_CHECKING:
    from conftest import MakeRepo

SHADOWED = 'import os\n\n\ndef f(items):\n    os = items\n    x = 1\n    y = 2\n    return os.environ["A"]\n'


def test_a_shadowing_assignment_removed(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": SHADOWED})
    repo.write("a.py", SHADOWED.replace("    os = items\n", ""))
    repo.git("add", "--all")
    verdict = judge(repo)
    assert (verdict.new, verdict.causes) == (["a.py:7 HL101"], [5])
    text = run_check(repo.root)[1]
    assert "a.py:7:12: HL101 " in text
    assert "    this line is as it was: the change at line 5 made it a violation\n" in text


def test_a_parameter_renamed(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": 'import os\n\n\ndef f(os):\n    return os.environ["A"]\n'})
    repo.write("a.py", 'import os\n\n\ndef f(other):\n    return os.environ["A"]\n')
    repo.git("add", "--all")
    verdict = judge(repo)
    assert (verdict.new, verdict.causes) == (["a.py:5 HL101"], [5])


def test_an_import_added(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": 'import app as os\n\nX = os.environ["A"]\n'})
    repo.write("a.py", 'import os\n\nX = os.environ["A"]\n')
    repo.git("add", "--all")
    verdict = judge(repo)
    assert (verdict.new, verdict.causes) == (["a.py:3 HL101"], [2])


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        ("# holdline: allow[HL101] why\nX = os.environ['A']\n", "X = os.environ['A']\n", 2),
        ("X = os.environ['A']  # holdline: allow[HL101] why\n", "X = os.environ['A']\n", None),
        (
            "# holdline: allow[HL101] why\nX = os.environ['A']\n",
            "# holdline: allow[HL102] why\nX = os.environ['A']\n",
            3,
        ),
    ],
)
def test_a_suppression_removed(make_repo: MakeRepo, judge: Judge, before: str, after: str, cause: int | None) -> None:
    repo = make_repo({"a.py": "import os\n" + before})
    repo.write("a.py", "import os\n" + after)
    repo.git("add", "--all")
    verdict = judge(repo)
    assert (verdict.new, verdict.causes) == ([f"a.py:{1 + after.count(chr(10))} HL101"], [cause])


def test_a_suppression_left_behind_by_a_move(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": "import os\n\n# holdline: allow[HL101] why\nX = os.environ['A']\n"})
    repo.write("a.py", "import os\n\n# holdline: allow[HL101] why\nY = 1\nX = os.environ['A']\n")
    repo.git("add", "--all")
    verdict = judge(repo)
    assert (verdict.new, verdict.suppressions) == (["a.py:5 HL101"], [])


def test_deleting_violations_and_files(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A", "B"), "b.py": reads("C")})
    repo.write("a.py", reads("A"))
    repo.git("rm", "--quiet", "b.py")
    repo.git("add", "--all")
    verdict = judge(repo)
    assert (verdict.code, verdict.old, verdict.report["totals"]["files"]) == (0, 1, 2)
