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
    """Raise TookTooLong inside once this process has computed that long; without effect beside the main thread."""
    try:
        before = signal.signal(signal.SIGVTALRM, _stop)
    except ValueError:  # signals are the main thread's
        yield
        return
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _stop(number: int, frame: FrameType | None) -> None:
    raise TookTooLong
