"""14. A crash on either side, or a file that cannot be parsed, is not "clean"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from holdline.judging import Judge as FileJudge

from .gates import Judge, reads, run_check

if TYPE_CHECKING:
    from conftest import MakeRepo

BROKEN = reads("A", "B") + "def (:\n"


def test_what_breaks_a_file_fails(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A", "B")})
    repo.write("a.py", BROKEN)
    repo.git("add", "--all")
    verdict = judge(repo)
    assert (verdict.code, verdict.new) == (1, [])
    (found,) = verdict.report["unjudged"]
    assert (found["path"], found["kind"], found["line"], found["suspects"]) == ("a.py", "unparsable", 8, [])


def test_changed_lines_that_look_like_violations_are_named(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A", "B")})
    repo.write("a.py", BROKEN + 'os.environ["C"]\nx = os.getenv("D")\n')
    repo.git("add", "--all")
    assert judge(repo).report["unjudged"][0]["suspects"] == [9, 10]
    text = run_check(repo.root)[1]
    assert text.startswith("a.py:8: does not parse: ")
    assert "    line 9 changed and looks like a violation\n    line 10 changed and" in text
    assert text.endswith("0 old hidden, 1 not judged (base: HEAD " + repo.git("rev-parse", "HEAD")[:9] + ")\n")


def test_a_file_that_was_broken_before(make_repo: MakeRepo, judge: Judge) -> None:
    """Nobody is blocked by what was there; nobody gets a new one past it either."""
    repo = make_repo({"a.py": BROKEN})
    repo.write("a.py", "# touched\n" + BROKEN)
    repo.git("add", "--all")
    verdict = judge(repo)
    assert (verdict.code, verdict.unjudged) == (0, ["a.py"])
    assert "so it was before, and no changed line looks like a violation" in run_check(repo.root)[1]
    repo.write("a.py", BROKEN + 'os.environ["C"]\n')
    repo.git("add", "--all")
    assert (judge(repo).code, judge(repo).report["unjudged"][0]["suspects"]) == (1, [9])


def test_a_file_that_is_mended(make_repo: MakeRepo, judge: Judge) -> None:
    """What it held before cannot be known: the lines that changed count, no others."""
    repo = make_repo({"a.py": BROKEN})
    repo.write("a.py", reads("A", "B", "C"))
    repo.git("add", "--all")
    verdict = judge(repo)
    assert (verdict.code, verdict.new, verdict.old) == (1, ["a.py:10 HL101"], 2)


def test_a_broken_file_renamed(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": BROKEN})
    repo.git("mv", "a.py", "b.py")
    assert (judge(repo).code, judge(repo).unjudged) == (0, ["b.py"])


def test_a_new_broken_file(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"x.py": "X = 1\n"})
    repo.write("a.py", BROKEN)
    repo.git("add", "--all")
    (found,) = judge(repo).report["unjudged"]
    assert (found["suspects"], found["tolerated"]) == ([4, 7], False)


def test_a_broken_file_removed(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": BROKEN})
    repo.git("rm", "--quiet", "a.py")
    assert (judge(repo).code, judge(repo).unjudged) == (0, [])


def test_a_broken_file_that_a_merge_brings(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A")})
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.write("broken.py", BROKEN)
    repo.commit("topic")
    repo.git("checkout", "--quiet", "main")
    repo.write("b.py", "X = 1\n")
    repo.commit("main")
    repo.git("merge", "--quiet", "--no-commit", "topic")
    assert (judge(repo).code, judge(repo).unjudged) == (0, [])


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_bug_of_ours_on_either_side_is_not_clean(
    make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch, side: str
) -> None:
    repo = make_repo({"a.py": reads("A", "BOOM") if side == "before" else reads("A")})
    repo.write("a.py", reads("A") if side == "before" else reads("A", "BOOM"))
    repo.git("add", "--all")
    look = FileJudge.look

    def fail(self: FileJudge, source: object) -> object:
        if b"BOOM" in source.data:  # type: ignore[attr-defined]
            raise ZeroDivisionError("a bug")
        return look(self, source)  # type: ignore[arg-type]

    monkeypatch.setattr(FileJudge, "look", fail)
    code, out, err = run_check(repo.root)
    assert (code, out) == (3, "")
    assert "a bug of ours: ZeroDivisionError" in err
