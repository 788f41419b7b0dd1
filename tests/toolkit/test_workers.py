"""Workers: the same results in the same order, in this process or in several."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from holdline.errors import WorkerDied
from holdline.workers import allow_deep_nesting, default_jobs, map_in_order


def square(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def fail_at_50(number: int) -> int:
    if number == 50:
        raise ValueError("fifty")
    return number


def die_at_50(number: int) -> int:
    if number == 50:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def limits(_: int) -> tuple[int, bool]:
    return sys.getrecursionlimit(), signal.getsignal(signal.SIGINT) == signal.SIG_IGN


@pytest.mark.parametrize("jobs", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 47, 48, 300])
def test_order(jobs: int, count: int) -> None:
    found = list(map_in_order(square, range(count), jobs))
    assert [n for n, _ in found] == [n * n for n in range(count)]
    here = {pid == os.getpid() for _, pid in found}
    assert here <= {jobs == 1 or count < 48}


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_arrives_as_it_is(jobs: int) -> None:
    with pytest.raises(ValueError, match="fifty"):
        list(map_in_order(fail_at_50, range(100), jobs))


def test_a_worker_that_is_killed_is_no_bug_of_ours() -> None:
    with pytest.raises(WorkerDied) as caught:
        list(map_in_order(die_at_50, range(200), 2, lambda number: f"file {number}.py"))
    message = str(caught.value)
    assert "file 50.py" in message
    assert message.count(".py") <= 2, "what each of the two was working on, at most"
    assert "--jobs 1" in message
    assert "\n" not in message


def test_workers_nest_deeply_and_leave_interrupts_to_the_parent() -> None:
    assert set(map_in_order(limits, range(100), 2)) == {(20_000, True)}


def test_few_items_are_done_here_and_lazily() -> None:
    results = map_in_order(fail_at_50, [1, 50], 4)
    assert next(results) == 1
    with pytest.raises(ValueError, match="fifty"):
        next(results)


def test_the_recursion_limit_is_never_lowered() -> None:
    before = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(30_000)
        allow_deep_nesting()
        assert sys.getrecursionlimit() == 30_000
    finally:
        sys.setrecursionlimit(before)


def test_jobs_by_default_are_the_cpus_at_hand() -> None:
    assert 1 <= default_jobs() <= (os.cpu_count() or 1)
