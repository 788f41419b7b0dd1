"""Under pytest-xdist the controller decides, and a worker that disagrees fails each of its tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from holdline_runtime.pytest_plugin.staging_decision import Decision

if TYPE_CHECKING:
    from .conftest import Run

pytest_plugins = ["pytester"]

SHOWS = """\
import os, pytest

@pytest.mark.parametrize("n", range(4))
def test_it(n):
    assert os.environ["ENVIRONMENT"] == "staging" and os.environ["KEY_VAULT_NAME"] == "shop-staging"
"""


def test_workers_have_the_environment_and_the_controller_says_so_once(run: Run) -> None:
    result = run({"test_it.py": SHOWS}, "-n2")
    result.assert_outcomes(passed=4)
    assert result.ret == pytest.ExitCode.OK
    assert result.stdout.str().count("✓ Confirmed: ENVIRONMENT=staging") == 1


def test_the_controller_refuses(run: Run) -> None:
    assert run({"test_it.py": SHOWS}, "-n2", ENVIRONMENT="production").ret == pytest.ExitCode.USAGE_ERROR


def test_a_guilty_test_is_blamed_in_its_worker(run: Run) -> None:
    test = SHOWS + "\ndef test_guilty():\n    os.environ['ENVIRONMENT'] = 'production'\n"
    result = run({"test_it.py": test}, "-n2")
    result.assert_outcomes(passed=4, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["holdline: test_it.py::test_guilty changed the environment (call); it was put back:"])


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("ENVIRONMENT=production", "ENVIRONMENT is 'production': tests may run against staging only"),
        ("ENVIRONMENT=qa", "this worker is set up for qa, not as the controller is for staging"),
        ("KEY_VAULT_NAME=other", "KEY_VAULT_NAME is set, but not to what the profile of staging says"),
    ],
)
def test_a_worker_that_differs_fails_each_test(run: Run, variable: str, said: str) -> None:
    files = {"test_it.py": SHOWS + "\n\ndef test_touch():\n    open('ran', 'w')\n"}
    if "qa" in variable:
        files |= {"pytest.ini": "[pytest]\nholdline_environments = staging qa\n", "pyproject.toml": ""}
    result = run(files, "-d", "--tx", f"popen//env:{variable}")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(errors=5)
    result.stdout.fnmatch_lines([f"holdline: {said}*"])


def test_what_happens_between_tests_in_a_worker_fails_the_run(run: Run) -> None:
    rogue = "import os\n\ndef pytest_sessionfinish(session):\n    if hasattr(session.config, 'workerinput'):\n"
    rogue += "        os.environ['ENVIRONMENT'] = 'production'\n"
    result = run({"test_it.py": SHOWS, "conftest.py": rogue}, "-n1")
    result.assert_outcomes(passed=4)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["holdline: gw0, at the end: ENVIRONMENT is 'production' at *conftest.py:5 (put back)"])


def test_a_pytest_started_by_a_workers_test_is_no_worker(run: Run) -> None:
    test = "import os, subprocess, sys\n\ndef test_it():\n"
    test += "    inner = ['sh', '-c', f'ENVIRONMENT=production {sys.executable} -m pytest --co test_inner.py']\n"
    test += "    assert 'PYTEST_XDIST_WORKER' in os.environ and subprocess.run(inner).returncode == 4\n"
    files = {"test_it.py": test, "test_inner.py": "def test_inner(): pass\n"}
    run(files, "-n1", "test_it.py").assert_outcomes(passed=1)


def test_the_seal_tells_decisions_apart_and_shows_no_value() -> None:
    def decision(environment: str = "staging", **expected: str) -> Decision:
        return Decision(environment, "ENVIRONMENT", expected, (), "a test")

    one = decision(TOKEN="geheim")
    assert one.seal("salt") == decision(TOKEN="geheim").seal("salt")
    others = [decision(TOKEN="other"), decision("qa", TOKEN="geheim"), decision()]
    assert len({one.seal("salt"), one.seal("pepper"), *(other.seal("salt") for other in others)}) == 5
    assert "geheim" not in one.seal("salt") + repr(one)
