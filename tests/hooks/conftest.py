"""A stand-in for the gate that keeps a record, and a way to run git with the hooks."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline.git import Repository
from holdline_hooks.installation import Report, install
from holdline_hooks.script import Hook
from holdline_runtime import get_env

if TYPE_CHECKING:
    from conftest import Repo

BOTH = tuple(Hook)

_STAND_IN = """
import json, os, sys
from pathlib import Path

def main():
    lines = sys.stdin.read() if "push" in sys.argv[-1] else ""
    call = {"arguments": sys.argv[1:], "folder": os.getcwd(), "lines": lines, "environ": dict(os.environ)}
    with Path(os.environ["GATE_LOG"]).open("a") as log:
        log.write(json.dumps(call) + "\\n")
    return int(os.environ["GATE_VERDICT"])
"""


@dataclass
class Gate:
    """What stands in for `holdline check`: `verdict` is its exit code, `calls` what it was called with."""

    folder: Path
    verdict: int = 0

    @property
    def calls(self) -> list[dict[str, Any]]:
        log = self.folder / "log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def environ(self, path: str | None = None) -> dict[str, str]:
        """An environment where Python's `holdline` is the stand-in, and `holdline` on PATH too."""
        return {
            **get_env(),
            "PYTHONPATH": str(self.folder / "modules"),
            "PATH": path or f"{self.folder / 'bin'}{os.pathsep}{get_env()['PATH']}",
            "GATE_LOG": str(self.folder / "log"),
            "GATE_VERDICT": str(self.verdict),
        }

    def git(
        self, folder: Path, *arguments: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run git, and with it the hooks; the caller looks at the exit code."""
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=self.environ() | dict(env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def commit(self, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
        """Commit something new in the folder."""
        return self.git(folder, "commit", "--quiet", "--allow-empty", "--message", "change", env=env)


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    folder = tmp_path / "stand in"
    package = folder / "modules" / "holdline"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "cli.py").write_text(_STAND_IN)
    (folder / "bin").mkdir()
    script(
        folder / "bin" / "holdline",
        f"PYTHONPATH={shlex.quote(str(folder / 'modules'))} exec {shlex.quote(sys.executable)} -P -c "
        "'import sys; from holdline.cli import main; sys.exit(main())' \"$@\"",
    )
    return Gate(folder)


@pytest.fixture
def with_holdline_on_path(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """`install` and `doctor`, run in this process, find `holdline` where the hooks will."""
    monkeypatch.setenv("PATH", gate.environ()["PATH"])


@pytest.fixture
def installed() -> Callable[..., Report]:
    """`installed(repo, *hooks)` runs `install`; nothing may be left to do."""

    def run(repo: Repo, *hooks: Hook, **options: bool) -> Report:
        report = install(Repository.discover(repo.root), hooks or BOTH, **options)
        assert report.left == []
        return report

    return run


def script(path: Path, body: str, shebang: str = "#!/bin/sh", mode: int = 0o755) -> Path:
    """Write an executable script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{shebang}\n{body}\n")
    path.chmod(mode)
    return path


@pytest.fixture
def tree() -> Callable[[Path], dict[str, tuple[int, bytes]]]:
    """`tree(folder)`: all that is below it by mode and content; of a symbolic link, where it leads."""

    def take(folder: Path) -> dict[str, tuple[int, bytes]]:
        found = {}
        for path in sorted(folder.rglob("*")):
            status = path.lstat()
            if path.is_symlink():
                found[str(path.relative_to(folder))] = (status.st_mode, os.fsencode(path.readlink()))
            else:
                found[str(path.relative_to(folder))] = (status.st_mode, b"" if path.is_dir() else path.read_bytes())
        return found

    return take


@pytest.fixture
def times() -> Callable[[Path], dict[str, int]]:
    """`times(folder)`: when each file below it was last changed, in nanoseconds."""
    return lambda folder: {str(p.relative_to(folder)): p.lstat().st_mtime_ns for p in sorted(folder.rglob("*"))}


@pytest.fixture
def write_script() -> Callable[..., Path]:
    return script
