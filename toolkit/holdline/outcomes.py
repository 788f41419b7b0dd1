"""The outcomes of tests, as pytest's JUnit XML tells them, and what of them a change broke."""

from __future__ import annotations

import enum
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple


class Outcome(enum.StrEnum):
    """What became of a test; an expected failure counts as skipped. From best to worst."""

    PASSED = "passed"
    SKIPPED = "skipped"
    FAILED = "failed"
    ERROR = "error"


_RANKS = {outcome: rank for rank, outcome in enumerate(Outcome)}
_TAGS = {"skipped": Outcome.SKIPPED, "failure": Outcome.FAILED, "error": Outcome.ERROR}
NOT_RUN = "not run"
BAD = (Outcome.FAILED, Outcome.ERROR)
_LONGEST_MESSAGE = 200


class Case(NamedTuple):
    """A test's outcome, the file that holds it as pytest names it ("" where it does not), and its first complaint."""

    outcome: Outcome
    file: str = ""
    message: str = ""


class Broken(NamedTuple):
    """A test that passed and now does not; `now` is its outcome, or "not run"."""

    test: str
    now: str
    message: str = ""


def read_junit(path: Path) -> dict[str, Case] | None:
    """The tests of a JUnit XML file by name; None where there is no such file, or none to be read.

    The name is pytest's own where it can be told (`tests/test_a.py::Test::test_b[1]`). Of those of one name, the
    second gets `#2`, and so on, from the best outcome to the worst: their order means nothing.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return None
    found: dict[str, list[Case]] = {}
    for case in root.iter("testcase"):
        found.setdefault(_name(case), []).append(_read(case))
    return {
        name if number == 1 else f"{name} #{number}": case
        for name, cases in found.items()
        for number, case in enumerate(sorted(cases, key=lambda c: _RANKS[c.outcome]), 1)
    }


def passed(cases: Mapping[str, Case]) -> frozenset[str]:
    """The tests that passed."""
    return frozenset(name for name, case in cases.items() if case.outcome is Outcome.PASSED)


def find_broken(expected: Iterable[str], now: Mapping[str, Case]) -> tuple[Broken, ...]:
    """Those of the tests that are expected to pass and do not: failures first, for what was not run tells least."""
    broken = []
    for name in expected:
        case = now.get(name)
        if case is None:
            broken.append(Broken(name, NOT_RUN))
        elif case.outcome is not Outcome.PASSED:
            broken.append(Broken(name, case.outcome.value, case.message))
    return tuple(sorted(broken, key=lambda b: (b.now == NOT_RUN, b.now == Outcome.SKIPPED, b.test)))


def find_failing(before: Mapping[str, Case], now: Mapping[str, Case]) -> tuple[Broken, ...]:
    """The tests that fail now and did not before, whatever they did then."""
    return tuple(
        Broken(name, case.outcome.value, case.message)
        for name, case in sorted(now.items())
        if case.outcome in BAD and (name not in before or before[name].outcome not in BAD)
    )


def _name(case: ElementTree.Element) -> str:
    file, group, name = case.get("file", ""), case.get("classname", ""), case.get("name", "")
    if not group:  # a module that could not be collected
        return file or name
    module = file.removesuffix(".py").replace("/", ".")
    if file and (group == module or group.startswith(f"{module}.")):
        return "::".join([file, *filter(None, group[len(module) + 1 :].split(".")), name])
    return f"{group}::{name}"


def _read(case: ElementTree.Element) -> Case:
    marks = [child for child in case if child.tag in _TAGS]
    worst = max(marks, key=lambda child: _RANKS[_TAGS[child.tag]], default=None)
    if worst is None:
        return Case(Outcome.PASSED, case.get("file", ""))
    lines = (worst.get("message") or worst.text or "").strip().splitlines() or [""]
    if lines[0] == "collection failure":  # what failed is marked in the text, explanations of it with a plus
        told = [line[1:].strip() for line in (worst.text or "").splitlines() if line.startswith("E ")]
        lines = [line for line in told if not line.startswith("+")][-1:] or lines
    return Case(_TAGS[worst.tag], case.get("file", ""), lines[0][:_LONGEST_MESSAGE])
