"""Tests that need a service: the marker `requires`, the fixture `require_service`, and what CI makes of them.

A service is asked for when the first test that needs it is set up, never before.
"""

from __future__ import annotations

import datetime
from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pytest

from holdline_runtime.environment import get_env
from holdline_runtime.pytest_plugin.requires_rules import Allowance, EntryError, called, is_ci, judge, read_allowances

if TYPE_CHECKING:
    from holdline_runtime.services import Outcome

_MARKER = "requires(service, *, optional=False, variable=None, timeout=2.0)"
_OPTIONAL = "holdline_optional_services"
_REQUIRED = "holdline_required_services"
_ATTRIBUTE = "holdline_services"


class RequireService(Protocol):
    """What the fixture `require_service` gives."""

    def __call__(
        self, service: str, *, optional: bool = False, variable: str | None = None, timeout: float = ...
    ) -> Outcome:
        """Return the probe's answer for an available service; skip or fail the test without it."""


class _Need(NamedTuple):
    """One requirement of a test, as the marker has it."""

    service: str
    optional: bool = False
    variable: str | None = None
    timeout: float | None = None

    @property
    def name(self) -> str:
        """The service for reports and settings."""
        return called(self.service)


class _Rules(NamedTuple):
    """What holds for the run, read when it starts: a test that patches `CI` changes nothing."""

    ci: bool
    allowances: dict[str, Allowance]


_rules = pytest.StashKey[_Rules]()
_needed = pytest.StashKey[list[_Need]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare what CI may lack, and what it must have used."""
    parser.addini(
        _OPTIONAL,
        "Services that CI may lack, a line each: SERVICE until YYYY-MM-DD: REASON",
        type="linelist",
        default=[],
    )
    parser.addini(
        _REQUIRED, "Services that at least one test must have used, or the run fails in CI", type="args", default=[]
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, read the rules, and count on whoever sees all reports."""
    config.addinivalue_line("markers", f"{_MARKER}: skip without the service; in CI, fail")
    try:
        rules = _Rules(is_ci(get_env()), read_allowances(config.getini(_OPTIONAL)))
    except EntryError as error:
        raise pytest.UsageError(f"holdline: {_OPTIONAL}: {error}") from None
    config.stash[_rules] = rules
    if rules.ci and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Tally(config.getini(_REQUIRED)), "holdline-requires-tally")


@pytest.fixture
def require_service(request: pytest.FixtureRequest) -> RequireService:
    """Ask for a service within a test or fixture: `require_service("docker")`, as the marker does."""

    def require(
        service: str, *, optional: bool = False, variable: str | None = None, timeout: float | None = None
    ) -> Outcome:
        return _require(request.node, _Need(service, optional, variable, timeout))

    return require


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Ask for what the markers name, before any fixture is set up."""
    for need in _needs(item):
        _require(item, need)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the services into the report, where the controller of pytest-xdist can count them."""
    report = yield
    if needed := item.stash.get(_needed, []):
        setattr(report, _ATTRIBUTE, sorted({need.name for need in needed}))
    return report


def _needs(item: pytest.Item) -> list[_Need]:
    needs = []
    for mark in item.iter_markers("requires"):
        unknown = set(mark.kwargs) - {"optional", "variable", "timeout"}
        if not mark.args or unknown or not all(isinstance(service, str) for service in mark.args):
            pytest.fail(f"holdline: expected @pytest.mark.{_MARKER}", pytrace=False)
        needs += [_Need(service, **mark.kwargs) for service in mark.args]
    return needs


def _require(item: pytest.Item, need: _Need) -> Outcome:
    from holdline_runtime.services.availability import TIMEOUT, probe

    item.stash.setdefault(_needed, []).append(need)
    try:
        timeout = TIMEOUT if need.timeout is None else need.timeout
        outcome = probe(need.service, variable=need.variable, timeout=timeout)
    except ValueError as error:
        pytest.fail(f"holdline: requires: {error}", pytrace=False)
    if outcome.available:
        return outcome
    rules = item.config.stash[_rules]
    verdict = judge(
        need.name,
        str(outcome),
        ci=rules.ci,
        optional=need.optional,
        allowance=rules.allowances.get(need.name),
        today=datetime.datetime.now(datetime.UTC).date(),
    )
    if verdict.fails:
        pytest.fail(f"holdline: {verdict.text}", pytrace=False)
    if rules.ci:
        item.stash[_needed].remove(need)  # excused: nobody waits for a test that uses it
    pytest.skip(verdict.text)


class _Tally:
    """In CI: which services tests asked for, and which of them any test really used.

    Tests that are all skipped, for whatever reason, or deselected look like success; they are none.
    """

    def __init__(self, required: list[str]) -> None:
        self._asked = {called(service) for service in required}
        self._used: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one phase of a test."""
        services = getattr(report, _ATTRIBUTE, [])
        self._asked.update(services)
        if report.when == "call" and not (report.skipped and not hasattr(report, "wasxfail")):
            self._used.update(services)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run that used none of what it needs; not one that only lists its tests."""
        if self._idle(session.config) and session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which."""
        for service in self._idle(terminalreporter.config):
            terminalreporter.line(f"holdline: zero tests that require {service} ran: in CI that is a failure", red=True)

    def _idle(self, config: pytest.Config) -> list[str]:
        return [] if config.option.collectonly else sorted(self._asked - self._used)
