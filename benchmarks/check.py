"""How long `holdline check` takes on a 10-file commit, in a small and in a large repository, beside its peers.

Whole processes, paired: each round runs every command once in each repository, so that whatever else the machine does
meets all of them alike. It prints a table and asserts nothing. See docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from contestants import Contestant, foreign_imports, prepare, versions
from generated import Generated, build

FILES = (50, 50_000)
STAGED = 10

Times = dict[tuple[str, int], list[float]]
"""Milliseconds, by contestant and number of files."""


def main() -> None:
    """Set up what is missing, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="runs of each command in each repository (21)")
    default = Path(tempfile.gettempdir(), "holdline-bench")
    parser.add_argument("--work", type=Path, default=default, help=f"where repositories and tools are kept ({default})")
    arguments = parser.parse_args()
    work = arguments.work.absolute()
    tell(f"setting up in {work} …")
    python, contestants = prepare(work)
    repositories = [build(work / f"files-{files}", files, STAGED) for files in FILES]
    times = measure(contestants, repositories, arguments.rounds)
    tell(f"\n{STAGED} staged files, an old violation in each; milliseconds, median (min–max) of {arguments.rounds}")
    tell(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {', '.join(versions(work))}\n")
    tell(table(contestants, times))
    foreign = foreign_imports(python, repositories[0])
    tell(f"\nholdline check imports from outside the standard library: {', '.join(foreign) or 'nothing'}")


def measure(contestants: Sequence[Contestant], repositories: Sequence[Generated], rounds: int) -> Times:
    """Run everything once to warm up, then `rounds` times; the first command of a round changes from round to round."""
    pairs = [(contestant, repository) for contestant in contestants for repository in repositories]
    for pair in pairs:
        run(*pair)
    times: Times = {(contestant.name, repository.files): [] for contestant, repository in pairs}
    for number in range(rounds):
        start = number % len(pairs)
        for contestant, repository in pairs[start:] + pairs[:start]:
            times[contestant.name, repository.files].append(run(contestant, repository))
    return times


def run(contestant: Contestant, repository: Generated) -> float:
    """Milliseconds of one run; stops the benchmark where the command does not do its work."""
    command = contestant.command_for(repository)
    start = time.perf_counter()
    done = subprocess.run(command, cwd=repository.root, capture_output=True, check=False)
    elapsed = (time.perf_counter() - start) * 1000
    if done.returncode not in contestant.accepted:
        sys.exit(f"{contestant.name} exits with {done.returncode}:\n{os.fsdecode(done.stdout + done.stderr)}")
    return elapsed


def table(contestants: Sequence[Contestant], times: Times) -> str:
    """One line for each command, in the order given; ratios are of medians."""
    small, large = FILES
    ours = statistics.median(times[contestants[0].name, small])
    head = ("", f"{small:,} files", f"{large:,} files", "large ÷ small", "÷ holdline", "new only")
    rows = [head]
    for contestant in contestants:
        in_small, in_large = times[contestant.name, small], times[contestant.name, large]
        middle = statistics.median(in_small)
        rows.append(
            (
                contestant.name,
                _spread(in_small),
                _spread(in_large),
                f"{statistics.median(in_large) / middle:.2f}",
                f"{middle / ours:.2f}",
                "yes" if contestant.holds_the_line else "",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def tell(text: str) -> None:
    """Print at once: a run takes a while."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _spread(times: Sequence[float]) -> str:
    return f"{statistics.median(times):.0f} ({min(times):.0f}–{max(times):.0f})"


if __name__ == "__main__":
    main()
