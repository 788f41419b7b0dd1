"""The leak guard on suites that leak as real ones do, each run by a pytest of its own."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

#: Every test of it passes if no other has leaked; those that leak have a name that says so.
LEAKY = """
    import asyncio
    import os
    import threading
    from unittest import IsolatedAsyncioTestCase, TestCase
    from unittest.mock import patch

    import pytest
    from holdline_runtime import get_env, patch_env

    KEYS = ("NEW", "SECRET_TOKEN")


    @pytest.fixture(autouse=True)
    def unspoilt():
        assert [key for key in KEYS if key in os.environ] == []
        assert os.environ["HOME"] != "/nowhere"
        assert isinstance(os.environ, os._Environ)


    def test_leak_item():
        os.environ["NEW"] = "1"  # wrote


    def test_leak_putenv_and_more():
        os.environ.update(NEW="1", SECRET_TOKEN="hush-hush")  # wrote


    def test_leak_change():
        os.environ["HOME"] = "/nowhere"  # wrote


    def test_leak_delete():
        del os.environ["HOME"]  # wrote


    def test_leak_facade():
        get_env().set("NEW", "1", "a note")  # wrote


    def test_leak_started_patch():
        patch_env(NEW="1").start()  # wrote


    def test_leak_started_mock():
        patch.dict(os.environ, NEW="1").start()  # wrote


    def test_leak_thread():
        def work():
            os.environ["NEW"] = "1"  # wrote

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()


    def helper():
        os.environ["NEW"] = "1"  # wrote


    def test_leak_helper():
        helper()


    @pytest.fixture
    def setting():
        os.environ["NEW"] = "1"  # wrote


    def test_leak_function_fixture(setting):
        pass


    def test_leak_replaced():
        os.environ = {"HOME": "/nowhere"}


    def test_leak_failing():
        os.environ["NEW"] = "1"  # wrote
        assert not os.environ["NEW"]


    @pytest.fixture
    def broken_teardown():
        yield
        raise RuntimeError("torn")


    def test_leak_broken_teardown(broken_teardown):
        os.environ["NEW"] = "1"  # wrote


    @pytest.fixture
    def broken_setup():
        os.environ["NEW"] = "1"  # wrote
        raise RuntimeError("not set up")


    def test_leak_broken_setup(broken_setup):
        pass


    class TestPlain:
        def setup_method(self):
            os.environ["NEW"] = "1"  # wrote

        def test_leak_setup_method(self):
            pass


    class TestUnit(TestCase):
        def test_leak_unit(self):
            os.environ["NEW"] = "1"  # wrote

        def test_tidy_unit(self):
            self.assertNotIn("NEW", os.environ)
            self.enterContext(patch_env(NEW="1"))


    class TestUnitAsync(IsolatedAsyncioTestCase):
        async def test_leak_unit_async(self):
            await asyncio.sleep(0)
            os.environ["NEW"] = "1"  # wrote


    @pytest.mark.asyncio
    async def test_leak_asyncio():
        await asyncio.sleep(0)
        os.environ["NEW"] = "1"  # wrote


    @pytest.mark.anyio
    async def test_leak_anyio():
        os.environ["NEW"] = "1"  # wrote


    @pytest.fixture
    def anyio_backend():
        return "asyncio"


    def test_tidy_monkeypatch(monkeypatch):
        monkeypatch.setenv("NEW", "1")


    def test_tidy_patches():
        with patch.dict(os.environ, NEW="1", HOME="/nowhere", clear=True), patch_env(NEW="2"):
            pass


    @pytest.mark.asyncio
    async def test_tidy_async():
        with patch_env(NEW="1"):
            await asyncio.sleep(0)


    @patch.dict(os.environ, NEW="1")
    def test_tidy_decorated():
        pass


    @pytest.fixture
    def tidy():
        os.environ["NEW"] = "1"
        yield
        del os.environ["NEW"]


    def test_tidy_fixture(tidy):
        pass


    def test_tidy_fixtures_of_holdline(isolated_env, temp_env):
        os.environ["NEW"] = "1"
        temp_env["SECRET_TOKEN"] = "1"
        os.environ.pop("HOME")
"""
GUILTY = re.compile(r"^(\S+::)?(\w+) left the environment changed", re.MULTILINE)
TESTS = re.findall(r"def (test_\w+)", LEAKY)
LEAKS = {name for name in TESTS if "leak" in name}


def wrote_lines() -> set[int]:
    return {number for number, text in enumerate(LEAKY.splitlines(), 1) if text.endswith("# wrote")}


def accused(text: str) -> dict[str, list[str]]:
    """The summary at the end of a run: who left something changed, and what its lines say."""
    found: dict[str, list[str]] = {}
    who = ""
    lines = iter(text.partition("= environment leaks =")[2].splitlines()[1:])
    for line in lines:
        if line.startswith("  "):
            found[who].append(line.strip())
        elif " left the environment changed" in line:
            who = line.partition(" left the ")[0].rpartition("::")[2]
            found[who] = []
        else:
            break
    return found


def errors_and_failures(path) -> tuple[set[str], set[str]]:
    cases = list(ET.parse(path).getroot().iter("testcase"))
    errors = {c.get("name", "") for c in cases if c.find("error") is not None}
    return errors, {c.get("name", "") for c in cases if c.find("failure") is not None}


@pytest.mark.parametrize(
    "options",
    [("-p", "no:xdist"), ("-n", "2"), ("-p", "no:xdist", "--randomly-seed=4")],
    ids=["in order", "xdist", "random"],
)
def test_error_fails_the_guilty_names_the_line_and_spares_the_others(pytester, run_suite, options):
    ini = "env_leaks = error\nasyncio_mode = strict"
    result = run_suite({"test_leaky.py": LEAKY}, "--junitxml=out.xml", *options, ini=ini)
    errors, failures = errors_and_failures(pytester.path / "out.xml")
    assert errors == LEAKS
    assert failures == {"test_leak_failing"}
    assert result.ret == 1
    text = result.stdout.str()
    blames = accused(text)
    assert set(blames) == LEAKS
    lines = {int(m) for said in blames.values() for m in re.findall(r"at test_leaky\.py:(\d+)", "\n".join(said))}
    assert lines == wrote_lines()
    assert "not known" not in text
    assert "hush-hush" not in text
    assert "hush-hush" not in (pytester.path / "out.xml").read_text()


def test_restore_lists_and_fails_nobody(pytester, run_suite):
    result = run_suite({"test_leaky.py": LEAKY}, "--junitxml=out.xml", "-n", "2", ini="env_leaks = restore")
    errors, failures = errors_and_failures(pytester.path / "out.xml")
    assert errors == {"test_leak_broken_setup", "test_leak_broken_teardown"}
    assert failures == {"test_leak_failing"}
    assert set(accused(result.stdout.str())) == LEAKS


def test_off_and_unset_do_nothing(run_suite):
    files = {"test_it.py": "import os\ndef test_a(): os.environ['NEW'] = '1'\ndef test_b(): assert 'NEW' in os.environ"}
    for ini in ("", "env_leaks = off"):
        result = run_suite(files, ini=ini)
        result.assert_outcomes(passed=2)
        assert "environment leaks" not in result.stdout.str()


def test_any_other_setting_is_refused(run_suite):
    result = run_suite({}, ini="env_leaks = warn")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: env_leaks: expected restore, error or off, got 'warn'"])


def test_ignored_variables_stay_as_the_test_left_them(run_suite):
    test = """
        import os

        def test_a():
            os.environ["KMP_INIT"] = "1"
            os.environ["kmp_init"] = os.environ["TF_LEVEL"] = "1"

        def test_b():
            assert os.environ["KMP_INIT"] == os.environ["TF_LEVEL"] == "1"
            assert "kmp_init" not in os.environ
    """
    result = run_suite({"test_it.py": test}, ini="env_leaks = restore\nenv_leaks_ignore = KMP_* TF_LEVEL")
    result.assert_outcomes(passed=2)
    assert accused(result.stdout.str()) == {"test_a": ["kmp_init: set at test_it.py:6"]}


WIDE = """
    import os
    from unittest import TestCase
    from unittest.mock import patch

    import pytest
    import pytest_asyncio
    from holdline_runtime import patch_env

    @pytest.fixture(scope="session", autouse=True)
    def for_the_run():
        os.environ["RUN"] = "1"

    @pytest.fixture(scope="session", autouse=True)
    def for_the_run_and_put_back():
        os.environ["TIDY"] = "1"
        yield
        assert os.environ.pop("TIDY") == "1"

    @pytest.fixture(scope="module", autouse=True)
    def declared(module_env):
        with patch_env(DECLARED="1", restore="owned"):
            module_env["OWNED"] = "1"
            yield

    @pytest.fixture(scope="module", autouse=True)
    def raw(declared):
        os.environ["RAW"] = "1"
        os.environ["OWNED"] = "2"
        yield
        os.environ["OWNED"] = "1"
        del os.environ["RAW"]

    @pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
    async def asynchronous():
        with patch_env(ASYNC="1", restore="owned"):
            yield

    def check():
        present = {key: os.environ.get(key) for key in ("RUN", "DECLARED", "RAW", "OWNED", "ASYNC")}
        assert present == {"RUN": "1", "DECLARED": "1", "RAW": "1", "OWNED": "2", "ASYNC": "1"}

    def test_leak():
        check()
        os.environ["RAW"] = os.environ["DECLARED"] = "spoilt"

    @pytest.mark.asyncio(loop_scope="module")
    async def test_next():
        check()

    class TestUnit(TestCase):
        @classmethod
        def setUpClass(cls):
            cls.patcher = patch.dict(os.environ, UNIT="1")
            cls.patcher.start()

        @classmethod
        def tearDownClass(cls):
            cls.patcher.stop()

        def test_a(self):
            check()
            assert os.environ["UNIT"] == "1"

        test_b = test_a

    @pytest.fixture(scope="class")
    def shop(class_env):
        class_env.set("SHOP", "berlin")

    @pytest.mark.usefixtures("shop")
    class TestClass:
        def test_0(self, class_env):
            class_env["FROM_TEST"] = "1"

        def test_a(self):
            assert os.environ["FROM_TEST"] == "1"
            check()
            assert os.environ.pop("SHOP") == "berlin"

        def test_b(self):
            assert os.environ["SHOP"] == "berlin"

    def test_dynamic(request):
        request.getfixturevalue("late")

    @pytest.fixture(scope="session")
    def late(session_env):
        session_env.set("LATE", "1")

    def test_after_dynamic():
        assert os.environ["LATE"] == "1"
"""
AFTER = """
    import os

    def test_other_module():
        assert "SHOP" not in os.environ
        assert "FROM_TEST" not in os.environ
        assert os.environ.get("LATE", "1") == "1"
        assert "UNIT" not in os.environ
        assert [key for key in ("DECLARED", "RAW", "OWNED", "ASYNC") if key in os.environ] == []
"""


@pytest.mark.parametrize("options", [("-p", "no:xdist"), ("-n", "2", "--dist=loadfile")])
def test_fixtures_of_wider_scopes_keep_what_they_declare(run_suite, options):
    result = run_suite({"test_1.py": WIDE, "test_2.py": AFTER}, *options, ini="env_leaks = error")
    result.assert_outcomes(passed=10, errors=2)
    lines = WIDE.splitlines()
    spoilt = next(n for n, text in enumerate(lines, 1) if "spoilt" in text)
    popped = next(n for n, text in enumerate(lines, 1) if 'pop("SHOP")' in text)
    assert accused(result.stdout.str()) == {
        "test_leak": [f"DECLARED: changed at test_1.py:{spoilt}", f"RAW: changed at test_1.py:{spoilt}"],
        "test_a": [f"SHOP: deleted at test_1.py:{popped}"],
    }


LEAKY_FIXTURES = """
    import os
    from unittest import TestCase

    import pytest

    def setup_module():
        os.environ["XUNIT"] = "1"

    @pytest.fixture(scope="module")
    def server():
        os.environ["PORT"] = "1"

    def test_server(server):
        assert os.environ["PORT"] == os.environ["XUNIT"] == "1"

    class TestUnit(TestCase):
        @classmethod
        def setUpClass(cls):
            os.environ["UNIT"] = "1"

        def test_unit(self):
            assert os.environ["PORT"] == os.environ["XUNIT"] == os.environ["UNIT"] == "1"

    @pytest.fixture(scope="session", params=["a", "b"])
    def tenant(request):
        os.environ.setdefault("TENANT", request.param)

    def test_tenant(tenant, request):
        assert os.environ["TENANT"] == request.node.callspec.params["tenant"]
        assert "UNIT" not in os.environ

    @pytest.fixture(scope="module")
    def broken():
        os.environ["BROKEN"] = "1"
        raise RuntimeError("not set up")

    def test_broken(broken):
        pass

    def test_last():
        assert "BROKEN" not in os.environ
"""
OTHER = """
    import os

    def test_other_module():
        assert [key for key in ("XUNIT", "PORT", "UNIT", "BROKEN") if key in os.environ] == []
"""


def test_fixtures_that_leave_what_they_changed_are_blamed_at_their_end(run_suite):
    result = run_suite({"test_1.py": LEAKY_FIXTURES, "test_2.py": OTHER}, ini="env_leaks = error")
    result.assert_outcomes(passed=6, errors=5)
    numbers = {
        key: n
        for n, text in enumerate(LEAKY_FIXTURES.splitlines(), 1)
        for key in [text.partition('["')[2][:4]]
        if '= "1"' in text and "assert" not in text
    }
    wrote_tenant = next(n for n, text in enumerate(LEAKY_FIXTURES.splitlines(), 1) if "setdefault" in text)
    last = "(its last test was test_1.py::{})".format
    assert accused(result.stdout.str()) == {
        "setUpClass of TestUnit": [f"UNIT: set at test_1.py:{numbers['UNIT']}", last("TestUnit::test_unit")],
        "the session-scoped fixture 'tenant'": [f"TENANT: set at test_1.py:{wrote_tenant}", last("test_tenant[b]")],
        "test_broken": [f"BROKEN: set at test_1.py:{numbers['BROK']}"],
        "the module-scoped fixture 'server'": [f"PORT: set at test_1.py:{numbers['PORT']}", last("test_last")],
        "setup_module of test_1": [f"XUNIT: set at test_1.py:{numbers['XUNI']}", last("test_last")],
    }


def test_a_run_that_is_cut_short(run_suite):
    result = run_suite({"test_1.py": WIDE}, "-x", "-p", "no:xdist", ini="env_leaks = error")
    result.assert_outcomes(passed=1, errors=1)
    assert set(accused(result.stdout.str())) == {"test_leak"}


def test_the_audit_is_off_again_between_tests_and_after_the_run(pytester, run_suite):
    conftest = """
        import os
        from holdline_runtime import audit

        def seen():
            os.environ["BETWEEN"] = "1"
            del os.environ["BETWEEN"]
            return [record for record in audit.records() if record.key == "BETWEEN"]

        def pytest_runtest_logfinish():
            assert not seen()

        def pytest_unconfigure():
            assert not seen()
    """
    result = run_suite({"conftest.py": conftest, "test_it.py": "def test_it(): pass"}, ini="env_leaks = error")
    result.assert_outcomes(passed=1)
    assert result.ret == 0
