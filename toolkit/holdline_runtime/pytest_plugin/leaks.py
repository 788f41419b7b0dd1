"""The leak guard: after each test, put back what it left changed in the environment, and blame it.

A fixture of a wider scope than one test may keep what it changed while it was set up for as long as it lives, and
has to put it back at its end; otherwise the fixture is blamed. What is set through `class_env` and its kin is declared
to last as long as they do.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from typing import Any, NamedTuple

import pytest

from holdline_runtime import audit
from holdline_runtime.pytest_plugin import options
from holdline_runtime.pytest_plugin.ledger import Change, Changes, Ledger, Variables
from holdline_runtime.pytest_plugin.mappings import OwnedEnvironment
from holdline_runtime.pytest_plugin.writers import writer_of

_BLAME: pytest.StashKey[str] = pytest.StashKey()
# An attribute of a test's report, which pytest-xdist sends from the workers to the process that prints.
_ATTRIBUTE = "holdline_environment_leaks"
# What pytest makes of setUpClass, setup_module and their kin.
_SETUP = re.compile(r"_(?:unittest|xunit)_(\w+?)_fixture_(.*)")


class _Held(NamedTuple):
    """What a wide fixture changed, and the lines that did."""

    changes: Changes
    writers: dict[str, str]


class LeakGuard:
    """The hooks of one run. With `strict` the guilty test fails; otherwise it is just listed at the end.

    `ignored` are patterns of variables that do not count; places below the folder `root` are shown relative to it.
    """

    def __init__(self, strict: bool, ignored: tuple[str, ...], root: str) -> None:
        self._strict = strict
        self._root = root
        self._ledger = Ledger(ignored)
        self._watch: audit.Watch | None = None
        self._is_last = False
        self._held: dict[pytest.FixtureDef[Any], _Held] = {}
        self._left_by_fixtures: list[str] = []
        self._blames: list[str] = []

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, object, object]:
        """Note what the environment is before anything of the test runs."""
        self._stop_watching()
        self._watch = audit.watch()
        self._watch.__enter__()
        OwnedEnvironment.observers.append(self._ledger.expect)
        self._left_by_fixtures = []
        self._ledger.begin()
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Put back what the test left, when all its fixtures are done, then blame it."""
        self._is_last = nextitem is None
        try:
            result = yield
        finally:
            blame = self._settle(item.nodeid)
            if blame:
                item.stash[_BLAME] = blame
        if blame and self._strict:
            pytest.fail(blame, pytrace=False)
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Let a fixture that outlives the test keep what it changes."""
        if fixturedef.scope == "function" or self._watch is None:
            return (yield)
        self._ledger.open()
        try:
            result = yield
        except BaseException:
            self._ledger.drop()
            raise
        changes = self._ledger.close()
        if changes.variables or changes.replaced is not None:
            self._held[fixturedef] = _Held(changes, self._writers(changes.variables))
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """See whether a fixture has put back what it was allowed to change."""
        held = self._held.pop(fixturedef, None)
        if held is None or self._watch is None:
            return
        left = self._ledger.release(held.changes)
        # What a session fixture leaves at the end of the run reaches no other test.
        if left and not (self._is_last and fixturedef.scope == "session"):
            self._left_by_fixtures.append(_accuse(_describe(fixturedef), left, held.writers))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the blame to the report of the test's teardown."""
        report = yield
        if call.when == "teardown" and (blame := item.stash.get(_BLAME, "")):
            del item.stash[_BLAME]
            setattr(report, _ATTRIBUTE, blame)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the blames, those of other processes as well."""
        if blame := getattr(report, _ATTRIBUTE, ""):
            self._blames.append(blame)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """List who left the environment changed."""
        if self._blames:
            terminalreporter.section("environment leaks")
            for blame in self._blames:
                terminalreporter.line(blame)

    def pytest_unconfigure(self) -> None:
        """Stop watching; a run may have been cut short."""
        self._stop_watching()

    def _settle(self, nodeid: str) -> str:
        """Put everything back, end the watch, and return the accusations."""
        changed, replaced = self._ledger.settle()
        accusations = [f"{blame}\n  (its last test was {nodeid})" for blame in self._left_by_fixtures]
        if changed or replaced:
            accusations.append(_accuse(nodeid, changed, self._writers(changed), replaced))
        self._left_by_fixtures = []
        self._stop_watching()
        return "\n".join(accusations)

    def _writers(self, variables: Variables) -> dict[str, str]:
        if self._watch is None or not variables:
            return {}
        records = self._watch.records()
        prefix = self._root + os.sep
        return {
            key: writer_of(key, change.before, change.after, records).removeprefix(prefix)
            for key, change in variables.items()
        }

    def _stop_watching(self) -> None:
        if self._watch is not None:
            OwnedEnvironment.observers.remove(self._ledger.expect)
            self._watch.__exit__(None, None, None)
            self._watch = None


def install(config: pytest.Config) -> None:
    """Watch over the tests of this run."""
    guard = LeakGuard(options.env_leaks(config) == "error", options.env_leaks_ignore(config), str(config.rootpath))
    config.pluginmanager.register(guard, "holdline-leaks")


def _accuse(who: str, variables: Variables, writers: dict[str, str], replaced: bool = False) -> str:
    """Say who left what changed, and which lines did it. Values are nobody's business."""
    lines = [f"{who} left the environment changed; it has been put back:"]
    if replaced:
        lines.append("  os.environ: another object in its place")
    for key, change in variables.items():
        place = writers.get(key)
        lines.append(f"  {key}: {_verb(change)} " + (f"at {place}" if place else "at a line that is not known"))
    return "\n".join(lines)


def _describe(fixturedef: pytest.FixtureDef[Any]) -> str:
    setup = _SETUP.fullmatch(fixturedef.argname)
    if setup is not None:
        return f"{setup[1]} of {setup[2]}"
    return f"the {fixturedef.scope}-scoped fixture {fixturedef.argname!r}"


def _verb(change: Change) -> str:
    if change.before is None:
        return "set"
    return "deleted" if change.after is None else "changed"
