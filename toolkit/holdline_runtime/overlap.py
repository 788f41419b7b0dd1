"""Which process patches are applied, and who may apply another: patches nest, they do not overlap.

The process has one environment. Two patches that are applied at the same time give wrong values to both, unless one
runs inside the other, as a worker thread's patch does while the main thread's fixture holds its own. So a patch is
let in at once where it nests in every patch that is applied:

- the other belongs to the same thread, and to no other task that is still going on there;
- or it was applied by a caller, as far as contexts tell: by the task that made this one, by whoever called
  `asyncio.to_thread` or `get_env().bind`;
- or it belongs to the main thread, and this is another: the main thread waits for its workers, as a rule;
- or its thread is gone.

Otherwise a patch of another task is an error at once, since to wait for it would stop the event loop; for another
thread's we wait, in order of arrival.
"""

from __future__ import annotations

import os
import sys
import time
from _thread import RLock, allocate_lock, get_ident
from contextvars import ContextVar

from holdline_runtime import running
from holdline_runtime.errors import OverlappingPatchError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _thread import LockType
    from asyncio import Task
    from typing import Any

WAIT = 10.0
"""How long, in seconds, a patch waits for those of other threads before `OverlappingPatchError` is raised."""

_GLANCE = 0.25  # seconds; a thread that dies, or a task that finishes, with a patch applied tells nobody


class Holder:
    """Who applies a patch to which mapping; the base of what is registered here."""

    __slots__ = ("source", "target", "task", "thread")

    target: Any
    source: str
    thread: int
    task: Task[Any] | None

    def take_over(self) -> None:
        """Note who runs."""
        self.thread = get_ident()
        self.task = running.task()


class _State:
    __slots__ = ("applied", "lock", "queue")

    def __init__(self) -> None:
        self.applied: list[Holder] = []
        self.restart()

    def restart(self) -> None:
        """Begin with a free lock and nobody waiting, as in a forked child, where other threads are gone."""
        self.lock = RLock()
        self.queue: list[LockType] = []


_state = _State()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_state.restart)

# The patches that the callers of this context have applied: the innermost, and the same of those around it.
_Chain = tuple[Holder, "_Chain | None"]
_around: ContextVar[_Chain | None] = ContextVar("holdline_patches", default=None)


def admit(holder: Holder) -> RLock:
    """Wait until the patch may be applied and return the lock, held, under which to apply and register it."""
    lock = _state.lock
    lock.acquire()
    try:
        blocking = _blocking(holder)
        if blocking is not None or (_state.queue and not _holds_any(holder)):
            _wait_in_turn(holder, lock)
    except BaseException:
        lock.release()
        raise
    return lock


def register(holder: Holder) -> None:
    """Note that the patch is applied. The lock is held."""
    _state.applied.append(holder)
    _around.set((holder, enclosing()))


def above(holder: Holder) -> list[Any] | None:
    """Return the patches of the same mapping applied later, in order; None when this one has ended already."""
    for at, other in enumerate(_state.applied):
        if other is holder:
            return [later for later in _state.applied[at + 1 :] if later.target is holder.target]
    return None


def unregister(holder: Holder) -> None:
    """Note that the patch has ended, and let the next in turn look. The lock is held."""
    _state.applied[:] = [other for other in _state.applied if other is not holder]
    _around.set(enclosing())
    _wake_next()


class Within:
    """Lets the patches of the body nest in those of another context."""

    __slots__ = ("_chain", "_previous")

    def __init__(self, chain: _Chain | None) -> None:
        self._chain = chain

    def __enter__(self) -> None:
        self._previous = _around.get()
        _around.set(self._chain)

    def __exit__(self, *exc_info: object) -> None:
        # No token: a generator may be closed in another context, where a token would not be accepted.
        _around.set(self._previous)


def lock() -> RLock:
    """Return the lock under which patches are applied and ended."""
    return _state.lock


def enclosing() -> _Chain | None:
    """Return the patches of this context's callers that are still applied, from the innermost."""
    chain = _around.get()
    while chain is not None and not _is_applied(chain[0]):
        chain = chain[1]
    return chain


def _is_applied(holder: Holder) -> bool:
    return any(other is holder for other in _state.applied)


def _blocking(holder: Holder) -> Holder | None:
    """Return a patch that this one would overlap."""
    for other in _state.applied:
        if other.target is holder.target and _is_concurrent(other, holder) and not _is_around(other):
            return other
    return None


def _is_concurrent(other: Holder, holder: Holder) -> bool:
    if other.thread == holder.thread:
        return other.task is not None and other.task is not holder.task and not other.task.done()
    return other.thread != _main_thread() and other.thread in sys._current_frames()


def _is_around(other: Holder) -> bool:
    chain = _around.get()
    while chain is not None:
        if chain[0] is other:
            return True
        chain = chain[1]
    return False


def _holds_any(holder: Holder) -> bool:
    """Tell whether others may be waiting for us: then we must not wait behind them."""
    return enclosing() is not None or any(other.thread == holder.thread for other in _state.applied)


def _wait_in_turn(holder: Holder, lock: RLock) -> None:
    """Return once nothing blocks and nobody is before us. The lock is held before and after, not meanwhile."""
    until = time.monotonic() + WAIT
    ticket = allocate_lock()
    ticket.acquire()
    queue = _state.queue
    queue.append(ticket)
    try:
        while True:
            blocking = _blocking(holder)
            if blocking is None and (queue[0] is ticket or _holds_any(holder)):
                return
            left = until - time.monotonic()
            if blocking is not None and (left <= 0 or blocking.thread == holder.thread):
                waited = 0.0 if blocking.thread == holder.thread else WAIT
                raise OverlappingPatchError(_name(blocking), blocking.source, waited)
            lock.release()
            try:
                ticket.acquire(timeout=min(max(left, 0.01), _GLANCE))
            finally:
                lock.acquire()
    finally:
        queue.remove(ticket)
        _wake_next()


def _wake_next() -> None:
    if _state.queue and _state.queue[0].locked():
        _state.queue[0].release()


def _main_thread() -> int | None:
    threading = sys.modules.get("threading")
    return None if threading is None else threading.main_thread().ident


def _name(holder: Holder) -> str:
    if holder.task is not None:
        return f"task {holder.task.get_name()!r}"
    threading = sys.modules.get("threading")
    thread = None if threading is None else threading._active.get(holder.thread)
    return f"thread {holder.thread if thread is None else thread.name!r}"
