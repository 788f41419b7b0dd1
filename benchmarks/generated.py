"""Generated repositories: as many Python modules as wanted, old violations among them, and a commit that is staged."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from holdline_runtime import get_env

_IN_A_FOLDER = 100
_FUNCTIONS = 12  # makes about 130 lines, the usual length of a module

_FUNCTION = '''\

def load_{name}(source, limit={name}):
    """The values that `source` holds for {name}, the newest last."""
    values = []
    for key, value in sorted(source.items()):
        if len(values) >= limit:
            break
        values.append((key, str(value).strip()))
    return values

'''
_OLD = """\

def region_{name}():
    return os.environ.get("REGION_{name}", "none")

"""
_ADDED = '''\

def described(values):
    """What this commit brings: a function that breaks no rule, with quotes that Black would change."""
    return ', '.join(f"{key}={value}" for key, value in values)
'''
# Ruff bans the same names, so that it looks for the same thing.
_PYPROJECT = """\
[tool.ruff.lint]
select = ["TID251"]

[tool.ruff.lint.flake8-tidy-imports.banned-api]
"os.environ".msg = "use get_env()"
"os.getenv".msg = "use get_env()"
"""


@dataclass(frozen=True)
class Generated:
    """A repository with `files` modules, of which those of `staged` are changed, in the index and on disk alike."""

    root: Path
    files: int
    staged: tuple[str, ...]


def build(root: Path, files: int, changed: int, *, every: int = 1) -> Generated:
    """The repository at `root`, made if it is not there; `changed` of its modules are staged with a new function.

    One of `every` so many modules holds an old violation.
    """
    ready = root / ".git" / "ready"
    if not ready.exists():
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        _git(root, "init", "--quiet", "--initial-branch=main")
        _git(root, "fast-import", "--quiet", stdin=b"".join(_stream(files, every)))
        _git(root, "reset", "--quiet", "--hard", "main")
        ready.touch()
    numbers = range(0, files, files // changed)[:changed]
    for number in numbers:
        (root / _path(number)).write_text(_module(number, every) + _ADDED)
    staged = tuple(map(_path, numbers))
    _git(root, "add", "--", *staged)
    return Generated(root, files, staged)


def _stream(files: int, every: int) -> Iterator[bytes]:
    """One commit in the language of `git fast-import`."""
    yield b"commit refs/heads/main\ncommitter Bench <bench@example.org> 1767614400 +0000\ndata 5\nstart\n"
    yield _file("pyproject.toml", _PYPROJECT)
    for number in range(files):
        yield _file(_path(number), _module(number, every))


def _file(path: str, text: str) -> bytes:
    data = text.encode()
    return b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(data), data)


def _path(number: int) -> str:
    return f"src/package_{number // _IN_A_FOLDER:03}/module_{number % _IN_A_FOLDER:02}.py"


def _module(number: int, every: int) -> str:
    names = range(number * _FUNCTIONS, (number + 1) * _FUNCTIONS)
    functions = "".join(_FUNCTION.format(name=name) for name in names)
    return "import os\n\n" + functions + (_OLD.format(name=number) if number % every == 0 else "")


def _git(root: Path, *arguments: str, stdin: bytes = b"") -> None:
    # The defaults of git, whatever the machine's own settings are.
    plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    inherited = {k: v for k, v in get_env().items() if not k.startswith("GIT_")}
    subprocess.run(["git", *arguments], cwd=root, env=inherited | plain, input=stdin, check=True)
