"""4. One diff from the base to the judged snapshot: intermediate states do not matter, lines are the snapshot's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .gates import Judge, reads, stage

if TYPE_CHECKING:
    from conftest import MakeRepo


def test_lines_and_columns_are_the_snapshots(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A", "B", "C")})
    repo.write("a.py", "# working tree\n" * 9 + reads("A"))
    stage(repo, "a.py", "# one\n" + reads("A", "NEW", "B", "C"))
    (found,) = judge(repo).report["new"]
    place = {key: found[key] for key in ("line", "column", "end_line", "end_column")}
    assert place == {"line": 8, "column": 12, "end_line": 8, "end_column": 22}
    assert found["text"] == 'return os.environ["NEW"]'


def test_a_range_is_judged_as_a_whole(make_repo: MakeRepo, judge: Judge) -> None:
    """What one commit brings and a later one takes back is not there."""
    repo = make_repo({"a.py": reads("A")})
    base = repo.git("rev-parse", "HEAD").strip()
    repo.write("a.py", reads("A", "GONE"))
    repo.commit()
    repo.write("a.py", "# moved down\n" + reads("A", "STAYS"))
    repo.commit()
    verdict = judge(repo, "--base", base)
    assert (verdict.code, verdict.new, verdict.report["head"]) == (
        1,
        ["a.py:8 HL101"],
        repo.git("rev-parse", "HEAD").strip(),
    )


def test_a_range_ignores_index_and_working_tree(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A")})
    base = repo.git("rev-parse", "HEAD").strip()
    repo.write("b.py", reads("B"))
    repo.commit()
    repo.write("b.py", "B = 1\n")
    repo.git("add", "b.py")
    assert judge(repo, "--base", base).new == ["b.py:4 HL101"]
    assert judge(repo).new == []


def test_hook_and_ci_say_the_same(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A", "B"), "b.py": reads("C")})
    repo.git("mv", "a.py", "c.py")
    repo.write("c.py", reads("B", "NEW", "A", "A"))
    repo.write("b.py", reads() + "# holdline: allow[HL101] the launcher needs it\nX = os.environ['C']\n")
    repo.git("add", "--all")
    hook = judge(repo)
    repo.git("commit", "--quiet", "--message", "change")
    ci = judge(repo, "--base", "HEAD~1")
    for report in (hook.report, ci.report):
        del report["base"], report["head"]
    assert hook.report == ci.report
    assert (hook.new, hook.suppressions) == (["c.py:7 HL101", "c.py:13 HL101"], ["b.py:2"])


def test_files_and_folders_narrow_the_report_not_the_comparison(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"from/a.py": reads("MOVED")})
    repo.write("from/a.py", reads())
    repo.write("to/b.py", reads("MOVED", "NEW"))
    repo.write("to/c.py", reads("OTHER"))
    repo.git("add", "--all")
    assert judge(repo, "to/b.py").new == ["to/b.py:7 HL101"]
    assert judge(repo, "to").new == ["to/b.py:7 HL101", "to/c.py:4 HL101"]
    assert judge(repo, "from").report["totals"] == {"files": 1, "new": 0, "old": 0}
    assert judge(repo.root / "to", "c.py").new == ["to/c.py:4 HL101"]
    assert judge(repo.root / "to", "..").new == ["to/b.py:7 HL101", "to/c.py:4 HL101"]
    assert judge(repo, "gone.py").code == 0
