"""What the runtime costs beside what it stands in for: `os.environ.get`, `patch.dict`. See docs/benchmarks.md.

Both of a pair are timed in turn, many times over, so that whatever else the machine does meets them alike; the ratio is
that of the best times. It prints a table, and fails where a ratio is above its limit.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from typing import NamedTuple
from unittest import mock

from holdline_runtime import audit, get_env, patch_env

VARIABLES = {"ENVIRONMENT": "staging", "DATABASE_URL": "postgres://app:s3cr3t@db:5432/app", "FEATURE_SEARCH": "1"}
SIZES = (30, 200)


class Pair(NamedTuple):
    """Ours, theirs, and how many times as long ours may take."""

    name: str
    ours: Callable[[], object]
    theirs: Callable[[], object]
    calls: int
    limit: float | None


def main() -> int:
    """Measure in environments of each size; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300, help="how often each pair is timed (300)")
    rounds = parser.parse_args().rounds
    tell(f"Python {platform.python_version()}, {os.cpu_count()} CPUs; microseconds, best of {rounds}\n")
    tell(f"{'':34}{'variables':>10}{'ours':>9}{'theirs':>9}{'ratio':>8}{'limit':>8}")
    met = True
    for size in SIZES:
        filling = {f"HOLDLINE_FILLING_{number}": "x" * 20 for number in range(size)}
        with mock.patch.dict(os.environ, filling, clear=True):
            for pair in pairs():
                met &= measure(pair, size, rounds)
    with audit.watch(), mock.patch.dict(os.environ, {}, clear=True):
        os.environ.update({f"HOLDLINE_FILLING_{number}": "x" * 20 for number in range(SIZES[0])})
        for pair in pairs():
            measure(pair._replace(name=f"{pair.name}, watched", limit=None), SIZES[0], rounds)
    return 0 if met else 1


def pairs() -> list[Pair]:
    """What is compared with what."""
    env, environ = get_env(), os.environ
    key = "HOLDLINE_FILLING_7"
    write = Pair("env[key] = …", lambda: env.set(key, "1"), lambda: environ.__setitem__(key, "1"), 100, None)
    return [
        Pair("env.get(key)", lambda: env.get(key), lambda: environ.get(key), 200, 3.0),
        Pair("env.get(key), missing", lambda: env.get("NO"), lambda: environ.get("NO"), 200, 3.0),
        write,
        Pair("with patch_env(3 variables)", patched, patched_by_mock, 10, 1.5),
        Pair("… restore='owned'", owned, patched_by_mock, 10, 1.5),
        Pair("… mode='overlay'", overlaid, patched_by_mock, 10, None),
        Pair("… clear=True", cleared, cleared_by_mock, 10, None),
    ]


def patched() -> None:
    with patch_env(VARIABLES):
        pass


def owned() -> None:
    with patch_env(VARIABLES, restore="owned"):
        pass


def overlaid() -> None:
    with patch_env(VARIABLES, mode="overlay"):
        pass


def cleared() -> None:
    with patch_env(VARIABLES, clear=True):
        pass


def patched_by_mock() -> None:
    with mock.patch.dict(os.environ, VARIABLES):
        pass


def cleared_by_mock() -> None:
    with mock.patch.dict(os.environ, VARIABLES, clear=True):
        pass


def measure(pair: Pair, size: int, rounds: int) -> bool:
    """Print one line; return whether the limit is kept."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(timed(pair.ours, pair.calls))
        theirs.append(timed(pair.theirs, pair.calls))
    ratio = min(ours) / min(theirs)
    limit = "" if pair.limit is None else f"{pair.limit:.1f}"
    tell(f"{pair.name:34}{size:10}{min(ours):9.2f}{min(theirs):9.2f}{ratio:8.2f}{limit:>8}")
    return pair.limit is None or ratio <= pair.limit


def timed(call: Callable[[], object], calls: int) -> float:
    """Microseconds of one call."""
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) * 1e6 / calls


def tell(text: str) -> None:
    """Print at once: a run takes a while."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
