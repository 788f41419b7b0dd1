"""Projects whose tests are kept to staging, run by a pytest of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from holdline_runtime import get_env

Run = Callable[..., pytest.RunResult]
# The order is that of the files; and what is no part of the question need not be loaded a hundred times.
BARE = ("-p", "no:randomly", "-p", "no:hypothesispytest", "-p", "no:anyio", "-p", "no:asyncio")

PROFILE = """\
[tool.holdline.environments.staging]
KEY_VAULT_NAME = "shop-staging"
KEY_VAULT_URL = "https://shop-staging.vault.example"
"""
INI = """\
[pytest]
holdline_environments = staging
required_plugins = holdline
"""
PASSING = "def test_passing():\n    pass\n"


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with a restricted `pytest.ini`, a profile and no tests yet; nothing is declared."""
    for name in ("ENVIRONMENT", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        monkeypatch.delenv(name, raising=False)
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)
    write(pytester.path, {"pytest.ini": INI, "pyproject.toml": PROFILE})
    return pytester


@pytest.fixture
def run(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest on files: `run({path: text}, *arguments, ENVIRONMENT="production")`."""

    def go(files: dict[str, str], *arguments: str, **variables: str) -> pytest.RunResult:
        write(project.path, files)
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            # pytester gives `-p no:…` of its own to in-process runs only; a process is what a user starts.
            return project.runpytest_subprocess(*BARE, *arguments)

    return go


class Together(NamedTuple):
    """One run of many files: its exit code, what it printed, the report, and how each test ended, by file and name."""

    folder: Path
    code: int
    out: str
    xml: str
    ended: dict[tuple[str, str], set[str]]


@pytest.fixture(scope="module")
def run_together(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Together]:
    """Run files that have nothing to do with each other in one process: `run_together({path: text}, *arguments)`."""

    def go(files: dict[str, str], *arguments: str) -> Together:
        folder = tmp_path_factory.mktemp("together")
        write(folder, {"pytest.ini": INI, "pyproject.toml": PROFILE, **files})
        environ = {k: v for k, v in get_env().items() if k != "ENVIRONMENT" and not k.startswith("PYTEST_")}
        command = [sys.executable, "-m", "pytest", *BARE, "-vv", "--junitxml=report.xml", *arguments]
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
        xml = (folder / "report.xml").read_text()
        ended: dict[tuple[str, str], set[str]] = {}
        for case in ElementTree.fromstring(xml).iter("testcase"):
            kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
            ended.setdefault((case.get("classname", ""), case.get("name", "")), set()).update(kinds)
        return Together(folder, done.returncode, done.stdout, xml, ended)

    return go


def write(folder: Path, files: dict[str, str]) -> None:
    """Write text files, folders made as needed."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
