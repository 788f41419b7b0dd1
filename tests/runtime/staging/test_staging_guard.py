"""While the tests run: who changed the environment is blamed, what was changed is put back, the next test is spared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Run

pytest_plugins = ["pytester"]

USAGE = pytest.ExitCode.USAGE_ERROR
NEXT = """

def test_next():
    import os
    assert (os.environ["ENVIRONMENT"], os.environ["KEY_VAULT_NAME"]) == ("staging", "shop-staging")
"""
WRITE = "os.environ['ENVIRONMENT'] = 'production'"
IMPORTS = "import os, pytest, subprocess, sys, unittest\nfrom unittest import mock\n"


def check_blamed(
    result: pytest.RunResult, test: str, line: int | None, *, phase: str = "call", **outcomes: int
) -> None:
    """The test is reported with what it did and where, and the run fails."""
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(**outcomes)
    result.stdout.fnmatch_lines([f"holdline: test_it.py::{test} changed the environment ({phase}); it was put back:"])
    if line is not None:
        result.stdout.fnmatch_lines([f"  *test_it.py:{line}"])


@pytest.mark.parametrize(
    "statement",
    [
        WRITE,
        "os.putenv('ENVIRONMENT', 'production')",
        "os.environ.update(ENVIRONMENT='production')",
        "os.environ |= {'ENVIRONMENT': 'production'}",
        "os.environ['ENVIRONMENT'] = 'production'; os.environ['ENVIRONMENT'] = 'staging'",
        "mock.patch.dict(os.environ, {'ENVIRONMENT': 'production'}).start()",
        "mock.patch.dict(os.environ, {'ENVIRONMENT': 'production'})(lambda: None)()",
        "os.environ['ENVIRONMENT'] = ''",
        "os.environ['KEY_VAULT_NAME'] = 'shop-production'",
        "pytest.MonkeyPatch().setenv('ENVIRONMENT', 'production')",
        "subprocess.run([sys.executable, '-c', ''], env={**os.environ, 'ENVIRONMENT': 'production'})",
        "os.posix_spawn(sys.executable, [sys.executable, '-c', ''], {'ENVIRONMENT': 'production'})",
    ],
)
def test_set_in_a_test(run: Run, statement: str) -> None:
    result = run({"test_it.py": f"{IMPORTS}\ndef test_guilty():\n    {statement}\n{NEXT}"})
    check_blamed(result, "test_guilty", 5, failed=1, passed=1)


@pytest.mark.parametrize(
    "test",
    [
        f"def test_guilty():\n    {WRITE}\n    assert 0, 'my own failure'\n",
        f"def test_guilty():\n    {WRITE}\n    pytest.skip('never mind')\n",
        f"@pytest.mark.xfail\ndef test_guilty():\n    {WRITE}\n    assert 0\n",
        f"@pytest.mark.xfail\ndef test_guilty():\n    {WRITE}\n",
        f"def test_guilty():\n    {WRITE}\n    pytest.xfail('later')\n",
    ],
)
def test_no_other_outcome_hides_it(run: Run, test: str) -> None:
    result = run({"test_it.py": f"{IMPORTS}\n{test}{NEXT}"})
    check_blamed(result, "test_guilty", None, failed=1, passed=1)
    if "my own" in test:
        result.stdout.fnmatch_lines(["*my own failure*"])


def test_the_value_of_another_variable_is_not_shown(run: Run) -> None:
    result = run(
        {"test_it.py": f"{IMPORTS}\ndef test_guilty():\n    os.environ['KEY_VAULT_URL'] = 'ge' + 'heim'\n{NEXT}"}
    )
    check_blamed(result, "test_guilty", 5, failed=1, passed=1)
    assert "geheim" not in result.stdout.str()


def test_by_monkeypatch(run: Run) -> None:
    test = f"{IMPORTS}\ndef test_guilty(monkeypatch):\n    monkeypatch.setenv('ENVIRONMENT', 'production')\n{NEXT}"
    check_blamed(run({"test_it.py": test}), "test_guilty", 5, failed=1, passed=1)


def test_by_patch_env(run: Run) -> None:
    body = "def test_guilty():\n    with patch_env(ENVIRONMENT='production'):\n        pass\n"
    test = f"from holdline_runtime import patch_env\n\n{body}{NEXT}"
    check_blamed(run({"test_it.py": test}), "test_guilty", 4, failed=1, passed=1)


def test_in_an_overlay_that_only_migrated_code_sees(run: Run) -> None:
    body = "def test_guilty():\n    with patch_env(ENVIRONMENT='production', mode='overlay'):\n        pass\n"
    result = run({"test_it.py": f"from holdline_runtime import patch_env\n\n{body}{NEXT}"})
    check_blamed(result, "test_guilty", 4, failed=1, passed=1)
    result.stdout.fnmatch_lines(["  ENVIRONMENT is 'production' in an overlay at *test_it.py:4"])


def test_by_the_fixture_for_production(run: Run) -> None:
    result = run({"test_it.py": f"def test_guilty(production_env):\n    pass\n{NEXT}"})
    check_blamed(result, "test_guilty", None, phase="setup", errors=1, passed=1)


def test_beside_the_guard_against_leaks(run: Run, project: pytest.Pytester) -> None:
    ini = (project.path / "pytest.ini").read_text() + "env_leaks = restore\n"
    files = {
        "pytest.ini": ini,
        "test_it.py": f"{IMPORTS}\ndef test_guilty():\n    {WRITE}\n    os.environ['A'] = '1'\n{NEXT}",
    }
    result = run(files)
    check_blamed(result, "test_guilty", 5, failed=1, passed=1)
    result.stdout.fnmatch_lines(["*A: set at test_it.py:6"])


def test_in_a_fixture(run: Run) -> None:
    fixture = f"@pytest.fixture\ndef production():\n    {WRITE}\n    yield\n    os.environ['ENVIRONMENT'] = 'staging'\n"
    test = f"{IMPORTS}\n{fixture}\ndef test_guilty(production):\n    open('ran', 'w')\n{NEXT}"
    check_blamed(run({"test_it.py": test}), "test_guilty", 6, phase="setup", errors=1, passed=1)


def test_in_a_fixtures_teardown(run: Run) -> None:
    test = (
        f"{IMPORTS}\n@pytest.fixture\ndef late():\n    yield\n    {WRITE}\n\ndef test_guilty(late):\n    pass\n{NEXT}"
    )
    check_blamed(run({"test_it.py": test}), "test_guilty", 7, phase="teardown", errors=1, passed=2)


def test_in_a_module_fixture(run: Run) -> None:
    fixture = f"@pytest.fixture(scope='module', autouse=True)\ndef production():\n    {WRITE}\n"
    test = f"{IMPORTS}\n{fixture}\ndef test_guilty():\n    pass\n{NEXT}"
    check_blamed(run({"test_it.py": test}), "test_guilty", 6, phase="setup", errors=1, passed=1)


def test_in_set_up_class(run: Run) -> None:
    case = f"class Case(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls):\n        {WRITE}\n\n"
    test = f"{IMPORTS}\n{case}    def test_guilty(self):\n        pass\n{NEXT}"
    check_blamed(run({"test_it.py": test}), "Case::test_guilty", 7, phase="setup", errors=1, passed=1)


def test_in_tear_down_class(run: Run) -> None:
    case = f"class Case(unittest.TestCase):\n    @classmethod\n    def tearDownClass(cls):\n        {WRITE}\n\n"
    test = f"{IMPORTS}\n{case}    def test_guilty(self):\n        pass\n{NEXT}"
    check_blamed(run({"test_it.py": test}), "Case::test_guilty", 7, phase="teardown", errors=1, passed=2)


def test_left_removed(run: Run) -> None:
    test = f"{IMPORTS}\ndef test_guilty():\n    del os.environ['ENVIRONMENT']\n{NEXT}"
    result = run({"test_it.py": test})
    check_blamed(result, "test_guilty", 5, phase="teardown", errors=1, passed=2)
    result.stdout.fnmatch_lines(["  ENVIRONMENT was removed at *test_it.py:5"])


def test_another_mapping_left_in_its_place(run: Run) -> None:
    swapped = "os.environ = dict(os.environ, ENVIRONMENT='production')"
    test = f"{IMPORTS}\ndef test_guilty():\n    {swapped}\n{NEXT}"
    check_blamed(run({"test_it.py": test}), "test_guilty", None, failed=1, passed=1)


def test_what_a_test_may_do(run: Run) -> None:
    allowed = """
def test_removes_it_for_itself(monkeypatch):
    monkeypatch.delenv("ENVIRONMENT")
    with mock.patch.dict(os.environ, {"OTHER": "1"}, clear=True):
        assert "ENVIRONMENT" not in os.environ

def test_sets_the_same_value(monkeypatch):
    monkeypatch.setenv("ENVIRONMENT", "staging")

def test_sets_another_variable():
    os.environ["OTHER"] = "1"

def test_starts_children():
    child = "import os, sys; sys.exit(os.environ['ENVIRONMENT'] != 'staging')"
    assert subprocess.run([sys.executable, "-c", child]).returncode == 0
    assert subprocess.run([sys.executable, "-c", child], env=dict(os.environ)).returncode == 0

def test_a_child_changes_its_own():
    child = "import os; os.environ['ENVIRONMENT'] = 'production'"
    assert subprocess.run([sys.executable, "-c", child]).returncode == 0
"""
    result = run({"test_it.py": IMPORTS + allowed + NEXT})
    result.assert_outcomes(passed=6)
    assert result.ret == pytest.ExitCode.OK


def test_a_pytest_started_by_a_test_guards_itself(run: Run) -> None:
    inner = "subprocess.run(['sh', '-c', f'ENVIRONMENT=production {sys.executable} -m pytest test_inner.py'])"
    test = f"{IMPORTS}\ndef test_it():\n    assert {inner}.returncode == 4\n"
    run({"test_it.py": test, "test_inner.py": "def test_inner(): pass\n"}, "test_it.py").assert_outcomes(passed=1)


def test_on_import(run: Run) -> None:
    files = {
        "test_a.py": f"def test_a(): pass\n{NEXT}",
        "test_it.py": f"import os\n{WRITE}\n\ndef test_it(): pass\n",
        "test_z.py": f"import os\nassert os.environ['ENVIRONMENT'] == 'staging'\n{NEXT}",
    }
    result = run(files)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "holdline: test_it.py changed the environment on import; it was put back:",
            "  ENVIRONMENT is 'production' at *test_it.py:2",
        ]
    )
    result = run({}, "--continue-on-collection-errors")
    result.assert_outcomes(errors=1, passed=3)
    assert result.ret != pytest.ExitCode.OK


def test_in_a_conftest(run: Run) -> None:
    tests = {"test_it.py": "def test_it(): open('ran', 'w')\n"}
    for place in ("", "def pytest_configure():\n    ", "def pytest_sessionstart():\n    "):
        result = run({**tests, "conftest.py": f"import os\n{place}{WRITE}\n"})
        assert result.ret == USAGE
        result.stderr.fnmatch_lines(
            ["ERROR: holdline: the environment was changed while *: ENVIRONMENT is 'production' at *conftest.py:*"]
        )


def test_in_a_conftest_below(run: Run) -> None:
    files = {"test_a.py": "def test_a(): pass\n", "sub/conftest.py": f"import os\n{WRITE}\n", "sub/test_it.py": NEXT}
    result = run(files, ".")
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*changed the environment on import*", "  *sub/conftest.py:2"])


@pytest.mark.parametrize(
    "hook",
    [
        "",
        "@pytest.hookimpl(tryfirst=True)\ndef pytest_load_initial_conftests():\n    ",
        "def pytest_configure():\n    ",
        "@pytest.hookimpl(trylast=True)\ndef pytest_sessionstart():\n    ",
        "def pytest_collection_modifyitems():\n    ",
    ],
)
def test_in_a_plugin(run: Run, hook: str) -> None:
    files = {"test_it.py": "def test_it(): open('ran', 'w')\n", "rogue.py": f"{IMPORTS}{hook}{WRITE}\n"}
    result = run(files, "-p", "rogue", PYTHONPATH=".")
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(["ERROR: holdline: *ENVIRONMENT is 'production'*"])


@pytest.mark.parametrize(
    ("hook", "told"),
    [
        ("pytest_runtest_logstart()", "before test_it.py::test_it: ENVIRONMENT is 'production' at *rogue.py:4"),
        ("pytest_sessionfinish()", "at the end: ENVIRONMENT is 'production' at *rogue.py:4"),
    ],
)
def test_in_a_plugin_between_tests(run: Run, hook: str, told: str) -> None:
    files = {"test_it.py": NEXT, "rogue.py": f"{IMPORTS}def {hook}:\n    {WRITE}\n"}
    files["test_it.py"] = NEXT.replace("test_next", "test_it")
    result = run(files, "-p", "rogue", PYTHONPATH=".")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"holdline: {told} (put back)"])


def test_a_rerun_that_passes_does_not_clear_it(run: Run) -> None:
    rerunning = """
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    runtestprotocol(item, nextitem=item, log=False)
    for report in runtestprotocol(item, nextitem=nextitem, log=False):
        item.ihook.pytest_runtest_logreport(report=report)
    return True
"""
    once = f"{IMPORTS}\ndef test_it():\n    if not os.path.exists('ran'):\n        open('ran', 'w')\n        {WRITE}\n"
    result = run({"conftest.py": rerunning, "test_it.py": once})
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_nothing_secret_reaches_the_report_file(run: Run, project: pytest.Pytester) -> None:
    test = f"{IMPORTS}\ndef test_guilty():\n    os.environ['KEY_VAULT_URL'] = 'ge' + 'heim'\n"
    run({"test_it.py": test}, "--junitxml=report.xml", "-vv")
    report = (project.path / "report.xml").read_text()
    assert "KEY_VAULT_URL is not what the profile says" in report
    assert "geheim" not in report
    assert "vault.example" not in report
