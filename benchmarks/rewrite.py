"""How long `migrate --dry-run` takes on a large repository beside Bowler and LibCST that rewrite just `os.getenv`.

    python benchmarks/rewrite.py [REPOSITORY] [--rounds N]

Without a repository it takes the interpreter's own standard library with its tests, three times. A run that takes more
than five minutes is stopped, and its command is out. It prints tables and asserts nothing. See
docs/large-repositories.md.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from contestants import install, prepare
from generated import build
from large import EVERY, GROWTH, parse_arguments, size_of, standard_library
from racing import Racer, ratios, spread, table, tell, watch

Results = dict[str, list[float]]
#: Seconds after which a run has lost: LibCST would take half an hour.
_PATIENCE = 300
CODEMODS = Path(__file__).parent / "codemods"


def main() -> None:
    """Set up what is missing, measure, print."""
    arguments = parse_arguments(__doc__, rounds=3)
    work = arguments.work.absolute()
    tell(f"setting up in {work} …")
    prepare(work)
    install(work / "holdline", "GitPython", "rich", "tqdm")
    install(work / "codemods", "bowler", "libcst")
    repository = (arguments.repository or standard_library(work / "stdlib")).absolute()
    files, lines, size = size_of(repository)
    tell(f"{repository}: {files:,} Python files, {lines:,} lines, {size / 1e6:.0f} MB\n")
    racers = _racers(work, repository)
    times, memory = _race(racers, repository, arguments.rounds)
    rows = [("", "seconds, median (min–max)", "÷ holdline in the same round", "peak MB")]
    ours = times[racers[0].name]
    for name, seconds in times.items():
        if max(seconds) > _PATIENCE:
            shown = (f"over {_PATIENCE}, stopped", f"over {seconds[-1] / ours[len(seconds) - 1]:.0f}")
        else:
            shown = (spread(seconds), ratios(times, name, racers[0].name))
        rows.append((name, *shown, f"{max(memory[name]):.0f}"))
    tell(table(rows))
    if not arguments.no_growth:
        _show_growth(work, arguments.rounds)


def _race(racers: Sequence[Racer], folder: Path, rounds: int) -> tuple[Results, Results]:
    """Seconds and megabytes of each run by racer; these runs are long, so none is spent on warming up.

    Who has run out of patience once does not run again.
    """
    times: Results = {racer.name: [] for racer in racers}
    memory: Results = {racer.name: [] for racer in racers}
    for _ in range(rounds):
        for racer in racers:
            if max(times[racer.name], default=0) > _PATIENCE:
                continue
            seconds, megabytes = watch(racer, folder, every=0.1, limit=_PATIENCE)
            times[racer.name].append(seconds)
            memory[racer.name].append(megabytes)
            tell(f"{racer.name}: {seconds:.1f} s, {megabytes:.0f} MB")
    return times, memory


def _racers(work: Path, repository: Path) -> list[Racer]:
    python = f"{work}/codemods/bin/python"
    return [
        _holdline(work),
        Racer("Bowler, os.getenv alone", (python, f"{CODEMODS}/bowler_getenv.py", str(repository)), frozenset({0, 1})),
        Racer("LibCST, os.getenv alone", (python, f"{CODEMODS}/libcst_getenv.py", str(repository)), frozenset({0})),
    ]


def _holdline(work: Path) -> Racer:
    command = (f"{work}/holdline/bin/holdline", "migrate", "--dry-run", "--scope", "all", "--no-cache")
    return Racer("holdline migrate --dry-run --scope all", command, frozenset({0}))


def _show_growth(work: Path, rounds: int) -> None:
    tell(f"\ngenerated repositories of modules of 130 lines, one in {EVERY} to be rewritten; median of {rounds} rounds")
    rows = [("files", "seconds", "per 1,000", "peak MB")]
    for files in GROWTH:
        repository = build(work / f"sparse-{files}", files, 1, every=EVERY).root
        racer = _holdline(work)
        times, memory = _race([racer], repository, rounds)
        middle = statistics.median(times[racer.name])
        rows.append((f"{files:,}", f"{middle:.1f}", f"{1000 * middle / files:.2f}", f"{max(memory[racer.name]):.0f}"))
    tell(table(rows))


if __name__ == "__main__":
    main()
