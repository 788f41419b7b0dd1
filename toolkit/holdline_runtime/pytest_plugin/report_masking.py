"""Keeps secrets out of reports: tracebacks, assertion diffs, captured output, JUnit XML, warnings, live logs.

`holdline_mask_reports` turns it on. Reports are scrubbed as they are made, before the terminal, an XML file, xdist's
controller or any other plugin sees them. Node ids are left as they are: they are how a test is found again, so a secret
has no place in a parameter.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator
from typing import Any, TypeVar

import pytest
from _pytest.junitxml import xml_key

from holdline_runtime import audit, scrubbing
from holdline_runtime.log_masking import MaskingFormatter

R = TypeVar("R", pytest.TestReport, pytest.CollectReport)

_WATCH = pytest.StashKey[audit.Watch]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin to remember what tests set, by whatever means."""
    scrubbing.remember_all()
    config.stash[_WATCH] = audit.watch()
    config.stash[_WATCH].__enter__()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Forget all of it."""
    if _WATCH in config.stash:
        config.stash[_WATCH].__exit__()
        del config.stash[_WATCH]
        scrubbing.forget()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Scrub log lines that are shown, or written to a file, as they come."""
    logging_plugin = session.config.pluginmanager.get_plugin("logging-plugin")
    for name in ("log_cli_handler", "log_file_handler"):
        handler = getattr(logging_plugin, name, None)
        if handler is not None:
            handler.setFormatter(MaskingFormatter(handler.formatter))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Scrub the properties of the whole suite before they are written."""
    xml = session.config.stash.get(xml_key, None)
    if xml is not None:
        xml.global_properties[:] = [(name, scrubbing.scrub(value)) for name, value in xml.global_properties]


@pytest.hookimpl(tryfirst=True)
def pytest_warning_recorded(warning_message: warnings.WarningMessage) -> None:
    """Scrub a warning before it gets into the summary."""
    text = str(warning_message.message)
    if (scrubbed := scrubbing.scrub(text)) != text:
        warning_message.message = scrubbed


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Scrub the report of a test's phase, after every other plugin has had its say."""
    return _scrubbed((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Scrub the report of a module that does not import."""
    return _scrubbed((yield))


def _scrubbed(report: R) -> R:
    if report is not None:
        report.longrepr = _scrub(report.longrepr)
        report.sections = [(name, scrubbing.scrub(content)) for name, content in report.sections]
        if isinstance(report, pytest.TestReport):
            report.user_properties = [(name, _scrub(value)) for name, value in report.user_properties]
            if hasattr(report, "wasxfail"):
                report.wasxfail = _scrub(report.wasxfail)
    return report


def _scrub(part: Any) -> Any:
    """Scrub all text in a representation: pytest's are nested objects that keep it in their attributes."""
    if isinstance(part, str):
        return scrubbing.scrub(part)
    if isinstance(part, list | tuple):
        return type(part)(map(_scrub, part))
    if type(part).__module__.startswith("_pytest._code"):
        for name, value in vars(part).items():
            if name not in ("style", "path"):
                setattr(part, name, _scrub(value))
    return part
