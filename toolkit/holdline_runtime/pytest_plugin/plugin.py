"""The plugin that pytest loads by its entry point."""

from __future__ import annotations

import pytest

from holdline_runtime.pytest_plugin import requires, staging


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the parts; none can be left out by itself."""
    for part in (staging, requires):
        name = f"holdline-{part.__name__.rpartition('.')[2]}-part"
        if pluginmanager.register(part, name) is None:
            raise pytest.UsageError(f"holdline: `-p no:{name}` is refused; `-p no:holdline` takes out all of it")
