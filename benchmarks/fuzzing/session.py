"""Fuzzing for a time: draw inputs from seeds, check each, count, and stop at the first counterexample."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from fuzzing.behaviour import Runner, is_runnable, runnable
from fuzzing.migrating import SAFE, Mode, random_mode
from fuzzing.programs import compiles, random_program, random_text
from fuzzing.properties import Checked, Fault, check
from fuzzing.scenarios import scenario
from fuzzing.shrinking import shrink
from fuzzing.sources import real_sources
from fuzzing.spellings import SPELLINGS
from fuzzing.splicing import read, splice
from holdline.workers import allow_deep_nesting

#: What a seed makes: a text and the mode to rewrite it in; None where this seed makes none that compiles.
Draw = Callable[[Random], tuple[bytes, Mode] | None]
Judge = Callable[[bytes, Mode], Checked]
Kind = tuple[str, Draw, Judge]


@dataclass
class Figures:
    """What one kind of input came to; `spent` is in seconds."""

    inputs: int = 0
    changed: int = 0
    accesses: int = 0
    rewritten: int = 0
    spent: float = 0.0

    def add(self, checked: Checked, seconds: float) -> None:
        """Count one input."""
        self.inputs += 1
        self.changed += checked.rewritten > 0
        self.accesses += checked.accesses
        self.rewritten += checked.rewritten
        self.spent += seconds


@dataclass(frozen=True)
class Counterexample:
    """An input that breaks a property, and the smallest one found that breaks it in the same way."""

    kind: str
    seed: int
    mode: Mode
    fault: Fault
    minimised: bytes


@dataclass
class Session:
    """Draws inputs of each kind; each has a seed of its own, so that it can be made again by itself."""

    first_seed: int = 0
    sources: list[Path] = field(default_factory=real_sources)
    figures: dict[str, Figures] = field(default_factory=dict)

    def run(self, seconds: float) -> Counterexample | None:
        """Fuzz until the time is over or something is found; each kind of input gets the same share of it."""
        end = time.monotonic() + seconds
        turns = itertools.takewhile(lambda turn: time.monotonic() < end, itertools.count())
        return self._run(turns, lambda turn, kinds: min(kinds, key=lambda kind: self._counted(kind[0]).spent))

    def run_turns(self, turns: int) -> Counterexample | None:
        """Fuzz for a number of turns, a kind after the other, or until something is found: the same in every run."""
        return self._run(range(turns), lambda turn, kinds: kinds[turn % len(kinds)])

    def _run(self, turns: Iterable[int], choose: Callable[[int, Sequence[Kind]], Kind]) -> Counterexample | None:
        allow_deep_nesting()
        with Runner() as runner:
            kinds = self._kinds(runner)
            for turn in turns:
                if found := self._one(*choose(turn, kinds), self.first_seed + turn):
                    return found
        return None

    def replay(self, kind: str, seed: int) -> Counterexample | None:
        """Make one input again, from what a counterexample said, and check it."""
        allow_deep_nesting()
        with Runner() as runner:
            name, draw, judge = next(turn for turn in self._kinds(runner) if turn[0] == kind)
            return self._one(name, draw, judge, seed)

    def _one(self, name: str, draw: Draw, judge: Judge, seed: int) -> Counterexample | None:
        start = time.monotonic()
        drawn = draw(Random(f"{name} {seed}"))
        if drawn is None:
            return None
        data, mode = drawn
        checked = judge(data, mode)
        self._counted(name).add(checked, time.monotonic() - start)
        fault = checked.fault
        if fault is None:
            return None

        def fails(smaller: bytes) -> bool:
            again = judge(smaller, mode).fault if compiles(smaller) else None
            return again is not None and again.kind == fault.kind

        small = shrink(data, fails)
        return Counterexample(name, seed, mode, judge(small, mode).fault or fault, small)

    def _counted(self, name: str) -> Figures:
        return self.figures.setdefault(name, Figures())

    def _kinds(self, runner: Runner) -> list[Kind]:
        return [
            ("generated", _generated, lambda data, mode: check(data, mode)),
            ("spliced", self._spliced, lambda data, mode: check(data, mode)),
            ("run: templates", _template, lambda data, mode: runner.check(data)),
            ("run: scenarios", _scenario, lambda data, mode: runner.check(data)),
        ]

    def _spliced(self, random: Random) -> tuple[bytes, Mode] | None:
        original = read(random.choice(self.sources))
        data = splice(random, original) if original else None
        return (data, random_mode(random)) if data else None


def _generated(random: Random) -> tuple[bytes, Mode] | None:
    data = random_program(random)
    return (data, random_mode(random)) if compiles(data) else None


def _template(random: Random) -> tuple[bytes, Mode] | None:
    data = runnable(random_text(random, random.choice(SPELLINGS)).encode())
    return (data, SAFE) if compiles(data) and is_runnable(data) else None


def _scenario(random: Random) -> tuple[bytes, Mode] | None:
    data = scenario(random)
    return (data, SAFE) if compiles(data) and is_runnable(data) else None
