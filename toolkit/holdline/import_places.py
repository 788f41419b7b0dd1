"""Where an added import goes: sorted into the imports that are there, always before the first rewritten place."""

from __future__ import annotations

import ast
import itertools
import re
import sys
from collections.abc import Sequence

from holdline.model import Edit
from holdline.source import Source

_DECLARES_ENCODING = re.compile(rb"#.*?coding[:=]")
_BLANK_LINES = re.compile(rb"(?:[ \t\f]*(?:\r\n|\r|\n))+")


class NoPlaceError(Exception):
    """There is no line before the first use where an import could stand alone."""


def insertion(source: Source, texts: list[str], gone: set[ast.stmt], first_use: int) -> Edit:
    """Where the new import lines go: sorted into the leading imports, always before the first rewritten place."""
    setup = _path_setup(source, first_use)
    block = _leading_imports(source, first_use, source.span(setup).end if setup else 0)
    newline = source.newline
    lines = b"".join(source.encode(text) + newline for text in texts)
    if not block:
        return _after(source, setup, newline, lines) if setup else before_first_statement(source, lines)
    sections = _sections(source, block)
    third_party = next((s for s in sections if _kind(s[0]) == "other"), None)
    if third_party is not None:
        return _into_section(source, third_party, texts[0], lines)
    standard = [s for s in sections if _kind(s[0]) == "stdlib"]
    if standard:
        last = standard[-1]
        gap = b"" if all(s in gone for s in last) else newline
        return _after(source, last[-1], gap, lines)
    start = source.line_start(source.span(block[0]).start)
    return Edit(start, start, lines + newline)


def _path_setup(source: Source, first_use: int) -> ast.stmt | None:
    """The last top-level statement before the first rewritten place that has to do with sys.path, on a line of its own.

    What is imported may be found through it only.
    """
    lines = [line for s in source.tree.body for line in {s.lineno, s.end_lineno}]
    early = [s for s in source.tree.body if source.span(s).end <= first_use and lines.count(s.end_lineno) == 1]
    return next((s for s in reversed(early) if _mentions_path(s)), None)


def _mentions_path(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    return any(isinstance(n, ast.Attribute) and ast.unparse(n) == "sys.path" for n in ast.walk(statement))


def _leading_imports(source: Source, first_use: int, start: int = 0) -> list[ast.stmt]:
    """The first unbroken run of top-level imports on lines of their own, from `start` to the first rewritten place."""
    body = [s for s in source.tree.body if not _is_future(s) and source.span(s).start >= start]
    block: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            block.append(statement)
        elif block or source.span(statement).end > first_use:
            break
    lines = [line for s in source.tree.body for line in {s.lineno, s.end_lineno}]
    while block and lines.count(block[-1].end_lineno) > 1:
        block.pop()  # shares its line with another statement
    alone = [s for s in block if lines.count(s.lineno) == 1]
    return alone if len(alone) == len(block) else []


def before_first_statement(source: Source, lines: bytes) -> Edit:
    """Behind the docstring and future imports where there are any, else before the first statement."""
    body = source.tree.body
    head = [s for s in body if _is_future(s)] or body[: int(_has_docstring(source.tree))]
    rest = body[body.index(head[-1]) + 1 :] if head else body
    if head:
        if rest and rest[0].lineno == head[-1].end_lineno:
            raise NoPlaceError("the module's first statements share a line, so no import can be put between them")
        return _after(source, head[-1], source.newline, lines)
    first = rest[0]
    decorators = getattr(first, "decorator_list", [])
    start = source.line_start(min(source.span(n).start for n in [first, *decorators]))
    above = _above_comments(source, start)
    is_definition = isinstance(first, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    return Edit(above, above, lines + source.newline * (2 if is_definition else 1))


def _above_comments(source: Source, start: int) -> int:
    """Step over comment lines that belong to the statement at `start`, but never over those that open the file."""
    moved = start
    while moved > source.bom:
        previous = source.line_start(moved - 1 - (source.data[moved - 2 : moved] == b"\r\n"))
        line = source.data[previous:moved].strip()
        if not line:
            return moved
        if not line.startswith(b"#") or (_DECLARES_ENCODING.match(line) and source.position(previous)[0] <= 2):
            return start
        moved = previous
    return start


def _into_section(source: Source, section: list[ast.stmt], text: str, lines: bytes) -> Edit:
    """Among a section's from-imports in the order of their modules, behind its plain imports."""
    module = text.split()[1]
    froms = [s for s in section if isinstance(s, ast.ImportFrom)]
    later = next((s for s in froms if (s.module or "").lower() > module.lower()), None)
    if later is not None and source.span(section[0]).start <= source.span(later).start:
        start = source.line_start(source.span(later).start)
        return Edit(start, start, lines)
    return _after(source, section[-1], b"", lines)


def _after(source: Source, statement: ast.stmt, gap: bytes, lines: bytes) -> Edit:
    end = source.line_end(source.span(statement).end)
    if end == len(source.data) and not source.data.endswith((b"\n", b"\r")):
        return Edit(end, end, source.newline + gap + lines[: -len(source.newline)])
    return Edit(end, end, gap + lines)


def _sections(source: Source, block: list[ast.stmt]) -> list[list[ast.stmt]]:
    """Split a run of imports where blank lines do."""
    sections = [[block[0]]]
    for previous, statement in itertools.pairwise(block):
        between = range((previous.end_lineno or previous.lineno) + 1, statement.lineno)
        if any(not source.line_text(line).strip() for line in between):
            sections.append([])
        sections[-1].append(statement)
    return sections


def _kind(statement: ast.stmt) -> str:
    if isinstance(statement, ast.ImportFrom):
        if statement.level:
            return "relative"
        module = statement.module or ""
    else:
        assert isinstance(statement, ast.Import)
        module = statement.names[0].name
    return "stdlib" if module.partition(".")[0] in sys.stdlib_module_names else "other"


def gaps_left(source: Source, gone: set[ast.stmt], edits: Sequence[Edit]) -> list[Edit]:
    """Where a whole section of imports went and nothing came in its place, take the blank lines behind it too."""
    block = _leading_imports(source, len(source.data))
    if not block or not gone:
        return []
    sections = _sections(source, block)
    cuts = []
    for section, following in itertools.pairwise(sections):
        if not all(s in gone for s in section):
            continue
        end = source.line_end(source.span(section[-1]).end)
        start = source.line_start(source.span(following[0]).start)
        filled = any(e.start == end and e.text for e in edits)
        if not filled and not source.data[end:start].strip():
            cuts.append(Edit(end, start, b""))
    return cuts + _gap_at_start(source, block, gone, edits)


def _gap_at_start(source: Source, block: list[ast.stmt], gone: set[ast.stmt], edits: Sequence[Edit]) -> list[Edit]:
    """Take the blank lines behind imports that began the file, where they all went and nothing came instead."""
    end = source.line_end(source.span(block[-1]).end)
    head = source.data[source.bom : source.line_start(source.span(block[0]).start)]
    gap = _BLANK_LINES.match(source.data, end)
    if gap is None or head.strip() or not gone.issuperset(block) or any(e.text for e in edits):
        return []
    return [Edit(end, gap.end(), b"")]


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _has_docstring(tree: ast.Module) -> bool:
    first = tree.body[0] if tree.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
