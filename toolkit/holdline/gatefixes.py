"""Fixes for what the gate found new: planned on the snapshot, and applied to index and working tree alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from holdline.categories import Categorizer
from holdline.gate import GateReport
from holdline.git import BlobChange, Repository
from holdline.judging import Judge, Level
from holdline.migration import Context, Fact
from holdline.model import FileResult, Problem, ProblemKind
from holdline.references import ReferenceFinder
from holdline.samples import SAMPLE_REFUSAL, looks_like_project, sample_folder
from holdline.writing import WriteRefused, locate, read_plain, replace_file


@dataclass(frozen=True, slots=True)
class Applied:
    """What `check --fix` did: the files it fixed in the index, and those whose working tree it had to leave alone."""

    fixed: tuple[str, ...]
    left: tuple[Problem, ...]


def plan_fixes(repo: Repository, report: GateReport, judge: Judge) -> tuple[FileResult, ...]:
    """The files with new violations, with the rewrite that the safe fixes of the new ones alone make, each proved."""
    head = report.snapshot.head
    blobs = {f.path: f.blob for f in repo.files_of(head) if f.path.endswith(".py") and f.blob}
    paths = list(dict.fromkeys(v.path for v in report.new if v.code in judge.context.codes))
    contents = repo.read_blobs(blobs[p] for p in paths)
    watched = {n for p in paths for m in judge.migrations for n in m.watched_names(contents[blobs[p]])}
    fixer = replace(
        judge,
        context=_survey(repo, blobs, judge, watched),
        level=Level.SAFE,
        only=frozenset(v.place for v in report.new),
    )
    results = []
    for path in paths:
        result = fixer.judge(path, contents[blobs[path]], Categorizer(judge.context.config).category(path))
        results.append(_refuse_in_sample(repo, head, judge, result))
    return tuple(results)


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
    return replace(judge.context, facts=frozenset(facts), references=frozenset(pairs), star_imported=frozenset(stars))


def _refuse_in_sample(repo: Repository, head: str | None, judge: Judge, result: FileResult) -> FileResult:
    """No fix for a sample project inside a test suite."""

    def is_project(folder: str) -> bool:
        setup, settings = f"{folder}/setup.py", f"{folder}/pyproject.toml"
        found = repo.read_files(head, (setup, settings))
        return setup in found or looks_like_project(found.get(settings, b""))

    folder = sample_folder(result.path, Categorizer(judge.context.config), is_project)
    if not folder:
        return result
    refusal = SAMPLE_REFUSAL.format(folder)
    return FileResult(
        result.path,
        result.category,
        tuple(replace(v, fix=None, refusal=refusal) for v in result.violations),
        problem=result.problem,
    )


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
