"""Accesses spliced into real sources: as expressions, targets, statements, decorators and `with` blocks."""

from __future__ import annotations

import ast
import codecs
import re
import tokenize
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random

from fuzzing.accesses import EXPRESSIONS, PATCHES, READS, STATEMENTS, TARGETS
from fuzzing.layouts import NEWLINES
from fuzzing.programs import compiles
from fuzzing.spellings import SPELLINGS, Spelling

#: Files beyond this many bytes take too long for what they add.
LARGEST = 60_000
_FIELD = re.compile(r"(?<![{\w])\{(\w+)(?=[}!:=.\[])")
Splice = tuple[int, int, str]
"""Offsets of the text to take out, in characters, and what comes in its place."""


@dataclass(frozen=True)
class Original:
    """A real source: its text, with one kind of line ending, and its tree."""

    path: Path
    text: str
    encoding: str
    tree: ast.Module

    def offset(self, line: int, column: int) -> int:
        """The offset, in characters, of a position of the tree."""
        start = self._starts[line - 1]
        if self.text.isascii():
            return start + column
        return start + len(self.text[start : start + column].encode()[:column].decode(errors="ignore"))

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(m.end() for m in re.finditer("\n", self.text))]


def read(path: Path) -> Original | None:
    """A file to splice into; None where it does not parse, is too large or empty."""
    try:
        data = path.read_bytes()
        if len(data) > LARGEST:
            return None
        encoding, _ = tokenize.detect_encoding(iter(data.splitlines(keepends=True)).__next__)
        text = data.removeprefix(codecs.BOM_UTF8).decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.encode() if encoding.startswith("utf-8") else text)
    except (OSError, SyntaxError, ValueError, LookupError, RecursionError, StopIteration):
        return None
    return Original(path, text, encoding, tree) if tree.body else None


def splice(random: Random, original: Original) -> bytes | None:
    """The source with a few accesses in it, in some layout; None where nothing fitted."""
    spelling = random.choice(SPELLINGS)
    splices: list[Splice] = []
    for _ in range(random.choice((1, 2, 4, 8))):
        found = random.choice(_KINDS)(random, original, spelling)
        if found and not _overlaps(found, splices) and _fits(original, [*splices, found], spelling):
            splices.append(found)
    if not splices:
        return None
    text = apply(original, splices, spelling)
    data = _in_layout(random, text, original.encoding)
    return data if data is not None and compiles(data) else None


def apply(original: Original, splices: Sequence[Splice], spelling: Spelling) -> str:
    """The text with the splices, and the spelling's imports among its own."""
    text = original.text
    for start, end, new in sorted([*splices, (_import_place(original), -1, f"{spelling.imports}\n")], reverse=True):
        text = text[:start] + new + text[max(start, end) :]
    return text


def _fits(original: Original, splices: Sequence[Splice], spelling: Spelling) -> bool:
    return compiles(apply(original, splices, spelling).encode("utf-8", errors="replace"))


def _overlaps(new: Splice, others: Sequence[Splice]) -> bool:
    return any(new[0] <= end and start <= new[1] for start, end, _ in others)


def _import_place(original: Original) -> int:
    """Behind the docstring and the future imports."""
    head = 0
    for statement in original.tree.body:
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not (future or docstring):
            break
        head = statement.end_lineno or 0
    if not head:  # not above a declaration of the encoding
        head = min(n.lineno for n in [statement, *getattr(statement, "decorator_list", [])]) - 1
    return original.offset(head + 1, 0) if head < original.text.count("\n") else len(original.text)


# what is spliced in


def _expression(random: Random, original: Original, spelling: Spelling) -> Splice | None:
    """An access in place of any expression that is read, but for the parts of f-strings."""
    return _replacing(random, original, ast.Load, spelling.spell(random.choice(EXPRESSIONS)))


def _target(random: Random, original: Original, spelling: Spelling) -> Splice | None:
    return _replacing(random, original, (ast.Store, ast.Del), spelling.spell(random.choice(TARGETS)))


def _replacing(
    random: Random, original: Original, context: type[ast.expr_context] | tuple[type[ast.expr_context], ...], new: str
) -> Splice | None:
    inside = {id(n) for s in ast.walk(original.tree) if isinstance(s, ast.JoinedStr) for n in ast.walk(s)}
    nodes = [
        n
        for n in ast.walk(original.tree)
        if isinstance(n, ast.expr) and isinstance(getattr(n, "ctx", ast.Load()), context) and id(n) not in inside
    ]
    if not nodes:
        return None
    node = random.choice(nodes)
    start = original.offset(node.lineno, node.col_offset)
    end = original.offset(node.end_lineno or 0, node.end_col_offset or 0)
    return (start, end, f"({new})" if random.random() < 0.3 else new)


def _field(random: Random, original: Original, spelling: Spelling) -> Splice | None:
    """An access in place of a name that an f-string shows."""
    strings = [n for n in ast.walk(original.tree) if isinstance(n, ast.JoinedStr)]
    if not strings:
        return None
    string = random.choice(strings)
    start = original.offset(string.lineno, string.col_offset)
    text = original.text[start : original.offset(string.end_lineno or 0, string.end_col_offset or 0)]
    fields = list(_FIELD.finditer(text))
    if not fields:
        return None
    field = random.choice(fields)
    access = spelling.spell(random.choice(READS))
    if text.rstrip()[-1] == '"':
        access = access.replace('"', "'")
    return (start + field.start(1), start + field.end(1), access)


def _statement(random: Random, original: Original, spelling: Spelling) -> Splice | None:
    """A statement before another one, on a line of its own."""
    statements = [n for n in ast.walk(original.tree) if isinstance(n, ast.stmt)]
    place = _line_of(original, random.choice(statements))
    if place is None:
        return None
    start, indent = place
    text = spelling.spell(random.choice((*STATEMENTS, *EXPRESSIONS)))
    ending = random.choice(("", "", "", "  # why", ";", "  # noqa: E501"))
    return (start, start, "\n".join(indent + line for line in text.split("\n")) + f"{ending}\n")


def _decorator(random: Random, original: Original, spelling: Spelling) -> Splice | None:
    definitions = [
        n for n in ast.walk(original.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    if not definitions:
        return None
    definition = random.choice(definitions)
    place = _line_of(original, random.choice([definition, *definition.decorator_list]))
    if place is None:
        return None
    start, indent = place
    return (start, start, f"{indent}@{spelling.spell(random.choice(PATCHES))}\n")


def _block(random: Random, original: Original, spelling: Spelling) -> Splice | None:
    """A statement that moves into a `with`."""
    statements = [n for n in ast.walk(original.tree) if isinstance(n, ast.stmt)]
    statement = random.choice(statements)
    place = _line_of(original, statement)
    end = original.offset(statement.end_lineno or 0, 0)
    end = original.text.find("\n", end)
    if place is None or end < 0:
        return None
    start, indent = place
    body = "\n".join(f"    {line}" for line in original.text[start:end].split("\n"))
    head = spelling.spell(random.choice(PATCHES))
    name = random.choice(("", "", " as environment", " as (x, y)"))
    return (start, end, f"{indent}with {head}{name}:\n{body}")


def _line_of(original: Original, node: ast.stmt | ast.expr) -> tuple[int, str] | None:
    """Where a node's line begins and its indentation, where nothing else stands before it there."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node, *decorators], key=lambda n: n.lineno)
    start = original.offset(first.lineno, 0)
    indent = original.text[start : original.offset(first.lineno, first.col_offset)].removesuffix("@")
    return (start, indent) if not indent.strip() else None


_KINDS: tuple[Callable[[Random, Original, Spelling], Splice | None], ...] = (
    _expression,
    _expression,
    _target,
    _field,
    _statement,
    _statement,
    _decorator,
    _block,
)


def _in_layout(random: Random, text: str, encoding: str) -> bytes | None:
    """The text in its own encoding, mostly with its own line endings."""
    if random.random() < 0.1:
        text = text.rstrip("\n")
    if random.random() < 0.2:
        text = text.replace("\n", random.choice(NEWLINES))
    try:
        return text.encode("utf-8-sig" if encoding == "utf-8" and random.random() < 0.1 else encoding)
    except UnicodeEncodeError:
        return None
