"""One repository's turn: its clone brought up to date, the command run over it in a process of its own.

Nothing that goes wrong there is raised: it is the repository's outcome.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from holdline.fleet.addresses import masked
from holdline.fleet.figures import read_figures
from holdline.fleet.gitclones import clone_in_use, update_clone, variables_for
from holdline.fleet.gitstate import head_of, state_of
from holdline.fleet.processes import JobError, Limits, Stopped, run_bounded
from holdline.fleet.values import Job, Outcome, Status
from holdline.linter_process import Finished
from holdline_runtime import get_env

_MAX_MESSAGE = 500
#: By the command's exit code; whatever else it may be is a failure.
_STATUS = {0: Status.OK, 1: Status.FOUND}


class _Place(NamedTuple):
    """Where a command is run, and the lock's descriptor that it inherits."""

    folder: Path
    keep_open: tuple[int, ...] = ()


def run_job(job: Job, stopped: Callable[[], bool]) -> Outcome:
    """Run a job to its end, or until its time is over. Raises Stopped once `stopped` says so, and nothing else."""
    started = time.monotonic()
    limits = Limits(job.timeout, started + job.timeout, stopped)
    try:
        outcome = _run(job, limits)
    except Stopped:
        raise
    except JobError as error:
        outcome = _failed(str(error), job)
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        outcome = _failed(f"{name}{error.strerror or error}", job)
    except Exception as error:  # noqa: BLE001  # one repository is not to stop the others, whatever it brings up
        outcome = _failed(f"a bug of ours: {type(error).__name__}: {error}", job)
    if outcome.resumed:
        return outcome
    return dataclasses.replace(outcome, seconds=round(time.monotonic() - started, 2))


def _run(job: Job, limits: Limits) -> Outcome:
    with _place(job, limits) as place:
        with_refs = job.command == "branches"
        before = state_of(place.folder, limits, with_refs=with_refs)
        if before and job.remembered and job.remembered.state == before:
            return dataclasses.replace(job.remembered, resumed=True)
        commit = head_of(place.folder, limits)
        done = _run_command(job, place, limits)
        # What a scan saw is what was there when it began; the others leave something of theirs behind.
        after = before if job.command == "scan" else state_of(place.folder, limits, with_refs=with_refs)
    return _judge(job, done, commit, place.folder, after)


@contextlib.contextmanager
def _place(job: Job, limits: Limits) -> Iterator[_Place]:
    if job.path:
        if not Path(job.path).is_dir():
            raise JobError(f"there is no folder {job.path} on {socket.gethostname()}")
        yield _Place(Path(job.path))
        return
    with clone_in_use(job, limits) as (folder, lock):
        update_clone(job, folder, lock, limits)
        yield _Place(folder, (lock,))


def _run_command(job: Job, place: _Place, limits: Limits) -> Finished:
    with tempfile.TemporaryDirectory(prefix="holdline-") as scratch:
        command = [job.command, "--format", "json", "--jobs", str(job.processes)]
        if job.config:
            file = Path(scratch, job.config.name)
            file.write_bytes(job.config.contents)
            command += ["--config", os.fspath(file)]
        # -P: a module of the repository's, or of the folder we were started in, is not to pass for one of ours
        python = [sys.executable, "-P", "-m", "holdline.cli.supervised", "-C", os.fspath(place.folder)]
        environment = {**get_env(), **variables_for(job)}
        return run_bounded([*python, *command, *job.arguments], environment, Path(scratch), limits, place.keep_open)


def _judge(job: Job, done: Finished, commit: str | None, folder: Path, state: str) -> Outcome:
    status = _STATUS.get(done.exit, Status.FAILED)
    figures = read_figures(job.command, done.stdout)
    message = _last_line(done.stderr)
    if done.exit < 0:
        message = f"killed by {_signal_name(-done.exit)}"
    elif status is not Status.FAILED and figures is None:
        status, message = Status.FAILED, f"its report cannot be read{': ' if message else ''}{message}"
    elif status is Status.FAILED and not message:
        message = f"exit code {done.exit}, without a word"
    return Outcome(
        status,
        commit,
        done.exit,
        figures=figures,
        message=_tidy(message, job),
        folder=os.fspath(folder),
        state="" if status is Status.FAILED else state,
    )


def _failed(message: str, job: Job) -> Outcome:
    return Outcome(Status.FAILED, message=_tidy(message, job), folder=job.path)


def _tidy(message: str, job: Job) -> str:
    return masked(message, job.url)[:_MAX_MESSAGE]


def _last_line(stderr: bytes) -> str:
    lines: Sequence[str] = os.fsdecode(stderr).strip().splitlines() or [""]
    return lines[-1].strip().removeprefix("holdline: ")


def _signal_name(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"
