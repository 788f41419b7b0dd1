"""Fuzz the migration `env-access` for some minutes, and print what was tried; exit 1 with a counterexample.

Four kinds of input take turns: generated programs and real sources with accesses spliced in, whose rewrites are checked
without the engine's own proofs; and programs from templates and scenarios, which are run before and after. See
docs/fuzz.md.
"""

from __future__ import annotations

import argparse
import platform
import random
import sys
from collections.abc import Mapping

from fuzzing.session import Counterexample, Figures, Session

_KINDS = ("generated", "spliced", "run: templates", "run: scenarios")


def main() -> int:
    """Fuzz, print the figures; 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, help="how long (10)")
    parser.add_argument("--seed", type=int, help="the first seed; by default another one each time")
    parser.add_argument("--only", choices=_KINDS, help="with --seed: make the one input that was reported, again")
    arguments = parser.parse_args()
    first = random.SystemRandom().randrange(10**9) if arguments.seed is None else arguments.seed
    session = Session(first)
    tell(f"Python {platform.python_version()}, {len(session.sources):,} real sources, first seed {first}")
    found = session.replay(arguments.only, first) if arguments.only else session.run(arguments.minutes * 60)
    tell(table(session.figures))
    tell(report(found) if found else "no counterexample")
    return 1 if found else 0


def table(figures: Mapping[str, Figures]) -> str:
    """One line for each kind of input, and their sum."""
    rows: list[tuple[str, ...]] = [("", "inputs", "changed", "accesses", "rewritten", "seconds")]
    total = Figures()
    for name, counted in [*figures.items(), ("all", total)]:
        numbers = (counted.inputs, counted.changed, counted.accesses, counted.rewritten, round(counted.spent))
        rows.append((name, *(f"{number:,}" for number in numbers)))
        total.inputs += counted.inputs
        total.changed += counted.changed
        total.accesses += counted.accesses
        total.rewritten += counted.rewritten
        total.spent += counted.spent
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows)
    return "\n".join(lines)


def report(found: Counterexample) -> str:
    """What was found, how to make it again, and the smallest form of it."""
    plain = found.minimised.isascii() and b"\r" not in found.minimised
    text = found.minimised.decode() if plain else repr(found.minimised)
    return (
        f"\ncounterexample: {found.fault.kind} ({found.mode})\n"
        f"again with: --only {found.kind!r} --seed {found.seed}\n\n{text}\n\n{found.fault.detail}"
    )


def tell(text: str) -> None:
    """Print at once: a run takes a while."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
