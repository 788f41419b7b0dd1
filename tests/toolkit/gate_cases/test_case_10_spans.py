"""10. Multi-line spans, and findings that have no line of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .gates import Judge, run_check

if TYPE_CHECKING:
    from conftest import MakeRepo

PATCH = 'import os\nfrom unittest.mock import patch\n\nwith patch.dict(\n    os.environ,\n    {\n        "A": "1",\n    },\n):\n    pass\n'


def test_an_edit_within_the_span(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": PATCH})
    repo.write("a.py", PATCH.replace('"1"', '"2"'))
    repo.git("add", "--all")
    assert (judge(repo).new, judge(repo).old) == ([], 1)


def test_a_new_variable_within_the_span(make_repo: MakeRepo, judge: Judge) -> None:
    """The first line stands, yet it is not called untouched: its last lines changed."""
    repo = make_repo({"a.py": PATCH})
    repo.write("a.py", PATCH.replace('        "A": "1",\n', '        "A": "1",\n        "B": "2",\n'))
    repo.git("add", "--all")
    verdict = judge(repo)
    assert (verdict.new, verdict.causes) == (["a.py:4 HL103"], [None])
    (found,) = verdict.report["new"]
    assert (found["line"], found["end_line"]) == (4, 10)


def test_a_span_laid_out_anew(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": PATCH})
    repo.write(
        "a.py", 'import os\nfrom unittest.mock import patch\n\nwith patch.dict(os.environ, {"A": "1"}):\n    pass\n'
    )
    repo.git("add", "--all")
    assert judge(repo).new == []


def test_a_file_level_finding(make_repo: MakeRepo, judge: Judge) -> None:
    """A file that cannot be judged is one finding of the whole file, with or without a line."""
    repo = make_repo({"a.py": "X = 1\n"})
    repo.write("a.py", b"X = 1  # os.environ\n\nY = '\xff'\n")
    repo.write("b.py", "def (:  # os.environ\n")
    repo.git("add", "--all")
    verdict = judge(repo)
    assert [(u["path"], u["line"]) for u in verdict.report["unjudged"]] == [("a.py", None), ("b.py", 1)]
    assert "a.py: is not valid utf-8" in run_check(repo.root)[1]
