"""While the tests run: who changed the environment is blamed, what was changed is put back, the next test is spared."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from .conftest import Run, Together

pytest_plugins = ["pytester"]

USAGE = pytest.ExitCode.USAGE_ERROR
NEXT = """

def test_next():
    import os
    assert (os.environ["ENVIRONMENT"], os.environ["KEY_VAULT_NAME"]) == ("staging", "shop-staging")
"""
WRITE = "os.environ['ENVIRONMENT'] = 'production'"
IMPORTS = "import os, pytest, subprocess, sys, threading, unittest; from unittest import mock\nfrom holdline_runtime import get_env, patch_env\n"


class Case(NamedTuple):
    """A test file with a guilty test, from line 4 on, and one after it that must not suffer."""

    text: str
    line: int | None = 5
    phase: str = "call"
    test: str = "test_guilty"
    said: str = ""
    """What else the report says, right below the blame."""

    @property
    def ended(self) -> set[str]:
        return {"failure"} if self.phase == "call" else {"error"}


def in_a_test(statement: str) -> Case:
    return Case(f"def test_guilty():\n    {statement}\n")


CLASS = "class Case(unittest.TestCase):\n    @classmethod\n    def {}(cls):\n        {}\n\n    def test_guilty(self):\n        {}\n"
RAN = "open(__file__ + '-ran', 'w')"
CASES = {
    "item": in_a_test(WRITE),
    "putenv": in_a_test("os.putenv('ENVIRONMENT', 'production')"),
    "update": in_a_test("os.environ.update(ENVIRONMENT='production')"),
    "or": in_a_test("os.environ |= {'ENVIRONMENT': 'production'}"),
    "put_back_by_itself": in_a_test(f"{WRITE}; os.environ['ENVIRONMENT'] = 'staging'"),
    "mock_start": in_a_test("mock.patch.dict(os.environ, {'ENVIRONMENT': 'production'}).start()"),
    "mock_decorator": in_a_test("mock.patch.dict(os.environ, {'ENVIRONMENT': 'production'})(lambda: None)()"),
    "empty": in_a_test("os.environ['ENVIRONMENT'] = ''"),
    "profile": in_a_test("os.environ['KEY_VAULT_NAME'] = 'shop-production'"),
    "hidden_value": in_a_test("os.environ['KEY_VAULT_URL'] = 'ge' + 'heim'")._replace(
        said="  KEY_VAULT_URL is not what the profile says at "
    ),
    "monkeypatch_object": in_a_test("pytest.MonkeyPatch().setenv('ENVIRONMENT', 'production')"),
    "child": in_a_test("subprocess.run([sys.executable, '-c', ''], env={**os.environ, 'ENVIRONMENT': 'production'})"),
    "spawn": in_a_test("os.posix_spawn(sys.executable, [sys.executable, '-c', ''], {'ENVIRONMENT': 'production'})"),
    "thread": in_a_test(
        "t = threading.Thread(target=lambda: os.putenv('ENVIRONMENT', 'production')); t.start(); t.join()"
    ),
    "facade": in_a_test("get_env()['ENVIRONMENT'] = 'production'"),
    "patch_env": in_a_test("patch_env(ENVIRONMENT='production')(lambda: None)()"),
    "overlay": in_a_test("patch_env(ENVIRONMENT='production', mode='overlay')(lambda: None)()")._replace(
        said="  ENVIRONMENT is 'production' in an overlay at "
    ),
    "fails_too": in_a_test(f"{WRITE}; assert 0, 'my own failure'"),
    "skipped": in_a_test(f"{WRITE}; pytest.skip('never mind')"),
    "xfail": in_a_test(f"{WRITE}; pytest.xfail('later')"),
    "xfail_mark_fails": Case(f"@pytest.mark.xfail\ndef test_guilty():\n    {WRITE}\n    assert 0\n", 6),
    "xfail_mark_passes": Case(f"@pytest.mark.xfail\ndef test_guilty():\n    {WRITE}\n", 6),
    "monkeypatch": Case("def test_guilty(monkeypatch):\n    monkeypatch.setenv('ENVIRONMENT', 'production')\n"),
    "production_env": Case(f"def test_guilty(production_env):\n    {RAN}\n", None, "setup"),
    "fixture": Case(
        f"@pytest.fixture\ndef production():\n    {WRITE}\n    yield\n    os.environ['ENVIRONMENT'] = 'staging'\n\n"
        f"def test_guilty(production):\n    {RAN}\n",
        6,
        "setup",
    ),
    "fixture_teardown": Case(
        f"@pytest.fixture\ndef late():\n    yield\n    {WRITE}\n\ndef test_guilty(late):\n    pass\n", 7, "teardown"
    ),
    "module_fixture": Case(
        f"@pytest.fixture(scope='module', autouse=True)\ndef production():\n    {WRITE}\n\n"
        f"def test_guilty():\n    {RAN}\n",
        6,
        "setup",
    ),
    "set_up_class": Case(CLASS.format("setUpClass", WRITE, RAN), 7, "setup", "Case::test_guilty"),
    "tear_down_class": Case(CLASS.format("tearDownClass", WRITE, "pass"), 7, "teardown", "Case::test_guilty"),
    "left_removed": Case(
        "def test_guilty():\n    del os.environ['ENVIRONMENT']\n", 5, "teardown", said="  ENVIRONMENT was removed at "
    ),
    "another_mapping": in_a_test("os.environ = dict(os.environ, ENVIRONMENT='production')")._replace(
        line=None, said="  ENVIRONMENT is 'production' in another object in the place of os.environ"
    ),
    "an_empty_mapping": Case(
        "def test_guilty():\n    os.environ = {}\n",
        None,
        "teardown",
        said="  ENVIRONMENT was removed in another object in the place of os.environ",
    ),
}


@pytest.fixture(scope="module", params=[(), ("-n2",)], ids=["one process", "workers"])
def together(run_together: Callable[..., Together], request: pytest.FixtureRequest) -> Together:
    """All the cases in one run: none may get another blamed."""
    files = {f"test_{name}.py": f"{IMPORTS}\n{case.text}{NEXT}" for name, case in CASES.items()}
    return run_together(files, *request.param)


@pytest.mark.parametrize("name", CASES)
def test_who_changes_it_is_blamed_and_the_next_test_is_spared(together: Together, name: str) -> None:
    case, file = CASES[name], f"test_{name}.py"
    module, test = ".".join([f"test_{name}", *case.test.split("::")[:-1]]), case.test.split("::")[-1]
    assert together.ended[module, test] == case.ended
    assert together.ended[f"test_{name}", "test_next"] == set()
    lines = together.out.splitlines()
    at = lines.index(f"holdline: {file}::{case.test} changed the environment ({case.phase}); it was put back:")
    assert lines[at + 1].startswith(case.said or "  ")
    if case.line is not None:
        assert lines[at + 1].endswith(f"{file}:{case.line}")
    assert not (together.folder / f"{file}-ran").exists()


def test_nobody_else_is_blamed_and_no_value_is_shown(together: Together) -> None:
    assert together.code == pytest.ExitCode.TESTS_FAILED
    lines = together.out.splitlines()
    blamed = {line for line in lines if line.startswith("holdline: ") and "changed the environment (" in line}
    assert len(blamed) == len(CASES)
    assert "my own failure" in together.out
    assert "KEY_VAULT_URL is not what the profile says" in together.xml
    for secret in ("geheim", "vault.example"):
        assert secret not in together.out + together.xml


def check_blamed(result: pytest.RunResult, test: str, line: int, **outcomes: int) -> None:
    """The test is reported with what it did and where, and the run fails."""
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(**outcomes)
    result.stdout.fnmatch_lines([f"holdline: test_it.py::{test} changed the environment (call); it was put back:"])
    result.stdout.fnmatch_lines([f"  *test_it.py:{line}"])


def test_beside_the_guard_against_leaks(run: Run, project: pytest.Pytester) -> None:
    ini = (project.path / "pytest.ini").read_text() + "env_leaks = restore\n"
    files = {
        "pytest.ini": ini,
        "test_it.py": f"{IMPORTS}\ndef test_guilty():\n    {WRITE}\n    os.environ['A'] = '1'\n{NEXT}",
    }
    result = run(files)
    check_blamed(result, "test_guilty", 5, failed=1, passed=1)
    result.stdout.fnmatch_lines(["*A: set at test_it.py:6"])


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
