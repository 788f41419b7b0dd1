"""Running one function over many items, in this process or in several."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from holdline.errors import HoldlineError

if TYPE_CHECKING:
    from mmap import mmap

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Deeply nested sources need deep recursion; Python frames no longer use the C stack (3.11 on).
_RECURSION_LIMIT = 20_000
#: Below this many items a pool costs more than it saves.
_PAYS_FROM = 48
#: A syntax tree is many objects and no cycles: Python, left to itself, spends a sixth of a scan on looking for some.
_COLLECT_AFTER = 100_000


def default_jobs() -> int:
    """How many processes to use where the user does not say: the CPUs this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


class WorkerDied(HoldlineError):
    """Another process was killed: by the system, for its memory, or by somebody."""


def map_in_order(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    jobs: int,
    name: Callable[[Item], str] = str,
) -> Iterator[Result]:
    """`map(function, items)`, spread over up to `jobs` processes where that pays; results in the items' order.

    Raises WorkerDied, which tells the items' names.
    """
    if jobs <= 1 or len(items) < _PAYS_FROM:
        settle()
        yield from map(function, items)
        return
    import mmap
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    # forked workers have everything imported already; where forking is not safe Python's own default decides
    method = "fork" if sys.platform == "linux" else None
    context = multiprocessing.get_context(method)
    chunk = max(1, min(64, len(items) // (jobs * 4)))
    progress = mmap.mmap(-1, len(items)) if method else None  # shared with forks alone
    work = _Work(function, items, progress)
    try:
        with ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_worker, initargs=(work,)) as pool:
            yield from pool.map(_apply, range(len(items)), chunksize=chunk)
    except BrokenProcessPool:
        states = progress[:] if progress else b""
        begun = [name(item) for item, state in zip(items, states, strict=False) if state == _BEGUN]
        where = f" at work on {' or '.join(begun)}" if begun else ""
        raise WorkerDied(
            f"a worker process was killed{where}, perhaps because memory ran out: "
            "use --jobs 1, which needs least, or exclude what is too large"
        ) from None


class _Work(NamedTuple):
    """What the workers do, and a byte for each item that says how far they are with it."""

    function: Callable[[Any], Any]
    items: Sequence[Any]
    progress: mmap | None


_BEGUN, _DONE = 1, 2
#: This process's work, if it is a worker: handed over once, with the fork, and not with each chunk.
_work: _Work


def _start_worker(work: _Work) -> None:
    """Ctrl-C goes to the whole process group: the parent sees to it, and a worker has nothing to say."""
    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # what came with the fork stays: looking at it would only copy its pages
    settle()


def _apply(number: int) -> Any:
    function, items, progress = _work
    if progress is None:
        return function(items[number])
    progress[number] = _BEGUN
    try:
        return function(items[number])
    finally:
        progress[number] = _DONE


def settle() -> None:
    """Make this process fit for judging many files."""
    allow_deep_nesting()
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])


def allow_deep_nesting() -> None:
    """Raise the recursion limit, so that what Python's parser can read, our walks can follow."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION_LIMIT))
