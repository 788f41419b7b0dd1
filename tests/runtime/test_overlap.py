"""Process patches nest; where two would overlap, a task is told at once and a thread waits its turn."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest

from holdline_runtime import get_env, overlap, patch_env
from holdline_runtime.errors import OverlappingPatchError

KEY = "HOLDLINE_T"
OTHER = "HOLDLINE_U"


@pytest.fixture(autouse=True)
def _short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "WAIT", 0.3)


@pytest.fixture(autouse=True)
def _nothing_applied_afterwards() -> Iterator[None]:
    before = list(overlap._state.applied)
    yield
    assert overlap._state.applied == before
    assert overlap._state.queue == []


class Worker:
    """A thread that does one thing at a time, when told."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1)

    def begin(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        return self.pool.submit(function, *args)

    def do(self, function: Callable[..., Any], *args: Any) -> Any:
        return self.begin(function, *args).result(10)


@pytest.fixture
def workers() -> Iterator[tuple[Worker, Worker]]:
    pair = Worker(), Worker()
    yield pair
    for worker in pair:
        worker.pool.shutdown()


# --- pair: two tasks ------------------------------------------------------------------------------


async def interleaved(make: Callable[[str], Any]) -> list[str | None]:
    """The first task ends while the second still runs; returns what the second saw, at first and at last."""
    entered, left = asyncio.Event(), asyncio.Event()
    seen: list[str | None] = []

    async def first() -> None:
        with make("first"):
            await entered.wait()
        left.set()

    async def second() -> None:
        try:
            with make("second"):
                seen.append(os.environ.get(KEY))
                entered.set()
                await left.wait()
                seen.append(os.environ.get(KEY))
        finally:
            entered.set()

    await asyncio.gather(first(), second())
    return seen


def test_patch_dict_mixes_up_tasks_and_leaves_one_patch_for_good() -> None:
    seen = asyncio.run(interleaved(lambda value: mock.patch.dict(os.environ, {KEY: value})))
    assert seen == ["second", None]
    assert os.environ[KEY] == "first"


def test_patch_env_raises_for_overlapping_tasks() -> None:
    with pytest.raises(OverlappingPatchError, match=r"^task '.*' holds a patch of os\.environ, applied at .*test_over"):
        asyncio.run(interleaved(lambda value: patch_env({KEY: value})))
    assert KEY not in os.environ


def test_overlays_of_tasks_do_not_overlap() -> None:
    async def main() -> list[str]:
        async def task(value: str) -> str:
            with patch_env({KEY: value}, mode="overlay") as env:
                await asyncio.sleep(0.01)
                return env[KEY]

        return await asyncio.gather(task("1"), task("2"))

    assert asyncio.run(main()) == ["1", "2"]


# --- pair: two threads ----------------------------------------------------------------------------


def overlapping_threads(make: Callable[[str], Any]) -> list[str | None]:
    """What two threads see, of which the second tries to enter while the first is inside."""
    first_in, second_in, first_out = threading.Event(), threading.Event(), threading.Event()

    def first() -> str | None:
        with make("1"):
            first_in.set()
            second_in.wait(0.2)
            seen = os.environ.get(KEY)
        first_out.set()
        return seen

    def second() -> str | None:
        first_in.wait()
        with make("2"):
            second_in.set()
            first_out.wait()
            return os.environ.get(KEY)

    with ThreadPoolExecutor(2) as pool:
        return [future.result() for future in (pool.submit(first), pool.submit(second))]


def test_patch_dict_gives_one_thread_the_others_value() -> None:
    assert overlapping_threads(lambda value: mock.patch.dict(os.environ, {KEY: value})) == ["2", None]
    assert os.environ[KEY] == "1"


def test_patch_env_lets_threads_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "WAIT", 20)
    assert overlapping_threads(lambda value: patch_env({KEY: value})) == ["1", "2"]
    assert KEY not in os.environ


def test_a_thread_waits_no_longer_than_that(workers: tuple[Worker, Worker]) -> None:
    one, two = workers
    patch = patch_env({KEY: "1"})
    one.do(patch.start)
    start = time.monotonic()
    with pytest.raises(OverlappingPatchError, match=r"thread 'ThreadPoolExecutor.*applied at .*thread\.py:\d+") as info:
        two.do(patch_env({KEY: "2"}).start)
    assert 0.3 <= time.monotonic() - start < 3
    assert "'1'" not in str(info.value)
    assert os.environ[KEY] == "1"
    one.do(patch.stop)
    assert KEY not in os.environ


def test_threads_are_served_in_the_order_of_their_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "WAIT", 20)
    order: list[int] = []
    holder = Worker()
    patch = patch_env({KEY: "held"})
    holder.do(patch.start)

    def work(number: int) -> None:
        with patch_env({KEY: str(number)}):
            order.append(number)

    threads = []
    for number in range(5):
        thread = threading.Thread(target=work, args=(number,))
        thread.start()
        threads.append(thread)
        while len(overlap._state.queue) <= number:
            time.sleep(0.001)
    holder.do(patch.stop)
    for thread in threads:
        thread.join()
    holder.pool.shutdown()
    assert order == [0, 1, 2, 3, 4]


def test_the_main_thread_waits_too(workers: tuple[Worker, Worker]) -> None:
    one, _ = workers
    patch = patch_env({KEY: "1"})
    one.do(patch.start)
    with pytest.raises(OverlappingPatchError) as caught, patch_env({KEY: "2"}):
        pytest.fail("the entry must fail")
    # Who, where and how long, and what to do.
    assert "thread 'ThreadPoolExecutor-" in str(caught.value)
    assert "test_overlap.py:" in str(caught.value) or "thread.py:" in str(caught.value)
    assert "which this one would overlap and has not ended in 0.3 s" in str(caught.value)
    assert "make that one before the thread starts, or use mode='overlay'" in str(caught.value)
    leaving = one.begin(lambda: (time.sleep(0.05), patch.stop()))
    with patch_env({KEY: "2"}):
        assert os.environ[KEY] == "2"
    leaving.result()


# --- what nests -----------------------------------------------------------------------------------


def test_workers_nest_in_what_the_main_thread_holds(workers: tuple[Worker, Worker]) -> None:
    one, _ = workers

    def work() -> str:
        with patch_env({KEY: "worker", OTHER: "2"}):
            return os.environ[KEY]

    with patch_env({KEY: "main"}):
        assert one.do(work) == "worker"
        assert os.environ[KEY] == "main"
        assert OTHER not in os.environ


def test_the_main_thread_may_end_its_patch_first(workers: tuple[Worker, Worker]) -> None:
    one, _ = workers
    inner = patch_env({KEY: "worker"})
    with patch_env({KEY: "main", OTHER: "main"}):
        one.do(inner.start)
    assert os.environ[KEY] == "worker"
    assert OTHER not in os.environ
    one.do(inner.stop)
    assert KEY not in os.environ


def test_a_thread_nests_in_its_own(workers: tuple[Worker, Worker]) -> None:
    def nested() -> str:
        with patch_env({KEY: "1"}), patch_env({KEY: "2"}):
            return os.environ[KEY]

    assert workers[0].do(nested) == "2"


def test_a_nested_entry_does_not_queue_behind_those_who_wait_for_it(workers: tuple[Worker, Worker]) -> None:
    one, two = workers
    outer, inner = patch_env({KEY: "1"}), patch_env({KEY: "2"})
    one.do(outer.start)
    waiting = two.begin(patch_env({KEY: "3"}).start)
    while not overlap._state.queue:
        time.sleep(0.001)
    one.do(inner.start)
    one.do(inner.stop)
    one.do(outer.stop)
    waiting.result()
    assert os.environ[KEY] == "3"
    two.do(mock.patch.stopall)


def test_a_child_task_nests_in_its_parents() -> None:
    async def child() -> str:
        with patch_env({KEY: "child"}):
            await asyncio.sleep(0)
            return os.environ[KEY]

    async def main() -> None:
        with patch_env({KEY: "parent"}):
            assert await asyncio.wait_for(child(), 5) == "child"
            assert await asyncio.create_task(child()) == "child"
            assert await asyncio.to_thread(os.getenv, KEY) == "parent"

    asyncio.run(main())
    assert KEY not in os.environ


def test_a_parent_may_not_overlap_with_a_child_that_goes_on() -> None:
    async def child(entered: asyncio.Event, done: asyncio.Event) -> None:
        with patch_env({KEY: "child"}):
            entered.set()
            await done.wait()

    async def main() -> None:
        entered, done = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(child(entered, done))
        await entered.wait()
        try:
            with pytest.raises(OverlappingPatchError), patch_env({KEY: "parent"}):
                pytest.fail("the entry must fail")
        finally:
            done.set()
            await task

    asyncio.run(main())


def test_a_task_nests_in_what_fixtures_hold() -> None:
    """A synchronous fixture, a task that has finished, and a loop whose context is older than either."""

    async def setup() -> None:
        finished.start()

    async def body() -> str:
        with patch_env({KEY: "test"}):
            await asyncio.sleep(0)
            return os.environ[KEY]

    finished = patch_env({OTHER: "async fixture"})
    with asyncio.Runner() as runner:
        runner.get_loop()  # takes its context now
        with patch_env({KEY: "fixture"}):
            runner.run(setup())
            assert runner.run(body()) == "test"

            async def teardown() -> None:
                finished.stop()

            runner.run(teardown())
            assert OTHER not in os.environ
            assert os.environ[KEY] == "fixture"


def test_to_thread_and_bind_nest_in_a_workers_patch(workers: tuple[Worker, Worker]) -> None:
    one, two = workers

    def work() -> str:
        with patch_env({KEY: "inner"}):
            return os.environ[KEY]

    def bound() -> Any:
        with patch_env({KEY: "outer"}):
            return two.do(get_env().bind(work))

    async def threads() -> str:
        with patch_env({KEY: "outer"}):
            return await asyncio.to_thread(work)

    def unbound() -> Any:
        with patch_env({KEY: "outer"}):
            return two.do(work)

    assert one.do(bound) == "inner"
    assert one.do(asyncio.run, threads()) == "inner"
    with pytest.raises(OverlappingPatchError):
        one.do(unbound)


def test_a_patch_whose_thread_is_gone_blocks_nobody(workers: tuple[Worker, Worker]) -> None:
    patch = patch_env({KEY: "1"})
    thread = threading.Thread(target=patch.start)
    thread.start()
    thread.join()
    with patch_env({KEY: "2"}):
        assert os.environ[KEY] == "2"
    patch.stop()
    assert KEY not in os.environ


def test_different_mappings_do_not_overlap(workers: tuple[Worker, Worker]) -> None:
    one, _ = workers
    patch = patch_env({KEY: "1"})
    one.do(patch.start)
    with mock.patch("os.environ", {}), patch_env({KEY: "2"}):
        assert os.environ[KEY] == "2"
    one.do(patch.stop)


def test_one_patch_in_two_tasks_ends_for_each_by_itself() -> None:
    async def main() -> list[str | None]:
        patch = patch_env({KEY: "overlay"}, mode="overlay")
        first_out = asyncio.Event()

        async def first() -> str | None:
            with patch:
                await asyncio.sleep(0)
            first_out.set()
            return get_env().get(KEY)

        async def second() -> str | None:
            with patch:
                await first_out.wait()
                return get_env().get(KEY)

        return await asyncio.gather(first(), second())

    assert asyncio.run(main()) == [None, "overlay"]


def test_a_forked_child_is_not_held_up() -> None:
    def in_child(result: Any) -> None:
        with patch_env({KEY: "child"}):
            result.put(os.environ[KEY])

    context = multiprocessing.get_context("fork")
    one = Worker()
    patch = patch_env({KEY: "1"})
    one.do(patch.start)
    try:
        with fork_allowed():
            queue = context.SimpleQueue()
            child = context.Process(target=in_child, args=(queue,))
            child.start()
        assert queue.get() == "child"
        child.join()
    finally:
        one.do(patch.stop)
        one.pool.shutdown()


@contextmanager
def fork_allowed() -> Iterator[None]:
    """Python 3.12 and later warn of forking with threads, which is the very point here."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
