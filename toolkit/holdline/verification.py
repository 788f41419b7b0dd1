"""Which fixes of a plan keep the tests passing: batch by batch in priority order, down to the fixes at fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from holdline.affected import Importers, Narrowing, is_test
from holdline.baseline import COMMAND, Baseline, UnfitError
from holdline.bisection import Bisection
from holdline.errors import HoldlineError
from holdline.judging import Judge
from holdline.model import Category, FileResult, Place, Plan
from holdline.outcomes import Broken
from holdline.reducing import Cluster, clusters, keep_fixes, refuse_fixes
from holdline.suites import Suite
from holdline.suspicion import suspected_clusters, suspected_files
from holdline.verdicts import Dropped, Verification

#: Files in a batch: each costs a run, and each fault in it some ten.
BATCH_FILES = 50
#: The most runs to find the files at fault in a batch, and the fixes at fault in a file.
_BATCH_RUNS, _FILE_RUNS = 120, 60
_ROUNDS = 4
#: In front of a file to break it.
_BREAKAGE = b"raise ImportError('holdline looks whether a test minds')\n"
_LONGEST_LINE = 100_000  # the system takes no argument of 128 KB
#: A run takes too long if it takes this much longer than the baseline did.
_TIMES, _SECONDS = 5.0, 60.0

Progress = Callable[[Iterable[FileResult], int, str], Iterable[FileResult]]
Fault = tuple[Broken, ...]


class Selected(NamedTuple):
    """What a trial runs: a command line ("": as given), and of which files, as pytest names them, it runs the tests."""

    line: str = ""
    files: frozenset[str] | None = None


@dataclass
class Verifier:
    """Verifies the plan that `judge` made with the tests of a `suite`.

    `narrowing` and `sources`, all Python files by path, are given where just the affected tests are to be run. `tell`
    gets a line now and then.
    """

    suite: Suite
    judge: Judge
    tell: Callable[[str], None]
    progress: Progress
    narrowing: Narrowing | None = None
    sources: Mapping[str, bytes] = field(default_factory=dict)
    _kept: dict[str, FileResult] = field(default_factory=dict)
    _dropped: list[Dropped] = field(default_factory=list)
    #: Affected test files by changed file; empty where all tests are run. Files by the names that pytest has for them.
    _affected: dict[str, frozenset[str]] = field(default_factory=dict)
    _paths: dict[str, str] = field(default_factory=dict)
    _idle: tuple[str, ...] = ()

    def run(self, plan: Plan) -> tuple[Plan, Verification]:
        """The plan with the fixes that break nothing, and the verdict. Raises HoldlineError where CMD is of no use."""
        changed = plan.changed
        self._affected = self._all_affected(changed)
        self.baseline = self._measure()
        self._locate()
        self._look_for_idle(changed)
        batches = list(_batches(plan))
        self._estimate(len(batches))
        step = iter(self.progress(changed, len(changed), "verifying"))
        for batch in batches:
            self._settle([result for result, _ in zip(batch, step, strict=False)], self._select(batch))
        for _ in step:
            pass
        if len(batches) > 1 and self._affected:  # what a later batch did to the tests of an earlier one
            together, self._kept = list(self._kept.values()), {}
            self._settle(together, Selected(self._whole))
        results = (refuse_fixes(self._kept.get(r.path, r), self._refusals(r.path)) for r in plan.results)
        return plan._replace(results=tuple(results)), self._verdict()

    def _refusals(self, path: str) -> dict[Place, str]:
        return {
            v.place: dropped.reason for dropped in self._dropped if dropped.path == path for v in dropped.violations
        }

    # choosing what to run

    def _all_affected(self, changed: Sequence[FileResult]) -> dict[str, frozenset[str]]:
        """The affected test files by changed file; empty where all tests are to be run."""
        if self.narrowing is None:
            return {}
        found = {}
        importers = Importers(self.sources)
        for result in changed:
            tests = importers.affected_tests(result.path)
            if tests is None:
                return {}
            found[result.path] = frozenset(filter(self.narrowing.holds, tests))
        return found if any(found.values()) else {}

    def _line(self, tests: frozenset[str]) -> str:
        assert self.narrowing is not None
        line = self.narrowing.line(sorted(tests), self.suite.below)
        return line if len(line) < _LONGEST_LINE else ""

    def _select(self, batch: Sequence[FileResult]) -> Selected | None:
        """What to run for a batch; None where it affects no test."""
        if not self._affected:
            return Selected()
        tests = frozenset[str]().union(*(self._affected[result.path] for result in batch))
        if not tests:
            return None
        return Selected(self._line(tests), frozenset(name for name, path in self._paths.items() if path in tests))

    def _locate(self) -> None:
        """Find the files that pytest names, relative to a folder of its own choice."""
        known = {*self.suite.originals, *self.sources}
        for name in {case.file for case in (self.baseline.cases or {}).values()}:
            near = [p for p in (f"{self.suite.below}/{name}".lstrip("/"), name) if p in known]
            ending = near[:1] or [p for p in known if p.endswith(f"/{name}")]
            if len(ending) == 1:
                self._paths[name] = ending[0]
            elif self._affected:
                self.tell("pytest names files that cannot be told apart: all tests are run each time")
                self._affected = {}
                self.baseline = self._measure()
                return

    def _look_for_idle(self, changed: Sequence[FileResult]) -> None:
        """Find the changed files that no test minds being broken: there is none, or it reads the checkout's file, as
        with a project installed in editable mode. Files with tests of their own need no such trial.
        """
        seen = set(self._paths.values())
        tests = [r for r in changed if r.category is Category.TESTS and r.path not in seen]
        named = [r for r in tests if is_test(r.path)] if self.baseline.per_test else []
        others = [r for r in changed if r.category is not Category.TESTS]
        for group in ([r for r in tests if r not in named], others):
            broken = {r.path: _BREAKAGE + r.before for r in group}
            if broken and not self.baseline.compare(self.suite.run(broken, self._whole)):
                named += group
        self._idle = tuple(r.path for r in named)

    # running

    def _measure(self) -> Baseline:
        """Run the tests, twice, before anything is changed: those affected, if any of them passes."""
        self._whole = self._line(frozenset().union(*self._affected.values())) if self._affected else ""
        first = self.suite.run({}, self._whole)
        second = self.suite.run({}, self._whole, attempt=1) if first.status not in (None, 126, 127) else first
        self.suite.timeout = _SECONDS + _TIMES * max(first.seconds, second.seconds)
        self._seconds = first.seconds
        try:
            return Baseline.measure(self.suite.line, first, second)
        except UnfitError:
            if not self._affected:
                raise
        self._affected = {}
        return self._measure()

    def _estimate(self, batches: int) -> None:
        baseline, share = self.baseline, 1 if self._affected else batches
        counts = {"passing": len(baseline.expected), "failing": baseline.failing, "flaky": len(baseline.flaky)}
        tests = ", ".join(f"{what} {count}" for what, count in counts.items() if count)
        tests = tests or "no JUnit XML was written, so just the exit status counts"
        self.tell(
            f"tests before: {tests}, in {self._seconds:.0f} s; "
            f"batches to verify: {batches}, in some {share * self._seconds:.0f} s if nothing breaks"
        )

    def _trial(self, results: Iterable[FileResult], selected: Selected, attempt: int = 0) -> Fault:
        contents = {r.path: r.after for r in (*self._kept.values(), *results) if r.changes}
        run = self.suite.run(contents, selected.line, attempt)
        return self.baseline.compare(run, selected.files)

    # one batch

    def _settle(self, batch: Sequence[FileResult], selected: Selected | None) -> None:
        """Keep of a batch what breaks nothing beside what is kept already."""
        items = list(batch)
        for _ in range(_ROUNDS if selected else 0):
            assert selected is not None
            if not self._trial(items, selected) or not (fault := self._confirm(items, selected)):
                break
            items = self._search(items, fault, selected)
        else:
            if selected and (fault := self._trial(items, selected)):
                why = f"undecided after {_ROUNDS} rounds, all of the file is left"
                items = [self._drop_all(item, fault, why) for item in items]
        self._kept |= {item.path: item for item in items}

    def _confirm(self, items: Sequence[FileResult], selected: Selected) -> Fault:
        """What the items break again, and is not broken without them; the rest of what they broke is set aside."""
        once = self._trial(items, selected)
        self._look_for_imports(items, once)
        again, without = self._trial(items, selected, attempt=1), self._trial((), selected)
        steady = {b.test for b in once} & {b.test for b in again} - {b.test for b in without}
        self.baseline.set_aside({b.test for b in (*once, *again, *without)} - steady - {COMMAND})
        return tuple(b for b in once if b.test in steady)

    def _look_for_imports(self, items: Iterable[FileResult], fault: Fault) -> None:
        needed = {i.module for r in items for v in r.fixed if v.fix for i in v.fix.imports}
        for module in sorted({name.partition(".")[0] for name in needed}):
            if any(f"No module named '{module}'" in broken.message for broken in fault):
                raise HoldlineError(
                    f"--verify: the tests cannot import {module}, which the rewritten code needs: install it where "
                    f"{self.suite.line!r} runs"
                )

    def _search(self, items: Sequence[FileResult], fault: Fault, selected: Selected) -> list[FileResult]:
        """The items without the fixes at fault, which are dropped."""
        known = {b.test for b in fault}

        def wrong(results: Sequence[FileResult]) -> Fault | None:
            return tuple(b for b in self._trial(results, selected) if b.test in known) or None

        files = Bisection(wrong, _BATCH_RUNS)
        homes = {test: self._paths.get(file, "") for test, file in self.baseline.expected.items()}
        suspected = suspected_files(fault, homes)
        files.run_suspecting(items, fault, lambda result: result.path in suspected)
        kept = list(files.kept)
        for result, broken in files.faults:
            kept.append(self._reduce(result, broken, lambda r: wrong([*kept, r])))
        undecided = f"undecided after {_BATCH_RUNS} runs, all of the file is left"
        return kept + [self._drop_all(result, fault, undecided) for result in files.undecided]

    def _reduce(self, result: FileResult, fault: Fault, wrong: Callable[[FileResult], Fault | None]) -> FileResult:
        """A file's plan without those of its fixes that are at fault."""
        now = wrong(result)
        if now is None:
            return result  # beside what was kept since, nothing is wrong

        def plan_of(chosen: Sequence[Cluster]) -> FileResult:
            return keep_fixes(self.judge, result, [v.place for group in chosen for v in group])

        search = Bisection[Cluster, Fault](lambda chosen: wrong(plan_of(chosen)), _FILE_RUNS)
        groups = clusters(result)
        search.run_suspecting(groups, now, suspected_clusters(now, result.before, groups).__contains__)
        if search.undecided:
            return self._drop_all(result, now, f"undecided after {_FILE_RUNS} runs, all of the file is left")
        self._dropped += [Dropped(result.path, group, broken) for group, broken in search.faults]
        return plan_of(search.kept)

    def _drop_all(self, result: FileResult, fault: Fault, why: str) -> FileResult:
        self._dropped.append(Dropped(result.path, result.fixed, fault, why))
        return keep_fixes(self.judge, result, ())

    # the verdict

    def _verdict(self) -> Verification:
        suite, baseline = self.suite, self.baseline
        return Verification(
            command=suite.line,
            selection="affected" if self._affected else "all",
            per_test=baseline.per_test,
            tests=len(baseline.expected),
            failing=baseline.failing,
            flaky=tuple(sorted(baseline.flaky)),
            dropped=tuple(self._dropped),
            unexercised=self._idle,
            runs=suite.made,
            remembered=suite.remembered,
            seconds=suite.seconds,
        )


def _batches(plan: Plan) -> Iterator[list[FileResult]]:
    """The files that change, in order: those of a tier together, as far as they are not too many."""
    batch: list[FileResult] = []
    for result in plan.changed:
        if batch and (len(batch) == BATCH_FILES or plan.ranks[batch[0].path].tier != plan.ranks[result.path].tier):
            yield batch
            batch = []
        batch.append(result)
    if batch:
        yield batch
