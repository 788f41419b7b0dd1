"""Fixes for what the gate found new: planned on the snapshot, and applied to index and working tree alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from holdline.categories import Categorizer
from holdline.gate import GateReport
from holdline.git import Repository
from holdline.judging import Judge, Level
from holdline.migration import Fact
from holdline.model import Category, FileResult, Problem, ProblemKind
from holdline.references import ReferenceFinder
from holdline.writing import WriteRefused, locate, read_plain, replace_file

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Applied:
    """What `check --fix` did: the files it fixed in the index, and those whose working tree it had to leave alone."""

    fixed: tuple[str, ...]
    left: tuple[Problem, ...]


def plan_fixes(repo: Repository, report: GateReport, judge: Judge) -> tuple[FileResult, ...]:
    """The safe fixes of the new violations alone, each file proved; files without one are left out."""
    blobs = {f.path: f.blob for f in repo.files_of(report.snapshot.head) if f.path.endswith(".py") and f.blob}
    paths = [p for p in dict.fromkeys(v.path for v in report.new) if p in blobs]
    contents = repo.read_blobs(blobs[p] for p in paths)
    watched = {n for p in paths for m in judge.migrations for n in m.watched_names(contents[blobs[p]])}
    facts, finder = set[Fact](), ReferenceFinder(watched)
    pairs, stars = set[tuple[str, str]](), set[str]()
    for path, data in _each(repo, blobs):
        facts.update(f for m in judge.migrations for f in m.survey(path, data))
        found = finder.find(data)
        pairs |= found.pairs
        stars |= found.stars
    context = replace(
        judge.context, facts=frozenset(facts), references=frozenset(pairs), star_imported=frozenset(stars)
    )
    fixer = replace(judge, context=context, level=Level.SAFE, only=frozenset(v.place for v in report.new))
    results = [fixer.judge(p, contents[blobs[p]], category=_category(judge, p)) for p in paths]
    return tuple(r for r in results if r.remaining or r.changes)


def apply_fixes(repo: Repository, results: Sequence[FileResult]) -> Applied:
    """Put fixed contents into the index, and carry the same change over to the working tree.

    Where a file is only partly staged, its working tree gets the change merged in; where that conflicts, or the file
    cannot be written, it stays as it is and is named.
    """
    blobs = {f.path: f.blob for f in repo.tracked()}
    changing = [r for r in results if r.changes]
    repo.stage({r.path: r.after for r in changing})
    after = {f.path: f.blob for f in repo.tracked()}
    left = [_carry_over(repo, r.path, blobs[r.path], after[r.path]) for r in changing]
    return Applied(tuple(r.path for r in changing), tuple(p for p in left if p is not None))


def _carry_over(repo: Repository, path: str, staged: str, fixed: str) -> Problem | None:
    """Bring a working file from what was staged to what is staged now, the author's further edits kept."""
    target = locate(repo.root, path)
    mine = read_plain(target)
    if mine is None:
        return None  # deleted from the working tree, or no plain file: nothing to carry over to
    base, theirs = repo.checked_out(path, staged), repo.checked_out(path, fixed)
    merged = theirs if mine == base else repo.merge_texts(mine, base, theirs)
    if merged is None:
        message = "fixed in the index only: your unstaged edits touch the same lines"
        return Problem(path, ProblemKind.CHANGED, message)
    try:
        replace_file(target, expected=mine, new=merged)
    except (WriteRefused, OSError) as error:
        return Problem(path, ProblemKind.READ_ONLY, f"fixed in the index only: {error}")
    return None


def _each(repo: Repository, blobs: Mapping[str, str]) -> Iterable[tuple[str, bytes]]:
    paths = list(blobs)
    for start in range(0, len(paths), _BATCH):
        batch = paths[start : start + _BATCH]
        contents = repo.read_blobs(blobs[p] for p in batch)
        yield from ((p, contents[blobs[p]]) for p in batch)


def _category(judge: Judge, path: str) -> Category:
    return Categorizer(judge.context.config).category(path)
