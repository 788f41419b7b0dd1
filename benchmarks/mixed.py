"""A repository of many small differences: encodings, line endings, modes and sizes, work that is not committed yet.

Most files hold violations that `holdline migrate` rewrites, some hold none.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from holdline_runtime import get_env

_CLEAN_EVERY = 10
_UNCOMMITTED_EVERY = 4
_MODES = (0o644, 0o644, 0o755, 0o600)
_PADDING = (0, 1, 4, 20)  # functions without a violation

_HEAD = '"""Module {number}: é."""\n\nimport os\n'
_READ = "\n\ndef read_{name}(default=None):\n    return os.environ.get('NAME_{name}', default), os.environ['HOME']\n"
_WRITE = "\n\ndef write_{name}(value):\n    os.environ['NAME_{name}'] = value\n"
_PLAIN = "\n\ndef plain_{name}(value):\n    return [value] * {name}\n"


def build(root: Path, files: int) -> None:
    """Make the repository at `root`, which must not be there yet."""
    root.mkdir(parents=True)
    git(root, "init", "--quiet", "--initial-branch=main")
    for number in range(files):
        path = root / _path(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_content(number))
        path.chmod(_MODES[number % len(_MODES)])
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=start")
    git(root, "gc", "--quiet")
    for number in range(0, files, _UNCOMMITTED_EVERY):
        with open(root / _path(number), "ab") as file:
            file.write(b"# not committed yet")


def git(root: Path, *arguments: str) -> str:
    """Run git with its own defaults, whatever the machine's settings are; what it prints."""
    plain = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": f"bench@{who}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    inherited = {k: v for k, v in get_env().items() if not k.startswith("GIT_")}
    done = subprocess.run(["git", *arguments], cwd=root, env=inherited | plain, capture_output=True, check=True)
    return os.fsdecode(done.stdout)


def _path(number: int) -> str:
    return f"{('tests', 'src')[number % 2]}/part_{number % 23:02}/test_{number:04}.py"


def _content(number: int) -> bytes:
    body = _HEAD.format(number=number)
    if number % _CLEAN_EVERY:
        body += "".join(form.format(name=number) for form in (_READ, _WRITE)[: 1 + number % 2])
    body += "".join(_PLAIN.format(name=name) for name in range(_PADDING[number % len(_PADDING)]))
    match number % 5:
        case 1:
            return body.replace("\n", "\r\n").encode()
        case 2:
            return body.encode("utf-8-sig")
        case 3:
            return b"# -*- coding: latin-1 -*-\n" + body.encode("latin-1")
        case 4:
            return body.rstrip("\n").encode()
    return body.encode()
