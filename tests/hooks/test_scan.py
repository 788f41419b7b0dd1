"""The hook `holdline-scan`, by itself and under the real pre-commit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from holdline_hooks import scan

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

PROJECT = Path(__file__).parents[2]
DIRTY = "import os\n\nprint(os.environ['A'])\n"
CLEAN = "from holdline_runtime import get_env\n\nprint(get_env()['A'])\n"


@pytest.fixture
def repo(make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    made = make_repo({"old.py": DIRTY, "clean.py": CLEAN})
    monkeypatch.chdir(made.root)
    return made


def test_a_violation_in_a_named_file_fails(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    assert scan.main(["clean.py", "old.py"]) == 1
    assert "old.py:3:7: HL101" in capsys.readouterr().out


def test_other_files_do_not_count(repo: Repo) -> None:
    assert scan.main(["clean.py"]) == 0


def test_options_go_before_the_files(repo: Repo) -> None:
    assert scan.main(["--select", "HL102", "old.py"]) == 0


def test_a_file_that_does_not_parse_fails(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write("broken.py", "import os\nos.environ[\n")
    repo.git("add", "broken.py")

    assert scan.main(["broken.py"]) == 1
    assert "broken.py" in capsys.readouterr().out


def test_under_pre_commit(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the published hook as it stands, but run by this Python instead of in an environment of its own."""
    hooks = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text())
    (hook,) = (hook for hook in hooks if hook["id"] == "holdline-scan")
    assert hook["entry"].startswith("python ")
    hook["entry"] = hook["entry"].replace("python", sys.executable, 1)
    config = {"repos": [{"repo": "local", "hooks": [hook | {"language": "system"}]}]}
    repo.write(".pre-commit-config.yaml", yaml.safe_dump(config))
    repo.git("add", "--all")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(repo.root.parent / "pre-commit"))
    _pre_commit(repo, "install")

    repo.write("new.py", CLEAN)
    repo.git("add", "new.py")
    repo.git("commit", "--quiet", "--message", "clean, although old.py is not")

    repo.write("new.py", DIRTY)
    repo.git("add", "new.py")
    repo.write("new.py", CLEAN)  # what is judged is what is staged
    refused = _commit(repo)
    assert refused.returncode == 1
    assert "new.py:3:7: HL101" in refused.stdout + refused.stderr
    assert repo.read("new.py") == CLEAN.encode()

    repo.git("add", "new.py")
    repo.write("notes.txt", "no Python\n")
    repo.git("add", "notes.txt")
    assert _commit(repo).returncode == 0


def _pre_commit(repo: Repo, *args: str) -> None:
    subprocess.run([sys.executable, "-m", "pre_commit", *args], cwd=repo.root, check=True, capture_output=True)


def _commit(repo: Repo) -> subprocess.CompletedProcess[str]:
    command = ["git", "commit", "--quiet", "--message", "change"]
    return subprocess.run(command, cwd=repo.root, capture_output=True, text=True, check=False)
