"""A decorated `TestCase`: set-up, clean-ups, inherited tests and subclasses run under the patch too."""

from __future__ import annotations

import os
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from holdline_runtime import patch_env

KEY = "HOLDLINE_T"
SEEN: list[tuple[str, str | None]] = []


def note(where: str) -> None:
    SEEN.append((where, os.environ.get(KEY)))


def recorder(base: type[unittest.TestCase] = unittest.TestCase) -> Any:
    class Recorder(base):  # type: ignore[misc, valid-type]
        @classmethod
        def setUpClass(cls) -> None:
            cls.addClassCleanup(note, "class clean-up")
            note("setUpClass")

        @classmethod
        def tearDownClass(cls) -> None:
            note("tearDownClass")

        def setUp(self) -> None:
            self.addCleanup(note, "clean-up")
            note("setUp")

        def tearDown(self) -> None:
            note("tearDown")

        def test_body(self) -> None:
            note("test")

    return Recorder


STAGES = ["setUpClass", "setUp", "test", "tearDown", "clean-up", "tearDownClass", "class clean-up"]


def run(*classes: type[unittest.TestCase]) -> unittest.TestResult:
    SEEN.clear()
    result = unittest.TestResult()
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(klass) for klass in classes)
    suite.run(result)
    return result


def passed(*classes: type[unittest.TestCase]) -> bool:
    result = run(*classes)
    assert not result.errors, result.errors[0][1]
    assert not result.failures, result.failures[0][1]
    return result.testsRun > 0 and KEY not in os.environ


def every_stage_saw(value: str) -> bool:
    return [(stage, value) for stage in STAGES] == SEEN


def test_patch_dict_covers_the_test_method_alone() -> None:
    assert passed(mock.patch.dict(os.environ, {KEY: "1"})(recorder()))
    assert [stage for stage, value in SEEN if value == "1"] == ["test"]


def test_patch_env_covers_every_stage() -> None:
    assert passed(patch_env({KEY: "1"})(recorder()))
    assert every_stage_saw("1")


def test_patch_env_covers_every_stage_of_async_tests() -> None:
    class Async(recorder(unittest.IsolatedAsyncioTestCase)):  # type: ignore[misc]
        async def asyncSetUp(self) -> None:
            note("asyncSetUp")

        async def asyncTearDown(self) -> None:
            note("asyncTearDown")

        async def test_body(self) -> None:
            note("test")

    assert passed(patch_env({KEY: "1"})(Async))
    assert sorted(SEEN) == sorted((stage, "1") for stage in [*STAGES, "asyncSetUp", "asyncTearDown"])


def test_patch_dict_leaves_subclasses_out() -> None:
    base = mock.patch.dict(os.environ, {KEY: "1"})(recorder())

    class Sub(base):  # type: ignore[misc, valid-type]
        def test_more(self) -> None:
            note("more")

    assert passed(Sub)
    assert ("more", None) in SEEN


def test_patch_env_covers_subclasses_that_override_without_super() -> None:
    base = patch_env({KEY: "1"})(recorder())

    class Sub(base):  # type: ignore[misc, valid-type]
        @classmethod
        def setUpClass(cls) -> None:
            note("sub setUpClass")

        def setUp(self) -> None:
            note("sub setUp")

        def test_more(self) -> None:
            note("more")

    assert passed(Sub)
    assert {stage for stage, _ in SEEN} >= {"sub setUpClass", "sub setUp", "more", "test", "tearDownClass"}
    assert {value for _, value in SEEN} == {"1"}


def test_set_up_class_through_super_applies_once() -> None:
    base = patch_env({KEY: "1"})(recorder())

    class Sub(base):  # type: ignore[misc, valid-type]
        @classmethod
        def setUpClass(cls) -> None:
            os.environ[KEY] = "changed"
            super().setUpClass()

    assert passed(Sub)
    assert SEEN[0] == ("setUpClass", "changed")


def test_other_bases_keep_their_turn() -> None:
    class Other(unittest.TestCase):
        @classmethod
        def setUpClass(cls) -> None:
            note("other setUpClass")
            super().setUpClass()

        def run(self, result: Any = None) -> Any:
            note("other run")
            return super().run(result)

        def test_other(self) -> None:
            note("other test")

    class Base(unittest.TestCase):
        def test_base(self) -> None:
            note("base test")

    patch_env({KEY: "1"})(Base)
    for bases in ((Base, Other), (Other, Base)):
        assert passed(type("Sub", bases, {}))
        assert {stage for stage, _ in SEEN} == {"other setUpClass", "other run", "other test", "base test"}
        assert {value for _, value in SEEN} == {"1"}
    assert passed(Other)
    assert {value for _, value in SEEN} == {None}


def test_the_most_derived_patch_wins_and_the_outer_decorator_comes_first() -> None:
    base = patch_env({KEY: "base", "HOLDLINE_U": "base"})(recorder())

    @patch_env({KEY: "outer"})
    @patch_env({KEY: "inner"})
    class Sub(base):  # type: ignore[misc, valid-type]
        def test_more(self) -> None:
            assert os.environ["HOLDLINE_U"] == "base"
            note("more")

    assert passed(base)
    assert {value for _, value in SEEN} == {"base"}
    assert passed(Sub)
    assert {value for _, value in SEEN} == {"inner"}


def test_in_the_test_method_the_patch_wins_over_set_up_as_with_patch_dict() -> None:
    class Case(unittest.TestCase):
        def setUp(self) -> None:
            os.environ[KEY] = "from setUp"

        def tearDown(self) -> None:
            note("tearDown")
            del os.environ[KEY]

        def test_body(self) -> None:
            note("test")

    for decorate in (mock.patch.dict(os.environ, {KEY: "1"}), patch_env({KEY: "1"})):
        assert passed(decorate(type("Fresh", (Case,), {})))
        assert SEEN == [("test", "1"), ("tearDown", "from setUp")]


def test_what_set_up_class_sets_lasts_for_the_class_and_what_a_test_sets_for_the_test() -> None:
    class Case(unittest.TestCase):
        @classmethod
        def setUpClass(cls) -> None:
            os.environ["HOLDLINE_CLASS"] = "1"

        def setUp(self) -> None:
            assert os.environ["HOLDLINE_CLASS"] == "1"
            assert "HOLDLINE_TEST" not in os.environ
            os.environ["HOLDLINE_TEST"] = "left behind"

        def test_one(self) -> None: ...
        def test_two(self) -> None: ...

    assert passed(patch_env({KEY: "1"})(Case))
    assert not {"HOLDLINE_CLASS", "HOLDLINE_TEST"} & set(os.environ)


@pytest.mark.parametrize("error", [ValueError, unittest.SkipTest, KeyboardInterrupt])
def test_a_failing_set_up_class_leaves_nothing(error: type[BaseException]) -> None:
    class Case(unittest.TestCase):
        @classmethod
        def setUpClass(cls) -> None:
            cls.addClassCleanup(note, "class clean-up")
            note("setUpClass")
            raise error

        def test_body(self) -> None: ...

    patch_env({KEY: "1"})(Case)
    if error is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            run(Case)
        Case.doClassCleanups()
    else:
        run(Case)
    assert SEEN == [("setUpClass", "1"), ("class clean-up", "1")]
    assert KEY not in os.environ


def test_refused_values_are_an_error_of_the_class_not_a_crash_of_the_run() -> None:
    class Untouched(unittest.TestCase):
        def test_body(self) -> None: ...

    result = run(patch_env({KEY: 1})(recorder()), Untouched)  # type: ignore[arg-type]
    assert [str(test).split()[0] for test, _ in result.errors] == ["setUpClass"]
    assert "str expected, not int" in result.errors[0][1]
    assert (result.testsRun, SEEN) == (1, [])


def test_debug_runs_under_the_patch() -> None:
    SEEN.clear()
    klass = patch_env({KEY: "1"})(recorder())
    unittest.defaultTestLoader.loadTestsFromTestCase(klass).debug()
    assert every_stage_saw("1")
    klass("test_body").debug()
    assert SEEN[len(STAGES) :] == [(stage, "1") for stage in STAGES[1:5]]
    assert KEY not in os.environ


def test_init_subclass_of_the_class_itself_still_runs() -> None:
    made = []

    class Base(unittest.TestCase):
        def __init_subclass__(cls, *, name: str, **kwargs: Any) -> None:
            super().__init_subclass__(**kwargs)
            made.append((cls.__name__, name))

    patch_env({KEY: "1"})(Base)

    class Sub(Base, name="given"):
        def test_body(self) -> None:
            note("test")

    assert made == [("Sub", "given")]
    assert passed(Sub)
    assert SEEN == [("test", "1")]


def test_mocks_class_decorators_stack() -> None:
    @mock.patch("os.getlogin", return_value="mocked")
    @patch_env({KEY: "1"})
    @mock.patch("os.getpid", return_value=1)
    class Case(unittest.TestCase):
        def test_body(self, getpid: Any, getlogin: Any) -> None:
            assert (os.getpid(), os.getlogin()) == (1, "mocked")
            note("test")

    class Sub(Case):
        def test_more(self) -> None:
            note("more")

    assert passed(Case, Sub)
    assert {value for _, value in SEEN} == {"1"}


PYTEST_SUITE = """
import os, unittest
import pytest
from holdline_runtime import patch_env

class Tests:
    @classmethod
    def setUpClass(cls):
        assert os.environ["A"] == "1"
        os.environ["CLASS"] = "1"
    @classmethod
    def tearDownClass(cls):
        assert os.environ["A"] == "1"
    def setUp(self):
        assert os.environ["A"] == "1"
        assert "LEFT" not in os.environ
        os.environ["LEFT"] = "1"
    def test_one(self):
        assert os.environ["A"] == "1"
    def test_two(self):
        assert os.environ["A"] == "1"
        self.addCleanup(lambda: os.environ["A"])

@patch_env({"A": "1"}, clear=CLEAR)
class TestDecorated(Tests, unittest.TestCase):
    pass

class TestSub(TestDecorated):
    def test_more(self):
        assert os.environ["A"] == "1"

@patch_env({"A": "1"}, clear=CLEAR)
class TestSkips(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        pytest.skip("for a reason")
    def test_one(self):
        pass

@pytest.fixture
@patch_env({"A": "1"}, clear=CLEAR)
def patched():
    yield os.environ["A"]

def test_fixture(patched):
    assert patched == os.environ["A"] == "1"

def test_afterwards():
    assert not {"A", "LEFT", "CLASS"} & set(os.environ)
"""


@pytest.mark.parametrize("clear", [False, True])
def test_pytest_runs_it_the_same(tmp_path: Path, clear: bool) -> None:
    (tmp_path / "test_suite.py").write_text(PYTEST_SUITE.replace("CLEAR", str(clear)))
    source = str(Path(sys.modules["holdline_runtime"].__file__ or "").parents[1])
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(tmp_path),
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert "7 passed, 1 skipped" in done.stdout, done.stdout
