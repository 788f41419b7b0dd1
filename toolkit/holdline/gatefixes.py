"""Fixes for what the gate found new: planned on the snapshot, and applied to index and working tree alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from holdline.categories import Categorizer
from holdline.gate import GateReport
from holdline.git import BlobChange, Repository
from holdline.judging import Judge, Level
from holdline.migration import Context, Fact
from holdline.model import FileResult, Problem, ProblemKind
from holdline.references import ReferenceFinder
from holdline.samples import SAMPLE_REFUSAL, looks_like_project, sample_folder
from holdline.writing import WriteRefused, locate, read_plain, replace_file

#: Planning and proving takes time with the square of their number; a person writes a few.
_MOST_IN_A_FILE = 1000


class Applied(NamedTuple):
    """What `check --fix` did: the files it fixed in the index, and those whose working tree it had to leave alone."""

    fixed: tuple[str, ...]
    left: tuple[Problem, ...]


class FixPlanner:
    """Plans the safe fixes of what a report says is new, and of nothing else.

    What is safe depends on all Python files of the snapshot: `surveyed` is how many planning has to look at.
    """

    def __init__(self, repo: Repository, report: GateReport, judge: Judge) -> None:
        self._repo = repo
        self._report = report
        self._judge = judge
        self._all = {f.path: f.blob for f in repo.files_of(report.snapshot.head) if f.blob}
        self._blobs = {path: blob for path, blob in self._all.items() if path.endswith(".py")}

    @property
    def surveyed(self) -> int:
        """How many files there are to look at."""
        return len(self._blobs)

    def plan(self) -> tuple[FileResult, ...]:
        """The files with new violations, each with the rewrite that their fixes make, proved."""
        # a linter's are not ours to fix, and neither is what is not Python
        codes = self._judge.context.codes
        ours = [v for v in self._report.new if v.code in codes and v.path in self._blobs]
        counts = Counter(v.path for v in ours)
        contents = self._repo.read_blobs(self._blobs[path] for path in counts)
        by_path = {path: contents[self._blobs[path]] for path in counts}
        watched = {n for data in by_path.values() for m in self._judge.migrations for n in m.watched_names(data)}
        context = _survey(self._repo, self._blobs, self._judge, watched)
        places = frozenset(v.place for v in ours)
        fixer = self._judge._replace(context=context, level=Level.SAFE, only=places)
        return tuple(self._plan_file(fixer, path, data, counts[path]) for path, data in by_path.items())

    def _plan_file(self, fixer: Judge, path: str, data: bytes, count: int) -> FileResult:
        categorizer = Categorizer(fixer.context.config)
        refusal = ""
        if folder := sample_folder(path, categorizer, self._is_project):
            refusal = SAMPLE_REFUSAL.format(folder)
        elif count > _MOST_IN_A_FILE:
            refusal = f"more than {_MOST_IN_A_FILE} new violations in one file are not fixed at a time"
        if not refusal:
            return fixer.judge(path, data, categorizer.category(path))
        result = fixer._replace(level=Level.NONE).judge(path, data, categorizer.category(path))
        return result._replace(remaining=tuple(v._replace(fix=None, refusal=refusal) for v in result.remaining))

    def _is_project(self, folder: str) -> bool:
        if f"{folder}/setup.py" in self._all:
            return True
        settings = self._all.get(f"{folder}/pyproject.toml")
        return settings is not None and looks_like_project(self._repo.read_blobs([settings])[settings])


def apply_fixes(repo: Repository, results: Sequence[FileResult]) -> Applied:
    """Put fixed contents into the index, and carry the same change over to the working tree.

    Where a file is only partly staged, its working tree gets the change merged in; where that conflicts, or the file
    cannot be written, it stays as it is and is named.
    """
    staged = {f.path: f.blob for f in repo.tracked()}
    changing = [r for r in results if r.changes]
    changes = [BlobChange(r.path, staged[r.path], r.path, repo.write_blob(r.after)) for r in changing]
    repo.stage(changes)
    left = [_carry_over(repo, change) for change in changes]
    return Applied(tuple(r.path for r in changing), tuple(p for p in left if p is not None))


def _survey(repo: Repository, blobs: Mapping[str, str], judge: Judge, watched: set[str]) -> Context:
    """What all files of the snapshot say about each other."""
    facts, finder = set[Fact](), ReferenceFinder(watched)
    pairs, stars = set[tuple[str, str]](), set[str]()
    paths: dict[str, list[str]] = {}
    for path, blob in blobs.items():
        paths.setdefault(blob, []).append(path)
    for blob, data in repo.stream_blobs(paths):
        facts.update(f for path in paths[blob] for m in judge.migrations for f in m.survey(path, data))
        found = finder.find(data)
        pairs |= found.pairs
        stars |= found.stars
    return judge.context._replace(facts=frozenset(facts), references=frozenset(pairs), star_imported=frozenset(stars))


def _carry_over(repo: Repository, change: BlobChange) -> Problem | None:
    """Bring a working file from what was staged to what is staged now, the author's further edits kept."""
    path = change.path_after
    try:
        target = locate(repo.root, path)
        mine = read_plain(target)
        if mine is None:
            return None  # deleted from the working tree, or no plain file: nothing to carry over to
        base, theirs = repo.checked_out(path, change.before), repo.checked_out(path, change.after)
        merged = theirs if mine == base else repo.merge_texts(mine, base, theirs)
        if merged is None:
            message = "fixed in the index only: your unstaged edits touch the same lines"
            return Problem(path, ProblemKind.CHANGED, message)
        replace_file(target, expected=mine, new=merged)
    except WriteRefused as error:
        return Problem(path, ProblemKind.READ_ONLY, f"fixed in the index only: {error.reason}")
    except OSError as error:
        return Problem(path, ProblemKind.READ_ONLY, f"fixed in the index only: {error.strerror}")
    return None
