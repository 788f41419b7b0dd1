"""No file is judged for ever."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from datetime import date

import pytest

from holdline import judging
from holdline.config import Config
from holdline.judging import Judge, Level
from holdline.migration import Context
from holdline.model import Category, ProblemKind
from holdline.patience import TookTooLong, at_most
from holdline_migrations.registry import REGISTRY


def spin(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_it_ends() -> None:
    begun = time.process_time()
    with pytest.raises(TookTooLong), at_most(0.05):
        spin(30)
    assert time.process_time() - begun < 10


def test_an_exception_that_is_swallowed_comes_again() -> None:
    def work() -> None:
        with contextlib.suppress(TookTooLong):
            spin(30)
        spin(30)

    with pytest.raises(TookTooLong), at_most(0.05):
        work()


def test_a_parser_that_is_interrupted_says_something_else() -> None:
    def parse() -> None:
        with contextlib.suppress(TookTooLong):
            spin(30)
        raise SystemError("AST constructor recursion depth mismatch")

    with pytest.raises(TookTooLong), at_most(0.05):
        parse()
    with pytest.raises(SystemError), at_most(30):
        raise SystemError("its own")


def test_nothing_is_left_of_it() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    with at_most(0.05):
        pass
    spin(0.2)
    assert signal.getsignal(signal.SIGVTALRM) is before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_waiting_does_not_count() -> None:
    with at_most(0.05):
        time.sleep(0.2)


def test_in_another_thread_it_does_nothing() -> None:
    done: list[bool] = []

    def work() -> None:
        with at_most(0.01):
            spin(0.1)
        done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]


# Hypothesis has a callback in the garbage collector, which may be what is interrupted.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_file_that_takes_too_long_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "PATIENCE", 0.05)
    data = b"import os\n" + b"os.environ['A']\n" * 20_000
    codes = frozenset(r.code for r in REGISTRY.rules)
    judge = Judge(REGISTRY.migrations, Context(Config(), codes), Level.NONE, date(2026, 1, 5))
    result = judge.judge("a.py", data, Category.TESTS)
    assert result.problem is not None
    assert result.problem.kind is ProblemKind.UNREADABLE, "another machine may take less: the cache does not keep it"
    assert result.problem.message == "cannot be judged within 0 seconds: split or exclude it"
    assert result == result._replace(remaining=(), fixed=())
    assert len(judge.judge("a.py", b"import os\nos.environ['A']\n", Category.TESTS).violations) == 1
