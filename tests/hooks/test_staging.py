"""`holdline install --staging` in real repositories, and the runs of pytest that follow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdline.cli import main
from holdline_runtime import get_env

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

TEST = "import os\n\ndef test_it():\n    assert os.environ['ENVIRONMENT'] == 'staging'\n"
PYPROJECT = "# mine\n[project]\nname = 'shop'\nversion = '1'\n\n[tool.pytest.ini_options]\naddopts = '-q'  # quiet\n"
CONFTEST = '"""Fixtures."""\n\nimport pytest\n\n\n@pytest.fixture\ndef one():\n    return 1\n'


def cli(repo: Repo, *arguments: str) -> int:
    return main(["-C", str(repo.root), *arguments])


def run_pytest(repo: Repo, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {key: value for key, value in get_env().items() if not key.startswith("PYTEST_") and key != "ENVIRONMENT"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=repo.root, env=environ | variables, capture_output=True, text=True, check=False)


def files(repo: Repo) -> dict[str, bytes]:
    tracked = repo.git("ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    return {name: repo.read(name) for name in tracked if name and (repo.root / name).exists()}


@pytest.mark.parametrize(
    "given",
    [
        {"pyproject.toml": PYPROJECT, "conftest.py": CONFTEST},
        {"pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\n"},
        {"pytest.ini": ""},
        {"tox.ini": "[pytest]\naddopts = -q\n"},
        {"setup.cfg": "[metadata]\nname = shop\n", "conftest.py": ""},
        {},
    ],
)
def test_install_run_and_uninstall(make_repo: MakeRepo, given: dict[str, str]) -> None:
    repo = make_repo({**given, "test_it.py": TEST, ".gitignore": "__pycache__/\n"})
    before = files(repo)
    assert cli(repo, "install", "--staging") == 0
    installed = files(repo)
    assert run_pytest(repo).returncode == pytest.ExitCode.OK
    for arguments in ([], ["-p", "no:holdline"], ["-p", "no:holdline", "-o", "required_plugins="]):
        assert run_pytest(repo, *arguments, ENVIRONMENT="production").returncode == pytest.ExitCode.USAGE_ERROR
    assert cli(repo, "install", "--staging") == 0
    assert files(repo) == installed
    assert cli(repo, "uninstall") == 0
    assert files(repo) == before
    assert not (repo.root / ".git" / "holdline" / "installed.json").exists()


def test_hooks_and_staging_stand_beside_each_other(make_repo: MakeRepo) -> None:
    repo = make_repo({"pyproject.toml": PYPROJECT})
    before = files(repo)
    assert cli(repo, "install", "--native") == 0
    assert cli(repo, "install", "--staging") == 0
    assert cli(repo, "install", "--native") == 0
    assert (repo.root / ".git/hooks/pre-commit").exists()
    assert cli(repo, "uninstall") == 0
    assert files(repo) == before
    assert not (repo.root / ".git/hooks/pre-commit").exists()


def test_what_was_edited_since_stays(make_repo: MakeRepo, capsys: pytest.CaptureFixture[str]) -> None:
    repo = make_repo({"pytest.ini": "[pytest]\n", "conftest.py": CONFTEST})
    cli(repo, "install", "--staging")
    edited = repo.read("pytest.ini").replace(b"= staging", b"= staging qa")
    repo.write("pytest.ini", edited)
    assert cli(repo, "uninstall") == 1
    assert "pytest.ini: what keeps the tests to staging was edited since" in capsys.readouterr().err
    assert repo.read("pytest.ini") == edited
    assert repo.read("conftest.py").decode() == CONFTEST


def test_files_that_are_gone_are_no_trouble(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.txt": "a"})
    cli(repo, "install", "--staging")
    for name in ("pytest.ini", "conftest.py"):
        (repo.root / name).unlink()
    assert cli(repo, "uninstall") == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"pyproject.toml": "[tool.pytest\n"}, "pyproject.toml: "),
        ({"pyproject.toml": "tool.pytest.ini_options.addopts = '-q'\n"}, "write there yourself: required_plugins = "),
        ({"setup.cfg": "no section\n"}, "setup.cfg: "),
        ({"conftest.py": "def (\n"}, "conftest.py, line 1: "),
        ({"conftest.py": b"# \xe9\n"}, "conftest.py is not UTF-8"),
    ],
)
def test_what_is_not_understood_is_refused_before_anything_changes(
    make_repo: MakeRepo, capsys: pytest.CaptureFixture[str], given: dict[str, str | bytes], said: str
) -> None:
    repo = make_repo({**given, "a.txt": "a"})
    before = files(repo)
    assert cli(repo, "install", "--staging") == 2
    assert said in capsys.readouterr().err
    assert files(repo) == before
    assert not (repo.root / ".git" / "holdline" / "installed.json").exists()


def test_staging_is_not_given_with_what_is_about_hooks(make_repo: MakeRepo, capsys: pytest.CaptureFixture[str]) -> None:
    repo = make_repo({"a.txt": "a"})
    assert cli(repo, "install", "--staging", "--native") == 2
    assert cli(repo, "install", "--staging", "--hook", "pre-push") == 2
    assert "--staging installs no hooks" in capsys.readouterr().err
    assert sorted(path.name for path in Path(repo.root).iterdir()) == [".git", "a.txt"]
