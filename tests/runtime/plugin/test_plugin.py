"""The plugin in projects that have not asked for anything: it is there, and does nothing."""

from __future__ import annotations

import subprocess
import sys

from holdline_runtime import get_env

#: What only a setting, or a fixture that somebody requests, may load.
ON_DEMAND = ("leaks", "ledger", "writers")
TEST = """
    import sys

    def test_it(pytestconfig):
        loaded = [name for name in sys.modules if name.startswith(("holdline.", "holdline_runtime.pytest_plugin."))]
        assert "holdline_runtime.pytest_plugin.plugin" in loaded
        assert [name for name in loaded if name.rpartition(".")[2] in {ON_DEMAND}] == []
        assert [name for name in loaded if name.startswith("holdline.")] == []
        assert pytestconfig.pluginmanager.get_plugin("holdline-leaks") is None
"""


def test_nothing_is_loaded_or_registered_until_a_setting_asks(run_suite):
    test = TEST.replace("{ON_DEMAND}", repr(ON_DEMAND))
    run_suite({"test_it.py": test}, "-p", "no:asyncio", "-p", "no:anyio").assert_outcomes(passed=1)


def test_it_can_be_turned_off(run_suite):
    result = run_suite({"test_it.py": "def test_it(isolated_env): pass"}, "-p", "no:holdline")
    result.assert_outcomes(errors=1)


def test_it_changes_no_variable(run_suite):
    conftest = """
        import os

        def pytest_unconfigure():
            assert seen() == BEFORE

        def seen():
            return {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}

        BEFORE = seen()
    """
    assert run_suite({"conftest.py": conftest, "test_it.py": "def test_it(): pass"}).ret == 0


def test_its_import_is_cheap_beside_pytests_own():
    program = """
import sys, time, pytest
start = time.process_time()
import holdline_runtime.pytest_plugin.plugin
print(time.process_time() - start)
print(" ".join(sys.modules))
"""
    bare = "import sys, pytest; print(' '.join(sys.modules))"
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=dict(get_env()))
        for _ in range(3)
    ]
    fastest = min(float(run.stdout.splitlines()[0]) for run in runs)
    assert fastest < 0.05, "seconds"
    known = subprocess.run([sys.executable, "-c", bare], capture_output=True, text=True, check=True).stdout.split()
    new = set(runs[0].stdout.splitlines()[1].split()) - set(known)
    assert {name for name in new if name.partition(".")[0] != "holdline_runtime"} <= {"contextvars", "_contextvars"}
