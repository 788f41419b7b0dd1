"""The values the engine passes around: frozen, picklable, free of behaviour that touches the world."""

from __future__ import annotations

import enum
from collections.abc import Hashable, Iterable
from datetime import date
from typing import NamedTuple


class Category(enum.StrEnum):
    """What kind of file a path is, for scopes and scores."""

    TESTS = "tests"
    SOURCE = "source"
    OTHER = "other"


class Safety(enum.StrEnum):
    """Whether a fix may change what the program does."""

    SAFE = "safe"
    UNSAFE = "unsafe"


class Edit(NamedTuple):
    """Replace the file's bytes `start:end` with `text` (offsets in the file's own bytes, BOM included)."""

    start: int
    end: int
    text: bytes


class Site(NamedTuple):
    """A syntax node that a fix rewrites as a whole: its byte span `start:end` before the edits.

    The tree proof demands that everything outside the sites stays equal.
    """

    start: int
    end: int


class ImportName(NamedTuple):
    """`from module import name as local` that rewritten code needs."""

    module: str
    name: str
    local: str


class Fix(NamedTuple):
    """A rewrite of one violation.

    `note` says, for an unsafe fix, what may change. `imports` are the names the new text uses; `releases` are local
    names the old text used, whose import may have become unused. `inserts` are texts of single statements that the
    edits add, and that belong to no site. Fixes of a file that are `together` in something (not empty) are made all or
    none.
    """

    safety: Safety
    edits: tuple[Edit, ...]
    sites: tuple[Site, ...]
    imports: tuple[ImportName, ...] = ()
    releases: tuple[str, ...] = ()
    note: str = ""
    together: str = ""
    inserts: tuple[str, ...] = ()


#: Path, line, column and rule of a violation: enough to know it again in the same text.
Place = tuple[str, int, int, str]


class Violation(NamedTuple):
    """One place that breaks a rule. Lines and columns count from 1; columns count characters, as editors do.

    `message` says what is wrong, `hint` what to write instead, `refusal` why there is no safe fix (empty where
    there is one). `identity` is its normalised text, by which the gate knows it again when it moves.
    """

    code: str
    message: str
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str = ""
    hint: str = ""
    refusal: str = ""
    fix: Fix | None = None
    identity: str = ""

    @property
    def place(self) -> Place:
        """Where it is, and which rule it breaks."""
        return self.path, self.line, self.column, self.code

    @property
    def kind(self) -> Hashable:
        """What violations that are alike to the gate agree in: the rule and the normalised text."""
        return self.code, self.identity or " ".join(self.text.split())

    @property
    def is_safe(self) -> bool:
        """Whether a safe fix is at hand."""
        return self.fix is not None and self.fix.safety is Safety.SAFE


class Suppression(NamedTuple):
    """One comment `# holdline: allow[HL101] why — until 2027-03-01`.

    `until` is the last day it holds. `target` is the line of the next code where the comment has its own
    line, else 0. Where `fault` is not empty the comment is malformed, and `fault` completes "This suppression
    …". `column` counts characters from 1.
    """

    path: str
    line: int
    column: int
    text: str
    codes: tuple[str, ...] = ()
    reason: str = ""
    until: date | None = None
    target: int = 0
    fault: str = ""

    def covers(self, violation: Violation) -> bool:
        """Whether the violation starts or ends on a line of this suppression and has one of its codes."""
        lines = {self.line, self.target}
        return violation.code in self.codes and (violation.line in lines or violation.end_line in lines)

    @property
    def kind(self) -> Hashable:
        """What suppressions that are alike to the gate agree in: what they allow, why and until when."""
        return frozenset(self.codes), self.reason, self.until


class ProblemKind(enum.StrEnum):
    """Why a file could not be judged or was left as it was."""

    UNREADABLE = "unreadable"
    UNPARSABLE = "unparsable"
    PROOF = "proof"
    CHANGED = "changed"
    READ_ONLY = "read-only"


class Problem(NamedTuple):
    """A file that was not judged or not written, and why, in one line."""

    path: str
    kind: ProblemKind
    message: str
    line: int = 0


class FileResult(NamedTuple):
    """What a scan or a plan found in one file.

    `fixed` are the violations that `edits` removes; `remaining` stay (in a plain scan: all of them), each with its
    `refusal`. `before` and `after` are the file's bytes around the edits, both empty where nothing changes. A `problem`
    means that the file was not judged, or that its plan failed a proof and was dropped. `suppressions` are the good
    ones, `unused` those of them that cover nothing.
    """

    path: str
    category: Category
    remaining: tuple[Violation, ...] = ()
    fixed: tuple[Violation, ...] = ()
    edits: tuple[Edit, ...] = ()
    problem: Problem | None = None
    before: bytes = b""
    after: bytes = b""
    suppressions: tuple[Suppression, ...] = ()
    unused: tuple[Suppression, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether the plan rewrites this file."""
        return bool(self.edits)

    @property
    def violations(self) -> tuple[Violation, ...]:
        """All violations of the file as it is, in position order."""
        return tuple(sorted(self.remaining + self.fixed, key=lambda v: (v.line, v.column, v.code)))


class Ranked(NamedTuple):
    """A file's place in the priority order: tier 0 is most urgent; `reason` is shown to the user."""

    path: str
    tier: int
    reason: str


class Plan(NamedTuple):
    """What a migration would do, in priority order, with each file's rank beside its result.

    `checked` counts all files the selection held, candidates or not, by category; `problems` are files that the
    arguments asked for and that could not even be opened.
    """

    results: tuple[FileResult, ...]
    ranks: dict[str, Ranked]
    checked: dict[Category, int]
    problems: tuple[Problem, ...] = ()

    @property
    def changed(self) -> tuple[FileResult, ...]:
        """The files that change, in order."""
        return tuple(r for r in self.results if r.changes)


class Score(NamedTuple):
    """Compliance of one category: files without a violation out of files checked."""

    checked: int
    clean: int
    violations: int

    @property
    def percent(self) -> float:
        """100 × clean ÷ checked, one decimal; 100.0 only where every file is clean (or there are none)."""
        if self.clean == self.checked:
            return 100.0
        return min(99.9, round(100 * self.clean / self.checked, 1))


class ScanReport(NamedTuple):
    """A compliance report: per-file results (only files with something to say) and scores per category and overall.

    `unreachable` are files that the arguments asked for and that could not even be opened.
    """

    results: tuple[FileResult, ...]
    scores: dict[Category, Score]
    overall: Score
    unreachable: tuple[Problem, ...] = ()

    @property
    def violations(self) -> tuple[Violation, ...]:
        """All violations, in file then position order."""
        return tuple(v for r in self.results for v in r.violations)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All files that could not be judged."""
        return self.unreachable + tuple(r.problem for r in self.results if r.problem)

    @property
    def unused(self) -> tuple[Suppression, ...]:
        """All suppressions that cover nothing, in file then position order."""
        return tuple(s for r in self.results for s in r.unused)


def score_files(results: Iterable[FileResult], listed: dict[Category, int]) -> ScanReport:
    """Fold per-file results into a report; `listed` is the number of files in the selection by category.

    A file that could not be judged counts as unchecked, neither clean nor violating; the report names it.
    """
    kept = tuple(r for r in results if r.violations or r.problem or r.unused)
    scores = {}
    for category in Category:
        mine = [r for r in kept if r.category is category]
        checked = listed.get(category, 0) - sum(1 for r in mine if r.problem)
        dirty = sum(1 for r in mine if r.violations and not r.problem)
        scores[category] = Score(checked, checked - dirty, sum(len(r.violations) for r in mine))
    overall = Score(
        sum(s.checked for s in scores.values()),
        sum(s.clean for s in scores.values()),
        sum(s.violations for s in scores.values()),
    )
    return ScanReport(kept, scores, overall)
