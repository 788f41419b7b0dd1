"""The journal: recorded before written, one run at a time, every file old or new whatever kills the run."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdline import journal_database
from holdline.errors import RepositoryError
from holdline.git import Repository
from holdline.journal import Journal, RunInProgress
from holdline.journal_database import JournalError, open_runs, transaction
from holdline.model import ProblemKind
from holdline.runs import PlannedWrite, RunStatus
from holdline.undo import undo_run
from holdline.writing import DiskFullError

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

# A run over every file of the repository in the working directory: content → content reversed.
RUNNER = """
import sys
from pathlib import Path
from holdline.git import Repository
from holdline.journal import Journal
from holdline.listing import select_files
from holdline.runs import PlannedWrite, RunStatus

here = Path.cwd()
repo = Repository.discover(here)
contents = [(path, (here / path).read_bytes()) for path in select_files(repo, cwd=here).paths]
planned = [PlannedWrite(path, old, old[::-1], fixed=1) for path, old in contents if old.startswith(b"old")]
with Journal.open(repo) as journal, journal.lock():
    print("locked", flush=True)
    run = journal.begin("migrate", repo.head(), planned)
    print("begun", flush=True)
    if "wait" in sys.argv:
        sys.stdin.read()
    for number, write in enumerate(planned):
        problem = journal.write(run, write)
        assert problem is None, problem
        print(number, flush=True)
    journal.finish(run, RunStatus.COMPLETE)
print("finished", flush=True)
"""


def run_all(repo: Repo, planned: Sequence[PlannedWrite], status: RunStatus = RunStatus.COMPLETE) -> int:
    """A whole run in this process."""
    found = Repository.discover(repo.root)
    with Journal.open(found) as journal, journal.lock():
        run = journal.begin("migrate", found.head(), planned)
        problems = [problem for write in planned if (problem := journal.write(run, write))]
        journal.finish(run, status, {"HL101": 3})
    assert problems == []
    return run


def open_journal(repo: Repo) -> Journal:
    return Journal.open(Repository.discover(repo.root))


def swap(path: str, before: bytes = b"old\n", after: bytes = b"new\n") -> PlannedWrite:
    return PlannedWrite(path, before, after, fixed=2, remaining=1)


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo(dict.fromkeys(("a.py", "b.py", "c.py"), b"old\n"))


class TestRuns:
    def test_a_run_and_its_summary(self, repo: Repo) -> None:
        run_all(repo, [swap("a.py"), swap("b.py")])
        assert (repo.read("a.py"), repo.read("b.py"), repo.read("c.py")) == (b"new\n", b"new\n", b"old\n")
        with open_journal(repo) as journal:
            (run,) = journal.runs()
        assert run.status is RunStatus.COMPLETE
        assert (run.files, run.fixed, run.remaining, run.restored) == (2, 4, 2, 0)
        assert (run.id, run.command, run.root, run.here) == (1, "migrate", repo.root, True)
        assert run.head == repo.git("rev-parse", "HEAD").strip()
        assert run.counts == {"HL101": 3}
        assert run.finished is not None
        assert run.started <= run.finished
        assert run.started.endswith("+00:00")

    def test_newest_first(self, repo: Repo) -> None:
        for name in ("a.py", "b.py", "c.py"):
            run_all(repo, [swap(name)])
        with open_journal(repo) as journal:
            assert [run.id for run in journal.runs()] == [3, 2, 1]

    def test_nothing_outside_the_git_directory(self, repo: Repo) -> None:
        run_all(repo, [swap("a.py")])
        assert repo.git("status", "--porcelain") == " M a.py\n"

    def test_before_the_first_commit(self, make_repo: MakeRepo) -> None:
        repo = make_repo()
        repo.write("a.py", b"old\n")
        run_all(repo, [swap("a.py")])
        with open_journal(repo) as journal:
            assert journal.runs()[0].head is None

    def test_odd_names_and_bytes(self, make_repo: MakeRepo) -> None:
        names = ["a b.py", 'quo"te.py', "new\nline.py", os.fsdecode(b"d\xff/\xfe.py")]
        contents = [
            b"\xef\xbb\xbfx\r\n",
            "# -*- coding: latin-1 -*-\né".encode("latin-1"),
            b"a\rb\r\nc\n\x0c",
            b"",
        ]
        files = dict(zip(names, contents, strict=True))
        repo = make_repo(files)
        run_all(repo, [swap(name, before, before + b"\r\n# new") for name, before in files.items()])
        assert {name: repo.read(name) for name in names} == {
            name: before + b"\r\n# new" for name, before in files.items()
        }
        found = Repository.discover(repo.root)
        with Journal.open(found) as journal:
            assert set(undo_run(found, journal).restored) == set(names)
        assert {name: repo.read(name) for name in names} == files

    def test_command_with_any_bytes(self, repo: Repo) -> None:
        with open_journal(repo) as journal, journal.lock():
            journal.begin(os.fsdecode(b"migrate caf\xc3\xa9 \xff.py"), None, [])
            assert journal.runs()[0].command == r"migrate café \udcff.py"

    def test_changes_need_the_lock(self, repo: Repo) -> None:
        with open_journal(repo) as journal, pytest.raises(RuntimeError, match="without its lock"):
            journal.begin("migrate", None, [])


class TestRefusals:
    def outcome(self, repo: Repo) -> tuple[ProblemKind, str]:
        """Run over a.py (refused) and b.py (written)."""
        with open_journal(repo) as journal, journal.lock():
            planned = [swap("a.py"), swap("b.py")]
            run = journal.begin("migrate", None, planned)
            problems = [problem for write in planned if (problem := journal.write(run, write))]
            journal.finish(run, RunStatus.COMPLETE)
            assert [write.path for write in journal.written(run)] == ["b.py"]
        assert repo.read("b.py") == b"new\n"
        assert [problem.path for problem in problems] == ["a.py"]
        return problems[0].kind, problems[0].message

    def test_edited_between_plan_and_write(self, repo: Repo) -> None:
        repo.write("a.py", b"mine\n")
        assert self.outcome(repo) == (ProblemKind.CHANGED, "changed meanwhile: left alone, run again")
        assert repo.read("a.py") == b"mine\n"

    def test_deleted(self, repo: Repo) -> None:
        (repo.root / "a.py").unlink()
        assert self.outcome(repo)[0] is ProblemKind.CHANGED
        assert not (repo.root / "a.py").exists()

    def test_read_only(self, repo: Repo) -> None:
        (repo.root / "a.py").chmod(0o444)
        kind, message = self.outcome(repo)
        assert kind is ProblemKind.READ_ONLY
        assert "chmod u+w" in message
        assert repo.read("a.py") == b"old\n"

    def test_became_a_link(self, repo: Repo, tmp_path: Path) -> None:
        (repo.root / "a.py").rename(tmp_path / "a.py")
        (repo.root / "a.py").symlink_to(tmp_path / "a.py")
        assert self.outcome(repo)[0] is ProblemKind.CHANGED
        assert (tmp_path / "a.py").read_bytes() == b"old\n"

    def test_folder_became_a_link(self, make_repo: MakeRepo, tmp_path: Path) -> None:
        repo = make_repo({"pkg/a.py": b"old\n"})
        (repo.root / "pkg").rename(tmp_path / "elsewhere")
        (repo.root / "pkg").symlink_to(tmp_path / "elsewhere")
        with open_journal(repo) as journal, journal.lock():
            run = journal.begin("migrate", None, [swap("pkg/a.py")])
            problem = journal.write(run, swap("pkg/a.py"))
        assert problem is not None
        assert problem.kind is ProblemKind.CHANGED
        assert (tmp_path / "elsewhere" / "a.py").read_bytes() == b"old\n"

    def test_folder_that_cannot_be_written(self, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
        real = os.replace

        def closed(source: Path, target: Path) -> None:
            if target.name == "a.py":
                raise OSError(errno.EROFS, "Read-only file system")
            real(source, target)

        monkeypatch.setattr(os, "replace", closed)
        assert self.outcome(repo)[1] == "cannot be written: Read-only file system"

    def test_a_full_disk_ends_the_run(self, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
        real = os.replace

        def full(source: Path, target: Path) -> None:
            if target.name == "b.py":
                raise OSError(errno.ENOSPC, "No space left on device")
            real(source, target)

        monkeypatch.setattr(os, "replace", full)
        with pytest.raises(DiskFullError, match=r"b\.py cannot be written: No space left"):
            run_all(repo, [swap("a.py"), swap("b.py")])
        with open_journal(repo) as journal:
            assert [write.path for write in journal.written(1)] == ["a.py"]
        assert (repo.read("a.py"), repo.read("b.py")) == (b"new\n", b"old\n")


class TestLeftLocks:
    """What a git that a power cut stopped has left: it removes its locks when it ends, and it did not."""

    def test_on_the_ref_of_a_run(self, repo: Repo) -> None:
        lock = repo.write(".git/refs/holdline/runs/1.lock", b"")
        run_all(repo, [swap("a.py")])
        assert not lock.exists()
        assert repo.git("for-each-ref", "refs/holdline").endswith("refs/holdline/runs/1\n")

    def test_on_all_refs(self, repo: Repo) -> None:
        """It is not ours to remove: undo does its work, and the next one lets go of the originals."""
        run_all(repo, [swap("a.py")])
        lock = repo.write(".git/packed-refs.lock", b"")
        found = Repository.discover(repo.root)
        with Journal.open(found) as journal:
            assert undo_run(found, journal).restored == ("a.py",)
            assert journal.runs()[0].undone
        assert repo.git("for-each-ref", "refs/holdline") != ""
        lock.unlink()
        run_all(repo, [swap("b.py")])
        with Journal.open(found) as journal:
            undo_run(found, journal)
        assert repo.git("for-each-ref", "refs/holdline") == ""
        assert repo.git("status", "--porcelain") == ""


class TestDatabase:
    def path(self, repo: Repo) -> Path:
        return repo.root / ".git" / "holdline" / "runs.sqlite3"

    def test_newer_format(self, repo: Repo) -> None:
        run_all(repo, [swap("a.py")])
        database = sqlite3.connect(self.path(repo))
        database.execute("PRAGMA user_version = 99")
        database.close()
        with pytest.raises(JournalError, match=r"runs\.sqlite3 was written by another holdline \(format 99"):
            open_journal(repo)

    def test_damaged(self, repo: Repo) -> None:
        self.path(repo).parent.mkdir()
        self.path(repo).write_bytes(b"this is no database" * 100)
        with pytest.raises(JournalError, match=r"runs\.sqlite3 is damaged \(.*\): move it away"):
            open_journal(repo)

    def test_folder_that_cannot_be_made(self, repo: Repo) -> None:
        repo.write(".git/holdline", "a file in its place")
        with pytest.raises(JournalError, match="holdline cannot be used: File exists"):
            open_journal(repo)

    def test_many_processes_open_a_new_one_together(self, repo: Repo) -> None:
        code = (
            "from pathlib import Path; from holdline.git import Repository;"
            "from holdline.journal import Journal; j = Journal.open(Repository.discover(Path.cwd()));"
            "print(j.runs()); j.close()"
        )
        started = [
            subprocess.Popen([sys.executable, "-c", code], cwd=repo.root, stdout=subprocess.PIPE) for _ in range(6)
        ]
        assert [process.communicate()[0] for process in started] == [b"[]\n"] * 6

    def test_failed_begin_leaves_no_run(self, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> None:
            raise RepositoryError("git update-ref failed")

        with open_journal(repo) as journal, journal.lock():
            with monkeypatch.context() as patch:
                patch.setattr(Repository, "protect", fail)
                with pytest.raises(RepositoryError):
                    journal.begin("migrate", None, [swap("a.py")])
            assert journal.runs() == []
            assert journal.begin("migrate", None, [swap("a.py")]) == 1


class TestLock:
    def start(self, repo: Repo, until: bytes, *words: str) -> subprocess.Popen[bytes]:
        """A run in another process, come as far as `until`."""
        process = subprocess.Popen(
            [sys.executable, "-c", RUNNER, *words], cwd=repo.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == until:
                return process
        raise AssertionError(f"the run ended before {until!r}")

    def end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.communicate()

    def test_second_run_is_refused_and_named(self, repo: Repo) -> None:
        process = self.start(repo, b"begun", "wait")
        try:
            with open_journal(repo) as journal:
                assert journal.runs()[0].status is RunStatus.RUNNING
                expected = rf"another holdline run .* \(process {process.pid}, since 20.*\): wait for it or stop it"
                with pytest.raises(RunInProgress, match=expected), journal.lock():
                    pytest.fail("two runs at once")
        finally:
            self.end(process)
        with open_journal(repo) as journal:
            assert journal.runs()[0].status is RunStatus.INTERRUPTED, "opening looks after the dead"

    def test_a_run_that_stands_still_in_a_commit_is_no_riddle(
        self, repo: Repo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Ctrl-Z may come then, and a disk may hang: SQLite's own words are "database is locked"."""
        run_all(repo, [swap("a.py")])
        folder = Path(repo.root, ".git", "holdline")
        monkeypatch.setattr(journal_database, "_BUSY_SECONDS", 0.05)
        with contextlib.closing(sqlite3.connect(folder / "runs.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(
                JournalError, match=r"another holdline process keeps the journal .*runs\.sqlite3 locked"
            ):
                open_journal(repo)
        with open_journal(repo) as journal:
            assert len(journal.runs()) == 1

    def test_a_large_run_can_be_looked_at_while_it_is_recorded(
        self, repo: Repo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """More rows than SQLite's cache holds; git may take its time to protect the originals, before the commit."""
        folder = Path(repo.root, ".git", "holdline")
        monkeypatch.setattr(journal_database, "_BUSY_SECONDS", 0.05)
        rows = [(1, b"p" * 60 + b"%d" % n, "o" * 40, "b" * 64, "a" * 64, 1, 0, "planned") for n in range(20_000)]
        with contextlib.closing(open_runs(folder)) as one, contextlib.closing(open_runs(folder)) as two:
            with transaction(one):
                one.executemany("INSERT INTO writes VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
                assert two.execute("SELECT count(*) FROM writes").fetchone() == (0,)
            assert two.execute("SELECT count(*) FROM writes").fetchone() == (20_000,)

    def test_second_lock_in_the_same_process(self, repo: Repo) -> None:
        with open_journal(repo) as one, open_journal(repo) as two:
            with one.lock(), pytest.raises(RunInProgress), two.lock():
                pytest.fail("two locks at once")
            with two.lock():
                pass

    def test_linked_worktrees_share_it(self, repo: Repo, tmp_path: Path) -> None:
        repo.git("worktree", "add", "--quiet", tmp_path / "linked")
        linked = Repository.discover(tmp_path / "linked")
        with open_journal(repo) as one, Journal.open(linked) as two, one.lock():  # noqa: SIM117
            with pytest.raises(RunInProgress), two.lock():
                pytest.fail("two runs at once")

    def test_exception_leaves_a_settled_run(self, repo: Repo) -> None:
        def interrupted(journal: Journal) -> None:
            with journal.lock():
                run = journal.begin("migrate", None, [swap("a.py"), swap("b.py")])
                journal.write(run, swap("a.py"))
                raise KeyboardInterrupt

        with open_journal(repo) as journal:
            with pytest.raises(KeyboardInterrupt):
                interrupted(journal)
            (run,) = journal.runs()
            assert run.status is RunStatus.INTERRUPTED
            assert [write.path for write in journal.written(run.id)] == ["a.py"]

    def test_interrupt_just_after_the_replacement_does_not_lose_it(
        self, repo: Repo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = os.replace

        def replace_then_interrupt(source: Path, target: Path) -> None:
            real(source, target)
            raise KeyboardInterrupt

        def interrupted(journal: Journal) -> None:
            with journal.lock():
                run = journal.begin("migrate", None, [swap("a.py"), swap("b.py")])
                monkeypatch.setattr(os, "replace", replace_then_interrupt)
                journal.write(run, swap("a.py"))

        with open_journal(repo) as journal:
            with pytest.raises(KeyboardInterrupt):
                interrupted(journal)
            assert repo.read("a.py") == b"new\n"
            assert [write.path for write in journal.written(1)] == ["a.py"]

    def test_file_edited_after_a_kill_counts_as_written(self, repo: Repo) -> None:
        """Nobody knows whether the dead run had written it: undo must refuse it, not forget it."""
        process = self.start(repo, b"1")
        self.end(process)
        repo.write("a.py", b"edited later\n")
        found = Repository.discover(repo.root)
        with Journal.open(found) as journal:
            report = undo_run(found, journal)
        assert [problem.path for problem in report.refused] == ["a.py"]
        assert "b.py" in report.restored
        assert repo.read("a.py") == b"edited later\n"


class TestKilled:
    FILES = 200
    SIZES = (10, 1000, 60_000)

    @pytest.fixture
    def big(self, make_repo: MakeRepo) -> Repo:
        def content(number: int) -> bytes:
            return b"old %d\r\n" % number + b"\xff" * self.SIZES[number % 3] + b" wen"

        return make_repo({f"d{number % 7}/f{number}.py": content(number) for number in range(self.FILES)})

    @pytest.mark.parametrize("seed", range(8))
    def test_kill_at_a_random_moment(self, big: Repo, seed: int) -> None:
        """SIGKILL somewhere between the start of the process and its end; then resume; then undo all."""
        originals = {path: big.read(path) for path in big.git("ls-files").splitlines()}
        moment = random.Random(seed)
        reached = moment.choice(["start", "locked", "begun", *map(str, range(self.FILES))])
        process = subprocess.Popen([sys.executable, "-c", RUNNER], cwd=big.root, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        while reached != "start" and (line := process.stdout.readline()) and line.strip() != reached:
            pass
        time.sleep(moment.uniform(0, 0.15 if reached in {"start", "locked"} else 0.003))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        torn = {path for path, old in originals.items() if big.read(path) not in (old, old[::-1])}
        assert torn == set()
        written = {path for path, old in originals.items() if big.read(path) == old[::-1]}

        found = Repository.discover(big.root)
        with Journal.open(found) as journal:
            with journal.lock():
                runs = journal.runs()
                assert all(run.status is RunStatus.INTERRUPTED for run in runs)
                assert {write.path for run in runs for write in journal.written(run.id)} == written
            assert not list(big.root.rglob(".holdline-*")), "what the dead process left half-written is gone"

            # The next run takes what is left. Undo then takes back both, even after a garbage collection.
            done = subprocess.run([sys.executable, "-c", RUNNER], cwd=big.root, capture_output=True, check=True)
            assert done.stdout.endswith(b"finished\n")
            assert all(big.read(path) == old[::-1] for path, old in originals.items())
            big.git("gc", "--quiet", "--prune=now")
            restored: list[str] = []
            while any(run.files and not run.undone for run in journal.runs()):
                report = undo_run(found, journal)
                assert report.refused == ()
                restored.extend(report.restored)
        assert sorted(restored) == sorted(originals)
        assert {path: big.read(path) for path in originals} == originals
        assert big.git("status", "--porcelain") == ""
