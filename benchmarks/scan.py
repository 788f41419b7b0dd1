"""How long `holdline scan` takes on a large repository beside `ruff check` that bans the same names; memory; growth.

    python benchmarks/scan.py [REPOSITORY] [--rounds N]

Without a repository it takes the interpreter's own standard library with its tests, three times. It prints tables and
asserts nothing. See docs/large-repositories.md.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from contestants import prepare, versions
from generated import build
from large import EVERY, GROWTH, parse_arguments, ruff_settings, size_of, standard_library
from racing import Racer, race, ratios, spread, table, tell, watch

Results = dict[str, list[float]]
#: Longer than files count as young, so that the cache may know them.
_AGE_SECONDS = 6


def main() -> None:
    """Set up what is missing, measure, print."""
    arguments = parse_arguments(__doc__, rounds=15)
    work = arguments.work.absolute()
    tell(f"setting up in {work} …")
    prepare(work)
    repository = (arguments.repository or standard_library(work / "stdlib")).absolute()
    files, lines, size = size_of(repository)
    tell(f"{repository}: {files:,} Python files, {lines:,} lines, {size / 1e6:.0f} MB; {', '.join(versions(work))}\n")
    racers = _racers(work)
    time.sleep(_AGE_SECONDS)
    times, work_done = race(racers, repository, arguments.rounds)
    _show(racers, times, work_done, repository)
    if not arguments.no_growth:
        _show_growth(work, arguments.rounds)


def _racers(work: Path) -> list[Racer]:
    ours, ruff = f"{work}/holdline/bin/holdline", f"{work}/peers/bin/ruff"
    scan = (ours, "scan", "--quiet")
    check = (ruff, "check", "--select", "TID251", "--quiet", "--config", str(ruff_settings(work)))
    return [
        Racer("holdline scan --no-cache", (*scan, "--no-cache"), frozenset({0})),
        Racer("ruff check --no-cache", (*check, "--no-cache"), frozenset({0, 1})),
        Racer("holdline scan", scan, frozenset({0})),
        Racer("ruff check", (*check, "--cache-dir", f"{work}/ruff-cache"), frozenset({0, 1})),
    ]


def _show(racers: list[Racer], times: Results, work: Results, repository: Path) -> None:
    rows = [("", "seconds, median (min–max)", "÷ ruff in the same round", "CPU seconds", "÷ ruff", "peak MB")]
    for racer in racers:
        peer = racer.name.replace("holdline scan", "ruff check")
        memory = f"{watch(racer, repository)[1]:.0f}"
        mine = statistics.median(work[racer.name])
        row = (racer.name, spread(times[racer.name]), ratios(times, racer.name, peer), f"{mine:.2f}")
        rows.append((*row, ratios(work, racer.name, peer), memory))
    tell(table(rows))


def _show_growth(work: Path, rounds: int) -> None:
    tell(
        f"\ngenerated repositories of modules of 130 lines, one in {EVERY} with a violation; median of {rounds} rounds"
    )
    rows: list[tuple[str, ...]] = [
        ("files", "cold, seconds", "per 1,000", "÷ ruff", "peak MB", "warm, seconds", "per 1,000", "÷ ruff", "peak MB")
    ]
    for files in GROWTH:
        repository = build(work / f"sparse-{files}", files, 1, every=EVERY).root
        racers = _racers(work)
        time.sleep(_AGE_SECONDS)
        times, _ = race(racers, repository, rounds)
        row = [f"{files:,}"]
        for racer, peer in (racers[:2], racers[2:]):
            middle = statistics.median(times[racer.name])
            ratio = ratios(times, racer.name, peer.name)
            row += [f"{middle:.2f}", f"{1000 * middle / files:.3f}", ratio, f"{watch(racer, repository)[1]:.0f}"]
        rows.append(tuple(row))
    tell(table(rows))


if __name__ == "__main__":
    main()
