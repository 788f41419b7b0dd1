"""Proof that a rewrite did what it meant and no more: it parses, and the tree outside the edited sites is equal.

A site is a node that a fix rewrites as a whole. The proof walks the trees before and after side by side: at a site
the node before must begin and end where the site does and the node after where the edits put it; everywhere else
type, names, constants and order must agree. Import statements that came or went are taken out of the comparison by
their place.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from holdline import fstrings
from holdline.edits import OffsetMap
from holdline.model import Edit, Site
from holdline.source import Source, SourceError, Span, parse


@dataclass(frozen=True)
class Claim:
    """What the edits claim to do: rewrite `sites`, drop the statements at `removed`, add `inserted` (texts of
    single statements).
    """

    sites: tuple[Site, ...]
    removed: tuple[Site, ...] = ()
    inserted: tuple[str, ...] = ()


class ProofError(Exception):
    """The rewrite is not proved; the message says where it went wrong."""


def prove(before: Source, after: bytes, edits: Sequence[Edit], claim: Claim) -> Source:
    """Check the bytes after the edits against the claim and return them parsed.

    Raises ProofError with the first difference found.
    """
    try:
        result = parse(before.path, after)
    except SourceError as error:
        raise ProofError(f"the rewritten file {error}") from None
    _Comparison(before, result, edits, claim).run()
    return result


class _Comparison:
    def __init__(self, before: Source, after: Source, edits: Sequence[Edit], claim: Claim) -> None:
        self.before, self.after = before, after
        moved = OffsetMap(edits)
        self.sites = {(s.start, s.end): (moved.start(s.start), moved.outer_end(s.end)) for s in claim.sites}
        self.removed = {(s.start, s.end) for s in claim.removed}
        self.expected = [ast.dump(ast.parse(text).body[0]) for text in claim.inserted]
        self.touched = moved.texts()

    def run(self) -> None:
        todo: list[tuple[object, object]] = [(self.before.tree, self.after.tree)]
        while todo:
            old, new = todo.pop()
            if isinstance(old, ast.AST) and isinstance(new, ast.AST):
                todo.extend(self.compare_nodes(old, new))
            elif isinstance(old, list) and isinstance(new, list):
                todo.extend(self.compare_lists(old, new))
            elif not _same_constant(old, new):
                raise ProofError(f"{old!r} became {new!r} outside the edits")
        if self.expected:
            raise ProofError("an added statement is not where it was put")

    def compare_nodes(self, old: ast.AST, new: ast.AST) -> list[tuple[object, object]]:
        if isinstance(old, ast.expr | ast.stmt) and self.is_site(old, new):
            return []
        if type(old) is not type(new):
            raise ProofError(f"{_name(old)} became {_name(new)} outside the edits")
        return [(getattr(old, name, None), getattr(new, name, None)) for name in old._fields]

    def is_site(self, old: ast.expr | ast.stmt, new: ast.AST) -> bool:
        if not fstrings.RELIABLE and isinstance(old, ast.expr) and fstrings.enclosing(self.before, old):
            return isinstance(new, ast.expr) and self.is_site_by_text(old, new)
        if not isinstance(new, ast.expr | ast.stmt):
            return False
        span = self.before.span(old)
        target = self.sites.get((span.start, span.end))
        if target is None:
            return False
        found = self.after.span(new)
        if (found.start, found.end) != target:
            raise ProofError(f"line {old.lineno}: the rewritten {_name(old)} is not a whole node any more")
        if isinstance(old, ast.Import | ast.ImportFrom) and not _lost_names(old, new):
            raise ProofError(f"line {old.lineno}: the import did not just lose names")
        return True

    def is_site_by_text(self, old: ast.expr, new: ast.expr) -> bool:
        """Inside an f-string without positions: the node is a site if its tree is that of a site's text."""
        return isinstance(old, self.kinds_in_fstrings) and (ast.dump(old), ast.dump(new)) in self.dumps_in_fstrings

    @cached_property
    def dumps_in_fstrings(self) -> set[tuple[str, str]]:
        """The trees of the texts of sites inside f-strings, before and after."""
        strings = [self.before.span(n) for n in self.before.parents if isinstance(n, ast.JoinedStr)]
        return {
            (_dump_text(self.before.text(Span(*old))), _dump_text(self.after.text(Span(*new))))
            for old, new in self.sites.items()
            if any(s.start <= old[0] and old[1] <= s.end for s in strings)
        }

    @cached_property
    def kinds_in_fstrings(self) -> tuple[type[ast.expr], ...]:
        """What the sites inside f-strings are: names and attributes, and nothing where there are none."""
        return (ast.Name, ast.Attribute, ast.Call) if self.dumps_in_fstrings else ()

    def compare_lists(self, old: list[object], new: list[object]) -> list[tuple[object, object]]:
        kept = [n for n in old if not (isinstance(n, ast.Import | ast.ImportFrom) and self.is_removed(n))]
        there = [n for n in new if not (isinstance(n, ast.stmt) and self.is_inserted(n))]
        if len(kept) != len(there):
            raise ProofError(f"{len(kept)} nodes became {len(there)} outside the edits")
        return list(zip(kept, there, strict=True))

    def is_removed(self, node: ast.stmt) -> bool:
        span = self.before.span(node)
        return (span.start, span.end) in self.removed

    def is_inserted(self, node: ast.stmt) -> bool:
        if not self.expected:
            return False
        dump = ast.dump(node)
        span = self.after.span(node)
        inside = any(start <= span.start and span.end <= end for start, end in self.touched)
        if inside and dump in self.expected:
            self.expected.remove(dump)
            return True
        return False


def _lost_names(old: ast.Import | ast.ImportFrom, new: ast.AST) -> bool:
    """Whether an import statement became one of some of its names, in the same order."""
    if not isinstance(new, ast.Import | ast.ImportFrom):
        return False
    names = iter([ast.dump(alias) for alias in old.names])
    left = [ast.dump(alias) for alias in new.names]
    heads = [(type(n), getattr(n, "module", None), getattr(n, "level", 0)) for n in (old, new)]
    return heads[0] == heads[1] and all(name in names for name in left)


def _dump_text(text: str) -> str:
    try:
        return ast.dump(ast.parse(text.strip(), mode="eval").body)
    except SyntaxError:
        return ""


def _same_constant(old: object, new: object) -> bool:
    if type(old) is not type(new):
        return False
    if isinstance(old, float | complex):
        return repr(old) == repr(new)  # tells 0.0 from -0.0
    return old == new


def _name(node: ast.AST) -> str:
    return type(node).__name__
