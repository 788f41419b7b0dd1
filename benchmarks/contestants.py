"""The commands that are compared, each installed into an environment of this benchmark's own."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from generated import Generated

from holdline_runtime import get_env

PROJECT = Path(__file__).parents[1]
_PEERS = ("darker[black]", "diff-cover", "ruff")


@dataclass(frozen=True)
class Contestant:
    """A command line; `{files}` stands for the staged files. `verdict` is the exit code of a run that did its work.

    `holds_the_line` says whether it judges what the commit introduces, not whole files.
    """

    name: str
    command: tuple[str, ...]
    verdict: int
    holds_the_line: bool = False

    def command_for(self, repository: Generated) -> list[str]:
        """The command as it is run in a repository."""
        return [part for word in self.command for part in (repository.staged if word == "{files}" else (word,))]


def prepare(work: Path) -> tuple[Path, list[Contestant]]:
    """Install all; the Python that has Holdline and nothing else, and the contestants, Holdline first."""
    ours, theirs = work / "holdline", work / "peers"
    # Not editable, so that the modules are compiled as they are for users.
    install(ours, "--force-reinstall", "--no-deps", str(PROJECT))
    install(theirs, *_PEERS)
    python, darker, ruff = ours / "bin" / "python", f"{theirs}/bin/darker", f"{theirs}/bin/ruff"
    path = f"PATH={theirs}/bin{os.pathsep}{get_env()['PATH']}"  # where diff-quality finds ruff
    quality = ("env", path, "diff-quality", "--violations=ruff.check", "--compare-branch=HEAD")
    return python, [
        Contestant("holdline check", (f"{ours}/bin/holdline", "check"), 0, True),
        Contestant("darker --check", (darker, "--check", "--quiet", "{files}"), 1, True),
        Contestant("diff-quality (ruff)", quality, 0, True),
        Contestant("ruff check", (ruff, "check", "--no-cache", "--quiet", "{files}"), 1),
        Contestant("git diff --cached", ("git", "diff", "--cached", "--raw"), 0),
        Contestant("python -c pass", (str(python), "-c", "pass"), 0),
    ]


def versions(work: Path) -> list[str]:
    """The peers' versions, as `name version`."""
    listed = _pip(work / "peers", "list", "--format=freeze").splitlines()
    wanted = ("black", "darker", "diff_cover", "ruff")
    return [line.replace("==", " ") for line in listed if line.partition("==")[0] in wanted]


def foreign_imports(python: Path, repository: Generated) -> list[str]:
    """The packages from outside the standard library that are there after `holdline check`, and not without it."""
    run = "from holdline.cli import main; main(['check', '--quiet'])"
    bare, ours = (_modules_after(statement, python, repository) for statement in ("pass", run))
    known = sys.stdlib_module_names | {"holdline", "holdline_runtime", "holdline_migrations", "holdline_hooks"}
    return sorted({name.partition(".")[0] for name in ours - bare} - known)


def _modules_after(statement: str, python: Path, repository: Generated) -> set[str]:
    command = [str(python), "-c", f"{statement}\nimport sys; print(*sys.modules)"]
    done = subprocess.run(command, cwd=repository.root, stdout=subprocess.PIPE, text=True, check=True)
    return set(done.stdout.split())


def install(environment: Path, *what: str) -> None:
    """Install distributions into an environment, made if it is not there."""
    if not (environment / "bin" / "python").exists():
        venv.create(environment, with_pip=True, clear=True)
    _pip(environment, "install", "-qq", *what)


def _pip(environment: Path, *arguments: str) -> str:
    command = [f"{environment}/bin/python", "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout
