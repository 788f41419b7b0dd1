"""What a conftest calls to be sure that staging-only is in force: `-p no:` takes out the plugin, but not the conftest.

`holdline install --staging` puts the call there.
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


def check(conftest: str) -> None:
    """Refuse to go on where the tests are not guarded. `conftest` is the file that asks.

    Raises pytest.UsageError, which ends pytest with exit code 4 before any test is imported.
    """
    if not _armed:
        raise pytest.UsageError(
            f"holdline: {conftest} keeps these tests to staging, but the plugin is off or not configured:"
            " run without `-p no:holdline`, `-c` and `-o`, from the repository"
        )
