"""The leak guard: after each test, put back what it left changed in the environment, and blame it."""

from __future__ import annotations

import pytest


def install(config: pytest.Config) -> None:
    """Watch over the tests of this run."""
