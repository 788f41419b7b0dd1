"""Running one program to its end, within bounds of time and output."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdline.linter_process import Finished

#: Bytes of standard output; a report is a few hundred for each violation.
_MAX_OUTPUT = 128 * 2**20
_MAX_COMPLAINTS = 64 * 2**10
#: Seconds between two looks at the clock and at whether the user stopped it all.
_GLANCE = 0.2
#: Seconds that a program has to end by itself, once it is told to.
_GRACE = 5.0


class JobError(Exception):
    """The repository's command cannot be brought to its end; the message says why."""


class Stopped(Exception):
    """The user stopped the whole fleet."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When to give up: at `deadline` (of `time.monotonic()`, after `seconds`), or once `stopped` says so."""

    seconds: int
    deadline: float
    stopped: Callable[[], bool]

    def check(self) -> None:
        """Raise Stopped or JobError where it is time to give up."""
        if self.stopped():
            raise Stopped
        if time.monotonic() > self.deadline:
            raise JobError(f"not done after {self.seconds} s: give it a larger `timeout`")


def run_bounded(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, limits: Limits, keep_open: Sequence[int] = ()
) -> Finished:
    """Run a program in a folder, in a session of its own: no terminal to ask at, and no Ctrl-C but ours.

    Its standard input is empty and stays open for as long as this process lives. `keep_open` are descriptors that it
    inherits. Raises JobError or Stopped where it is ended before its time; what it started is ended with it.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        pass_fds=keep_open,
    ) as process:
        try:
            stdout, stderr = _collect(process, limits)
            while process.poll() is None:  # it may close its streams and go on
                limits.check()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_GLANCE)
        except BaseException:
            _end(process)
            raise
    return Finished(process.returncode, stdout, stderr)


def _collect(process: subprocess.Popen[bytes], limits: Limits) -> tuple[bytes, bytes]:
    """What it writes to standard output, and the end of what it writes to standard error."""
    assert process.stdout is not None
    assert process.stderr is not None
    output, complaints = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, output)
        selector.register(process.stderr, selectors.EVENT_READ, complaints)
        while selector.get_map():
            limits.check()
            for key, _ in selector.select(_GLANCE):
                data = os.read(key.fd, 2**16)
                key.data.extend(data)
                if not data:
                    selector.unregister(key.fileobj)
            del complaints[:-_MAX_COMPLAINTS]
            if len(output) > _MAX_OUTPUT:
                raise JobError(f"its report is longer than {_MAX_OUTPUT >> 20} MB")
            if process.poll() is not None and not selector.select(0):
                break  # something that it left behind holds the streams open
    return bytes(output), bytes(complaints)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to stop as Ctrl-C would, then make it."""
    for number, seconds in ((signal.SIGINT, _GRACE), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)  # it leads a group, and was not waited for: the id is still its own
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()  # nobody reads on: it is not to wait for us
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
