"""What the report formats share: the values they take and the words they choose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from holdline.model import FileResult, Plan, Problem, ProblemKind, Safety, Suppression, Violation
from holdline.reports.printable import printable

if TYPE_CHECKING:
    from holdline.verdicts import Verification

PROBLEM_WORDS = {
    ProblemKind.UNREADABLE: "unreadable",
    ProblemKind.UNPARSABLE: "not parsed",
    ProblemKind.PROOF: "failed a proof",
    ProblemKind.CHANGED: "changed meanwhile",
    ProblemKind.READ_ONLY: "read-only",
}


class MigrationReport(NamedTuple):
    """A migration as it ended, or as a dry run foresees it.

    `dependency` is one line on what rewritten code now needs and where to declare it (empty: nothing new),
    `run` names the journal's run (None: nothing was written), `unwritten` are planned files that the run
    had to leave as they were. `verification` is the verdict of the tests, where they were asked.
    """

    plan: Plan
    dry_run: bool
    dependency: str = ""
    run: str | None = None
    unwritten: tuple[Problem, ...] = ()
    verification: Verification | None = None

    @property
    def results(self) -> tuple[FileResult, ...]:
        """The plan's results in order, settled.

        What stayed unwritten is not counted as fixed. After a run that wrote, what remains is located in the
        files as they now are; in a dry run, in the files as they were.
        """
        stopped = {problem.path: problem for problem in self.unwritten}
        return tuple(self._settle(result, stopped.get(result.path)) for result in self.plan.results)

    def _settle(self, result: FileResult, stopped: Problem | None) -> FileResult:
        if stopped:
            return result._replace(
                remaining=result.violations,
                fixed=(),
                edits=(),
                problem=stopped,
                before=b"",
                after=b"",
            )
        if self.dry_run:
            return result
        from holdline.reports.relocate import relocate  # after a run that wrote, and never else

        return relocate(result)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All files that could not be judged, planned or written."""
        return self.plan.problems + tuple(result.problem for result in self.results if result.problem)


def reason_left(violation: Violation, result: FileResult) -> str:
    """Why `violation` stays in `result`'s file, in one line."""
    if violation.refusal:
        return violation.refusal
    if result.problem:
        return result.problem.message
    if violation.fix and violation.fix.safety is Safety.UNSAFE:
        note = violation.fix.note or "may change behaviour"
        return f"needs --unsafe: {note}"
    return violation.hint or "no fix is known"


def taken_back_lines(report: MigrationReport) -> list[str]:
    """Each fix that was taken back for the tests it broke, safe to show."""
    reasons = {dropped.reason for dropped in report.verification.dropped} if report.verification else frozenset()
    return [
        f"{place(violation)}: {violation.code} taken back: {printable(violation.refusal)}"
        for result in report.results
        for violation in result.remaining
        if violation.refusal in reasons
    ]


def verified_lines(verification: Verification) -> list[str]:
    """What the tests were good for, and the counts, safe to show."""
    v = verification
    lines = [f"flaky, set aside: {printable(test)}" for test in v.flaky]
    lines += [f"not verified, for no test minds it: {printable(path)}" for path in v.unexercised]
    tests = f"{counted(v.tests, 'test')} that passed before" if v.per_test else "the command's exit status alone"
    made = f"{counted(v.runs, 'run')} of {v.selection} tests in {v.seconds:.0f} s"
    if v.remembered:
        made += f", {number(v.remembered)} remembered"
    count = sum(len(dropped.violations) for dropped in v.dropped)
    taken = f"{counted(count, 'fix', 'fixes')} taken back" if count else "nothing taken back"
    return [*lines, f"verified by {tests}: {taken} ({made})"]


def problem_counts(problems: Iterable[Problem]) -> list[str]:
    """How many files had which kind of problem, in words: `["2 not parsed", "1 unreadable"]`."""
    kinds = [problem.kind for problem in problems]
    return [f"{number(kinds.count(kind))} {words}" for kind, words in PROBLEM_WORDS.items() if kind in kinds]


def number(value: int) -> str:
    """`value` with its thousands set apart by spaces."""
    return f"{value:,}".replace(",", " ")


def counted(value: int, noun: str, plural: str = "") -> str:
    """`value` with its noun: `1 file`, `2 files`."""
    return f"{number(value)} {noun if value == 1 else plural or noun + 's'}"


def place(found: Violation | Suppression) -> str:
    """`path:line:col`, safe to show."""
    return f"{printable(found.path)}:{found.line}:{found.column}"


def problem_line(problem: Problem) -> str:
    """`path:line: what is wrong`, safe to show."""
    where = printable(problem.path) + (f":{problem.line}" if problem.line else "")
    return f"{where}: {printable(problem.message)}"


def unused_line(suppression: Suppression) -> str:
    """What to tell of a suppression that covers nothing, safe to show."""
    return f"{place(suppression)}: unused suppression of {', '.join(suppression.codes)}: it covers nothing, remove it"


def described(violation: Violation) -> str:
    """The message with the hint on a second line, for formats that have one text per violation."""
    return f"{violation.message}\n{violation.hint}" if violation.hint else violation.message
