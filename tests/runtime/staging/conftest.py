"""Projects whose tests are kept to staging, run by a pytest of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., pytest.RunResult]

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
            # The order is that of the files, though pytest-randomly is installed.
            return project.runpytest_subprocess("-p", "no:randomly", *arguments)

    return go


def write(folder: Path, files: dict[str, str]) -> None:
    """Write text files, folders made as needed."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
