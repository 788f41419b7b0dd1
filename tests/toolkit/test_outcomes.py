"""Outcomes: what pytest writes, read back by the names it has for its tests; what counts as broken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from holdline.outcomes import Broken, Case, Outcome, find_broken, find_failing, passed, read_junit
from holdline_runtime import get_env

TESTS = """\
import pytest, unittest

class TestX:
    @pytest.mark.parametrize("x", [1, "a.b::c"])
    def test_b(self, x): pass

    class TestInner:
        def test_c(self): pass

class Case(unittest.TestCase):
    def test_d(self):
        self.fail("first\\nsecond")

@pytest.fixture
def bad_end():
    yield
    1 / 0

def test_twice(bad_end): assert 0
def test_skipped(): pytest.skip("why")
@pytest.mark.xfail
def test_expected(): assert 0
@pytest.mark.xfail(strict=True)
def test_unexpected(): pass
"""


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")])
def test_names_and_outcomes_of_a_real_run(tmp_path: Path, workers: tuple[str, ...]) -> None:
    folder = tmp_path / "tests" / "unit"
    folder.mkdir(parents=True)
    (folder / "test_a.py").write_text(TESTS)
    (folder / "test_lost.py").write_text("import nothing_of_that_name\n")
    junit = tmp_path / "junit.xml"
    options = f"--junit-xml={junit} -o junit_family=xunit1 --continue-on-collection-errors -p no:cacheprovider"
    env = {**get_env(), "PYTEST_ADDOPTS": options, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run([sys.executable, "-m", "pytest", *workers], cwd=tmp_path, env=env, capture_output=True, check=False)
    cases = read_junit(junit)
    assert cases is not None
    file = "tests/unit/test_a.py"
    found = {name: (case.outcome.value, case.message) for name, case in cases.items()}
    lost = found.pop("tests/unit/test_lost.py")
    assert lost == ("error", "ModuleNotFoundError: No module named 'nothing_of_that_name'")
    assert found == {
        f"{file}::TestX::test_b[1]": ("passed", ""),
        f"{file}::TestX::test_b[a.b::c]": ("passed", ""),
        f"{file}::TestX::TestInner::test_c": ("passed", ""),
        f"{file}::Case::test_d": ("failed", "AssertionError: first"),
        f"{file}::test_twice": ("failed", "assert 0"),
        f"{file}::test_twice #2": ("error", 'failed on teardown with "ZeroDivisionError: division by zero"'),
        f"{file}::test_skipped": ("skipped", "why"),
        f"{file}::test_expected": ("skipped", ""),
        f"{file}::test_unexpected": ("failed", "[XPASS(strict)]"),
    }
    assert {case.file for case in cases.values()} == {file, "tests/unit/test_lost.py"}


def test_no_file_and_half_a_file_are_no_outcomes(tmp_path: Path) -> None:
    assert read_junit(tmp_path / "none.xml") is None
    (tmp_path / "half.xml").write_text("<testsuites><testsuite><testcase")
    assert read_junit(tmp_path / "half.xml") is None


def test_what_passed_and_does_not_is_broken_failures_first() -> None:
    good, skip, bad = Case(Outcome.PASSED), Case(Outcome.SKIPPED, "", "no"), Case(Outcome.FAILED, "", "1 == 2")
    before = {"a": good, "b": good, "c": good, "d": good, "e": bad}
    now = {"a": good, "b": skip, "d": bad, "e": bad, "f": bad}
    assert find_broken(passed(before), now) == (
        Broken("d", "failed", "1 == 2"),
        Broken("b", "skipped", "no"),
        Broken("c", "not run"),
    )
    assert [b.test for b in find_failing(before, now)] == ["d", "f"]
