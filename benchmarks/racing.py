"""Commands side by side: each round runs all of them once, so that whatever else the machine does meets all alike."""

from __future__ import annotations

import math
import os
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Racer:
    """A command and the exit codes of a run that did its work."""

    name: str
    command: tuple[str, ...]
    accepted: frozenset[int]


def race(racers: Sequence[Racer], folder: Path, rounds: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds of each run by racer, by the clock and of CPU.

    All are run once to warm up; the first of a round changes from round to round.
    """
    for racer in racers:
        run(racer, folder)
    times: dict[str, list[float]] = {racer.name: [] for racer in racers}
    work: dict[str, list[float]] = {racer.name: [] for racer in racers}
    for number in range(rounds):
        start = number % len(racers)
        for racer in [*racers[start:], *racers[:start]]:
            elapsed, used = run(racer, folder)
            times[racer.name].append(elapsed)
            work[racer.name].append(used)
    return times, work


def run(racer: Racer, folder: Path) -> tuple[float, float]:
    """Seconds of one run, by the clock and of CPU; stops the benchmark where the command does not do its work."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(racer.command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    elapsed = time.perf_counter() - start
    if done.returncode not in racer.accepted:
        sys.exit(f"{racer.name} exits with {done.returncode}:\n{os.fsdecode(done.stderr)}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return elapsed, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def watch(racer: Racer, folder: Path, every: float = 0.01, limit: float = math.inf) -> tuple[float, float]:
    """Seconds of one run, and the most that the command and all its children held at once, in megabytes.

    Memory is what is theirs, with shared pages split, looked at `every` so many seconds, which takes time too. A run
    that takes more than `limit` seconds is stopped; its seconds are then those, or a little more.
    """
    start = time.perf_counter()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(racer.command, cwd=folder, stdout=quiet, stderr=quiet, start_new_session=True)
    peak = 0
    while process.poll() is None:
        if time.perf_counter() - start > limit:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return time.perf_counter() - start, peak / 1024
        peak = max(peak, sum(map(_proportional_kilobytes, _family(process.pid))))
        time.sleep(every)
    if process.returncode not in racer.accepted:
        sys.exit(f"{racer.name} exits with {process.returncode}")
    return time.perf_counter() - start, peak / 1024


def ratios(times: Mapping[str, Sequence[float]], name: str, base: str) -> str:
    """How one racer's runs compare with another's of the same round: the median ratio and the middle half."""
    pairs = sorted(mine / theirs for mine, theirs in zip(times[name], times[base], strict=True))
    low, middle, high = statistics.quantiles(pairs, n=4) if len(pairs) > 1 else pairs * 3
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


def spread(seconds: Sequence[float]) -> str:
    """The median, and the extremes."""
    return f"{statistics.median(seconds):.2f} ({min(seconds):.2f}–{max(seconds):.2f})"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def tell(text: str) -> None:
    """Print at once: a run takes a while."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _family(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        try:
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        except OSError:
            continue  # it has just ended
    return found


def _proportional_kilobytes(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass  # it has just ended
    return 0
