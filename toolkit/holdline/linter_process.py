"""Running linters: the one place beside the git gateway that starts programs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from holdline_runtime import get_env

# What would have a linter colour its output, or lead a git that it runs to the repository that is being judged.
_DROPPED = frozenset({"FORCE_COLOR", "CLICOLOR_FORCE", "MYPY_FORCE_COLOR", "PY_COLORS"})
_FIXED = {"NO_COLOR": "1", "TERM": "dumb", "PYTHONIOENCODING": "utf-8:surrogateescape"}


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended; `exit` is negative for the signal that killed it."""

    exit: int
    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)

    @property
    def last_words(self) -> str:
        """The last line it wrote to stderr, else to stdout; empty where it wrote none."""
        for output in (self.stderr, self.stdout):
            if lines := os.fsdecode(output).strip().splitlines():
                return lines[-1].strip()
        return ""


def find_program(name: str, root: Path) -> Path | None:
    """The program that the first word of a command stands for: by PATH, or, with a slash, from the root."""
    found = shutil.which(os.fspath(root / name) if "/" in name else name, path=get_env().get("PATH"))
    return Path(found).absolute() if found else None


def run_program(program: Path, arguments: Sequence[str], folder: Path, timeout: int) -> Finished:
    """Run a program in a folder to its end.

    Raises TimeoutError where that takes more than `timeout` seconds, and other OSErrors where it cannot be started; no
    process that it started outlives either, nor an interrupt.
    """
    process = subprocess.Popen(
        [os.fspath(program), *arguments],
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)  # it leads a group, and was not waited for: the id is still its own
            if isinstance(error, subprocess.TimeoutExpired):
                raise TimeoutError(f"not done after {timeout} s") from None
            raise
    return Finished(process.returncode, stdout, stderr)


def _environment() -> dict[str, str]:
    passed = {n: v for n, v in get_env().items() if n not in _DROPPED and not n.startswith("GIT_")}
    return passed | _FIXED
