"""Running a repository's tests in a worktree with some of its files rewritten, and remembering what came of it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shlex
import signal
import subprocess
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from holdline.cache import ScanCache
from holdline.outcomes import Case, Outcome, read_junit
from holdline.writing import read_plain
from holdline_runtime import get_env

#: What pytest gets beside its own options: per-test outcomes with files, of all tests there are.
_OPTIONS = "-o junit_family=xunit1 --maxfail=0 --continue-on-collection-errors"
#: These would lead git, run by a test, to the user's own checkout.
_GIT_VARIABLES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")
_GRACE_SECONDS = 5.0
_LONGEST_TAIL = 300


class SuiteRun(NamedTuple):
    """How the command ended: exit status (None: it took too long and was stopped), each test's outcome (None: it wrote
    no JUnit XML), how long it took, and the last line it said.
    """

    status: int | None
    cases: Mapping[str, Case] | None
    seconds: float
    tail: str


@dataclass
class Suite:
    """The command `line`, run by the shell in the folder `below` a worktree's `root`.

    `originals` are the bytes of the files that runs may rewrite, `digest` stands for all files of the worktree as it
    was made. What `memory` knows is not run again, unless it is to `forget`.
    """

    line: str
    checkout: Path
    root: Path
    below: str
    digest: str
    originals: Mapping[str, bytes]
    memory: ScanCache
    forget: bool = False
    timeout: float | None = None
    import_roots: tuple[str, ...] = ()
    #: How often the command was run, how often a run was remembered instead, and how long the former took.
    made: int = 0
    remembered: int = 0
    seconds: float = 0.0
    _seen: dict[str, SuiteRun] = field(default_factory=dict, repr=False)
    _writes: int = 0

    def run(self, contents: Mapping[str, bytes], line: str = "", attempt: int = 0) -> SuiteRun:
        """Run the command, or the narrower `line`, with these contents of files, all others as they were.

        The same again is answered from memory; another `attempt` is another run.
        """
        line = line or self.line
        key = self._key(contents, line, attempt)
        if key in self._seen:
            return self._seen[key]
        run = None if self.forget else self._recall(key)
        if run is None:
            self._lay(contents)
            run = self._execute(line)
            self.made += 1
            self.seconds += run.seconds
            if run.status is not None:
                self.memory.put_many({key: _pack(run)})
        else:
            self.remembered += 1
        self._seen[key] = run
        return run

    def _key(self, contents: Mapping[str, bytes], line: str, attempt: int) -> str:
        changed = {p: hashlib.sha256(c).hexdigest() for p, c in contents.items() if c != self.originals[p]}
        parts = [line, self.below, self.digest, sorted(changed.items()), self.import_roots, attempt]
        return "run " + hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _recall(self, key: str) -> SuiteRun | None:
        packed = self.memory.get_many([key]).get(key)
        return _unpack(packed) if packed is not None else None

    def _lay(self, contents: Mapping[str, bytes]) -> None:
        """Put the contents in place. Each file written gets a time of its own: Python takes a compiled file for fresh
        if the source's size and time, in whole seconds, are those it was compiled from.
        """
        for path, original in self.originals.items():
            target, wanted = self.root / path, contents.get(path, original)
            if read_plain(target) == wanted:
                continue
            self._writes += 1
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)  # it may be read-only, and nobody needs it
            target.write_bytes(wanted)
            os.utime(target, (time.time(), 1_000_000_000 + self._writes))

    def _execute(self, line: str) -> SuiteRun:
        junit, log = self.root.parent / "junit.xml", self.root.parent / "output.log"
        junit.unlink(missing_ok=True)
        started = time.monotonic()
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["/bin/sh", "-c", line],
                cwd=self.root / self.below,
                env=self._environment(junit),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                status: int | None = process.wait(self.timeout)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                _stop(process)
        return SuiteRun(status, read_junit(junit), time.monotonic() - started, _last_line(log))

    def _environment(self, junit: Path) -> dict[str, str]:
        environment = dict(get_env())
        for name in _GIT_VARIABLES:
            environment.pop(name, None)
        options = [environment.get("PYTEST_ADDOPTS", ""), f"--junit-xml={shlex.quote(os.fspath(junit))}", _OPTIONS]
        environment["PYTEST_ADDOPTS"] = " ".join(filter(None, options))
        given = [p for p in environment.get("PYTHONPATH", "").split(os.pathsep) if p]
        paths = [*(os.fspath(self.root / path) for path in self.import_roots), *map(self._moved, given)]
        if paths:
            environment["PYTHONPATH"] = os.pathsep.join(paths)
        return environment

    def _moved(self, path: str) -> str:
        """An entry of PYTHONPATH, or what stands for it in the worktree."""
        if Path(path).is_absolute() and Path(path).is_relative_to(self.checkout):
            return os.fspath(self.root / Path(path).relative_to(self.checkout))
        return path


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the command, if it has not ended, and whatever it started and left behind."""
    if process.poll() is None:
        _signal(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
    _signal(process.pid, signal.SIGKILL)
    process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _last_line(log: Path) -> str:
    lines = log.read_bytes()[-4000:].decode(errors="replace").strip().splitlines()
    return lines[-1].strip()[:_LONGEST_TAIL] if lines else ""


def _pack(run: SuiteRun) -> bytes:
    cases = None if run.cases is None else {name: [*case] for name, case in run.cases.items()}
    return zlib.compress(json.dumps([run.status, cases, run.seconds, run.tail]).encode())


def _unpack(packed: bytes) -> SuiteRun | None:
    try:
        status, cases, seconds, tail = json.loads(zlib.decompress(packed))
        known = None if cases is None else {n: Case(Outcome(c[0]), *c[1:]) for n, c in cases.items()}
        return SuiteRun(status, known, seconds, tail)
    except (ValueError, TypeError, AttributeError, zlib.error):
        return None


def import_root(root: Path, path: str) -> str:
    """The folder that has to be on Python's path for a file to be imported by its full name."""
    folder = Path(path).parent
    while folder != Path() and (root / folder / "__init__.py").exists():
        folder = folder.parent
    return folder.as_posix()
