"""A server that is missing is said with what installs it: skipped on a developer's machine, a failure in CI."""

from __future__ import annotations

import pytest

from holdline_runtime import patch_env

from .conftest import program


def test_a_missing_server() -> None:
    with patch_env(CI="true"), pytest.raises(pytest.fail.Exception, match="apt-get install some-server"):
        program("no-such-server", "some-server")
    with patch_env(CI=""), pytest.raises(pytest.skip.Exception, match="no-such-server is missing"):
        program("no-such-server", "some-server")
