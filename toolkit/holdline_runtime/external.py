"""Direct writes to the process environment, seen through CPython's audit events `os.putenv` and `os.unsetenv`."""

from __future__ import annotations

import os
import sys
from _thread import RLock

from holdline_runtime import audit, callers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Watching:
    """How many watches are entered, and whether the hook, which stays for good, is there."""

    count = 0
    hooked = False


_lock = RLock()


def start() -> None:
    """Begin to log external writes; the first time this adds the hook."""
    with _lock:
        if not _Watching.hooked:
            sys.addaudithook(_hook)
            _Watching.hooked = True
        _Watching.count += 1


def stop() -> None:
    """End what one `start` began; the hook stays, but looks at nothing unless somebody else watches."""
    with _lock:
        _Watching.count -= 1


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _Watching.count or (event != "os.putenv" and event != "os.unsetenv"):
        return
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") in ("os", "collections.abc"):
        frame = frame.f_back  # type: ignore[assignment]  # None is looked for
    if frame is None or frame.f_globals.get("__name__", "").partition(".")[0] == callers.OURS:
        return  # ours, and logged as such
    key = os.fsdecode(args[0])
    new = os.fsdecode(args[1]) if event == "os.putenv" else None
    operation = "delete" if new is None else "set"
    source = callers.place(callers.outside(frame))
    audit.append([(operation, key, _before(key), new)], "process", source, external=True)


def _before(key: str) -> str | None:
    """Return what `os.environ` has, which hears of the change after the system does."""
    environ = os.environ  # holdline: allow[HL104] the object that was written to, without overlays
    return os._Environ.get(environ, key) if isinstance(environ, os._Environ) else None
