"""Large repositories for the benchmarks: any that is given, else the standard library with its tests, three times."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from holdline_runtime import get_env

COPIES = 3
#: How many files the generated repositories have that show how cost grows.
GROWTH = (1_000, 5_000, 50_000)
#: One of so many generated modules holds a violation, as in real repositories.
EVERY = 14
#: What ruff is to ban, so that it looks for what Holdline looks for.
BANNED = ("os.environ", "os.getenv", "os.putenv", "os.unsetenv")


def parse_arguments(description: str | None, rounds: int) -> argparse.Namespace:
    """The command line of a benchmark: `repository` (None for the standard library), `rounds`, `no_growth`, `work`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", nargs="?", type=Path, help="any git repository (the standard library)")
    parser.add_argument("--rounds", type=int, default=rounds, help=f"runs of each command ({rounds})")
    parser.add_argument("--no-growth", action="store_true", help="leave out the generated repositories")
    default = Path(tempfile.gettempdir(), "holdline-bench")
    parser.add_argument("--work", type=Path, default=default, help=f"where repositories and tools are kept ({default})")
    return parser.parse_args()


def standard_library(root: Path) -> Path:
    """A repository of copies of this interpreter's standard library, its tests among them; made if it is not there."""
    ready = root / ".git" / "ready"
    if not ready.exists():
        shutil.rmtree(root, ignore_errors=True)
        left_out = shutil.ignore_patterns("__pycache__", "site-packages")
        for number in range(COPIES):
            shutil.copytree(sysconfig.get_path("stdlib"), root / f"copy{number}", ignore=left_out, symlinks=True)
        _git(root, "init", "--quiet", "--initial-branch=main")
        _git(root, "add", "--all", "--force")
        _git(root, "-c", "user.name=Bench", "-c", "user.email=bench@example.org", "commit", "--quiet", "-m", "start")
        ready.touch()
    return root


def ruff_settings(work: Path) -> Path:
    """A configuration for ruff that bans the names and leaves nothing out that git tracks."""
    lines = ["[lint.flake8-tidy-imports.banned-api]", *(f'"{name}".msg = "use get_env()"' for name in BANNED)]
    file = work / "ruff.toml"
    file.write_text("exclude = []\nrespect-gitignore = false\n" + "\n".join(lines) + "\n")
    return file


def size_of(repository: Path) -> tuple[int, int, int]:
    """How many Python files git tracks there, their lines and their bytes."""
    listed = subprocess.run(["git", "ls-files", "-z", "*.py"], cwd=repository, stdout=subprocess.PIPE, check=True)
    contents = [Path(repository, os.fsdecode(name)).read_bytes() for name in listed.stdout.split(b"\0")[:-1]]
    return len(contents), sum(c.count(b"\n") for c in contents), sum(map(len, contents))


def _git(root: Path, *arguments: str) -> None:
    # The defaults of git, whatever the machine's own settings are.
    plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    inherited = {k: v for k, v in get_env().items() if not k.startswith("GIT_")}
    subprocess.run(["git", *arguments], cwd=root, env=inherited | plain, check=True)
