"""A failing suite full of secrets, run by pytest in a process of its own: none is on the terminal or in JUnit XML."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import holdline_runtime

SECRET = "Xq7-Correct_Horse" + "Battery9Staple"
PASSWORD = "s3cr3t-and-" + "long-enough"
SUITE = f'''
import logging, os, unittest, warnings
from unittest import mock
import pytest
from holdline_runtime import get_env, patch_env

SECRET = "{SECRET[:16]}" + "{SECRET[16:]}"
PASSWORD = "{PASSWORD[:9]}" + "{PASSWORD[9:]}"

def test_comparison():
    with patch_env(API_TOKEN=SECRET):
        assert get_env()["API_TOKEN"] == "expected"

def test_almost_equal(monkeypatch):
    monkeypatch.setenv("API_TOKEN", SECRET)
    assert os.environ["API_TOKEN"] == SECRET[:-1] + "?"

def test_dicts():
    with mock.patch.dict(os.environ, {{"API_TOKEN": SECRET, "DATABASE_URL": f"postgres://app:{{PASSWORD}}@db/app"}}):
        assert dict(os.environ) == {{"API_TOKEN": "other"}}

def test_facade():
    with patch_env(API_TOKEN=SECRET):
        assert get_env() == {{"API_TOKEN": "other"}}

def test_overlay():
    with patch_env(API_TOKEN=SECRET, mode="overlay") as env:
        assert env.copy() == {{}}

def test_exception_chain():
    with patch_env(API_TOKEN=SECRET):
        try:
            raise LookupError(SECRET)
        except LookupError as error:
            raise RuntimeError(f"wrapped {{SECRET}}") from error

def test_locals_and_arguments():
    def helper(token):
        local = [token] * 2
        raise ValueError("helper")
    with patch_env(API_TOKEN=SECRET):
        helper(SECRET)

def test_output():
    with patch_env(API_TOKEN=SECRET):
        print("out", SECRET)
        logging.getLogger("app").warning("log %s", SECRET)
        assert 0

@pytest.fixture
def broken():
    os.environ["API_TOKEN"] = SECRET
    yield
    del os.environ["API_TOKEN"]
    raise RuntimeError(SECRET)

def test_teardown(broken):
    pass

def test_expected():
    with patch_env(API_TOKEN=SECRET):
        pytest.xfail("because of " + SECRET)

def test_skipped():
    with patch_env(API_TOKEN=SECRET):
        pytest.skip("because of " + SECRET)

def test_group():
    with patch_env(API_TOKEN=SECRET):
        raise ExceptionGroup(SECRET, [KeyError(SECRET)])

def test_warning_and_property(record_property, record_testsuite_property):
    record_testsuite_property("token", SECRET)
    with patch_env(API_TOKEN=SECRET):
        warnings.warn("about " + SECRET)
        record_property("token", SECRET)

class TestUnit(unittest.TestCase):
    def test_parts(self):
        with patch_env(API_TOKEN=SECRET), self.subTest("part"):
            self.fail(SECRET)

def test_caplog_sees_what_was_logged(caplog):
    with patch_env(API_TOKEN=SECRET):
        logging.getLogger("app").warning("log %s", SECRET)
        assert SECRET in caplog.text

def test_plain():
    assert "visible" == "shown"
'''


MASKED = ("-o", "holdline_mask_reports=true")


def run(folder: Path, *options: str) -> tuple[str, str]:
    folder.joinpath("test_it.py").write_text(SUITE, encoding="utf-8")
    source = str(Path(holdline_runtime.__file__).parents[1])
    command = [sys.executable, "-m", "pytest", "-vv", "-l", "-rA", "--showlocals", "--junit-xml=out.xml", "-c/dev/null"]
    done = subprocess.run(
        [*command, "--rootdir=.", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={"PYTHONPATH": source, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr, folder.joinpath("out.xml").read_text(encoding="utf-8")


def secret_runs(text: str) -> list[str]:
    """Whatever eight characters of a secret in a row are there."""
    runs = [secret[at : at + 8] for secret in (SECRET, PASSWORD) for at in range(len(secret) - 7)]
    return [run for run in runs if run in text]


@pytest.mark.parametrize(
    ("style", "option"),
    [
        ("auto", MASKED),  # long and short ones
        ("line", ("-p", "holdline_runtime.pytest_plugin.report_masking")),
        ("native", ("-o", "holdline_environments=staging")),
    ],
)
def test_nothing_secret_is_reported(tmp_path: Path, style: str, option: tuple[str, str]) -> None:
    shown, xml = run(tmp_path, *option, f"--tb={style}", "-o", "log_cli=true", "--log-file=log")
    assert "11 failed, 4 passed" in shown
    assert "UserWarning: about <masked>" in shown
    log = tmp_path.joinpath("log").read_text(encoding="utf-8")
    assert "log <masked>" in log
    for text in (shown, xml):
        assert secret_runs(text + log) == []
        assert "visible" in text


@pytest.mark.parametrize("option", [(), ("-o", "holdline_mask_reports=false", "-o", "holdline_environments=staging")])
def test_where_it_is_off_the_suite_does_show_them(tmp_path: Path, option: tuple[str, ...]) -> None:
    shown, xml = run(tmp_path, *option)
    assert secret_runs(shown)
    assert secret_runs(xml)


def test_a_setting_that_is_neither_is_refused(tmp_path: Path) -> None:
    tmp_path.joinpath("out.xml").touch()
    shown, _ = run(tmp_path, "-o", "holdline_mask_reports=perhaps")
    assert "ERROR: holdline_mask_reports: invalid truth value 'perhaps'" in shown


def test_modules_that_do_not_import(tmp_path: Path) -> None:
    tmp_path.joinpath("test_broken.py").write_text(
        f"import os\nos.environ['API_TOKEN'] = value = '{SECRET[:12]}' + '{SECRET[12:]}'\nraise RuntimeError(value)\n",
        encoding="utf-8",
    )
    shown, xml = run(tmp_path, *MASKED, "--tb=native")
    assert "RuntimeError: <masked>" in shown
    assert SECRET not in shown + xml


def test_xdist_workers(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    shown, xml = run(tmp_path, *MASKED, "-n2")
    assert "11 failed" in shown
    assert secret_runs(shown + xml) == []
