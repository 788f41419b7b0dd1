"""A few forked processes that share a list of chunks of work, without the weight of `multiprocessing`.

Importing that, with its queues and threads, takes as long as scanning some hundred files. Here a worker takes the
number of the next chunk from a pipe, which gives each number to one of them, and sends results through its own pipe.
"""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import struct
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, NamedTuple

from holdline.errors import WorkerDied

_NUMBER = struct.Struct("=I")
#: The number of a chunk, and the length of its pickled results.
_HEAD = struct.Struct("=IQ")
#: All their numbers must go into a pipe, which holds 4,096 bytes where the system is short of memory.
_MOST_CHUNKS = 1_000
_READ = 1 << 16


class _Worker(NamedTuple):
    pid: int
    results: int


def map_chunks(
    work: Callable[[Sequence[Any]], list[Any]], items: Sequence[Any], jobs: int, chunk: int
) -> Generator[list[Any], None, None]:
    """`work` on each chunk of the items, in `jobs` forked processes; the results in the order of the chunks.

    What `work` raises is raised here, the worker's traceback with it. Raises WorkerDied where a worker was killed.
    """
    chunk = max(chunk, -(-len(items) // _MOST_CHUNKS))
    starts = range(0, len(items), chunk)

    def work_on(number: int) -> list[Any]:
        return work(items[starts[number] : starts[number] + chunk])

    tickets, printer = os.pipe()
    workers: list[_Worker] = []
    try:
        os.write(printer, b"".join(map(_NUMBER.pack, range(len(starts)))))
        os.close(printer)
        for _ in range(min(jobs, len(starts))):
            workers.append(_fork(work_on, tickets, workers))
        received: dict[int, list[Any]] = {}
        arriving = _receive([worker.results for worker in workers])
        for wanted in range(len(starts)):
            while wanted not in received:
                number, results = next(arriving)
                received[number] = results
            yield received.pop(wanted)
    finally:
        os.close(tickets)
        for worker in workers:
            os.close(worker.results)
            os.kill(worker.pid, signal.SIGKILL)  # it is done, or nobody waits for its results any more
            os.waitpid(worker.pid, 0)


def _fork(work: Callable[[int], list[Any]], tickets: int, others: Sequence[_Worker]) -> _Worker:
    results, sink = os.pipe()
    pid = os.fork()
    if pid:
        os.close(sink)
        return _Worker(pid, results)
    try:
        # Ctrl-C goes to the whole process group: the parent sees to it, and a worker has nothing to say.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for descriptor in (results, *(other.results for other in others)):
            os.close(descriptor)
        gc.freeze()  # what came with the fork stays: looking at it would only copy its pages
        _serve(work, tickets, sink)
    finally:
        os._exit(0)  # nothing that the parent has buffered or open is to be written or closed here


def _serve(work: Callable[[int], list[Any]], tickets: int, sink: int) -> None:
    while ticket := os.read(tickets, _NUMBER.size):
        (number,) = _NUMBER.unpack(ticket)
        try:
            message = pickle.dumps(work(number), pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # noqa: BLE001  # raised anew in the parent
            import traceback

            error.add_note("".join(traceback.format_exception(error)))
            message = pickle.dumps(error, pickle.HIGHEST_PROTOCOL)
        rest = memoryview(_HEAD.pack(number, len(message)) + message)
        while rest:
            rest = rest[os.write(sink, rest) :]


def _receive(pipes: Sequence[int]) -> Iterator[tuple[int, list[Any]]]:
    """The results of chunks with their numbers, as they arrive."""
    buffers = {pipe: bytearray() for pipe in pipes}
    poll = select.poll()
    for pipe in pipes:
        poll.register(pipe, select.POLLIN)
    while buffers:
        for pipe, _ in poll.poll():
            data, buffer = os.read(pipe, _READ), buffers[pipe]
            if not data:
                poll.unregister(pipe)
                del buffers[pipe]
            buffer += data
            while len(buffer) >= _HEAD.size:
                number, length = _HEAD.unpack_from(buffer)
                end = _HEAD.size + length
                if len(buffer) < end:
                    break
                results = pickle.loads(memoryview(buffer)[_HEAD.size : end].tobytes())
                del buffer[:end]
                if isinstance(results, Exception):
                    raise results
                yield number, results
    raise WorkerDied("a worker process was killed")
