"""Generated programs: every access in every place, one by one, and random ones of several accesses in nested places."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from random import Random

from fuzzing.accesses import EXPRESSIONS, STATEMENTS, TARGETS
from fuzzing.layouts import random_layout
from fuzzing.positions import EXPRESSION_POSITIONS, SIMPLE_STATEMENT_POSITIONS, STATEMENT_POSITIONS, TARGET_POSITIONS
from fuzzing.spellings import SPELLINGS, Spelling

BLOCKS = STATEMENT_POSITIONS + SIMPLE_STATEMENT_POSITIONS
_INDENT = re.compile(r"[ \t]*")


def fill(position: str, content: str) -> str:
    """The template with its holes filled; further lines of the content keep the hole's indentation."""
    lines = []
    for line in position.split("\n"):
        indent = _INDENT.match(line)
        assert indent is not None
        lines.append(line.replace("HOLE", content.replace("\n", "\n" + indent.group())))
    return "\n".join(lines)


def fill_each(random: Random, position: str, contents: tuple[str, ...]) -> str:
    """The template with something of its own in each hole."""
    parts = position.split("HOLE")
    filled = parts[0]
    for part in parts[1:]:
        indent = _INDENT.match(filled.rpartition("\n")[2])
        assert indent is not None
        filled += random.choice(contents).replace("\n", "\n" + indent.group()) + part
    return filled


def program(spelling: Spelling, body: str) -> str:
    """A whole file. What the runner gives it is bound to something else in its last line, as far as one can see."""
    return f"{spelling.imports}\n\n{spelling.spell(body)}\n\nif 0: use = key = value = None\n"


def compiles(data: bytes) -> bool:
    """Whether Python takes the file at all: not every expression fits every hole."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, "file", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def all_bodies() -> Iterator[str]:
    """Every access in every position for it."""
    for position in EXPRESSION_POSITIONS:
        yield from (fill(position, expression) for expression in EXPRESSIONS)
    for position in TARGET_POSITIONS:
        yield from (fill(position, target) for target in TARGETS)
    for position in BLOCKS:
        yield from (fill(position, statement) for statement in STATEMENTS)


def all_programs(turn: int = 0, every: int = 1) -> Iterator[bytes]:
    """All bodies that compile, or one in so many; spellings take turns, and another `turn` gives each body another."""
    for number, body in enumerate(all_bodies()):
        if (number + turn) % every:
            continue
        spelling = SPELLINGS[(number // every + turn) % len(SPELLINGS)]
        data = program(spelling, body).encode()
        if compiles(data):
            yield data


def _is_expression(position: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(position, mode="eval")
        except SyntaxError:
            return False
    return "HOLE" in position and "#" not in position


WRAPS = tuple(p for p in EXPRESSION_POSITIONS if _is_expression(p))


def random_body(random: Random) -> str:
    """One access, or several of one kind, in deeply nested places."""
    kind = random.random()
    if kind < 0.65:
        text = random.choice(EXPRESSIONS)
        for _ in range(random.choice((0, 0, 1, 2))):
            text = fill(random.choice(WRAPS), text)
        position = random.choice(EXPRESSION_POSITIONS)
        text = fill(position, text) if random.random() < 0.5 else fill_each(random, position, (text, *EXPRESSIONS))
    elif kind < 0.75:
        text = fill_each(random, random.choice(TARGET_POSITIONS), TARGETS)
    else:
        text = random.choice(STATEMENTS)
    for _ in range(random.choice((0, 0, 1, 2))):
        position = random.choice(BLOCKS)
        text = fill(position, text) if random.random() < 0.5 else fill_each(random, position, (text, *STATEMENTS))
    return text


def random_text(random: Random, spelling: Spelling) -> str:
    """A program of a few such bodies that compiles; one that does not is drawn again without what broke it."""
    bodies: list[str] = []
    wanted = random.randint(1, 5)
    for _ in range(40):
        body = random_body(random)
        if compiles(program(spelling, "\n\n".join([*bodies, body])).encode()):
            bodies.append(body)
        if len(bodies) == wanted:
            break
    return program(spelling, "\n\n".join(bodies))


def random_program(random: Random) -> bytes:
    """A random program in a random layout; it need not compile in that."""
    return random_layout(random, random_text(random, random.choice(SPELLINGS)))
