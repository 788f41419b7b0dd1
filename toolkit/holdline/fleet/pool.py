"""Repositories worked on side by side on this machine."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from holdline.fleet.running import run_job
from holdline.fleet.values import Job, Outcome


def run_here(jobs: Sequence[Job], at_once: int) -> Generator[tuple[int, Outcome], None, None]:
    """Run jobs, up to `at_once` of them at the same time: each job's place and outcome as soon as it is done.

    The threads wait, the work is done by processes. Left early (Ctrl-C), it ends what runs and starts nothing more.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(at_once, thread_name_prefix="fleet") as pool:
        places = {pool.submit(run_job, job, stop.is_set): place for place, job in enumerate(jobs)}
        try:
            for future in as_completed(places):
                yield places[future], future.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
