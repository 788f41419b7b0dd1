"""Any linter, held to what is new: its findings on both sides of a change, matched as our own are.

Beyond that, a finding on a line that was edited, or right beside an edit, is known again by its rule and message: who
touches an old bad line is not charged for it, and neither is who writes above the line a finding hangs on.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from holdline.cache import ScanCache
from holdline.comparison import UnchangedLines
from holdline.config import Config, LinterConfig
from holdline.exports import Tree, tree_of
from holdline.git import BlobChange, Repository
from holdline.globs import GlobSet
from holdline.linter_exports import Exporter
from holdline.linter_sides import Side, is_parsable, without_numbers
from holdline.linter_tools import Tool
from holdline.merges import changes_to
from holdline.model import Place, Violation
from holdline.newness import ChangedFile, Runs, cause, match, stands

if TYPE_CHECKING:
    from holdline.gate import Snapshot


class LinterVerdict(NamedTuple):
    """What linters say about a change: new findings, and the old ones that the changed files hold.

    `paths` are the files that they judged. `causes` gives, for a new finding on a line that did not itself change, the
    changed line nearest to it.
    """

    paths: frozenset[str] = frozenset()
    new: tuple[Violation, ...] = ()
    old: tuple[Violation, ...] = ()
    causes: Mapping[Place, int] = MappingProxyType({})


def judge_linters(repo: Repository, snapshot: Snapshot, config: Config, cache_folder: Path | None) -> LinterVerdict:
    """Run the configured linters on the changed files of a snapshot.

    What they found in the same files earlier is kept below `cache_folder`, where one is given. Raises HoldlineError
    where a linter is missing, fails, takes too long or cannot be understood: that is no verdict.
    """
    judge = _Linters(repo, snapshot, config, cache_folder)
    verdicts = [judge.judge(linter) for linter in config.linters]
    return LinterVerdict(
        frozenset(path for verdict in verdicts for path in verdict.paths),
        _in_order(v for verdict in verdicts for v in verdict.new),
        _in_order(v for verdict in verdicts for v in verdict.old),
        {place: line for verdict in verdicts for place, line in verdict.causes.items()},
    )


class _Linters:
    """The change, as far as it is the same for all linters."""

    def __init__(self, repo: Repository, snapshot: Snapshot, config: Config, cache_folder: Path | None) -> None:
        self._repo = repo
        self._cache_folder = cache_folder
        self._excluded = GlobSet(config.exclude)
        self._bases = snapshot.bases
        self._changes = changes_to(repo, snapshot.bases, snapshot.head).from_bases
        self._after = tree_of(repo.files_of(snapshot.head))
        self._before: dict[str, Tree] = {}

    def judge(self, linter: LinterConfig) -> LinterVerdict:
        own = GlobSet(linter.files)

        def wants(path: str, blob: str) -> bool:
            return bool(blob) and own.matches(path) and not self._excluded.matches(path)

        # a side that the linter does not look at holds nothing
        changes = [
            [
                BlobChange(
                    c.path_before,
                    c.before if wants(c.path_before, c.before) else "",
                    c.path_after,
                    c.after if wants(c.path_after, c.after) else "",
                )
                for c in of_base
            ]
            for of_base in self._changes
        ]
        paths = frozenset.intersection(*(frozenset(c.path_after for c in of_base if c.after) for of_base in changes))
        if not paths:
            return LinterVerdict()
        tool = Tool.find(linter, self._repo.root)
        with self._open_cache(tool) as cache:
            return self._compare(tool, cache, changes, paths)

    def _compare(
        self, tool: Tool, cache: ScanCache, changes: Sequence[Sequence[BlobChange]], paths: frozenset[str]
    ) -> LinterVerdict:
        exporter = Exporter(tool.linter, self._after)
        everything = {c.path_after for of_base in changes for c in of_base if c.after}
        after = Side(self._repo, tool, exporter.export(self._after, everything), cache, "the change")
        after.load(paths)
        held = [v for path in paths for v in after.violations(path)]
        if not held:
            return LinterVerdict(paths)
        comparisons = []
        for base, of_base in zip(self._bases, changes, strict=True):
            tree = self._tree(base)
            export = exporter.export(tree, {c.path_before for c in of_base if c.before})
            before = Side(self._repo, tool, export, cache, "the base")
            comparisons.append(_Comparison(self._repo, before, after, of_base, paths))
        first, *others = comparisons
        new = {v: None for v in first.new if v.path in paths and all(v in other.new for other in others)}
        return LinterVerdict(paths, tuple(new), tuple(v for v in held if v not in new), first.causes(new))

    def _tree(self, base: str) -> Tree:
        if base not in self._before:
            self._before[base] = tree_of(self._repo.files_of(base))
        return self._before[base]

    def _open_cache(self, tool: Tool) -> ScanCache:
        if self._cache_folder is None:
            return ScanCache.disabled()
        return ScanCache.open(self._cache_folder, tool.fingerprint)


class _Comparison:
    """One linter, one base: `new` is what the change introduces.

    `paths` are the files whose findings matter: where a merge has several bases, those that differ from all of them.
    """

    def __init__(
        self, repo: Repository, before: Side, after: Side, changes: Sequence[BlobChange], paths: frozenset[str]
    ) -> None:
        self._repo = repo
        self._before = before
        self._after = after
        self._unchanged = UnchangedLines(repo)
        # Sides before cost a run: those of files without findings matter only if elsewhere something seems new.
        telling = [c for c in changes if c.path_after in paths and after.violations(c.path_after)]
        before.load(c.path_before for c in telling if c.before)
        self.new: tuple[Violation, ...] = ()
        if any(self._unmatched(change)[1] for change in telling):
            after.load(c.path_after for c in changes if c.after)
            before.load(c.path_before for c in changes if c.before)
            rests = [self._unmatched(change) for change in changes]
            gone = tuple(v for rest, _ in rests for v in rest)
            come = tuple(v for _, rest in rests for v in rest)
            self.new = tuple(match([ChangedFile(gone, come)]))
        self._by_path = {c.path_after: c for c in changes if c.after}

    def causes(self, new: Iterable[Violation]) -> dict[Place, int]:
        """For those of some new findings whose lines did not change: the changed line nearest."""
        causes = {}
        for violation in new:
            runs = self._unchanged.of(self._by_path[violation.path])
            line = cause(runs, violation.line, violation.end_line)
            if line is not None:
                causes[violation.place] = line
        return causes

    def _unmatched(self, change: BlobChange) -> tuple[list[Violation], list[Violation]]:
        """What is left of both sides of a file when all that is alike has been paired."""
        before = self._before.violations(change.path_before) if change.before else ()
        after = self._after.violations(change.path_after) if change.after else ()
        gone, come = _rests(before, after, ())
        if not (come and change.before):
            return gone, come
        runs = self._unchanged.of(change)
        if self._was_broken(change):
            # what it held cannot be known: the author answers for the lines that changed, and no others
            return [], [v for v in after if not stands(runs, v.line)]
        gone, come = _rests(before, after, runs)
        return _pair_edited(gone, come, runs)

    def _was_broken(self, change: BlobChange) -> bool:
        if not change.path_before.endswith((".py", ".pyi")):
            return False
        ((_, data),) = self._repo.stream_blobs([change.before])
        return not is_parsable(change.path_before, data)


def _rests(
    before: tuple[Violation, ...], after: tuple[Violation, ...], runs: Runs
) -> tuple[list[Violation], list[Violation]]:
    """What `match` leaves of both sides of a file."""
    back = tuple((new, old, count) for old, new, count in runs)
    return match([ChangedFile(after, before, back)]), match([ChangedFile(before, after, runs)])


def _pair_edited(
    gone: Sequence[Violation], come: Sequence[Violation], runs: Runs
) -> tuple[list[Violation], list[Violation]]:
    """Pair what is in or right beside the same edit and has the same rule and message, numbers in it aside.

    >>> def long(line: int, length: int) -> Violation:
    ...     return Violation("flake8/E501", f"line too long ({length} > 79)", "a.py", line, 80, line, 80, str(length))
    >>> _pair_edited([long(3, 90)], [long(3, 95), long(8, 95)], ((1, 1, 2), (4, 4, 3), (7, 8, 9)))[1][0].line
    8
    """
    old, new = _edits(runs, side=0), _edits(runs, side=1)
    waiting: dict[tuple[str, str], list[tuple[Violation, set[int]]]] = {}
    for violation in gone:
        waiting.setdefault(_says(violation), []).append((violation, _touched(violation, old)))
    left = []
    for violation in come:
        places = _touched(violation, new)
        alike = waiting.get(_says(violation), [])
        index = next((n for n, (_, touched) in enumerate(alike) if touched & places), None)
        if index is None:
            left.append(violation)
        else:
            del alike[index]
    return [violation for alike in waiting.values() for violation, _ in alike], left


def _says(violation: Violation) -> tuple[str, str]:
    return violation.code, without_numbers(violation.message)


def _edits(runs: Runs, side: int) -> list[range]:
    """The lines of one side that each edit took or made, with the line before and the one after."""
    return [range(run[side] + run[2] - 1, later[side] + 1) for run, later in itertools.pairwise(runs)]


def _touched(violation: Violation, edits: Sequence[range]) -> set[int]:
    """Which of the edits a finding lies in, spans, or is right beside."""
    return {n for n, e in enumerate(edits) if violation.line < e.stop and violation.end_line >= e.start}


def _in_order(found: Iterable[Violation]) -> tuple[Violation, ...]:
    return tuple(sorted(found, key=lambda v: (v.path, v.line, v.column, v.code)))
