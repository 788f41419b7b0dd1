"""CPython's own tests of `os.environ` pass against the façade, those of `patch.dict` against `patch_env`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import holdline_runtime

# Every test of CPython's that we mean to fail, with the reason.
DIFFERENCES = {
    "environ": {
        "test___repr__": "the façade's repr tells how many variables there are, never what they hold",
    },
    "overlay": {
        "test___repr__": "as above",
        "test_environb": "os.environb shows the process's environment, which an overlay leaves alone",
        **dict.fromkeys(
            ("test_update2", "test_or_operator", "test_ror_operator"),
            "the shell it starts has the process's environment; env=get_env().child_env() gives it the overlay",
        ),
        **dict.fromkeys(("test_ior_operator", "test_ior_operator_key_value_iterable"), "as above: it starts a shell"),
    },
    "patch": {},
}

# Tests that must have been found; without this an empty suite would pass.
LEAST = {
    "environ": {
        "test_read",
        "test_write",
        "test_update",
        "test_popitem",
        "test_key_type",
        "test_ior_operator",
    },
    "overlay": {"test_read", "test_write", "test_update", "test_popitem", "test_key_type", "test_setdefault"},
    "patch": {
        "test_patch_dict",
        "test_patch_dict_with_container_object_and_clear",
        "test_patch_dict_class_decorator",
        "test_patch_dict_stopall",
        "test_patch_dict_test_prefix",
        "test_patch_dict_async_def",
        "test_dict_context_manager",
    },
}


@pytest.mark.parametrize("suite", ["environ", "overlay", "patch"])
def test_cpythons_own_tests_pass(suite: str, tmp_path: Path) -> None:
    script = Path(__file__).with_name("cpython_suites.py")
    source = str(Path(holdline_runtime.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, str(script), suite],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": source},
    )
    if done.stderr.strip() == "missing":
        package = f"libpython3.{sys.version_info.minor}-testsuite"
        pytest.skip(f"this Python came without its own tests; on Debian they are in {package}")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert LEAST[suite] - set(outcome["ran"]) == set()
    unexpected = {name: text for name, text in outcome["failed"].items() if name not in DIFFERENCES[suite]}
    assert unexpected == {}
    assert set(outcome["failed"]) == set(DIFFERENCES[suite])  # a difference that is gone leaves the table
