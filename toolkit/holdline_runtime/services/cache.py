"""What was found lately, shared by all of a user's processes: pytest's workers ask a service once between them.

One file a question, in a folder that only the user may enter; its name is a digest of the endpoint and the
credentials, so that other variables make it another question. While one process asks, the others wait for its answer.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from holdline_runtime.services.outcome import Outcome, Status

SECONDS_UP = 30.0
SECONDS_DOWN = 5.0
_POLL = 0.02


def cached(key: str, patience: float, ask: Callable[[], Outcome]) -> Outcome:
    """Return the answer of late, or ask and keep what comes.

    `patience` is for how many seconds to wait for another process that is asking, before asking oneself. Where
    nothing can be kept (no writable temporary folder) every call asks.
    """
    folder = _folder()
    if folder is None:
        return ask()
    path = folder / f"{key}.json"
    if (known := _read(path)) is not None:
        return known
    with _locked(path.with_suffix(".lock"), patience):
        if (known := _read(path)) is not None:
            return known
        outcome = ask()
        _write(path, outcome)
        return outcome


def forget() -> None:
    """Drop every answer that is kept."""
    if (folder := _folder()) is not None:
        for path in folder.glob("*.json"):
            path.unlink(missing_ok=True)


def _folder() -> Path | None:
    """The folder, made where it is missing; None where it is not ours alone."""
    folder = Path(tempfile.gettempdir()) / f"holdline-services-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    private = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
    return folder if private else None


def _read(path: Path) -> Outcome | None:
    try:
        record = json.loads(path.read_bytes())
        age = time.time() - record.pop("asked")
        outcome = Outcome(**{**record, "status": Status(record["status"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # none yet, or one of another version
        return None
    limit = SECONDS_UP if outcome.available else SECONDS_DOWN
    return outcome if 0 <= age < limit else None  # a clock that was set back makes an answer of the future


def _write(path: Path, outcome: Outcome) -> None:
    temporary = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):  # a full disk only costs the next one a question
        temporary.write_text(json.dumps({**vars(outcome), "asked": time.time()}))
        temporary.replace(path)


@contextlib.contextmanager
def _locked(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock, or after `patience` go on without: a process that hangs must not hang all others."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield
        return
    try:
        end = time.monotonic() + patience
        while not _try_lock(descriptor) and time.monotonic() < end:
            time.sleep(_POLL)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
