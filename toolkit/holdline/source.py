"""One Python file: its bytes, its syntax tree, and where each node lies in the bytes."""

from __future__ import annotations

import ast
import codecs
import itertools
import re
import tokenize
import warnings
from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

from holdline.model import Problem, ProblemKind
from holdline.scopes import Scopes
from holdline.trees import LEAVES, child_nodes

_NEWLINE = re.compile(rb"\r\n|\r|\n")
_LONGEST_EXCERPT = 400  # bytes of a line
#: Bytes of a file. A syntax tree takes some 200 times its file's memory; nobody writes so much by hand.
LARGEST = 2_000_000
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
# Encodings in which each character has its own bytes whatever stands before it: only there is a byte range a text.
_STATELESS = re.compile(
    r"ascii|iso8859-\d+|cp\d+|koi8-\w|mac-\w+|gb\d+|gbk|big5(hkscs)?|shift_jis\w*|euc_\w+|johab|tis-620"
)
# What a syntax error on an older Python usually means, most specific first: (pattern on the line, first version).
_NEWER_GRAMMAR = (
    (r"^\s*type\s+\w+(\[.*\])?\s*=", "3.12"),
    (r"^\s*(async\s+)?(def|class)\s+\w+\[", "3.12"),
    (r"^\s*except\s+[\w.]+\s*,\s*[\w.]+.*:", "3.14"),
    (r"(?<![\w])([tT][rR]?|[rR][tT])(['\"])", "3.14"),
    (r"(?<![\w])[rR]?[fF][rR]?(['\"])", "3.12"),
)


class SourceError(Exception):
    """The file cannot be judged; carries the problem to report."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Span(NamedTuple):
    """Byte offsets `start:end` in the file."""

    start: int
    end: int


class Source:
    """A parsed file. `utf8` is its text in UTF-8 without a byte-order mark, line endings as they are."""

    def __init__(self, path: str, data: bytes, tree: ast.Module, encoding: str, bom: int, utf8: bytes) -> None:
        self.path = path
        self.data = data
        self.tree = tree
        self.encoding = encoding
        self.bom = bom
        self.utf8 = utf8

    @cached_property
    def line_starts(self) -> list[int]:
        """Offsets in `utf8` of the first byte of each line, as Python counts lines (lone CR ends one, form feed
        does not).
        """
        if b"\r" in self.utf8:
            return [0, *(m.end() for m in _NEWLINE.finditer(self.utf8))]
        return [0, *itertools.accumulate(len(line) + 1 for line in self.utf8.split(b"\n")[:-1])]

    @cached_property
    def _file_line_starts(self) -> list[int]:
        """Offsets in the file of the first byte of each line; the encodings we read have ASCII's line endings."""
        if self.encoding == "utf-8":
            return [self.bom + start for start in self.line_starts] if self.bom else self.line_starts
        return [self.bom, *(m.end() for m in _NEWLINE.finditer(self.data))]

    @cached_property
    def _last_count(self) -> list[int]:
        return [-1, 0, 0]

    @cached_property
    def _is_ascii(self) -> bool:
        return self.utf8.isascii()

    @cached_property
    def newline(self) -> bytes:
        """The file's line ending, taken from its first line; LF where there is none."""
        match = _NEWLINE.search(self.utf8)
        return match.group() if match else b"\n"

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Each node's parent, for all nodes but the module, level by level."""
        parents: dict[ast.AST, ast.AST] = {}
        todo: list[ast.AST] = [self.tree]
        for node in todo:
            for child in child_nodes(node):
                parents[child] = node
                if child.__class__ not in LEAVES:
                    todo.append(child)
        return parents

    @cached_property
    def fstrings(self) -> dict[ast.AST, ast.JoinedStr]:
        """For each node that is or stands in an f-string, the outermost one."""
        around: dict[ast.AST, ast.JoinedStr] = {}
        for node, parent in self.parents.items():  # parents come first
            outer = around.get(parent) or (node if isinstance(node, ast.JoinedStr) else None)
            if outer is not None:
                around[node] = outer
        return around

    @cached_property
    def located(self) -> dict[tuple[ast.JoinedStr, str], dict[ast.AST, Span]]:
        """What `holdline.fstrings` has found out: by f-string and text, where its nodes of that text lie."""
        return {}

    @cached_property
    def calls(self) -> list[ast.Call]:
        """Every call."""
        return [node for node in self.parents if isinstance(node, ast.Call)]

    @cached_property
    def scopes(self) -> Scopes:
        """The module's scopes and names."""
        return Scopes(self.tree, declares=b"global" in self.utf8 or b"nonlocal" in self.utf8)

    def offset(self, line: int, column: int) -> int:
        """The file's byte offset of a syntax-tree position (line from 1, column in UTF-8 bytes)."""
        return self.to_file(self.line_starts[line - 1] + column)

    def to_file(self, utf8_offset: int) -> int:
        """A file byte offset from an offset in `utf8`."""
        if self.encoding == "utf-8":
            return utf8_offset + self.bom
        line = bisect_right(self.line_starts, utf8_offset) - 1
        before = self.utf8[self.line_starts[line] : utf8_offset].decode()
        return self._file_line_starts[line] + len(before.encode(self.encoding))

    def span(self, node: ast.expr | ast.stmt | ast.alias | ast.keyword) -> Span:
        """Where the node lies in the file. Inside f-strings before Python 3.12 use `fstrings.locate`."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return Span(self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset))

    def text(self, span: Span) -> str:
        """The file's text in a span, decoded."""
        return self.data[span.start : span.end].decode(self.encoding)

    def encode(self, text: str) -> bytes:
        """Text in the file's encoding."""
        return text.encode(self.encoding)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column (from 1, in characters) of a file byte offset."""
        line = bisect_right(self._file_line_starts, offset) - 1
        start = self._file_line_starts[line]
        return line + 1, (offset - start if self._is_ascii else self._characters(start, offset)) + 1

    def _characters(self, start: int, offset: int) -> int:
        """How many there are from a line's start to an offset; those up to the last one asked for are not counted anew,
        for on a line of a megabyte, with violations by the thousand, that would never end.
        """
        line, known, count = self._last_count
        if line != start or known > offset:
            known, count = start, 0
        count += len(self.data[known:offset].decode(self.encoding))
        self._last_count[:] = start, offset, count
        return count

    def line_text(self, line: int) -> str:
        """A line's text without its ending."""
        start = self.line_starts[line - 1]
        match = _NEWLINE.search(self.utf8, start)
        return self.utf8[start : match.start() if match else len(self.utf8)].decode()

    def excerpt(self, line: int, offset: int) -> str:
        """What to show of a line: all of it, or, of one that is very long, the part from a file byte offset on."""
        start, end = [*self.line_starts[line - 1 : line + 1], len(self.utf8)][:2]
        if end - start <= _LONGEST_EXCERPT:
            return self.utf8[start:end].decode().strip()
        part = self.data[
            offset : min(offset + _LONGEST_EXCERPT, *self._file_line_starts[line : line + 1], len(self.data))
        ]
        return f"… {part.decode(self.encoding, errors='ignore').strip()} …"  # the cut may go through a character

    def line_start(self, offset: int) -> int:
        """File offset where the line holding `offset` begins (just behind a byte-order mark on the first line)."""
        before = self.data.rfind(b"\n", 0, offset) + 1
        return max(before, self.data.rfind(b"\r", 0, offset) + 1, self.bom)

    def line_end(self, offset: int) -> int:
        """File offset just past the ending of the line holding `offset`."""
        match = _NEWLINE.search(self.data, offset)
        return match.end() if match else len(self.data)


def parse(path: str, data: bytes, mask: Callable[[bytes], bytes | None] | None = None) -> Source:
    """Parse a file's bytes. Raises SourceError, whose problem says in one line what is wrong and where.

    With `mask` the tree is that of what it leaves of the bytes, if it leaves anything that parses.
    """
    if len(data) > LARGEST:
        message = f"is too large to be judged ({len(data):,} bytes, the most is {LARGEST:,}): split or exclude it"
        raise _problem(path, ProblemKind.UNREADABLE, message)
    encoding, bom = _encoding(path, data)
    try:
        text = data[bom:].decode(encoding)
    except UnicodeDecodeError as error:
        message = f"is not valid {encoding} (byte {bom + error.start}); fix its encoding or declare it"
        raise _problem(path, ProblemKind.UNREADABLE, message) from None
    except (UnicodeError, LookupError) as error:  # rot13, hex, undefined: codecs, but not of text
        raise _problem(path, ProblemKind.UNREADABLE, f"cannot be decoded: {error}") from None
    masked = mask(data) if mask and encoding == "utf-8" else None
    tree = (_tree_of_masked(masked) if masked else None) or _tree(path, data)
    utf8 = data[bom:] if encoding == "utf-8" else text.encode()
    return Source(path, data, tree, encoding, bom, utf8)


def is_editable(source: Source) -> bool:
    """Whether a byte range can be cut out of the file without disturbing the rest."""
    return source.encoding == "utf-8" or source.utf8.decode().encode(source.encoding) == source.data


def _encoding(path: str, data: bytes) -> tuple[str, int]:
    bom = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    # the declaration itself is ASCII; whether the rest of its lines can be decoded is seen, and said, later
    first, *rest = (_NOT_ASCII.sub(b"?", line) for line in _NEWLINE.split(data[bom:], 2)[:2])
    try:
        # without its ending, an empty first line would pass for the end of the file
        lines = [data[:bom] + first + b"\n", *rest]
        name, _ = tokenize.detect_encoding(iter(lines).__next__)
    except (SyntaxError, LookupError) as error:
        raise _problem(path, ProblemKind.UNREADABLE, f"cannot be decoded: {error}") from None
    known = codecs.lookup(name).name
    if known in ("utf-8", "utf-8-sig"):
        return "utf-8", bom
    if not _STATELESS.fullmatch(known):
        message = f"is in the encoding {name}, which Holdline does not read: convert it to UTF-8"
        raise _problem(path, ProblemKind.UNREADABLE, message)
    return known, bom


def _tree(path: str, data: bytes) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data)
    except SyntaxError as error:
        line = error.lineno or 0
        message = f"does not parse: {error.msg}{_newer_grammar(error)}"
        raise _problem(path, ProblemKind.UNPARSABLE, message, line) from None
    except ValueError as error:
        raise _problem(path, ProblemKind.UNPARSABLE, f"does not parse: {error}") from None
    except (RecursionError, MemoryError):
        raise _problem(path, ProblemKind.UNPARSABLE, "does not parse: nested too deeply for Python's parser") from None


def _tree_of_masked(data: bytes) -> ast.Module | None:
    try:
        return _tree("", data)
    except SourceError:
        return None  # the whole file has the right words for it, or parses


def _newer_grammar(error: SyntaxError) -> str:
    import sys

    here = "{}.{}".format(*sys.version_info)
    for pattern, version in _NEWER_GRAMMAR:
        if _version(version) > sys.version_info[:2] and re.search(pattern, error.text or ""):
            return f" (valid from Python {version} on, perhaps; this is Python {here}: run holdline with a newer one)"
    return ""


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def _problem(path: str, kind: ProblemKind, message: str, line: int = 0) -> SourceError:
    return SourceError(Problem(path, kind, message, line))
