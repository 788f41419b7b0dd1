"""Undo: byte for byte, but never over somebody's later work."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline.journal import Journal, RunInProgress
from holdline.model import ProblemKind
from holdline.runs import PlannedWrite, RunStatus, RunSummary
from holdline.undo import UndoReport, undo_run

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

OLD = b"\xef\xbb\xbfold\r\nlast \xe9"
NEW = b"new\n"


def migrate(repo: Repo, *paths: str, before: bytes = OLD, after: bytes = NEW) -> int:
    found = Repository.discover(repo.root)
    planned = [PlannedWrite(path, before, after) for path in paths]
    with Journal.open(found) as journal, journal.lock():
        run = journal.begin("migrate", found.head(), planned)
        for write in planned:
            assert journal.write(run, write) is None
        journal.finish(run, RunStatus.COMPLETE)
    return run


def undo(repo: Repo, run: int | None = None) -> UndoReport:
    found = Repository.discover(repo.root)
    with Journal.open(found) as journal:
        return undo_run(found, journal, run)


def history(repo: Repo) -> list[RunSummary]:
    with Journal.open(Repository.discover(repo.root)) as journal:
        return journal.runs()


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo(dict.fromkeys(("a.py", "b.py", "d/c.py"), OLD))


def test_restores_every_byte_and_keeps_the_mode(repo: Repo) -> None:
    (repo.root / "a.py").chmod(0o755)
    migrate(repo, "a.py", "d/c.py")
    (repo.root / "a.py").chmod(0o700)
    report = undo(repo)
    assert report == UndoReport(1, ("a.py", "d/c.py"), (), ())
    assert report.is_complete
    assert (repo.read("a.py"), repo.read("d/c.py")) == (OLD, OLD)
    assert stat.S_IMODE((repo.root / "a.py").stat().st_mode) == 0o700
    (run,) = history(repo)
    assert run.undone
    assert (run.files, run.restored) == (2, 2)
    assert repo.git("for-each-ref", "refs/holdline") == "", "nothing left to protect"


def test_after_garbage_collection_of_uncommitted_originals(repo: Repo) -> None:
    """The original was never committed: only the journal's ref keeps it."""
    repo.write("a.py", b"work in progress\n")
    migrate(repo, "a.py", before=b"work in progress\n")
    repo.git("reflog", "expire", "--all", "--expire=now")
    repo.git("gc", "--quiet", "--prune=now")
    undo(repo)
    assert repo.read("a.py") == b"work in progress\n"


def test_untracked_file(repo: Repo) -> None:
    repo.write("untracked.py", OLD)
    migrate(repo, "untracked.py")
    repo.git("gc", "--quiet", "--prune=now")
    undo(repo)
    assert repo.read("untracked.py") == OLD


def test_edited_since_is_refused_by_name_and_the_rest_restored(repo: Repo) -> None:
    migrate(repo, "a.py", "b.py")
    repo.write("a.py", NEW + b"# my later work\n")
    report = undo(repo)
    assert report.restored == ("b.py",)
    assert not report.is_complete
    assert [(p.path, p.kind, p.message) for p in report.refused] == [
        ("a.py", ProblemKind.CHANGED, "edited since the run: left alone")
    ]
    assert repo.read("a.py") == NEW + b"# my later work\n"
    (run,) = history(repo)
    assert (run.status, run.files, run.restored) == (RunStatus.COMPLETE, 2, 1)


def test_again_after_taking_back_the_edit(repo: Repo) -> None:
    migrate(repo, "a.py", "b.py")
    repo.write("a.py", b"edited\n")
    undo(repo)
    repo.write("a.py", NEW)
    assert undo(repo) == UndoReport(1, ("a.py",), (), ())
    assert history(repo)[0].undone


def test_already_back(repo: Repo) -> None:
    migrate(repo, "a.py", "b.py")
    repo.git("checkout", "--quiet", "a.py")
    assert undo(repo) == UndoReport(1, ("b.py",), ("a.py",), ())


@pytest.mark.parametrize("how", ["deleted", "link", "folder link", "read-only"])
def test_what_cannot_be_put_back(repo: Repo, tmp_path: Path, how: str) -> None:
    migrate(repo, "a.py", "d/c.py")
    path = repo.root / "d" / "c.py"
    moved = tmp_path / "moved.py"
    if how == "deleted":
        path.unlink()
    elif how == "link":
        path.rename(moved)
        path.symlink_to(moved)
    elif how == "folder link":
        path.parent.rename(tmp_path / "d")
        path.parent.symlink_to(tmp_path / "d")
        moved = tmp_path / "d" / "c.py"
    else:
        path.chmod(0o444)
    report = undo(repo)
    assert report.restored == ("a.py",)
    assert [p.path for p in report.refused] == ["d/c.py"]
    assert report.refused[0].kind is (ProblemKind.READ_ONLY if how == "read-only" else ProblemKind.CHANGED)
    if how != "deleted":
        assert path.read_bytes() == NEW
    assert moved.exists() == (how in {"link", "folder link"})


def test_lost_original(repo: Repo) -> None:
    repo.write("a.py", b"uncommitted\n")
    migrate(repo, "a.py", before=b"uncommitted\n")
    repo.git("update-ref", "-d", "refs/holdline/runs/1")
    repo.git("gc", "--quiet", "--prune=now")
    report = undo(repo)
    assert "not in git's object database" in report.refused[0].message
    assert repo.read("a.py") == NEW


class TestWhichRun:
    def test_newest_first_then_the_one_before(self, repo: Repo) -> None:
        migrate(repo, "a.py")
        migrate(repo, "a.py", before=NEW, after=b"newer\n")
        assert (undo(repo).run, repo.read("a.py")) == (2, NEW)
        assert (undo(repo).run, repo.read("a.py")) == (1, OLD)
        with pytest.raises(HoldlineError, match="there is no run to undo here"):
            undo(repo)

    def test_older_run_that_a_newer_one_built_on(self, repo: Repo) -> None:
        migrate(repo, "a.py", "b.py")
        migrate(repo, "a.py", before=NEW, after=b"newer\n")
        report = undo(repo, 1)
        assert (report.restored, [p.path for p in report.refused]) == (("b.py",), ["a.py"])

    def test_runs_that_wrote_nothing_are_passed_over(self, repo: Repo) -> None:
        migrate(repo, "a.py")
        with Journal.open(Repository.discover(repo.root)) as journal, journal.lock():
            journal.begin("migrate", None, [PlannedWrite("b.py", OLD, NEW)])
        assert undo(repo).run == 1

    def test_unknown_and_undone(self, repo: Repo) -> None:
        with pytest.raises(HoldlineError, match="no run to undo here"):
            undo(repo)
        migrate(repo, "a.py")
        with pytest.raises(HoldlineError, match="there is no run 7"):
            undo(repo, 7)
        undo(repo, 1)
        with pytest.raises(HoldlineError, match="run 1 is undone already"):
            undo(repo, 1)

    def test_each_worktree_undoes_its_own(self, repo: Repo, tmp_path: Path) -> None:
        repo.git("worktree", "add", "--quiet", tmp_path / "linked")
        linked = type(repo)(tmp_path / "linked")
        migrate(repo, "a.py")
        migrate(linked, "a.py")
        with pytest.raises(HoldlineError, match=r"run 2 was made in the working tree .*/linked: undo it there"):
            undo(repo, 2)
        assert undo(repo).run == 1
        assert (repo.read("a.py"), linked.read("a.py")) == (OLD, NEW)
        assert undo(linked).run == 2
        assert linked.read("a.py") == OLD

    def test_after_the_repository_moved(self, repo: Repo, tmp_path: Path) -> None:
        migrate(repo, "a.py")
        moved = type(repo)(repo.root.rename(tmp_path / "moved"))
        assert undo(moved).restored == ("a.py",)
        assert moved.read("a.py") == OLD

    def test_in_a_submodule(self, repo: Repo, make_repo: MakeRepo) -> None:
        outer = make_repo({"x.py": OLD}, name="outer")
        outer.git("submodule", "--quiet", "add", repo.root, "sub")
        inner = type(repo)(outer.root / "sub")
        migrate(inner, "a.py")
        with pytest.raises(HoldlineError, match="no run to undo"):
            undo(outer)
        assert undo(inner).restored == ("a.py",)
        assert inner.read("a.py") == OLD


def test_not_while_a_run_is_going_on(repo: Repo) -> None:
    migrate(repo, "a.py")
    with Journal.open(Repository.discover(repo.root)) as other, other.lock(), pytest.raises(RunInProgress):
        undo(repo)
    assert repo.read("a.py") == NEW


def test_interrupted_undo_can_be_finished(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(repo, "a.py", "b.py", "d/c.py")
    real = Repository.read_blob
    read: list[str] = []

    def interrupt_at_the_second(self: Repository, blob: str) -> bytes:
        read.append(blob)
        if len(read) == 2:
            raise KeyboardInterrupt
        return real(self, blob)

    with monkeypatch.context() as patch:
        patch.setattr(Repository, "read_blob", interrupt_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            undo(repo)
    assert (repo.read("a.py"), repo.read("b.py")) == (OLD, NEW)
    assert history(repo)[0].status is RunStatus.INTERRUPTED
    assert undo(repo) == UndoReport(1, ("b.py", "d/c.py"), ("a.py",), ())
    assert repo.git("status", "--porcelain") == ""
