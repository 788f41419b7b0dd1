"""Running programs before and after their rewrite, and comparing what they did."""

from __future__ import annotations

import difflib
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from fuzzing.migrating import SAFE, migrate
from fuzzing.properties import Checked, Fault

# A bound method that is not called, but printed somewhere, shows what it is bound to.
_METHOD = re.compile(rb"\b(?:env\w*|environ)\s*\.\s*get\b(?! *\()")
_RUNNER = Path(__file__).with_name("runner.py")


class Runner:
    """The process that runs programs in forks of itself."""

    def __enter__(self) -> Runner:
        self._process = subprocess.Popen(
            [sys.executable, _RUNNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def run(self, data: bytes) -> str:
        """What a program did, as JSON."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(data.decode())}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def check(self, data: bytes) -> Checked:
        """Rewrite a program, safe fixes alone, and compare what it does before and after."""
        result = migrate(data, SAFE)
        count = Checked(len(result.violations), len(result.fixed))
        if not result.changes:
            return count
        was, became = self.run(data), self.run(result.after)
        if was == became:
            return count
        shown = difference(json.loads(was or "[]"), json.loads(became or "[]"))
        return Checked(
            count.accesses, count.rewritten, Fault("it does something else", f"{shown}\n{result.after.decode()}")
        )


def difference(was: Sequence[object], became: Sequence[object]) -> str:
    """The lines of two logs that differ."""
    lines = difflib.ndiff([repr(entry) for entry in was], [repr(entry) for entry in became])
    return "\n".join(line for line in lines if line[0] in "-+")


def is_runnable(data: bytes) -> bool:
    """Whether the program shows nothing that the rewrite may change."""
    return not _METHOD.search(data)


def runnable(data: bytes) -> bytes:
    """Without the imports of packages that need not be installed."""
    return data.replace(b"from mock import", b"from unittest.mock import").replace(b"import pytest\n", b"")
