"""A sealed git world for every test, and real repositories built from `{path: content}`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from holdline_runtime import get_env

_CONFIG = """\
[user]
    name = Test
    email = test@example.org
[init]
    defaultBranch = main
[commit]
    gpgSign = false
[gc]
    auto = 0
[protocol "file"]
    allow = always
"""


@dataclass(frozen=True)
class Repo:
    """A repository under test: `root` is its working tree."""

    root: Path

    def write(self, path: str, content: bytes | str) -> Path:
        """Write a file (folders made as needed); text is written as UTF-8, line ends untouched."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def read(self, path: str) -> bytes:
        """A file's bytes."""
        return (self.root / path).read_bytes()

    def git(self, *args: str | os.PathLike[str]) -> str:
        """Run git there and return what it prints; a failure fails the test with git's complaint."""
        done = subprocess.run(["git", *args], cwd=self.root, capture_output=True, check=False)
        assert done.returncode == 0, f"git {args}: {os.fsdecode(done.stderr)}"
        return os.fsdecode(done.stdout)

    def commit(self, message: str = "change") -> str:
        """Commit everything in the working tree; the commit's id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD").strip()


MakeRepo = Callable[..., Repo]


@pytest.fixture(scope="session", autouse=True)
def sealed_git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the developer's git configuration, identity and GIT_* variables out of the tests."""
    home = tmp_path_factory.mktemp("home")
    (home / "gitconfig").write_text(_CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in get_env() if name.startswith("GIT_")]:
            patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CONFIG_HOME", str(home / "xdg"))
        patch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_TERMINAL_PROMPT", "0")
        patch.setenv("GIT_AUTHOR_DATE", "2026-01-05T12:00:00+00:00")
        patch.setenv("GIT_COMMITTER_DATE", "2026-01-05T12:00:00+00:00")
        yield


@pytest.fixture
def make_repo(tmp_path: Path) -> MakeRepo:
    """Build a repository: `make_repo({path: content}, name="repo")` writes the files and commits them.

    With no files the repository has no commit yet.
    """

    def build(files: Mapping[str, bytes | str] | None = None, name: str = "repo") -> Repo:
        repo = Repo(tmp_path / name)
        repo.root.mkdir(parents=True)
        repo.git("init", "--quiet")
        for path, content in (files or {}).items():
            repo.write(path, content)
        if files:
            repo.commit("start")
        return repo

    return build
