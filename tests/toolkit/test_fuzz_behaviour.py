"""Generated programs do the same before and after: what they use, return, raise, print and leave in the environment."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from random import Random

from holdline.config import Config
from holdline.judging import Judge, Level
from holdline.migration import Context
from holdline.model import Category
from holdline_migrations.registry import REGISTRY

from .fuzz_programs import all_programs, compiles, random_program

#: How many random programs are run, and one in how many of the systematic ones; 1 takes all.
EXAMPLES = 250
EVERY = 9

# A bound method that is not called, but printed somewhere, shows what it is bound to.
METHOD = re.compile(rb"\benv\w*\.get\b(?! *\()")
RUNNER = Path(__file__).with_name("fuzz_runner.py")


def rewritten(data: bytes) -> bytes | None:
    """The file after its safe fixes; None where it has none."""
    migration = REGISTRY.migrations[0]
    facts = frozenset(migration.survey("test_it.py", data))
    codes = frozenset(rule.code for rule in migration.rules)
    judge = Judge((migration,), Context(Config(), codes, facts), Level.SAFE, date(2026, 1, 5))
    return judge.judge("test_it.py", data, Category.TESTS).after or None


def run_all(programs: Sequence[bytes]) -> list[str]:
    """What each program did."""
    lines = "".join(f"{json.dumps(text.decode())}\n" for text in programs)
    done = subprocess.run([sys.executable, RUNNER], input=lines, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def runnable(data: bytes) -> bytes:
    """Without the imports of packages that need not be installed."""
    return data.replace(b"from mock import", b"from unittest.mock import").replace(b"import pytest\n", b"")


def check(programs: Sequence[bytes]) -> list[bytes]:
    """Assert that each program does the same when rewritten; those that were."""
    pairs = [(before, after) for before in programs if (after := rewritten(before)) is not None]
    did = run_all([text for pair in pairs for text in pair])
    assert len(did) == 2 * len(pairs)
    for (before, after), was, became in zip(pairs, did[::2], did[1::2], strict=True):
        assert was == became, f"{before.decode()}\n--- became\n{after.decode()}"
    return [before for before, _ in pairs]


def test_systematic_programs_do_the_same() -> None:
    programs = [runnable(data) for data, _ in all_programs()]
    assert len(check(programs[::EVERY])) > 5000 // EVERY


def test_random_programs_do_the_same() -> None:
    programs = []
    for seed in range(EXAMPLES):
        data, _ = random_program(Random(seed), plain=True)
        if compiles(data) and not METHOD.search(data):
            programs.append(runnable(data))
    assert len(check(programs)) > EXAMPLES // 4


def test_the_runner_sees_what_programs_do() -> None:
    """Programs that differ in one effect have different logs."""
    programs = [
        b"",
        b"import os; os.environ['A'] = '1'",
        b"import os; del os.environ['A']",
        b"import os; os.environ = {}",
        b"x = 1",
        b"x = 1.0",
        b"print(1)",
        b"{}['A']",
        b"{}['B']",
        b"use(1)",
        b"use(k=1)",
        b"def f(): return 1",
        b"def f(): yield 1",
        b"async def f(): return 2",
        b"class C:\n    def m(self): return use(2)",
        b"use[1:2]",
    ]
    logs = run_all(programs)
    assert len(set(logs)) == len(programs)
