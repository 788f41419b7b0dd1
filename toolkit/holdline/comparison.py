"""One base against the snapshot: both sides of every changed file judged, and what is new told from what is old."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple

from holdline.categories import Categorizer
from holdline.git import BlobChange, Repository
from holdline.judging import Judge
from holdline.model import FileResult, Place, Problem, Suppression, Violation
from holdline.newness import ChangedFile, F, Runs, cause, match, stands
from holdline.workers import allow_deep_nesting


class Unjudged(NamedTuple):
    """A changed file that cannot be judged, and the changed lines of it that look like violations.

    `was_before` says that it could not be judged before either.
    """

    problem: Problem
    suspects: tuple[int, ...]
    was_before: bool

    @property
    def tolerated(self) -> bool:
        """Whether the change may go on: it did not break the file, and adds nothing that looks like a violation."""
        return self.was_before and not self.suspects


class BlobJudge:
    """Findings of blobs, each judged once however often it is met. No more than one blob is in memory at a time."""

    def __init__(self, repo: Repository, judge: Judge) -> None:
        self._repo = repo
        self._judge = judge
        self._categorizer = Categorizer(judge.context.config)
        self._known: dict[tuple[str, str], FileResult] = {}
        allow_deep_nesting()

    def wants(self, path: str) -> bool:
        """Whether a path is judged at all."""
        return path.endswith(".py") and not self._categorizer.excluded(path)

    def load(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Judge (path, blob) pairs that are not known yet."""
        by_blob: dict[str, list[str]] = {}
        for path, blob in dict.fromkeys(wanted):
            if blob and self.wants(path) and (path, blob) not in self._known:
                by_blob.setdefault(blob, []).append(path)
        if by_blob:
            for blob, data in self._repo.stream_blobs(by_blob):
                for path in by_blob[blob]:
                    self._known[path, blob] = self._look(path, data)

    def result(self, path: str, blob: str) -> FileResult | None:
        """What was found in a blob under a path; None for what is no blob, or not judged."""
        return self._known.get((path, blob))

    def suspects(self, blob: str, runs: Runs) -> tuple[int, ...]:
        """The lines of a blob, but for those that stand, that look like violations."""
        ((_, data),) = self._repo.stream_blobs([blob])
        lines, migrations = enumerate(data.split(b"\n"), 1), self._judge.migrations  # as git counts them
        return tuple(n for n, line in lines if not stands(runs, n) and any(m.may_match(line) for m in migrations))

    def _look(self, path: str, data: bytes) -> FileResult:
        category = self._categorizer.category(path)
        if self._judge.may_find(data):
            return self._judge.judge(path, data, category)
        return FileResult(path, category)


class UnchangedLines:
    """Where the unchanged lines of changed files went; git is asked once for each."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._known: dict[BlobChange, Runs] = {}

    def of(self, change: BlobChange) -> Runs:
        """The runs of one file; nothing for a file that is new, or gone."""
        if not (change.before and change.after):
            return ()
        if change not in self._known:
            self._known[change] = self._repo.unchanged_lines(change.before, change.after)
        return self._known[change]


class Comparison:
    """What one base says about the snapshot.

    `paths` are the changed files; `new` and `suppressions` what the change introduces, `held` all violations of the
    changed files. `gains` says of each kind how many more there are than before, below 0 for fewer. `causes` gives, for
    a new violation on a line that did not itself change, the changed line nearest.
    """

    def __init__(self, repo: Repository, blobs: BlobJudge, changes: Sequence[BlobChange]) -> None:
        self._blobs = blobs
        self._changes = [c for c in changes if blobs.wants(c.path_before) or blobs.wants(c.path_after)]
        self.paths = frozenset(c.path_after for c in self._changes)
        self.causes: dict[Place, int] = {}
        self._unchanged = UnchangedLines(repo)
        blobs.load((c.path_after, c.after) for c in self._changes)
        self._load_before()
        self.new = self._find_new()
        self.suppressions = tuple(match([self._suppressions(c) for c in self._changes]))
        self.gains = self._count_gains()
        self.held = tuple(v for c in self._changes for v in self._violations(c).after)
        self.unjudged = tuple(u for c in self._changes if (u := self._unjudged(c)) is not None)

    def _load_before(self) -> None:
        """Judge the sides before: those of files without findings matter only if elsewhere something seems new."""
        telling = [c for c in self._changes if (r := self._after(c)) and (r.violations or r.suppressions or r.problem)]
        self._blobs.load((c.path_before, c.before) for c in telling)
        seems_new = bool(match([self._violations(c) for c in telling]))
        if seems_new or match([self._suppressions(c) for c in telling]):
            self._blobs.load((c.path_before, c.before) for c in self._changes)

    def _count_gains(self) -> Counter[Hashable]:
        gains: Counter[Hashable] = Counter()
        for file in map(self._violations, self._changes):
            gains.update(v.kind for v in file.after)
            gains.subtract(v.kind for v in file.before)
        return gains

    def _find_new(self) -> tuple[Violation, ...]:
        files = [self._violations(c) for c in self._changes]
        kinds = {v.kind for v in match(files)}
        if not kinds:
            return ()
        located = [
            ChangedFile(file.before, file.after, self._unchanged.of(change))
            if any(v.kind in kinds for v in file.after)
            else file
            for change, file in zip(self._changes, files, strict=True)
        ]
        new = tuple(match(located))
        runs = {c.path_after: f.runs for c, f in zip(self._changes, located, strict=True)}
        for violation in new:
            line = cause(runs[violation.path], violation.line, violation.end_line)
            if line is not None:
                self.causes[violation.place] = line
        return new

    def _violations(self, change: BlobChange) -> ChangedFile[Violation]:
        return self._sides(change, lambda result: result.violations)

    def _suppressions(self, change: BlobChange) -> ChangedFile[Suppression]:
        return self._sides(change, lambda result: result.suppressions)

    def _sides(self, change: BlobChange, findings: Callable[[FileResult], tuple[F, ...]]) -> ChangedFile[F]:
        before, after = self._before(change), self._after(change)
        found = findings(after) if after else ()
        if found and before is not None and before.problem is not None:
            # what it held cannot be known: the author answers for the lines that changed, and no others
            runs = self._unchanged.of(change)
            return ChangedFile(tuple(f for f in found if stands(runs, f.line)), found)
        return ChangedFile(findings(before) if before else (), found)

    def _unjudged(self, change: BlobChange) -> Unjudged | None:
        after = self._after(change)
        if after is None or after.problem is None:
            return None
        before = self._before(change)
        suspects = self._blobs.suspects(change.after, self._unchanged.of(change))
        return Unjudged(after.problem, suspects, before is not None and before.problem is not None)

    def _before(self, change: BlobChange) -> FileResult | None:
        return self._blobs.result(change.path_before, change.before)

    def _after(self, change: BlobChange) -> FileResult | None:
        return self._blobs.result(change.path_after, change.after)
