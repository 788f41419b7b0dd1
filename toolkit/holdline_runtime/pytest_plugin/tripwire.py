"""What a conftest imports to be sure that staging-only is in force: `-p no:` takes out the plugin, not the conftest.

`holdline install --staging` puts this line there:

    from holdline_runtime.pytest_plugin.tripwire import staging_only

`staging_only` is made anew for each import, so that a second run in the same process is looked at, too; and a line that
is only an import stays where formatters and linters put imports.
"""

from __future__ import annotations

import pytest

_armed: list[bool] = []


def arm() -> None:
    """Say that a run is being guarded; the plugin does, before it lets any conftest be imported."""
    _armed.append(True)


def disarm() -> None:
    """Say that this run is over."""
    _armed.pop()


def __getattr__(name: str) -> bool:
    """Give `staging_only`, or end pytest with exit code 4 before any test is imported."""
    if name != "staging_only":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if not _armed:
        raise pytest.UsageError(
            "holdline: conftest.py keeps these tests to staging, but the plugin is off or not configured:"
            " run without `-p no:holdline`, `-c` and `-o`, from the repository"
        )
    return True
