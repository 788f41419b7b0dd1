"""Scopes: the same answers as CPython's own symbol tables, and what they add to them."""

from __future__ import annotations

import ast
import symtable
import sys
import sysconfig
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdline.scopes import Scope, ScopeKind, Scopes
from holdline.workers import allow_deep_nesting

#: One in this many files of the standard library is compared; 1 takes all of them.
EVERY = 12

COMPREHENSIONS = {"ListComp": "listcomp", "SetComp": "setcomp", "DictComp": "dictcomp", "GeneratorExp": "genexpr"}
#: Tables that CPython makes for annotations and type variables' bounds; here they are part of the scope around them.
MERGED = {"annotation", "TypeVar bound", "type variable", "TYPE_VARIABLE", "type alias", "TYPE_ALIAS", "ANNOTATION"}
TYPE_PARAMETERS = {"type parameter", "type parameters", "TYPE_PARAMETERS"}


def table_kind(table: symtable.SymbolTable) -> str:
    """A table's type as text; 3.13 made it an enumeration."""
    kind = table.get_type()
    return str(getattr(kind, "value", kind))


def scope_key(scope: Scope) -> tuple[str, str, int]:
    """What a scope and its table have in common."""
    node = scope.node
    line = getattr(node, "lineno", 0)
    if scope.kind is ScopeKind.COMPREHENSION:
        return "function", COMPREHENSIONS[type(node).__name__], line
    if isinstance(node, ast.Lambda):
        return "function", "lambda", line
    name = str(getattr(node, "name", ""))
    if scope.kind is ScopeKind.TYPE_PARAMETERS:
        return "type parameters", "" if name else "", line
    return ("class" if scope.kind is ScopeKind.CLASS else "function"), name, line


def table_key(table: symtable.SymbolTable) -> tuple[str, str, int]:
    kind = table_kind(table)
    if kind in TYPE_PARAMETERS:
        return "type parameters", "", table.get_lineno()
    return kind, table.get_name(), table.get_lineno()


def child_tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        if table_kind(child) in MERGED:
            yield from child_tables(child)
        else:
            yield child


def pair_up(scopes: Scopes, table: symtable.SymbolTable) -> Iterator[tuple[Scope, symtable.SymbolTable, set[str]]]:
    """Each scope with its table, and the names the table has from comprehensions that 3.12 compiles in line."""
    children: dict[Scope, list[Scope]] = defaultdict(list)
    for scope in scopes.all_scopes[1:]:
        assert scope.parent is not None
        children[scope.parent].append(scope)
    todo = [(scopes.module, table)]
    while todo:
        scope, table = todo.pop()
        theirs = defaultdict(list)
        for inner in child_tables(table):
            theirs[table_key(inner)].append(inner)
        mine: dict[tuple[str, str, int], list[Scope]] = defaultdict(list)
        inlined: set[str] = set()
        waiting = children[scope][::-1]
        while waiting:
            child = waiting.pop()
            if scope_key(child) not in theirs and scope_key(child)[1] in ("listcomp", "setcomp", "dictcomp"):
                inlined |= child.bindings.keys()
                waiting.extend(children[child][::-1])
            else:
                mine[scope_key(child)].append(child)
        yield scope, table, inlined
        assert {k: len(v) for k, v in mine.items()} == {k: len(v) for k, v in theirs.items()}
        for key, found in mine.items():
            todo.extend(zip(found, theirs[key], strict=True))


def differences(source: str | bytes) -> list[str]:
    """Where the scopes of a source and its symbol tables disagree."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
        table = symtable.symtable(source if isinstance(source, str) else ast_text(source), "file", "exec")
    scopes = Scopes(tree)
    found = []
    for scope, mine, inlined in pair_up(scopes, table):
        for symbol in mine.get_symbols():
            name = symbol.get_name()
            if name in inlined or name.startswith(".") or "__" in name:  # implicit, or mangled by a class
                continue
            expected = "local" if symbol.is_local() else "free" if symbol.is_free() else "global"
            resolution = scopes.lookup(name, scope)
            if resolution is None or (resolution.scope is scopes.module and scope is not scopes.module):
                actual = "global"
            else:
                actual = "local" if resolution.scope is scope else "free"
            if scope is scopes.module and expected == "global":
                continue  # a function may bind it, which CPython's table of the module does not show
            if expected != actual:
                found.append(f"{scope.kind.name} line {mine.get_lineno()}: {name} is {expected}, not {actual}")
    return found


def ast_text(source: bytes) -> str:
    import tokenize
    import io

    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    return io.TextIOWrapper(io.BytesIO(source), encoding).read()
