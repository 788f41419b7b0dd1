"""Where errors become exit codes: bugs, interrupts, pipes that close, full disks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline import __version__, engine
from holdline.judging import Judge
from holdline.model import Category, FileResult
from holdline_runtime import get_env

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

READ = 'import os\n\nX = os.environ["X"]\n'
SLOW_JUDGE = """
import pathlib, time
from holdline.judging import Judge

judge = Judge.judge

def slow(self, path, data, category):
    pathlib.Path(MARK).touch()
    time.sleep(0.5)
    return judge(self, path, data, category)

Judge.judge = slow
"""
SLOW_FIRST_JUDGE = """
import pathlib, time
from holdline.judging import Judge

judge = Judge.judge

def slow(self, path, data, category):
    if path == "tests/test_0.py":
        time.sleep(0.5)  # by then the other worker has nothing left to do
        pathlib.Path(MARK).touch()
        time.sleep(1)
    return judge(self, path, data, category)

Judge.judge = slow
"""
SLOW_SECOND_WRITE = """
import pathlib, time
from holdline.journal import Journal

write = Journal.write

def slow(self, run, planned):
    if planned.path.endswith("b.py"):
        pathlib.Path(MARK).touch()
        time.sleep(60)
    return write(self, run, planned)

Journal.write = slow
"""


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo({"tests/test_a.py": READ, "tests/test_b.py": READ, "tests/test_c.py": READ})


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("line one\nline \x1b[31m two")

    monkeypatch.setattr(engine, "map_in_order", fail)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("command", ["migrate", "scan"])
def test_a_bug_is_one_line_that_says_how_to_report_it(repo: Repo, call: Run, command: str) -> None:
    done = call(repo.root, command)
    assert done.code == 3
    line = done.complaint
    assert line.startswith(r"holdline: a bug of ours: RuntimeError: line one\nline \x1b[31m two (test_boundary.py:")
    assert f"holdline {__version__}, Python {sys.version.split()[0]}" in line
    assert "report" in line


@pytest.mark.usefixtures("broken")
def test_the_traceback_on_request(repo: Repo, call: Run) -> None:
    done = call(repo.root, "scan", "-v")
    assert done.code == 3
    assert "Traceback (most recent call last)" in done.err


@pytest.mark.parametrize("command", [("scan", "--no-cache"), ("migrate",), ("migrate", "--dry-run")])
def test_a_worker_that_the_system_kills(
    make_repo: MakeRepo, call: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """As Linux does with a process that takes too much memory."""
    judge, here = Judge.judge, os.getpid()

    def fatal(self: Judge, path: str, data: bytes, category: Category) -> FileResult:
        if path == "tests/test_\n40.py" and os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return judge(self, path, data, category)

    repo = make_repo({f"tests/test_\n{number}.py": READ for number in range(60)})
    monkeypatch.setattr(Judge, "judge", fatal)
    done = call(repo.root, *command, "--jobs", "2")
    assert done.code == 2
    assert done.complaint.startswith("holdline: a worker process was killed at work on tests/test_\\n")
    assert "tests/test_\\n40.py" in done.complaint
    assert "use --jobs 1" in done.complaint
    assert repo.git("status", "--porcelain") == ""
    assert call(repo.root, *command, "--jobs", "1").code == 0


class TestInterrupts:
    """Ctrl-C, as a terminal sends it: to the whole process group."""

    @pytest.fixture
    def interrupt(
        self, tmp_path: Path, sabotage: Callable[[str], dict[str, str]], scripts: Path
    ) -> Callable[..., tuple[int, str, str]]:
        def run(repo: Repo, code: str, *arguments: str) -> tuple[int, str, str]:
            mark = tmp_path / "started"
            env = {**get_env(), **sabotage(code.replace("MARK", repr(str(mark))))}
            process = subprocess.Popen(
                [scripts / "holdline", *arguments],
                cwd=repo.root,
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            deadline = time.monotonic() + 30
            while not mark.exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=30)
            return process.returncode, out, err

        return run

    @pytest.mark.parametrize("command", ["migrate", "scan"])
    def test_while_planning(self, repo: Repo, interrupt: Run, command: str) -> None:
        assert interrupt(repo, SLOW_JUDGE, command) == (130, "", "holdline: interrupted\n")
        assert repo.git("status", "--porcelain") == ""

    def test_with_several_processes(self, make_repo: MakeRepo, interrupt: Run) -> None:
        repo = make_repo({f"tests/test_{number}.py": READ for number in range(60)})
        assert interrupt(repo, SLOW_FIRST_JUDGE, "migrate", "--jobs", "2") == (130, "", "holdline: interrupted\n")

    def test_while_writing(self, repo: Repo, interrupt: Run, shell: Run) -> None:
        code, out, err = interrupt(repo, SLOW_SECOND_WRITE, "migrate")
        assert (code, out) == (130, "")
        assert err == (
            "holdline: interrupted: each file of run 1 is either as it was or rewritten in full; "
            "`holdline undo` takes it back\n"
        )
        assert b"get_env" in repo.read("tests/test_a.py")
        assert repo.read("tests/test_b.py") == repo.read("tests/test_c.py") == READ.encode()
        assert shell(repo.root, "status").text.splitlines()[1].split()[3:5] == ["interrupted", "1"]
        assert sorted(path.name for path in (repo.root / "tests").iterdir()) == ["test_a.py", "test_b.py", "test_c.py"]
        assert shell(repo.root, "undo").text == "run 1: 1 file restored\n"
        assert repo.read("tests/test_a.py") == READ.encode()
        assert shell(repo.root, "migrate").code == 0


class TestOutput:
    @pytest.fixture
    def closed_pipe(self) -> Iterator[int]:
        """The end to write to of a pipe that nobody reads."""
        reader, writer = os.pipe()
        os.close(reader)
        yield writer
        os.close(writer)

    def run(self, repo: Repo, scripts: Path, stdout: Any, *arguments: str) -> tuple[int, str]:
        command = [scripts / "holdline", *arguments]
        done = subprocess.run(command, cwd=repo.root, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stderr

    @pytest.mark.parametrize("line", [["scan"], ["rules"], ["migrate", "--dry-run", "-q"]], ids=" ".join)
    def test_a_reader_that_is_gone(self, repo: Repo, scripts: Path, closed_pipe: int, line: list[str]) -> None:
        assert self.run(repo, scripts, closed_pipe, *line) == (130, "")

    @pytest.mark.parametrize("line", [["scan", "nowhere"], ["migrate", "--dry-run"]], ids=" ".join)
    def test_nobody_reads_the_complaints(self, repo: Repo, scripts: Path, closed_pipe: int, line: list[str]) -> None:
        command = [scripts / "holdline", *line]
        done = subprocess.run(command, cwd=repo.root, stdout=closed_pipe, stderr=closed_pipe, check=False)
        assert done.returncode == 130

    @pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&-"])
    def test_streams_that_are_closed(self, repo: Repo, scripts: Path, redirection: str) -> None:
        for line, code in (("scan --fail-on-violations", 1), ("scan nowhere", 2), ("migrate --dry-run", 0)):
            done = subprocess.run(
                f"{scripts / 'holdline'} {line} {redirection}",
                shell=True,
                cwd=repo.root,
                capture_output=True,
                check=False,
            )
            assert (done.returncode, b"Traceback" in done.stderr) == (code, False)

    def test_a_migration_is_complete_whoever_reads(self, repo: Repo, scripts: Path, closed_pipe: int) -> None:
        assert self.run(repo, scripts, closed_pipe, "migrate") == (130, "")
        assert all(b"get_env" in repo.read(f"tests/test_{name}.py") for name in "abc")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    @pytest.mark.parametrize("line", [["scan"], ["migrate", "--dry-run", "-q"]], ids=" ".join)
    def test_a_full_disk(self, repo: Repo, scripts: Path, line: list[str]) -> None:
        with open("/dev/full", "wb") as full:
            code, err = self.run(repo, scripts, full, *line)
        assert (code, err) == (2, "holdline: the output cannot be written: No space left on device\n")

    def test_text_that_the_encoding_lacks(self, make_repo: MakeRepo, shell: Run) -> None:
        repo = make_repo({"tests/é.py": READ})
        done = shell(repo.root, "scan", env={"PYTHONIOENCODING": "ascii"})
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(rb"tests/\xe9.py:3:5: HL101 ")

    def test_names_that_steer_terminals(self, make_repo: MakeRepo, shell: Run) -> None:
        repo = make_repo({"tests/test_\x1b[31m.py": READ, "tests/test_b.py": READ})
        for line in (["scan"], ["migrate", "--dry-run"], ["migrate"], ["status"], ["undo"]):
            done = shell(repo.root, *line)
            assert done.code == 0
            assert "\x1b" not in done.text + done.err
