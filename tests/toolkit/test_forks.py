"""Forked workers: results in order, errors as they were, a dead worker noticed, and none left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence

import pytest

from holdline.errors import WorkerDied
from holdline.forks import map_chunks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers are not forked")


def doubled(numbers: Sequence[int]) -> list[int]:
    return [2 * number for number in numbers]


@pytest.fixture(autouse=True)
def _none_left_behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each worker is gone when all is done, and nobody's zombie."""
    started: list[int] = []
    fork = os.fork

    def note() -> int:
        pid = fork()
        started.append(pid)
        return pid

    monkeypatch.setattr(os, "fork", note)
    yield
    assert not [pid for pid in started if os.path.exists(f"/proc/{pid}")]  # noqa: PTH110


@pytest.mark.parametrize(("count", "chunk"), [(0, 1), (1, 1), (10, 3), (2_500, 1), (100_000, 64)])
def test_each_item_is_worked_on_once_and_in_order(count: int, chunk: int) -> None:
    """The numbers of all chunks have to fit into a pipe, so there are never more than a thousand."""
    results = list(map_chunks(doubled, range(count), 3, chunk))
    assert [n for some in results for n in some] == doubled(range(count))
    assert len(results) <= 1_000


def test_slow_chunks_come_in_their_place() -> None:
    def slow_at_first(numbers: Sequence[int]) -> list[int]:
        time.sleep(0.2 if 0 in numbers else 0)
        return list(numbers)

    assert [n for some in map_chunks(slow_at_first, range(20), 2, 1) for n in some] == list(range(20))


def test_results_may_be_larger_than_a_pipe() -> None:
    results = map_chunks(lambda numbers: [bytes([n]) * 1_000_000 for n in numbers], range(6), 2, 1)
    assert [(some[0][:1], len(some[0])) for some in results] == [(bytes([n]), 1_000_000) for n in range(6)]


def test_an_error_comes_with_its_traceback() -> None:
    def fail_at_7(numbers: Sequence[int]) -> list[int]:
        if 7 in numbers:
            raise ValueError("seven")
        return list(numbers)

    with pytest.raises(ValueError, match="seven") as caught:
        list(map_chunks(fail_at_7, range(20), 2, 1))
    assert "in fail_at_7" in caught.value.__notes__[0]


def test_a_killed_worker_is_noticed() -> None:
    def die_at_7(numbers: Sequence[int]) -> list[int]:
        if 7 in numbers:
            os.kill(os.getpid(), signal.SIGKILL)
        return list(numbers)

    with pytest.raises(WorkerDied, match="a worker process was killed"):
        list(map_chunks(die_at_7, range(20), 2, 1))


def test_who_stops_asking_leaves_no_worker_behind() -> None:
    def forever(numbers: Sequence[int]) -> list[int]:
        time.sleep(60 if 1 in numbers else 0)
        return list(numbers)

    begun = time.monotonic()
    results = map_chunks(forever, range(2), 2, 1)
    assert next(results) == [0]
    results.close()
    assert time.monotonic() - begun < 30


def test_workers_write_nothing_of_what_the_parent_had_buffered(capfd: pytest.CaptureFixture[str]) -> None:
    with open(os.dup(1), "w") as stream, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        stream.write("once")
        list(map_chunks(doubled, range(4), 2, 1))
    assert capfd.readouterr().out == "once"
