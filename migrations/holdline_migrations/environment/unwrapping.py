"""Taking the body of a `with` out into the function around it, whose parameters get one more."""

from __future__ import annotations

import ast
import io
import re
import tokenize

from holdline.edits import apply_edits, merge_edits
from holdline.model import Edit
from holdline.source import Source
from holdline_migrations.environment.wrapped_tests import WrappedTest

_HEADER_END = re.compile(rb"[ \t]*(?:,?\s*\))?[ \t]*:[ \t]*(?:\r\n|\r|\n)")
_OPENING = re.compile(rb"def[ \t]+\w+[ \t]*\(")
_SPACE = re.compile(rb"[ \t]*")


def unwrap(source: Source, test: WrappedTest) -> tuple[Edit, ...] | None:
    """The edits, or None where the text leaves no clean cut or the body would not stay as it is."""
    parameter = _new_parameter(source, test)
    header = _header(source, test)
    if parameter is None or header is None:
        return None
    edits = merge_edits([parameter, header, *_dedent(source, test)])
    return edits if _keeps_the_body(source, test, edits) else None


def _new_parameter(source: Source, test: WrappedTest) -> Edit | None:
    arguments = test.function.args.args
    if arguments:
        last = arguments[-1]
        assert last.end_lineno is not None
        assert last.end_col_offset is not None
        place = source.offset(last.end_lineno, last.end_col_offset)
        return Edit(place, place, b", " + source.encode(test.fixture))
    opening = _OPENING.match(source.data, source.span(test.function).start)
    if opening is None or not re.compile(rb"\s*\)").match(source.data, opening.end()):
        return None
    return Edit(opening.end(), opening.end(), source.encode(test.fixture))


def _header(source: Source, test: WrappedTest) -> Edit | None:
    """Take out the lines of the `with` itself; what stands between it and its body stays."""
    start = source.span(test.statement).start
    line = source.line_start(start)
    end = _HEADER_END.match(source.data, source.span(test.call).end)
    first = source.span(test.statement.body[0]).start
    if end is None or source.data[line:start].strip() or first < end.end():
        return None
    return Edit(line, end.end(), b"")


def _dedent(source: Source, test: WrappedTest) -> list[Edit]:
    outer, inner = (_indentation(source, node) for node in (test.statement, test.statement.body[0]))
    assert test.statement.end_lineno is not None
    header = _header(source, test)
    assert header is not None
    first = source.position(header.end)[0]
    inside = _lines_inside_strings(source)
    edits, number = [], first
    while number <= len(source.line_starts):
        start = source.offset(number, 0)
        text = source.data[start : source.line_end(start)]
        if number > test.statement.end_lineno and not text.strip().startswith(b"#"):
            break
        if text.startswith(inner) and number not in inside:
            edits.append(Edit(start, start + len(inner), outer))
        elif number > test.statement.end_lineno:
            break
        number += 1
    return edits


def _indentation(source: Source, node: ast.stmt) -> bytes:
    match = _SPACE.match(source.data, source.line_start(source.span(node).start))
    return match.group() if match else b""


def _lines_inside_strings(source: Source) -> set[int]:
    """The numbers of lines that begin inside a string, where leading blanks are text."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source.utf8.decode(), newline="").readline):
        if token.type == tokenize.STRING:
            lines.update(range(token.start[0] + 1, token.end[0] + 1))
    for node in source.parents:  # since Python 3.12 f-strings are several tokens
        if isinstance(node, ast.JoinedStr) and node.end_lineno is not None:
            lines.update(range(node.lineno + 1, node.end_lineno + 1))
    return lines


def _keeps_the_body(source: Source, test: WrappedTest, edits: tuple[Edit, ...]) -> bool:
    """Whether the function that the edits make is the old one with one parameter more and the `with` taken off."""
    span = source.span(test.function)
    start, end = source.line_start(span.start), max(span.end, edits[-1].end)
    shifted = [Edit(e.start - start, e.end - start, e.text) for e in edits]
    text = apply_edits(source.data[start:end], shifted).decode(source.encoding)
    try:
        block = ast.parse(f"if True:\n{text}\n" if text[0] in " \t" else text).body[0]
    except SyntaxError:
        return False
    made = block.body[0] if isinstance(block, ast.If) else block
    if not isinstance(made, ast.FunctionDef):
        return False
    before = test.function
    added = made.args.args.pop()
    expected = [*before.body[:-1], *test.statement.body]
    return (
        (added.arg, added.annotation) == (test.fixture, None)
        and ast.dump(made.args) == ast.dump(before.args)
        and [ast.dump(s) for s in made.body] == [ast.dump(s) for s in expected]
    )
