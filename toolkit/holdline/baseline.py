"""What a suite's tests do before any change: the measure for each run after it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from holdline.errors import HoldlineError
from holdline.outcomes import BAD, NOT_RUN, Broken, Case, Outcome, find_broken, find_failing, passed
from holdline.suites import SuiteRun

#: The command itself, where its exit status is all there is to go by.
COMMAND = "the command"
_CANNOT_RUN = (126, 127)  # the shell's
_NO_TESTS = 5  # pytest's


class UnfitError(HoldlineError):
    """The command says nothing that a change could be measured by."""


@dataclass
class Baseline:
    """Tests that are `expected` to pass, by name, each with the file that holds it; all outcomes of the first run.

    `flaky` tests are set aside: they passed in one run and not in another, though nothing had changed.
    """

    line: str
    status: int
    cases: dict[str, Case] | None
    expected: dict[str, str]
    flaky: set[str] = field(default_factory=set)

    @classmethod
    def measure(cls, line: str, first: SuiteRun, second: SuiteRun) -> Baseline:
        """Compare two runs without a change. UnfitError where there is nothing to go by."""
        if first.status in _CANNOT_RUN:
            raise UnfitError(f"--verify: {line!r} cannot be run: {first.tail}")
        if first.status is None or second.status is None:
            raise UnfitError(f"--verify: {line!r} came to no end")
        if first.cases is None or second.cases is None:
            if first.status or second.status:
                raise UnfitError(f"--verify: {line!r} fails before anything is changed: {first.tail or first.status}")
            return cls(line, first.status, None, {})
        steady = passed(first.cases) & passed(second.cases)
        if not steady:
            raise UnfitError(f"--verify: {line!r} has no test that passes before anything is changed: {first.tail}")
        flaky = passed(first.cases) ^ passed(second.cases)
        expected = {name: case.file for name, case in first.cases.items() if name in steady}
        return cls(line, max(first.status, second.status), dict(first.cases), expected, set(flaky))

    @property
    def failing(self) -> int:
        """How many tests fail before anything is changed."""
        return sum(1 for name, c in (self.cases or {}).items() if c.outcome in BAD and name not in self.flaky)

    @property
    def per_test(self) -> bool:
        """Whether tests can be told apart."""
        return self.cases is not None

    def compare(self, run: SuiteRun, files: Collection[str] | None = None) -> tuple[Broken, ...]:
        """What a run shows to be broken; `files` are those, as pytest names them, whose tests it was to run."""
        if run.status is None:
            return (Broken(COMMAND, "stopped", f"took more than {run.seconds:.0f} s"),)
        if self.cases is None or run.cases is None:
            return (Broken(COMMAND, f"exit status {run.status}", run.tail),) if run.status or self.cases else ()
        wanted = self.wanted(files)
        broken = find_broken(wanted, run.cases)
        known = {*self.flaky, *(b.test for b in broken)}
        new = [b for b in find_failing(self.cases, run.cases) if b.test not in known]
        if broken:
            # a module that cannot be imported fails itself, and says why; its tests are just not there
            causes = [b for b in new if b.now == Outcome.ERROR] if any(b.now == NOT_RUN for b in broken) else []
            return (*causes, *broken)
        if run.status in (0, _NO_TESTS) or self.status or not wanted:
            return ()
        if new or any(case.outcome in BAD for case in run.cases.values()):
            return tuple(new)  # the others fail as they did, or are flaky
        return (Broken(COMMAND, f"exit status {run.status}", run.tail),)

    def wanted(self, files: Collection[str] | None) -> list[str]:
        """The tests that a run of these files has to pass."""
        return [n for n, f in self.expected.items() if n not in self.flaky and (files is None or f in files)]

    def set_aside(self, tests: Iterable[str]) -> None:
        """Expect nothing of some tests any more: they are flaky."""
        self.flaky.update(tests)
