"""The fixtures that set the environment for a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holdline_runtime import Environment, patch_env


@pytest.fixture
def isolated_env() -> Iterator[Environment]:
    """The environment as it is; whatever the test changes is put back after it."""
    with patch_env() as env:
        yield env
