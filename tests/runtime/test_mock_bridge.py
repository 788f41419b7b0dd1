"""`start` and `stop`, alone and among the patches of `unittest.mock`."""

from __future__ import annotations

import os
import subprocess
import sys
from unittest import mock

from holdline_runtime import patch_env

KEY = "HOLDLINE_T"


def test_start_and_stop() -> None:
    patch = patch_env({KEY: "1"})
    assert patch.stop() is None
    assert patch.start() == os.environ
    assert os.environ[KEY] == "1"
    assert patch.stop() is False
    assert KEY not in os.environ
    assert patch.stop() is None


def test_stopall_stops_last_first_among_mocks_own() -> None:
    original = os.environ
    mock.patch.dict(os.environ, {KEY: "outer"}).start()
    again = patch_env({KEY: "inner"})
    again.start()
    swap = mock.patch("os.environ", {"swapped": "in"})
    swap.start()
    again.start()
    assert os.environ == {"swapped": "in", KEY: "inner"}
    mock.patch.stopall()
    assert os.environ is original
    assert KEY not in os.environ
    assert again.stop() is None
    assert mock._patch._active_patches == []  # type: ignore[attr-defined]


def test_starts_without_mock() -> None:
    code = """
import sys; sys.path.append(sys.argv[1])
import os
from holdline_runtime import patch_env
patch = patch_env(A='1'); patch.start()
assert 'unittest' not in sys.modules
import unittest.mock  # too late to know of it
unittest.mock.patch.stopall()
assert os.environ['A'] == '1'
patch.stop()
assert 'A' not in os.environ
"""
    source = os.path.dirname(os.path.dirname(sys.modules["holdline_runtime"].__file__ or ""))  # noqa: PTH120
    done = subprocess.run([sys.executable, "-I", "-c", code, source], capture_output=True, text=True)
    assert done.stderr == ""
