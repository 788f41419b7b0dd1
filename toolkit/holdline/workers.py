"""Running one function over many items, in this process or in several."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from holdline.errors import WorkerDied

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
    chunk = max(1, min(64, len(items) // (jobs * 4)))
    settle()
    over = _over_forks if sys.platform == "linux" else _over_pool
    yield from over(function, items, jobs, chunk, name)


_BEGUN, _DONE = 1, 2


def _over_forks(
    function: Callable[[Any], Any], items: Sequence[Any], jobs: int, chunk: int, name: Callable[[Any], str]
) -> Iterator[Any]:
    import mmap

    from holdline.forks import map_chunks

    progress = mmap.mmap(-1, len(items))  # shared with the forks: a byte for each item, how far they are with it

    def work(numbers: Sequence[int]) -> list[Any]:
        results = []
        for number in numbers:
            progress[number] = _BEGUN
            results.append(function(items[number]))
            progress[number] = _DONE
        return results

    try:
        for results in map_chunks(work, range(len(items)), jobs, chunk):
            yield from results
    except WorkerDied:
        begun = [name(item) for item, state in zip(items, progress[:], strict=True) if state == _BEGUN]
        raise WorkerDied(_killed(f" at work on {' or '.join(begun)}" if begun else "")) from None


def _over_pool(
    function: Callable[[Any], Any], items: Sequence[Any], jobs: int, chunk: int, name: Callable[[Any], str]
) -> Iterator[Any]:
    """Where forking is not safe, Python knows what is."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    try:
        with ProcessPoolExecutor(jobs, initializer=_start_worker, initargs=(function,)) as pool:
            yield from pool.map(_apply, items, chunksize=chunk)
    except BrokenProcessPool:
        raise WorkerDied(_killed("")) from None


def _killed(where: str) -> str:
    return (
        f"a worker process was killed{where}, perhaps because memory ran out: "
        "use --jobs 1, which needs least, or exclude what is too large"
    )


#: What this process does to items, if it is a worker of a pool: handed over once and not with each chunk.
_task: Callable[[Any], Any]


def _start_worker(function: Callable[[Any], Any]) -> None:
    """Ctrl-C goes to the whole process group: the parent sees to it, and a worker has nothing to say."""
    global _task
    _task = function
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settle()


def _apply(item: Any) -> Any:
    return _task(item)


def settle() -> None:
    """Make this process fit for judging many files."""
    allow_deep_nesting()
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])


def allow_deep_nesting() -> None:
    """Raise the recursion limit, so that what Python's parser can read, our walks can follow."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION_LIMIT))
