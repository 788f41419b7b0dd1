"""Programs that take too long, say too much, or leave something behind."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from holdline.fleet import processes
from holdline.fleet.processes import JobError, Limits, Stopped, run_bounded
from holdline.linter_process import Finished
from holdline_runtime import get_env


def run(code: str, seconds: int = 60, stop_after: float = 1e9) -> Finished:
    started = time.monotonic()
    limits = Limits(seconds, started + seconds, lambda: time.monotonic() - started > stop_after)
    return run_bounded([sys.executable, "-c", code], get_env(), Path("/"), limits)


def test_output_and_exit_code() -> None:
    done = run("import sys; print('out'); sys.stderr.write('err'); sys.exit(5)")
    assert done == Finished(5, b"out\n", b"err")


def test_more_than_a_pipe_holds() -> None:
    done = run("import sys; sys.stderr.write('x' * 300_000 + 'end'); print('y' * 300_000)")
    assert len(done.stdout) == 300_001
    assert done.stderr.endswith(b"xend")
    assert len(done.stderr) <= 64 * 1024


def test_too_long() -> None:
    started = time.monotonic()
    with pytest.raises(JobError, match=r"^not done after 1 s: give it a larger `timeout`$"):
        run("import time; time.sleep(600)", seconds=1)
    assert time.monotonic() - started < 60


def test_what_does_not_want_to_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_GRACE", 0.3)
    code = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
    with pytest.raises(JobError, match="not done"):
        run(code, seconds=1)


def test_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_MAX_OUTPUT", 2**20)
    with pytest.raises(JobError, match=r"^its report is longer than 1 MB$"):
        run("while True: print('x' * 100_000)")


def test_stopped() -> None:
    with pytest.raises(Stopped):
        run("import time; time.sleep(600)", stop_after=0.5)


def test_a_grandchild_that_holds_the_streams_open_is_not_waited_for() -> None:
    child = "import time; time.sleep(600)"
    code = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {child!r}]).pid, flush=True)"
    started = time.monotonic()
    done = run(code)
    assert done.exit == 0
    assert time.monotonic() - started < 60
    import os
    import signal

    os.kill(int(done.stdout), signal.SIGKILL)
