"""The gate's verdict as a value; `gate_cases` has what it says in every case."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from holdline.bases import staged
from holdline.cli.check_command import judge_for
from holdline.cli.surroundings import load_registry
from holdline.comparison import BlobJudge, Comparison, Unjudged
from holdline.config import Config
from holdline.gate import GateReport, Snapshot, check
from holdline.git import Repository
from holdline.judging import Judge
from holdline.merges import changes_to
from holdline.model import Problem, ProblemKind, Violation

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

READ = 'import os\n\nX = os.environ["X"]\n'
ALLOWED = READ.rstrip() + "  # holdline: allow[HL101] the launcher sets it — until 2027-03-01\n"


def judge(today: date = date(2026, 1, 1), config: Config = Config()) -> Judge:  # noqa: B008  # frozen
    return judge_for(config, load_registry())._replace(today=today)


def verdict(repo: Repo, *paths: str, today: date = date(2026, 1, 1)) -> GateReport:
    opened = Repository.discover(repo.root)
    snapshot = staged(opened, {})
    return check(opened, snapshot, changes_to(opened, snapshot.bases, snapshot.head), judge(today), paths)


def add(repo: Repo, **files: str) -> None:
    for name, content in files.items():
        repo.write(f"{name}.py", content)
    repo.git("add", "--all")


BROKEN = Problem("a.py", ProblemKind.UNPARSABLE, "does not parse")


@pytest.mark.parametrize(
    ("unjudged", "passes"),
    [
        ([], True),
        ([Unjudged(BROKEN, (), was_before=True)], True),
        ([Unjudged(BROKEN, (3,), was_before=True)], False),
        ([Unjudged(BROKEN, (), was_before=False)], False),
        ([Unjudged(BROKEN, (), was_before=True), Unjudged(BROKEN, (), was_before=False)], False),
    ],
)
def test_what_passes(unjudged: list[Unjudged], passes: bool) -> None:
    report = GateReport(Snapshot(("base",), None, "base"), 1, unjudged=tuple(unjudged))
    assert report.passes == passes
    assert not report._replace(new=(Violation("HL101", "", "a.py", 1, 1, 1, 2),)).passes


class TestSuppressions:
    def test_a_new_one_is_listed_and_passes(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": "X = 1\n"})
        add(repo, a=ALLOWED)
        report = verdict(repo)
        (found,) = report.suppressions
        assert (found.line, found.codes, found.until, report.passes) == (3, ("HL101",), date(2027, 3, 1), True)

    def test_a_moved_one_is_not(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": ALLOWED, "b.py": "X = 1\n"})
        add(repo, a="X = 1\n", b=ALLOWED.replace("X =", "    Y =").replace("import os", "import os\nif True:"))
        assert verdict(repo).suppressions == ()

    def test_a_copied_one_is(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": ALLOWED})
        add(repo, b=ALLOWED)
        assert [s.path for s in verdict(repo).suppressions] == ["b.py"]

    @pytest.mark.parametrize(
        "edit", [("2027-03-01", "2028-03-01"), ("the launcher", "another"), ("HL101]", "HL101, HL102]")]
    )
    def test_a_changed_one_is(self, make_repo: MakeRepo, edit: tuple[str, str]) -> None:
        repo = make_repo({"a.py": ALLOWED})
        add(repo, a=ALLOWED.replace(*edit))
        assert len(verdict(repo).suppressions) == 1

    def test_one_laid_out_anew_is_not(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": ALLOWED})
        add(repo, a=ALLOWED.replace("# holdline: allow[HL101] the", "#  holdline:  allow[ HL101 ]  the"))
        assert verdict(repo).suppressions == ()

    def test_one_beside_an_old_one_is(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": ALLOWED})
        add(repo, a=ALLOWED + "# holdline: allow[HL102] why\n")
        assert [s.line for s in verdict(repo).suppressions] == [4]

    def test_one_in_a_file_without_violations(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": "X = 1\n"})
        add(repo, a="X = 1  # holdline: allow[HL101] for nothing\n")
        assert len(verdict(repo).suppressions) == 1

    def test_a_bad_one_is_a_violation_when_it_is_new(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": READ.rstrip() + "  # holdline: allow[HL101]\n"})
        add(repo, a="# touched\n" + repo.read("a.py").decode())
        assert (verdict(repo).new, len(verdict(repo).old)) == ((), 2)
        add(repo, b="X = 1  # holdline: allow[HL101]\n", c="X = 1  # holdline: allow why\n")
        report = verdict(repo)
        assert [(v.path, v.code) for v in report.new] == [("b.py", "HL001"), ("c.py", "HL001")]
        assert report.suppressions == ()

    def test_the_last_day_counts(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": "X = 1\n"})
        add(repo, a=ALLOWED)
        assert verdict(repo, today=date(2027, 3, 1)).passes
        assert [v.code for v in verdict(repo, today=date(2027, 3, 2)).new] == ["HL101", "HL001"]

    def test_what_has_expired_is_old_from_then_on(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": ALLOWED})
        add(repo, a="# touched\n" + ALLOWED)
        report = verdict(repo, today=date(2027, 3, 2))
        assert (report.passes, len(report.old)) == (True, 2)

    def test_mentions_in_strings_do_not_count(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": "X = 1\n"})
        add(repo, a='"""\n# holdline: allow[HL101]\n"""\nX = "# holdline: allow[HL101] why"\n')
        report = verdict(repo)
        assert (report.passes, report.suppressions) == (True, ())


def test_paths_narrow_all_that_is_reported(make_repo: MakeRepo) -> None:
    repo = make_repo({"a/x.py": READ, "b/x.py": READ, "ab.py": READ})
    for path in ("a/x.py", "b/x.py", "ab.py"):
        repo.write(path, ALLOWED.replace('"X"', '"Y"') + READ)
    repo.write("a/broken.py", "os.environ(\n")
    repo.git("add", "--all")
    report = verdict(repo, "a")
    assert report.files == 2
    assert {v.path for v in report.old} == {s.path for s in report.suppressions} == {"a/x.py"}
    assert [u.problem.path for u in report.unjudged] == ["a/broken.py"]
    assert verdict(repo, "a", "b").files == 3
    assert verdict(repo, ".").files == 4
    assert verdict(repo, "b/x.py").files == 1


def test_sides_before_are_read_only_where_they_matter(make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is what a commit without findings, and one that leaves them where they were, is spared."""
    judged = []
    look = Judge.judge

    def spy(self: Judge, path: str, data: bytes, category: object) -> object:
        judged.append((path, len(data)))
        return look(self, path, data, category)  # type: ignore[arg-type]

    monkeypatch.setattr(Judge, "judge", spy)
    files = {"old.py": READ, "cleaned.py": READ, "other.py": READ}
    repo = make_repo(files)
    add(repo, cleaned="os = environ = None\n", old=READ + "# touched\n")
    verdict(repo)
    assert [path for path, _ in judged] == ["cleaned.py", "old.py", "old.py"]
    judged.clear()
    add(repo, new=READ)
    verdict(repo)
    assert [path for path, _ in judged] == ["cleaned.py", "new.py", "old.py", "old.py", "cleaned.py"]


def test_one_content_under_two_paths_is_read_once(make_repo: MakeRepo) -> None:
    repo = make_repo({"x.py": "X = 1\n"})
    add(repo, a=READ, b=READ)
    opened = Repository.discover(repo.root)
    comparison = Comparison(opened, BlobJudge(opened, judge()), opened.changes("HEAD", None))
    assert [v.path for v in comparison.new] == ["a.py", "b.py"]
    assert [*comparison.gains.values()] == [2]
