"""Tests that require services, run by a pytest of their own, as a developer and as CI would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .conftest import answers, free_port, silent

if TYPE_CHECKING:
    from .conftest import Serve

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]
FAILED = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """`run(test_file, *arguments, ini=…, CI="true")` in a project with strict markers."""
    for name in ("CI", "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-docker.sock")

    def go(text: str, *arguments: str, ini: str = "", **variables: str) -> pytest.RunResult:
        (pytester.path / "pytest.ini").write_text(f"[pytest]\naddopts = --strict-markers -ra\n{ini}")
        (pytester.path / "test_it.py").write_text(f"import os\nimport pytest\n\n{text}")
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            bare = ("-p", "no:hypothesispytest", "-p", "no:anyio", "-p", "no:asyncio")  # half of the time, for nothing
            return pytester.runpytest_subprocess(*bare, *arguments)

    return go


def needing(service: str, options: str = "") -> str:
    return f"@pytest.mark.requires({service!r}{options})\ndef test_needing():\n    pass\n\ndef test_other(): pass\n"


def test_a_service_that_is_there_runs_the_test(run: Run, serve: Serve) -> None:
    url = f"tcp://127.0.0.1:{serve(silent).port}"
    run(needing(url)).assert_outcomes(passed=2)
    result = run(needing(url), CI="true")
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.OK


def test_a_developers_machine_skips_with_the_cause(run: Run) -> None:
    result = run(needing("docker"))
    result.assert_outcomes(passed=1, skipped=1)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["SKIPPED * docker at *no-docker.sock is absent: there is no such socket (* ms)"])


def test_ci_fails(run: Run) -> None:
    result = run(needing("docker"), CI="true")
    assert result.ret == FAILED
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["holdline: docker at * is absent: *; it is required, and CI has to provide it"])


def test_ci_and_an_optional_service(run: Run) -> None:
    optional = needing("docker", ", optional=True")
    assert run(optional, CI="true").ret == FAILED
    allowed = run(optional, CI="true", ini="holdline_optional_services =\n  docker until 2999-12-31: no engine\n")
    allowed.assert_outcomes(passed=1, skipped=1)
    assert allowed.ret == pytest.ExitCode.OK
    allowed.stdout.fnmatch_lines(["SKIPPED *; CI may lack it until 2999-12-31: no engine"])
    expired = run(optional, CI="true", ini="holdline_optional_services =\n  docker until 2020-01-01: no engine\n")
    assert expired.ret == FAILED
    expired.stdout.fnmatch_lines(["*it was optional until 2020-01-01: no engine"])


def test_postgres_and_postgresql_are_one(run: Run) -> None:
    ini = "holdline_optional_services =\n  postgresql until 2999-12-31: none yet\nholdline_required_services = postgresql\n"
    test = f"{needing('postgres', ', optional=True')}\n{needing('postgresql', ', optional=True').replace('_needing', '_too')}"
    result = run(test, CI="true", ini=ini, PGHOST="/nowhere")
    result.assert_outcomes(passed=1, skipped=2)
    assert result.ret == FAILED  # for it is required, and none has run
    result.stdout.fnmatch_lines(["holdline: zero tests that require postgres ran: in CI that is a failure"])
    assert "postgresql ran" not in result.stdout.str()


def test_an_entry_that_cannot_be_read_stops_the_run(run: Run) -> None:
    result = run(needing("docker"), ini="holdline_optional_services = docker\n")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: holdline: holdline_optional_services: 'docker': expected SERVICE until *"])


def test_a_test_cannot_switch_ci_off(run: Run) -> None:
    meddling = "@pytest.fixture(autouse=True, scope='session')\ndef no_ci():\n    del os.environ['CI']\n\n"
    result = run(meddling + "def test_first(): pass\n\n" + needing("docker"), CI="true")
    result.assert_outcomes(passed=2, errors=1)


def test_nothing_is_asked_before_a_test_needs_it(run: Run, serve: Serve) -> None:
    served = serve(silent)
    text = needing(f"tcp://127.0.0.1:{served.port}")
    run(text, "--collect-only")
    run(text, "-k", "other")
    assert served.connections == 0


def test_workers_ask_once_between_them(run: Run, serve: Serve) -> None:
    served = serve(answers(b"HTTP/1.1 200 OK\r\n\r\n"))
    text = f"@pytest.mark.parametrize('n', range(8))\n@pytest.mark.requires('http://127.0.0.1:{served.port}')\n"
    result = run(f"{text}def test_it(n): pass\n", "-n2", CI="true")
    result.assert_outcomes(passed=8)
    assert result.ret == pytest.ExitCode.OK
    assert served.connections == 1


def test_the_service_is_asked_before_fixtures_connect(run: Run) -> None:
    text = "@pytest.fixture\ndef engine():\n    raise RuntimeError('connected')\n\n"
    result = run(f"{text}@pytest.mark.requires('docker')\ndef test_it(engine): pass\n")
    result.assert_outcomes(skipped=1)


def test_a_class_several_services_and_a_variable(run: Run, serve: Serve) -> None:
    url = f"tcp://127.0.0.1:{serve(silent).port}"
    text = f"@pytest.mark.requires({url!r}, 'docker')\nclass TestIt:\n    def test_it(self): pass\n\n"
    text += "@pytest.mark.requires('redis', variable='CACHE_URL', timeout=1)\ndef test_redis(): pass\n"
    result = run(text)
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["*redis at CACHE_URL is misconfigured: CACHE_URL is not set*"])


@pytest.mark.parametrize("mark", ["requires", "requires()", "requires('docker', until=3)", "requires(1)"])
def test_a_marker_that_says_nothing_fails(run: Run, mark: str) -> None:
    result = run(f"@pytest.mark.{mark}\ndef test_it(): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["holdline: expected @pytest.mark.requires(service, *"])


def test_a_service_without_a_probe_fails(run: Run) -> None:
    result = run(needing("dokcer"))
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["holdline: requires: there is no probe for 'dokcer': *"])


def test_the_fixture(run: Run, serve: Serve) -> None:
    url = f"tcp://127.0.0.1:{serve(silent).port}"
    text = "@pytest.fixture\ndef engine(require_service):\n    return require_service('docker')\n\n"
    text += f"def test_there(require_service):\n    assert require_service({url!r}).available\n\n"
    text += "def test_not_there(engine): pass\n"
    run(text).assert_outcomes(passed=1, skipped=1)
    result = run(text, CI="1")
    result.assert_outcomes(passed=1, errors=1)


def test_is_docker_available_in_a_condition(run: Run) -> None:
    text = "from holdline_runtime.services import is_docker_available\n\n"
    text += "@pytest.mark.skipif('not is_docker_available()')\ndef test_it(): pass\n"
    run(text).assert_outcomes(skipped=1)


@pytest.mark.parametrize("workers", [[], ["-n1"]])
def test_zero_tests_that_ran_are_a_failure_in_ci(run: Run, serve: Serve, workers: list[str]) -> None:
    url = f"tcp://127.0.0.1:{serve(silent).port}"
    text = f"@pytest.mark.requires({url!r})\ndef test_it():\n    pytest.skip('not today')\n"
    assert run(text).ret == pytest.ExitCode.OK
    result = run(text, *workers, CI="true")
    result.assert_outcomes(skipped=1)
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["holdline: zero tests that require tcp://127.0.0.1 ran: in CI that is a failure"])


def test_a_service_that_must_be_used(run: Run, serve: Serve) -> None:
    url = f"tcp://127.0.0.1:{serve(silent).port}"
    ini = "holdline_required_services = docker tcp://127.0.0.1\n"
    result = run(needing(url), CI="true", ini=ini)
    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["holdline: zero tests that require docker ran: in CI that is a failure"])
    result.stdout.no_fnmatch_line("*require tcp*")
    result = run(needing(url), "-k", "nothing", CI="true", ini=ini)
    assert result.ret == FAILED
    assert run(needing(url), "-k", "other", ini=ini).ret == pytest.ExitCode.OK
    assert run(needing(url), "--collect-only", CI="true", ini=ini).ret == pytest.ExitCode.OK


def test_an_expected_failure_has_run(run: Run, serve: Serve) -> None:
    url = f"tcp://127.0.0.1:{serve(silent).port}"
    text = f"@pytest.mark.xfail\n@pytest.mark.requires({url!r})\ndef test_it():\n    assert 0\n"
    assert run(text, CI="true").ret == pytest.ExitCode.OK


def test_credentials_of_a_url_stay_out_of_reports(run: Run, pytester: pytest.Pytester) -> None:
    url = f"redis://me:geheim@127.0.0.1:{free_port()}/0"
    result = run(needing(url), "--junitxml=report.xml", "-vv", CI="true")
    assert result.ret == FAILED
    assert "geheim" not in result.stdout.str() + result.stderr.str() + (pytester.path / "report.xml").read_text()
