"""The gate: judge a change by the violations it introduces.

Snapshots are judged, never the files on disk: the index, or a commit, against its base. Both sides of every changed
file are scanned with the same configuration, so a stricter rule does not charge anyone for old code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from holdline.categories import Categorizer
from holdline.git import BlobChange, Repository
from holdline.judging import Judge
from holdline.migration import Migration
from holdline.model import FileResult, Place, Problem, Violation
from holdline.newness import ChangedFile, kind, match

#: How many blobs are in memory at a time.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is judged: the index (`head` None) or a commit, against its bases; a merge has one for each parent.

    `named` says in a few words what the base is.
    """

    bases: tuple[str, ...]
    head: str | None
    named: str


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A changed file that does not parse, and the changed lines that look like violations."""

    problem: Problem
    suspects: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GateReport:
    """A verdict: the new violations, the old ones that the changed files hold, and what could not be judged.

    `causes` gives, for a new violation on a line that did not itself change, the changed line nearest to it.
    """

    snapshot: Snapshot
    files: int
    new: tuple[Violation, ...] = ()
    old: tuple[Violation, ...] = ()
    causes: Mapping[Place, int] = field(default_factory=dict)
    unjudged: tuple[Unjudged, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether the change may go on."""
        return not self.new and not self.unjudged


def check(repo: Repository, snapshot: Snapshot, judge: Judge, paths: Sequence[str] = ()) -> GateReport:
    """Judge a snapshot. `paths` (files or folders, from the root) narrow what is reported, not what is compared."""
    sides = _Sides(repo, judge)
    verdicts = [_Comparison(repo, sides, repo.changes(base, snapshot.head)).run() for base in snapshot.bases]
    first, *others = verdicts
    new = [v for v in first.new if all(v.place in {o.place for o in other.new} for other in others)]
    shown = [v for v in new if _is_under(v.path, paths)]
    introduced = {v.place for v in new}
    unjudged = [u for u in first.unjudged if _is_under(u.problem.path, paths)]
    return GateReport(
        snapshot,
        first.files,
        tuple(shown),
        tuple(v for v in first.after if v.place not in introduced),
        {v.place: line for v, line in first.causes},
        tuple(unjudged),
    )


class _Sides:
    """Violations of blobs, each judged once however often it is met."""

    def __init__(self, repo: Repository, judge: Judge) -> None:
        self._repo = repo
        self._judge = judge
        self._categorizer = Categorizer(judge.context.config)
        self._known: dict[tuple[str, str], FileResult] = {}
        self.migrations = judge.migrations

    def wants(self, path: str) -> bool:
        """Whether a path is judged at all."""
        return path.endswith(".py") and not self._categorizer.excluded(path)

    def load(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Judge (path, blob) pairs that are not known yet, a batch of blobs at a time."""
        missing = [pair for pair in dict.fromkeys(wanted) if pair not in self._known]
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            contents = self._repo.read_blobs(blob for _, blob in batch)
            for path, blob in batch:
                self._known[path, blob] = self._look(path, contents[blob])

    def result(self, path: str, blob: str) -> FileResult | None:
        """What was found in a blob under a path; None for no blob."""
        return self._known.get((path, blob))

    def _look(self, path: str, data: bytes) -> FileResult:
        category = self._categorizer.category(path)
        if may_hold(self._judge.migrations, data):
            return self._judge.judge(path, data, category)
        return FileResult(path, category)


class _Comparison:
    """One base against the snapshot."""

    def __init__(self, repo: Repository, sides: _Sides, changes: Sequence[BlobChange]) -> None:
        self._repo = repo
        self._sides = sides
        self._changes = [c for c in changes if sides.wants(c.path_before) or sides.wants(c.path_after)]
        self.files = len(self._changes)
        self.new: tuple[Violation, ...] = ()
        self.after: tuple[Violation, ...] = ()
        self.causes: list[tuple[Violation, int]] = []
        self.unjudged: list[Unjudged] = []

    def run(self) -> _Comparison:
        self._sides.load(self._pairs())
        files = [self._file(c) for c in self._changes]
        self.after = tuple(v for f in files for v in f.after)
        self.new = match(files).new
        if self.new:
            files = self._locate(files)
            self.new = match(files).new
            self._explain(files)
        self.unjudged = [u for c in self._changes if (u := self._unjudged(c)) is not None]
        return self

    def _pairs(self) -> Iterator[tuple[str, str]]:
        for change in self._changes:
            if change.before and self._sides.wants(change.path_before):
                yield change.path_before, change.before
            if change.after and self._sides.wants(change.path_after):
                yield change.path_after, change.after

    def _file(self, change: BlobChange) -> ChangedFile:
        before = self._sides.result(change.path_before, change.before)
        after = self._sides.result(change.path_after, change.after)
        found = after.violations if after else ()
        if before is not None and before.problem is not None and found:
            # what the side before held cannot be known: charge the author with the lines that changed, no others
            standing = ChangedFile((), (), self._repo.unchanged_lines(change.before, change.after))
            return ChangedFile(tuple(v for v in found if standing.stands(v.line)), found)
        return ChangedFile(before.violations if before else (), found)

    def _locate(self, files: Sequence[ChangedFile]) -> list[ChangedFile]:
        """Add where unchanged lines went, for the files where it decides which of several alike is new."""
        kinds = {kind(v) for v in self.new}
        located = []
        for change, file in zip(self._changes, files, strict=True):
            if change.before and change.after and any(kind(v) in kinds for v in file.after):
                file = ChangedFile(file.before, file.after, self._repo.unchanged_lines(change.before, change.after))
            located.append(file)
        return located

    def _explain(self, files: Sequence[ChangedFile]) -> None:
        by_path = {c.path_after: f for c, f in zip(self._changes, files, strict=True)}
        for violation in self.new:
            file = by_path[violation.path]
            lines = range(violation.line, violation.end_line + 1)
            if file.runs and all(file.stands(line) for line in lines):
                self.causes.append((violation, file.nearest_change(violation.line)))

    def _unjudged(self, change: BlobChange) -> Unjudged | None:
        """A file that does not parse; it may stay so, if it was and no changed line looks like a violation."""
        after = self._sides.result(change.path_after, change.after)
        if after is None or after.problem is None:
            return None
        before = self._sides.result(change.path_before, change.before)
        runs = self._repo.unchanged_lines(change.before, change.after) if change.before else ()
        file = ChangedFile((), (), runs)
        lines = enumerate(self._repo.read_blobs([change.after])[change.after].splitlines(), 1)
        suspects = tuple(n for n, line in lines if not file.stands(n) and may_hold(self._sides.migrations, line))
        was_broken = before is not None and before.problem is not None
        return None if was_broken and not suspects else Unjudged(after.problem, suspects)


def may_hold(migrations: Iterable[Migration], data: bytes) -> bool:
    """Whether bytes may hold a violation or a suppression."""
    return b"holdline:" in data or any(m.may_match(data) for m in migrations)


def _is_under(path: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(path == w or w == "." or path.startswith(f"{w}/") for w in wanted)
