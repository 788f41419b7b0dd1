"""This repository as a pre-commit repository: the real pre-commit clones it, builds it and runs its hooks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from holdline_hooks.config_text import IDS
from holdline_hooks.script import Hook
from holdline_runtime import get_env

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

PROJECT = Path(__file__).parents[2]
CONFIG = ".pre-commit-config.yaml"

OLD = "import os\n\nHOME = os.environ['HOME']\n"
LEGACY = f"{OLD}\n\ndef shout(text):\n    return text.upper()\n"
QUIETER = LEGACY.replace("upper", "lower")  # a change that brings nothing new, next to what is old
VIOLATION = LEGACY + "\nUSER = os.environ['USER']\n"
DRAFT = "\nnot ready  # and not staged\n"

Take = Callable[[Path], dict[str, tuple[int, bytes]]]


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this repository as it is now, uncommitted work included."""
    root = tmp_path_factory.mktemp("published") / "holdline"
    listed = _git(PROJECT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout
    for name in listed.rstrip("\0").split("\0"):
        source, target = PROJECT / name, root / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "as published")):
        _git(root, *command)
    return root


@pytest.fixture(scope="session")
def pre_commit_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One for all tests: building the hooks' environment takes some seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRE_COMMIT_HOME", str(tmp_path_factory.mktemp("pre-commit")))
        yield


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """Old violations, a stash, an untracked file; nothing staged yet."""
    made = make_repo({"old.py": LEGACY, "part.py": LEGACY, "gone.py": LEGACY, "renamed.py": LEGACY})
    made.write("old.py", "stashed\n")
    made.git("stash", "push", "--quiet")
    made.write("notes.txt", "untracked\n")
    return made


@pytest.fixture
def with_hooks(repo: Repo, published: Path, pre_commit_home: None) -> Repo:
    """The hooks installed as their documentation says."""
    revision = _git(published, "rev-parse", "HEAD").stdout.strip()
    entry = {"repo": str(published), "rev": revision, "hooks": [{"id": IDS[hook]} for hook in Hook]}
    repo.write(CONFIG, yaml.safe_dump({"repos": [entry]}))
    repo.git("add", CONFIG)
    repo.git("commit", "--quiet", "--message", "hooks")
    done = _pre_commit(repo, "install", "--hook-type", "pre-commit", "--hook-type", "pre-push")
    assert done.returncode == 0, done.stdout + done.stderr
    return repo


@pytest.fixture
def state(tree: Take) -> Callable[[Repo], tuple[object, ...]]:
    """`state(repo)`: working tree, index and stash, byte for byte."""

    def take(repo: Repo) -> tuple[object, ...]:
        files = {name: entry for name, entry in tree(repo.root).items() if name.partition("/")[0] != ".git"}
        return files, repo.git("ls-files", "--stage", "-v"), repo.git("stash", "list", "--format=%H %gs")

    return take


def stage_partly(repo: Repo, staged: str) -> None:
    """Stage one text and leave another, with more in it, in the working tree; remove one file, rename another."""
    repo.write("part.py", staged)
    repo.git("add", "part.py")
    repo.write("part.py", staged.replace("HOME", "HOUSE") + DRAFT)
    repo.write("old.py", LEGACY + DRAFT)
    repo.git("rm", "--quiet", "gone.py")
    repo.git("mv", "renamed.py", "moved.py")


def test_the_hooks_are_those_that_install_writes() -> None:
    hooks = {hook["id"]: hook for hook in yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text())}
    assert {*IDS.values(), "holdline-scan"} == set(hooks)
    for stage, name in IDS.items():
        assert hooks[name]["stages"] == [str(stage)]
        assert hooks[name]["pass_filenames"] is False
        assert hooks[name]["always_run"] is True


def test_try_repo_blocks_what_is_staged(
    repo: Repo, published: Path, state: Callable[[Repo], tuple[object, ...]]
) -> None:
    stage_partly(repo, VIOLATION)
    before = state(repo)
    done = _pre_commit(repo, "try-repo", str(published), IDS[Hook.PRE_COMMIT])
    assert done.returncode == 1, done.stdout + done.stderr
    assert "part.py:9:8: HL101" in done.stdout
    assert "part.py:3" not in done.stdout
    assert state(repo) == before


def test_a_violation_is_blocked(with_hooks: Repo, state: Callable[[Repo], tuple[object, ...]]) -> None:
    repo = with_hooks
    head = repo.git("rev-parse", "HEAD")
    stage_partly(repo, VIOLATION)
    before = state(repo)
    done = _commit(repo)
    assert done.returncode == 1
    assert "part.py:9:8: HL101" in done.stderr
    assert "part.py:3" not in done.stderr
    assert repo.git("rev-parse", "HEAD") == head
    assert state(repo) == before


def test_legacy_passes(with_hooks: Repo, state: Callable[[Repo], tuple[object, ...]]) -> None:
    repo = with_hooks
    stage_partly(repo, QUIETER)
    before = state(repo)
    done = _commit(repo)
    assert done.returncode == 0, done.stderr
    assert repo.git("show", "HEAD:part.py") == QUIETER
    assert state(repo) == before


def test_deletions_and_renames_are_judged(with_hooks: Repo) -> None:
    """A commit that only deletes runs the hook too; a renamed file keeps what it held, and no more."""
    repo = with_hooks
    repo.git("rm", "--quiet", "gone.py", "part.py")
    assert "no new violation in 2 changed files" in _pre_commit(repo, "run", "--verbose").stdout
    repo.git("commit", "--quiet", "--message", "less")

    repo.git("mv", "renamed.py", "moved.py")
    assert _commit(repo).returncode == 0
    repo.git("mv", "moved.py", "again.py")
    repo.write("again.py", VIOLATION)
    repo.git("add", "again.py")
    refused = _commit(repo)
    assert refused.returncode == 1
    assert "again.py:9:8: HL101" in refused.stderr


def test_a_push(with_hooks: Repo, tmp_path: Path) -> None:
    repo = with_hooks
    remote = tmp_path / "remote.git"
    repo.git("init", "--quiet", "--bare", remote)
    repo.git("remote", "add", "origin", remote)
    repo.git("push", "--quiet", "--no-verify", "origin", "main")
    repo.write("old.py", VIOLATION)
    repo.git("commit", "--quiet", "--all", "--no-verify", "--message", "past the first hook")
    refused = _git(repo.root, "push", "origin", "main", check=False)
    assert refused.returncode != 0
    assert "old.py:9:8: HL101" in refused.stdout + refused.stderr

    repo.write("old.py", QUIETER)
    repo.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    assert _git(repo.root, "push", "origin", "main", check=False).returncode == 0


def _pre_commit(repo: Repo, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", *arguments]
    return subprocess.run(command, cwd=repo.root, env=_environment(), capture_output=True, text=True, check=False)


def _commit(repo: Repo) -> subprocess.CompletedProcess[str]:
    return _git(repo.root, "commit", "--quiet", "--message", "change", check=False)


def _git(folder: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    # CI may own the checkout as another user; a hook's environment must not find this test's modules.
    command = ["git", "-c", "safe.directory=*", *arguments]
    return subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True, check=check)


def _environment() -> dict[str, str]:
    return {name: value for name, value in get_env().items() if name not in {"PYTHONPATH", "SKIP"}}
