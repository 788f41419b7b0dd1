"""Put a run's files back, byte for byte, except those that were edited since."""

from __future__ import annotations

from dataclasses import dataclass

from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline.journal import Journal, digest, refusal
from holdline.model import Problem, ProblemKind
from holdline.runs import RecordedWrite, RunStatus, RunSummary
from holdline.writing import FileChanged, FileReadOnly, locate, read_plain, replace_file


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What undoing run number `run` did: paths put back, paths that were back already, files it refused."""

    run: int
    restored: tuple[str, ...]
    already: tuple[str, ...]
    refused: tuple[Problem, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every file of the run is its original again; if not, undo can be run again."""
        return not self.refused


def undo_run(repo: Repository, journal: Journal, run_id: int | None = None) -> UndoReport:
    """Undo run `run_id`, by default the newest of this working tree that wrote files and is not undone.

    Takes the journal's lock. A file that is not what the run left (edited, deleted, replaced since) is
    refused and stays; the others are restored. Raises HoldlineError where there is no such run to undo, and where
    the disk is full; undo can then be run again.
    """
    with journal.lock():
        run = _choose(journal.runs(), run_id)
        journal.begin_undo(run.id)
        restored: list[str] = []
        already: list[str] = []
        refused: list[Problem] = []
        for write in journal.written(run.id):
            outcome = _restore(repo, write)
            if isinstance(outcome, Problem):
                refused.append(outcome)
            else:
                (restored if outcome else already).append(write.path)
        status = run.status if refused else RunStatus.UNDONE
        journal.finish_undo(run.id, [*restored, *already], status)
    return UndoReport(run.id, tuple(restored), tuple(already), tuple(refused))


def _choose(runs: list[RunSummary], run_id: int | None) -> RunSummary:
    if run_id is None:
        for run in runs:
            if run.here and run.files and not run.undone:
                return run
        raise HoldlineError("there is no run to undo here: `holdline status` lists the runs")
    for run in runs:
        if run.id == run_id:
            break
    else:
        raise HoldlineError(f"there is no run {run_id}: `holdline status` lists the runs")
    if not run.here:
        raise HoldlineError(f"run {run_id} was made in the working tree {run.root}: undo it there (-C {run.root})")
    if run.undone:
        raise HoldlineError(f"run {run_id} is undone already")
    return run


def _restore(repo: Repository, write: RecordedWrite) -> bool | Problem:
    """Put one file back: True if it had to be, False if it was its original already, or why it was not."""
    try:
        path = locate(repo.root, write.path)
        content = read_plain(path)
        if content is None:
            raise FileChanged(path, "deleted or replaced since the run: left alone")
        found = digest(content)
        if found == write.before:
            return False
        if found != write.after:
            raise FileChanged(path, "edited since the run: left alone")
        replace_file(path, expected=content, new=_original(repo, write))
    except (FileChanged, FileReadOnly, OSError) as error:
        return refusal(write.path, error)
    except KeyError:
        reason = f"its original (blob {write.original}) is not in git's object database any more"
        return Problem(write.path, ProblemKind.UNREADABLE, reason)
    return True


def _original(repo: Repository, write: RecordedWrite) -> bytes:
    """The recorded original; KeyError unless it is exactly that."""
    content = repo.read_blob(write.original)
    if digest(content) != write.before:
        raise KeyError(write.original)
    return content
