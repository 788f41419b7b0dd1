"""The log of changes to the environment: who changed what, where and when, with values masked.

Changes that go through this package are always logged. Those that go past it, straight to `os.environ`, are seen
while somebody watches (see `watch`). The log is bounded: the oldest records go first.
"""

from __future__ import annotations

import os
import time

# `threading` is no part of the import budget; this is the very lock it hands out.
from _thread import RLock, get_ident
from collections import deque, namedtuple
from itertools import count

from holdline_runtime import callers, running
from holdline_runtime.masking import mask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, NamedTuple

    class _Fields(NamedTuple):
        sequence: int
        time: float
        pid: int
        thread: int
        task: str | None
        operation: str
        key: str
        layer: str
        source: str
        old: str | None
        new: str | None
        external: bool
        place: str

else:
    _Fields = namedtuple("_Fields", "sequence time pid thread task operation key layer source old new external place")

CAPACITY = 10_000
"""How many records the log holds."""


class Record(_Fields):
    """One change of one variable.

    `time` is monotonic, in seconds. `task` is the name of the asyncio task, if any. `operation` is one of `set`,
    `delete`, `patch` and `restore`, `layer` is `process` or `overlay`. `source` is the writer's `file:line`, or the
    note given to `set()`; `place` is the `file:line` in both cases. `old` and `new` are masked, and None where the
    variable is missing. `external` means that the change was made past this package.
    """

    __slots__ = ()


class Watch:
    """What `watch` returns: a context manager, and the records made since it was entered."""

    __slots__ = ("_first",)

    def __init__(self) -> None:
        self._first = 0

    def __enter__(self) -> Watch:
        from holdline_runtime import external

        self._first = next(_log.numbers)
        external.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        from holdline_runtime import external

        external.stop()

    def records(self) -> list[Record]:
        """Return the records since the entry that the log still holds, oldest first."""
        return [record for record in records() if record.sequence >= self._first]


def watch() -> Watch:
    """Watch for direct writes to `os.environ` as well, while the context manager is entered.

    CPython tells of them through audit hooks, which cannot be removed: after the first `watch()` every audit event of
    the process (an import, an `open`, …) costs a function call more. Nested and concurrent watches share one hook.
    What C code does with `setenv()`, and writes to another mapping put in the place of `os.environ`, are not seen.
    """
    return Watch()


def records() -> list[Record]:
    """Return what the log holds, oldest first."""
    with _log.lock:
        kept = list(_log.kept)
    return [Record._make(fields) for fields in sorted(kept)]


def clear() -> None:
    """Forget the records; sequence numbers go on."""
    with _log.lock:
        _log.kept.clear()


def record(
    operation: str,
    key: Any,
    old: Any,
    new: Any,
    *,
    layer: str = "process",
    source: str | None = None,
    place: str | None = None,
) -> None:
    """Log a change made through this package; the source defaults to the nearest caller outside it.

    `place` is given where `source` is no place.
    """
    append([(operation, key, old, new)], layer, callers.source() if source is None else source, place=place)


def record_difference(
    operation: str | None, before: Mapping[Any, Any], after: Mapping[Any, Any], *, layer: str = "process"
) -> None:
    """Log what differs; without an operation each change is called a `set` or `delete`, whichever it is."""
    changes = []
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if old is not new and old != new:
            changes.append((operation or ("delete" if new is None else "set"), key, old, new))
    if changes:
        append(changes, layer, callers.source())


def append(
    changes: Iterable[tuple[str, Any, Any, Any]],
    layer: str,
    source: str,
    *,
    external: bool = False,
    place: str | None = None,
) -> None:
    """Log changes made in one go: operation, key, old and new value of each.

    Values are masked first: the log never holds them.
    """
    moment, pid, thread, task = time.monotonic(), os.getpid(), get_ident(), running.task_name()
    shown = [(operation, _text(key), _shown(key, old), _shown(key, new)) for operation, key, old, new in changes]
    with _log.lock:
        for operation, key, old, new in shown:
            number = next(_log.numbers)
            _log.kept.append(
                (number, moment, pid, thread, task, operation, key, layer, source, old, new, external, place or source)
            )


def _shown(key: Any, value: Any) -> str | None:
    return None if value is None else mask(_text(key), _text(value))


def _text(value: Any) -> str:
    """Return a string as it is; what else a mapping in the place of `os.environ` may hold is named by its type."""
    return value if isinstance(value, str) else f"<{type(value).__name__}>"


class _Log:
    """The records of this process, and the numbers of the next ones."""

    # Plain tuples are kept, since few are ever looked at; a count cannot be interrupted half-way.
    __slots__ = ("kept", "lock", "numbers")

    def __init__(self) -> None:
        self.kept: deque[tuple[Any, ...]] = deque(maxlen=CAPACITY)
        self.numbers = count()
        self.renew_lock()

    def renew_lock(self) -> None:
        """Make the lock anew: reentrant, since a signal handler or a finaliser may write while it is held."""
        self.lock = RLock()


_log = _Log()
if hasattr(os, "register_at_fork"):  # a thread that held the lock is not there in the child to let it go
    os.register_at_fork(after_in_child=_log.renew_lock)
