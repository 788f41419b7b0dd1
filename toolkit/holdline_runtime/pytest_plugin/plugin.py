"""What pytest loads: the settings, the fixtures, and the parts that a project turned on.

It is loaded into every test run of every project that has Holdline installed, so it does nothing there until the
project asks: fixtures that nobody requests cost nothing, and the other parts are imported where a setting turns
them on.
"""

from __future__ import annotations

import pytest

from holdline_runtime.pytest_plugin import fixtures, options, requires, staging


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the settings and register the fixtures."""
    options.declare(parser)
    pluginmanager.register(fixtures, "holdline-fixtures")
    for part in (staging, requires):
        name = f"holdline-{part.__name__.rpartition('.')[2]}-part"
        if pluginmanager.register(part, name) is None:  # blocked: a guard that goes quietly is none
            raise pytest.UsageError(f"holdline: `-p no:{name}` is refused: `-p no:holdline` takes out the whole plugin")


def pytest_configure(config: pytest.Config) -> None:
    """Turn on what the project configured."""
    if options.env_leaks(config) != "off":
        from holdline_runtime.pytest_plugin import leaks

        leaks.install(config)
    if options.mask_reports(config):
        from holdline_runtime.pytest_plugin import report_masking

        if not config.pluginmanager.is_registered(report_masking):  # `-p` has loaded it
            config.pluginmanager.register(report_masking, "holdline-report-masking")
