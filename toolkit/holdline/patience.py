"""A bound on the time that one file may take."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

#: Seconds of processor time for one file. The largest and densest that people write take a tenth of it.
PATIENCE = 60.0


class TookTooLong(Exception):
    """The time is over."""


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TookTooLong inside once this process has computed that long; without effect beside the main thread.

    Where something swallows the exception (a callback of the garbage collector), it is raised anew a second later.
    """
    over: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        over.append(number)
        raise TookTooLong

    try:
        before = signal.signal(signal.SIGVTALRM, stop)
    except ValueError:  # signals are the main thread's
        yield
        return
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 1.0)
        yield
    except SystemError as error:  # how Python's parser takes an interruption
        if over:
            raise TookTooLong from error
        raise
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
