"""Repositories worked on by the workers of a Dask cluster. Needs the extra `[cluster]`."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import queue
import re
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from holdline import __version__
from holdline.errors import HoldlineError, MissingExtraError
from holdline.fleet.processes import Stopped
from holdline.fleet.running import run_job
from holdline.fleet.values import Job, Outcome, Status
from holdline.reports.values import counted
from holdline.workers import default_jobs

if TYPE_CHECKING:
    from dask.typing import Key
    from distributed import Client, Future, Worker

#: Seconds to wait for the scheduler and the first worker, and, in the midst of it, for a worker to come back.
_CONNECT = 20
_FIRST_WORKER = 30
_NO_WORKER = 60
#: Seconds between two looks at whether there still are workers.
_GLANCE = 2.0
_ADDRESS = re.compile(r"(?:[a-z]+://)?(?:[^\s/:\[\]]+|\[[0-9A-Fa-f:.%]+\]):[0-9]{1,5}")


def run_on_cluster(jobs: Sequence[Job], address: str) -> Generator[tuple[int, Outcome], None, None]:
    """Run jobs on the cluster whose scheduler is at `address`: each job's place and outcome as soon as it is done.

    A job whose worker dies is given to another one, as often as the scheduler allows (`distributed.scheduler.
    allowed-failures`). Left early, it stops what runs. Raises HoldlineError where the cluster cannot be used at all.
    """
    client = _connect(address)
    try:
        _check_cluster(client, address)
        yield from _results(client, jobs)
    finally:
        with contextlib.suppress(Exception):  # it may be gone; there is nothing more to do about it
            client.close(timeout=_CONNECT)


def run_on_worker(job: Job) -> Outcome | None:
    """What a worker does with a job; None once nobody wants it any more."""
    from distributed import get_worker

    worker = get_worker()
    share = max(1, default_jobs() // worker.state.nthreads)
    try:
        return run_job(replace(job, processes=share), _unwanted(worker, worker.get_current_task()))
    except Stopped:
        return None


def version_there() -> str:
    """The version of Holdline that a scheduler or a worker would use."""
    return __version__


def _connect(address: str) -> Client:
    if not _ADDRESS.fullmatch(address):
        raise HoldlineError(f"--scheduler: expected an address such as 'tcp://10.0.0.5:8786', got {address!r}")
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"--scheduler needs the package {error.name}: install Holdline with its extra "
            "(pip install '.[cluster]' in its clone)"
        ) from None
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":  # what matters of it, we say
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        return Client(address, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        reason = "" if isinstance(error, OSError) else f" ({error})"
        raise HoldlineError(f"--scheduler {address}: no Dask scheduler answers there{reason}") from None


def _check_cluster(client: Client, address: str) -> None:
    """Whether there is a worker, and the same Holdline everywhere: the scheduler unpacks jobs as well."""
    from distributed import TimeoutError as DaskTimeoutError

    try:
        client.wait_for_workers(1, timeout=_FIRST_WORKER)
    except (DaskTimeoutError, TimeoutError):
        raise HoldlineError(
            f"--scheduler {address}: it has no worker: start one with `dask worker {address}`"
        ) from None
    answers: dict[str, Any] = {"the scheduler": _ask(lambda: client.run_on_scheduler(version_there))}
    answers |= {f"the worker {name}": answer for name, answer in client.run(version_there, on_error="return").items()}
    for name, answer in answers.items():
        if answer != __version__:
            found = f"Holdline {answer}" if isinstance(answer, str) else f"no Holdline that can be used ({answer})"
            raise HoldlineError(f"--scheduler {address}: {name} has {found}: install Holdline {__version__} there")


def _ask(question: Callable[[], object]) -> object:
    try:
        return question()
    except Exception as error:  # noqa: BLE001  # whatever came up over there is sent back as it is
        return error


def _results(client: Client, jobs: Sequence[Job]) -> Iterator[tuple[int, Outcome]]:
    run = f"holdline-fleet-{uuid.uuid4().hex}"
    places = {
        client.submit(run_on_worker, job, key=f"{run}-{place}", pure=False): place for place, job in enumerate(jobs)
    }
    try:
        for future in _as_done(client, list(places)):
            yield places[future], _outcome(future)
    except BaseException:
        with contextlib.suppress(Exception):
            client.cancel(list(places))
        raise


def _as_done(client: Client, futures: list[Future[Outcome | None]]) -> Iterator[Future[Outcome | None]]:
    """The futures as they end. Where there has been no worker for long, the rest comes as it is."""
    ended: queue.SimpleQueue[Future[Outcome | None]] = queue.SimpleQueue()
    for future in futures:
        future.add_done_callback(ended.put)
    left = set(futures)
    seen = time.monotonic()
    while left:
        try:
            future = ended.get(timeout=_GLANCE)
        except queue.Empty:
            if _has_workers(client):
                seen = time.monotonic()
            elif time.monotonic() - seen > _NO_WORKER:
                yield from left
                return
            continue
        left.discard(future)
        yield future


def _has_workers(client: Client) -> bool:
    try:
        return bool(client.nthreads())
    except Exception:  # noqa: BLE001  # the scheduler is gone, in one of many ways
        return False


def _outcome(future: Future[Outcome | None]) -> Outcome:
    from distributed import KilledWorker

    if not future.done():
        return Outcome(Status.FAILED, message="the cluster has no worker left")
    try:
        outcome = future.result(timeout=_CONNECT)
    except KilledWorker as error:
        died = error.allowed_failures + 1
        return Outcome(Status.FAILED, message=f"{counted(died, 'worker')} died over it")
    except (concurrent.futures.CancelledError, asyncio.CancelledError):
        return Outcome(Status.FAILED, message="the connection to the scheduler was lost")
    except Exception as error:  # noqa: BLE001  # not to be unpacked, say: it is this repository's outcome
        return Outcome(Status.FAILED, message=f"the cluster lost it: {type(error).__name__}: {error}"[:500])
    return outcome or Outcome(Status.FAILED, message="it was stopped")


def _unwanted(worker: Worker, key: Key) -> Callable[[], bool]:
    """Whether the user stopped it all, or the user's or the scheduler's process is gone.

    The worker knows: the scheduler has it forget the task, or it closes. Asking the scheduler could take for ever.
    """
    from distributed import Status as WorkerStatus

    ending = {WorkerStatus.closing, WorkerStatus.closed, WorkerStatus.failed}

    def unwanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state != "executing" or worker.status in ending

    return unwanted
