"""What of a patch travels where: every cell of the table in docs/concurrency.md is a test here, and no other.

A place is a function that makes a reading happen there, while the patch is applied, and returns what was read.
"""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import multiprocessing
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import pytest

import holdline_runtime
from holdline_runtime import get_env, patch_env

KEY = "HOLDLINE_T"
READ = f"__import__('holdline_runtime').get_env().get({KEY!r})"

Mode = Literal["process", "overlay"]
Apply = Callable[[], Any]
"""Makes the patch."""


def read() -> str | None:
    return get_env().get(KEY)


def in_main(make: Apply, read: Callable[[], Any]) -> Any:
    with make():
        return read()


def facade(make: Apply) -> Any:
    return in_main(make, read)


def os_environ(make: Apply) -> Any:
    return in_main(make, lambda: os.environ.get(KEY))


def c_library(make: Apply) -> Any:
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_char_p

    def c_read() -> str | None:
        value = getenv(KEY.encode())
        return None if value is None else value.decode()

    return in_main(make, c_read)


def thread_started_inside(make: Apply) -> Any:
    seen: list[str | None] = []
    with make():
        thread = threading.Thread(target=lambda: seen.append(read()))
        thread.start()
        thread.join()
    return seen[0]


def executor(make: Apply) -> Any:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(read).result()  # the thread is there before the patch is
        with make():
            return pool.submit(read).result()


def executor_bound(make: Apply) -> Any:
    with ThreadPoolExecutor(1) as pool, make():
        return pool.submit(get_env().bind(read)).result()


def copied_context(make: Apply) -> Any:
    with ThreadPoolExecutor(1) as pool, make():
        return pool.submit(contextvars.copy_context().run, read).result()


def task_created_inside(make: Apply) -> Any:
    async def main() -> str | None:
        with make():
            return await asyncio.create_task(reading())

    async def reading() -> str | None:
        return read()

    return asyncio.run(main())


def task_created_before(make: Apply) -> Any:
    async def main() -> str | None:
        entered = asyncio.Event()

        async def reading() -> str | None:
            await entered.wait()
            return read()

        task = asyncio.create_task(reading())
        await asyncio.sleep(0)
        with make():
            entered.set()
            return await task

    return asyncio.run(main())


def task_that_outlives_the_patch(make: Apply) -> Any:
    async def main() -> str | None:
        ended = asyncio.Event()

        async def reading() -> str | None:
            await ended.wait()
            return read()

        with make():
            task = asyncio.create_task(reading())
            await asyncio.sleep(0)
        ended.set()
        return await task

    return asyncio.run(main())


def to_thread(make: Apply) -> Any:
    async def main() -> str | None:
        with make():
            return await asyncio.to_thread(read)

    return asyncio.run(main())


def run_in_executor(make: Apply) -> Any:
    async def main() -> str | None:
        with make():
            return await asyncio.get_running_loop().run_in_executor(None, read)

    return asyncio.run(main())


def child_process(argument: str = "") -> str | None:
    """Read in a fresh interpreter, with its environment made as the argument says."""
    done = subprocess.run(
        [sys.executable, "-c", f"import os; print(os.environ.get({KEY!r}, ''))"],
        env=get_env().child_env() if argument == "child_env" else None,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip() or None


def subprocess_inherits(make: Apply) -> Any:
    return in_main(make, child_process)


def subprocess_child_env(make: Apply) -> Any:
    return in_main(make, lambda: child_process("child_env"))


def from_pool(make: Apply, method: str) -> Any:
    if method == "forkserver":  # a server that was started earlier would show the environment of that moment
        from multiprocessing import forkserver

        forkserver._forkserver._stop()  # type: ignore[attr-defined]
    with make(), ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        return pool.submit(eval, READ).result()


def spawn(make: Apply) -> Any:
    return from_pool(make, "spawn")


def forkserver(make: Apply) -> Any:
    return from_pool(make, "forkserver")


def fork(make: Apply) -> Any:
    """In a process of its own: one with threads, as a test worker is, had better not fork."""
    mode = make()._mode
    code = f"""
import multiprocessing, os
from holdline_runtime import get_env, patch_env
with patch_env({{{KEY!r}: "patched"}}, mode={mode!r}):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        print(pool.apply(eval, ({READ!r},)) or "")
"""
    source = str(Path(holdline_runtime.__file__).parents[1])
    child = get_env().child_env(PYTHONPATH=source)
    done = subprocess.run([sys.executable, "-c", code], env=child, capture_output=True, text=True, check=True)
    return done.stdout.strip() or None


INHERITS = bool(getattr(sys.flags, "thread_inherit_context", 0))  # free-threaded builds of 3.14 and later

TABLE: dict[Callable[[Apply], Any], tuple[bool, bool]] = {
    # place: seen in process mode, seen in overlay mode
    facade: (True, True),
    os_environ: (True, False),
    c_library: (True, False),
    thread_started_inside: (True, INHERITS),
    executor: (True, False),
    executor_bound: (True, True),
    copied_context: (True, True),
    task_created_inside: (True, True),
    task_created_before: (True, False),
    task_that_outlives_the_patch: (False, False),
    to_thread: (True, True),
    run_in_executor: (True, False),
    fork: (True, True),
    spawn: (True, False),
    forkserver: (True, False),
    subprocess_inherits: (True, False),
    subprocess_child_env: (True, True),
}


@pytest.mark.parametrize("mode", ["process", "overlay"])
@pytest.mark.parametrize("place", TABLE, ids=lambda place: place.__name__)
def test_cell(place: Callable[[Apply], Any], mode: Mode) -> None:
    expected = TABLE[place][mode == "overlay"]
    assert place(lambda: patch_env({KEY: "patched"}, mode=mode)) == ("patched" if expected else None)
    assert KEY not in os.environ
    assert read() is None


def test_the_documentation_has_these_cells() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "concurrency.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|[^|]+\|\s*(yes|no)[^|]*\|\s*(yes|no)[^|]*\|\s*`(\w+)`\s*\|$", page, re.MULTILINE)
    told = {name: (process == "yes", overlay == "yes") for process, overlay, name in rows}
    cells = {place.__name__: cell for place, cell in TABLE.items()}
    assert told == {**cells, "thread_started_inside": (True, False)}  # the exception is told in words
