"""Running programs other than git: pre-commit, and another environment's Python."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from holdline.errors import HoldlineError
from holdline_hooks.script import Hook
from holdline_runtime import get_env


def find_pre_commit() -> list[str] | None:
    """The command that runs pre-commit: this Python's own, else the one on PATH; None without either."""
    if importlib.util.find_spec("pre_commit") is not None:
        return [sys.executable, "-P", "-m", "pre_commit"]
    program = shutil.which("pre-commit")
    return [program] if program else None


def run_pre_commit(command: Sequence[str], action: str, root: Path, hooks: Sequence[Hook]) -> None:
    """`pre-commit install` or `uninstall` for the hooks' types. HoldlineError, with its complaint, where it fails."""
    types = [part for hook in hooks for part in ("--hook-type", str(hook))]
    code, output = _run([*command, action, *types], root)
    if code:
        complaint = (output.strip().splitlines() or [f"exit status {code}"])[0]
        raise HoldlineError(f"`pre-commit {action}` failed in {root}: {complaint}")


def has_holdline(python: str) -> bool:
    """Whether the interpreter at this path runs, and finds Holdline."""
    if python == sys.executable:
        return True
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('holdline') is None)"
    try:
        return _run([python, "-P", "-c", look], Path("/"))[0] == 0
    except HoldlineError:
        return False


def _run(command: Sequence[str], folder: Path) -> tuple[int, str]:
    # As in holdline.git: variables that point at another repository do not count.
    environment = {k: v for k, v in get_env().items() if not k.startswith("GIT_") or k.startswith("GIT_CONFIG")}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except OSError as error:
        raise HoldlineError(f"{command[0]} cannot be run: {error.strerror}") from error
    return done.returncode, os.fsdecode(done.stdout)
