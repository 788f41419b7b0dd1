"""A linter as it is installed here."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from holdline.cache import code_fingerprint
from holdline.config import LinterConfig
from holdline.errors import HoldlineError
from holdline.linter_process import Finished, find_program, run_program

_VERSION_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Tool:
    """A linter as it is installed here; `fingerprint` changes with it, its plugins and its command."""

    linter: LinterConfig
    program: Path
    fingerprint: str

    @classmethod
    def find(cls, linter: LinterConfig, root: Path) -> Tool:
        """Look the linter's program up and ask for its version. HoldlineError where there is none."""
        name = linter.command[0]
        program = find_program(name, root)
        if program is None:
            where = f"in {root}" if "/" in name else "on PATH"
            raise HoldlineError(f"linter {linter.name}: there is no program {name!r} {where}: install it or correct it")
        with tempfile.TemporaryDirectory(prefix="holdline-") as folder:
            version = _run(linter, program, ["--version"], Path(folder), _VERSION_SECONDS)
        parts = [repr(linter), os.fspath(program), *map(repr, (version.exit, version.stdout, version.stderr))]
        # Plugins, stubs, and what `python -m` runs: installing one changes the folder of packages.
        packages = sorted(program.parent.parent.glob("lib/python*/site-packages"))
        parts += [repr((os.fspath(p), p.stat().st_mtime_ns)) for p in packages]
        return cls(linter, program, code_fingerprint(parts, [Path(__file__).parent]))

    def run(self, arguments: Sequence[str], folder: Path) -> Finished:
        """Run it in a folder to its end. HoldlineError where it cannot be started, or takes too long."""
        return _run(self.linter, self.program, arguments, folder, self.linter.timeout)


def _run(linter: LinterConfig, program: Path, arguments: Sequence[str], folder: Path, timeout: int) -> Finished:
    try:
        return run_program(program, arguments, folder, timeout)
    except TimeoutError as error:
        raise HoldlineError(f"linter {linter.name}: {error}: give it a larger `timeout`") from None
    except OSError as error:
        raise HoldlineError(f"linter {linter.name}: {program} cannot be run: {error.strerror}") from None
