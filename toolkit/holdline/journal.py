"""The record of every run: which files it planned to write, from what to what, and how far it came.

Originals are git blobs, kept by one ref per run; the rest is an SQLite database under the common git
directory. All planned writes are on the disk before the first file changes. Nothing is recorded while files
are written: each is old or new, so a killed run is settled by looking, when somebody next takes the lock.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline.journal_database import JournalError, has_runs, hold_lock, open_runs, reported, transaction
from holdline.model import Problem, ProblemKind
from holdline.runs import PlannedWrite, RecordedWrite, RunStatus, RunSummary, WriteState
from holdline.writing import (
    FileChanged,
    FileReadOnly,
    locate,
    read_plain,
    replace_file,
    sweep_leftovers,
)


class RunInProgress(HoldlineError):
    """Another process holds the repository's lock."""


class Journal:
    """The open journal of a repository. Use it in `with`, or close it; do not fork while it is open.

    Methods that change anything need the lock; all raise JournalError where the database fails them.
    """

    def __init__(self, repo: Repository, folder: Path, database: sqlite3.Connection) -> None:
        self._repo = repo
        self._folder = folder
        self._database = database
        # A linked worktree's name within the repository: unlike its root, it stays when folders are moved.
        self._worktree = os.fsencode(os.path.relpath(repo.git_dir, repo.common_dir))
        self._locked = False
        self._outcomes: dict[tuple[int, str], WriteState] = {}

    @classmethod
    def open(cls, repo: Repository) -> Self:
        """The journal of `repo`, made if there is none; runs that a killed process left open are settled."""
        folder = repo.common_dir / "holdline"
        journal = cls(repo, folder, open_runs(folder))
        try:
            if journal._left_open():
                with contextlib.suppress(RunInProgress), journal.lock():
                    pass  # taking the lock settles them; where another has it, the run is alive
        except BaseException:
            journal.close()
            raise
        return journal

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs out of this repository, its linked worktrees included; RunInProgress if one is in.

        The lock dies with the process. Runs that a killed process left open are settled first; what this one
        leaves open (an exception, Ctrl-C) is settled at the end.
        """
        held = hold_lock(self._folder)
        if held is None:
            raise self._in_progress()
        with contextlib.closing(held):
            with self._changing():
                self._database.execute("REPLACE INTO holder VALUES (1, ?, ?)", (os.getpid(), _now()))
            self._locked = True
            try:
                self._settle()
                yield
            finally:
                try:
                    self._settle()
                finally:
                    self._locked = False

    def begin(self, command: str, head: str | None, writes: Sequence[PlannedWrite]) -> int:
        """Record a run and all that it is about to write, on the disk when this returns; the run's number."""
        self._need_lock()
        originals = self._repo.store_blobs(write.before for write in writes)
        root = os.fsencode(self._repo.root)
        command = command.encode(errors="backslashreplace").decode()  # an argument may hold any bytes
        with self._changing():
            run = self._database.execute(
                "INSERT INTO runs (started, command, head, root, worktree, status) VALUES (?, ?, ?, ?, ?, ?)",
                (_now(), command, head, root, self._worktree, RunStatus.RUNNING),
            ).lastrowid
            assert run is not None  # an INSERT has just succeeded
            self._database.executemany(
                "INSERT INTO writes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (_planned_row(run, *pair) for pair in zip(originals, writes, strict=True)),
            )
            self._repo.protect(_ref(run), originals)
        return run

    def write(self, run: int, planned: PlannedWrite) -> Problem | None:
        """Carry out one planned write of `run`; a Problem where the file was left as it was.

        Raises DiskFullError, after which no other write would fare better.
        """
        self._need_lock()
        try:
            path = locate(self._repo.root, planned.path)
            replace_file(path, expected=planned.before, new=planned.after)
        except (FileChanged, FileReadOnly) as error:
            self._outcomes[run, planned.path] = WriteState.SKIPPED
            return refusal(planned.path, error)
        except OSError as error:  # no outcome: the end of the run looks what became of it, as after Ctrl-C
            return refusal(planned.path, error)
        self._outcomes[run, planned.path] = WriteState.WRITTEN
        return None

    def finish(self, run: int, status: RunStatus, counts: Mapping[str, int] | None = None) -> None:
        """Close a run; planned files that it did not come to count as skipped."""
        self._need_lock()
        self._close(run, self._repo.root, status, counts or {})

    def runs(self) -> list[RunSummary]:
        """All runs, newest first."""
        wrote = f"w.state IN ('{WriteState.WRITTEN}', '{WriteState.RESTORED}')"
        rows = self._query(
            f"""SELECT r.id, r.started, r.finished, r.command, r.head, r.root, r.worktree, r.status, r.counts,
                    count(*) FILTER (WHERE {wrote}),
                    count(*) FILTER (WHERE w.state = '{WriteState.RESTORED}'),
                    coalesce(sum(w.fixed) FILTER (WHERE {wrote}), 0),
                    coalesce(sum(w.remaining) FILTER (WHERE {wrote}), 0)
                FROM runs r LEFT JOIN writes w ON w.run = r.id GROUP BY r.id ORDER BY r.id DESC"""
        )
        return [self._summary(row) for row in rows]

    def fixed_by_path(self) -> dict[str, int]:
        """How many violations the runs in this working tree removed from each file; what was undone does not count."""
        rows = self._query(
            """SELECT w.path, sum(w.fixed) FROM writes w JOIN runs r ON r.id = w.run
                WHERE r.worktree = ? AND w.state = ? GROUP BY w.path ORDER BY w.path""",
            self._worktree,
            WriteState.WRITTEN,
        )
        return {os.fsdecode(path): fixed for path, fixed in rows if fixed}

    def written(self, run: int) -> list[RecordedWrite]:
        """The files that `run` wrote and no undo has put back, in path order."""
        rows = self._query(
            "SELECT path, original, before, after FROM writes WHERE run = ? AND state = ? ORDER BY path",
            run,
            WriteState.WRITTEN,
        )
        return [RecordedWrite(os.fsdecode(path), *rest) for path, *rest in rows]

    def begin_undo(self, run: int) -> None:
        """Record that files of `run` are about to be put back."""
        self._need_lock()
        with self._changing():
            self._set_status(run, RunStatus.UNDOING)

    def finish_undo(self, run: int, restored: Iterable[str], status: RunStatus) -> None:
        """Record the paths that are their originals again; once all are (UNDONE), git may forget those."""
        self._need_lock()
        rows = [(WriteState.RESTORED, run, os.fsencode(path)) for path in restored]
        with self._changing():
            self._database.executemany("UPDATE writes SET state = ? WHERE run = ? AND path = ?", rows)
            self._set_status(run, status)
        if status is RunStatus.UNDONE:
            undone = self._query("SELECT id FROM runs WHERE status = ?", RunStatus.UNDONE)
            self._repo.release(_ref(run) for (run,) in undone)  # earlier ones too, where that was cut short

    def _settle(self) -> None:
        """Close the runs that are still open. We hold the lock: whoever worked on them is gone or done."""
        for run, root, worktree, counts in self._left_open():
            place = self._root(root, worktree)
            paths = self._query("SELECT path FROM writes WHERE run = ?", run)
            sweep_leftovers((place / os.fsdecode(path)).parent for (path,) in paths)
            self._close(run, place, RunStatus.INTERRUPTED, json.loads(counts))

    def _left_open(self) -> list[Any]:
        return self._query(
            "SELECT id, root, worktree, counts FROM runs WHERE status IN (?, ?)",
            RunStatus.RUNNING,
            RunStatus.UNDOING,
        )

    def _close(self, run: int, root: Path, status: RunStatus, counts: Mapping[str, int]) -> None:
        planned = self._query("SELECT path, before FROM writes WHERE run = ? AND state = ?", run, WriteState.PLANNED)
        states = []
        for name, before in planned:
            path = os.fsdecode(name)
            state = self._outcomes.pop((run, path), None) or _look(root / path, before)
            states.append((state, run, name))
        with self._changing():
            self._database.executemany("UPDATE writes SET state = ? WHERE run = ? AND path = ?", states)
            self._database.execute(
                "UPDATE runs SET finished = coalesce(finished, ?), counts = ? WHERE id = ?",
                (_now(), json.dumps(counts, sort_keys=True), run),
            )
            self._set_status(run, status)

    def _set_status(self, run: int, status: RunStatus) -> None:
        self._database.execute("UPDATE runs SET status = ? WHERE id = ?", (status, run))

    def _summary(self, row: Sequence[Any]) -> RunSummary:
        run, started, finished, command, head, root, worktree, status, counts, *totals = row
        place, here = self._root(root, worktree), worktree == self._worktree
        return RunSummary(
            run, started, finished, command, head, place, here, RunStatus(status), json.loads(counts), *totals
        )

    def _root(self, root: bytes, worktree: bytes) -> Path:
        """Where a run's working tree is: for this one where it is now, for others where it was then."""
        return self._repo.root if worktree == self._worktree else Path(os.fsdecode(root))

    def _in_progress(self) -> RunInProgress:
        holder = self._query("SELECT pid, since FROM holder")
        who = " (process {}, since {})".format(*holder[0]) if holder else ""
        return RunInProgress(f"another holdline run is going on in this repository{who}: wait for it or stop it")

    def _need_lock(self) -> None:
        if not self._locked:
            raise RuntimeError("the journal is changed without its lock")

    def _query(self, statement: str, *values: object) -> list[Any]:
        with reported(self._folder):
            return self._database.execute(statement, values).fetchall()

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        with reported(self._folder), transaction(self._database):
            yield


def settle(repo: Repository) -> None:
    """Put right what a killed run left, as opening the journal does; nothing where that cannot be done now."""
    folder = repo.common_dir / "holdline"
    if has_runs(folder):
        with contextlib.suppress(JournalError), Journal.open(repo):
            pass


def digest(content: bytes) -> str:
    """The SHA-256 by which the journal knows a content."""
    return hashlib.sha256(content).hexdigest()


def refusal(path: str, error: FileChanged | FileReadOnly | OSError) -> Problem:
    """Why the file at `path` was not written, for the report."""
    if isinstance(error, FileChanged):
        return Problem(path, ProblemKind.CHANGED, error.reason)
    if isinstance(error, FileReadOnly):
        return Problem(path, ProblemKind.READ_ONLY, error.reason)
    return Problem(path, ProblemKind.READ_ONLY, f"cannot be written: {error.strerror or error}")


def _planned_row(run: int, original: str, write: PlannedWrite) -> tuple[object, ...]:
    digests = (digest(write.before), digest(write.after))
    return (
        run,
        os.fsencode(write.path),
        original,
        *digests,
        write.fixed,
        write.remaining,
        WriteState.PLANNED,
    )


def _look(path: Path, before: str) -> WriteState:
    """What became of a planned write nothing is known of: only the original itself counts as untouched."""
    try:
        content = read_plain(path)
    except OSError:
        content = None
    untouched = content is not None and digest(content) == before
    return WriteState.SKIPPED if untouched else WriteState.WRITTEN


def _ref(run: int) -> str:
    return f"refs/holdline/runs/{run}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
