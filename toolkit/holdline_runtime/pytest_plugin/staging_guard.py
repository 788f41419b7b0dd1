"""Hold the decided environment from `pytest_configure` to the end of the session: compare, restore, blame."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Mapping
from typing import Any

import pytest

from holdline_runtime.environment import get_env
from holdline_runtime.live import live_environ
from holdline_runtime.pytest_plugin.staging_decision import Decision
from holdline_runtime.pytest_plugin.staging_watch import Watch, Write
from holdline_runtime.pytest_plugin.staging_workers import Handover

Report = pytest.TestReport | pytest.CollectReport


class StagingGuard:
    """The plugin of one guarded run.

    In an xdist worker nothing can be refused, as the controller would start another: `refusal` then fails each item.
    """

    def __init__(self, config: pytest.Config, decision: Decision | None, watch: Watch, refusal: str) -> None:
        self._decision = decision
        self._watch = watch
        self._refusal = refusal
        self._strays: list[str] = []  # what no single test is to blame for
        self._blamed = 0
        self._handover = Handover(config, decision)
        self._environ = live_environ()

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Register the marker; catch what conftests and plugins set while they were imported and configured."""
        if self._decision is not None:
            name = self._decision.environment
            config.addinivalue_line("markers", f"{name}: runs against {name}; Holdline marks every test with it")
        self._refusal = self._refusal or self._handover.disagreement()
        self._refuse_if_changed("while pytest was starting")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> Generator[None, object, object]:
        """Look once more after everybody else, then say so."""
        result = yield
        self._refuse_if_changed("while the session was starting")
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self._decision is not None and not self._handover.is_worker:
            announce(reporter, self._decision, session.config.get_verbosity())
        return result

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Mark every test, in time for `-m`."""
        if self._decision is not None:
            item.add_marker(self._decision.environment)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Fail the module whose import changed the environment."""
        report = yield
        if problems := self._changes(strict=True):
            self._blame(report, f"{collector.nodeid or 'collection'} changed the environment on import", problems)
            report.result = []
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Catch what a plugin changed during collection."""
        result = yield
        self._refuse_if_changed("during collection")
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail every item of a worker that disagrees; put right, and keep in mind, what changed between tests."""
        if self._refusal:
            pytest.fail(f"holdline: {self._refusal}", pytrace=False)
        self._strays += [f"before {item.nodeid}: {problem}" for problem in self._changes(strict=True)]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Fail the test that set something, whatever else it did: passed, skipped or was expected to fail.

        A test may remove a variable for itself; only when its teardown leaves it removed is that a change.
        """
        report = yield
        if problems := self._changes(strict=call.when == "teardown"):
            self._blame(report, f"{item.nodeid} changed the environment ({call.when})", problems)
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Look a last time. Whatever was found in the run, its exit code is not 0."""
        self._strays += [f"at the end: {problem}" for problem in self._changes(strict=True)]
        if self._handover.is_worker:
            self._handover.give_back(self._strays, self._blamed)
        elif (self._strays or self._blamed) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell what no single test is to blame for."""
        if self._strays:
            terminalreporter.section("the environment was changed outside the tests", red=True)
            for stray in self._strays:
                terminalreporter.line(f"holdline: {stray} (put back)")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Send the decision to an xdist worker."""
        self._handover.send(node)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take what an xdist worker found."""
        strays, blamed = self._handover.take_back(node, crashed=bool(error))
        self._strays += strays
        self._blamed += blamed

    def _refuse_if_changed(self, when: str) -> None:
        problems = self._changes(strict=True)
        if not problems:
            return
        text = f"the environment was changed {when}: {'; '.join(map(str, problems))}"
        if not self._handover.is_worker:
            raise pytest.UsageError(f"holdline: {text}")
        self._refusal = self._refusal or text

    def _changes(self, *, strict: bool) -> list[Write]:
        """Put back what is not as decided, and return it; what is only removed is a change where `strict`.

        Another object in the place of `os.environ` may stay as long as it agrees.
        """
        if self._decision is None:
            return []
        problems = self._watch.take()
        environ = live_environ()
        if environ is not self._environ and (wrong := self._contradictions(environ, strict)):
            problems += [
                Write(f"{problem.what} in another object in the place of os.environ", "") for _, problem in wrong
            ]
            os.environ = self._environ  # holdline: allow[HL104] put back  # noqa: B003
        told = {problem.what for problem in problems}
        for mapping in (live_environ(), get_env()):
            for key, problem in self._contradictions(mapping, strict):
                if problem.what not in told:
                    problems.append(problem)
                    told.add(problem.what)
                mapping[key] = self._decision.expected[key]
        return problems

    def _contradictions(self, mapping: Mapping[str, str], strict: bool) -> list[tuple[str, Write]]:
        """Return the variables that are not as decided, with words; what is only missing is one of them if `strict`."""
        found = []
        for key, value in self._decision.expected.items() if self._decision else ():
            current = mapping.get(key)
            if current is None and strict:
                found.append((key, self._watch.removed(key)))
            elif current is not None and current != value:
                found.append((key, Write(self._watch.describe(key, current), "")))
        return found

    def _blame(self, report: Report, headline: str, problems: Iterable[Write]) -> None:
        self._blamed += 1
        before = f"{report.longreprtext}\n\n" if report.failed else ""
        lines = "\n".join(f"  {problem}" for problem in problems)
        report.outcome = "failed"
        report.longrepr = f"{before}holdline: {headline}; it was put back:\n{lines}"
        vars(report).pop("wasxfail", None)  # otherwise it would count as an expected failure


def announce(reporter: pytest.TerminalReporter, decision: Decision, verbosity: int) -> None:
    """Write the banner and the line that confirms the environment; with `-q` the line alone."""
    name = decision.environment
    if verbosity >= 0:
        reporter.write_sep("=", f"{name.upper()} ONLY", bold=True)
        reporter.write_line(f"environment: {name} ({decision.reason})")
        if others := [key for key in decision.expected if key != decision.variable]:
            reporter.write_line(f"variables: {', '.join(others)}")
    reporter.write_line(f"✓ Confirmed: {decision.variable}={name}, tests run against {name.upper()}", green=True)
