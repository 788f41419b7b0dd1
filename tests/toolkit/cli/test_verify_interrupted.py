"""`migrate --verify` stopped on its way: nothing is changed, nothing is left, and the next start goes on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline_runtime import get_env

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

READ = 'import os\n\n\ndef test():\n    assert os.getenv("A") is None\n'
#: Counts its runs, and minds nothing; the third does not end while the file `wait` is there.
SCRIPT = """\
import os, pathlib, sys, time
here = pathlib.Path(sys.argv[1])
runs = here / "runs"
count = int(runs.read_text()) + 1 if runs.exists() else 1
runs.write_text(str(count))
(here / "pid").write_text(str(os.getpid()))
while count >= 3 and (here / "wait").exists():
    time.sleep(0.05)
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Where the script keeps its files; it waits."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "wait").touch()
    (tmp_path / "here" / "script.py").write_text(SCRIPT)
    (tmp_path / "temporary").mkdir()
    return tmp_path / "here"


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo({"tests/test_a.py": READ})


@pytest.fixture
def start(repo: Repo, here: Path, scripts: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """`start()` begins `migrate --verify` with the script."""
    started = []

    def run() -> subprocess.Popen[str]:
        command = f"{sys.executable} {here}/script.py {here}"
        started.append(
            subprocess.Popen(
                [str(scripts / "migrate"), "--verify", command],
                cwd=repo.root,
                env={**get_env(), "TMPDIR": str(here.parent / "temporary")},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def in_third_run(here: Path) -> bool:
    runs = here / "runs"
    return runs.exists() and runs.read_text() == "3"


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody asked about does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_everything_in_order_and_the_next_start_goes_on(
    repo: Repo, here: Path, start: Callable[[], subprocess.Popen[str]], number: signal.Signals
) -> None:
    process = start()
    wait_for(lambda: in_third_run(here))
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1] == (
        "holdline: interrupted: no file was changed; the same command goes on after the 2 runs that were made"
    )
    assert repo.read("tests/test_a.py") == READ.encode()
    assert repo.git("worktree", "list").count("\n") == 1
    assert list((here.parent / "temporary").iterdir()) == []
    assert not is_alive(int((here / "pid").read_text()))
    (here / "wait").unlink()
    out, _ = start().communicate(timeout=60)
    assert re.search(r"nothing taken back \(2 runs of all tests in \d+ s, 2 remembered\)", out)
    assert (here / "runs").read_text() == "5"
    assert b"get_env" in repo.read("tests/test_a.py")


def test_after_a_kill_the_next_start_goes_on_and_clears_up(
    repo: Repo, here: Path, start: Callable[[], subprocess.Popen[str]]
) -> None:
    process = start()
    wait_for(lambda: in_third_run(here))
    process.kill()
    process.communicate()
    assert repo.read("tests/test_a.py") == READ.encode()
    assert repo.git("worktree", "list").count("\n") == 2
    os.kill(int((here / "pid").read_text()), signal.SIGKILL)  # nobody is left to do it
    (here / "wait").unlink()
    out, _ = start().communicate(timeout=60)
    assert "2 remembered" in out
    assert b"get_env" in repo.read("tests/test_a.py")
    assert repo.git("worktree", "list").count("\n") == 1
    assert list((here.parent / "temporary").iterdir()) == []


def test_a_file_that_is_edited_meanwhile_stays(
    repo: Repo, here: Path, start: Callable[[], subprocess.Popen[str]]
) -> None:
    process = start()
    wait_for(lambda: in_third_run(here))
    repo.write("tests/test_a.py", READ + "# mine\n")
    (here / "wait").unlink()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "changed meanwhile" in err
    assert repo.read("tests/test_a.py") == READ.encode() + b"# mine\n"
