"""What the compiler makes of the names at the places of a rewrite: the oracle for scopes.

CPython says with each instruction where in the source it comes from, and loads a local, an enclosing or a global name
with different ones. Code the compiler drops (`if 0:`), and positions inside f-strings before Python 3.12, tell nothing.
"""

from __future__ import annotations

import ast
import builtins
import dis
import inspect
import symtable
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType

Place = tuple[int, int, int, int]
"""First line and column, last line and column, columns in UTF-8 bytes."""


@dataclass(frozen=True)
class Load:
    """One reading of a name: by which code object, before those around it, at which offset, and whether as a global."""

    around: tuple[CodeType, ...]
    offset: int
    name: str
    is_global: bool
    is_cell: bool
    is_fast: bool


class Compiled:
    """One source as the compiler sees it."""

    def __init__(self, data: bytes) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.module = compile(data, "file", "exec", dont_inherit=True)
        #: Each code object with those around it, itself first.
        self.codes = list(_nested(self.module, ()))
        self.loads: dict[tuple[Place, str], list[Load]] = {}
        #: Loads whose own place is not told: by the line of the instruction they were merged into.
        self.merged: dict[tuple[int, str], list[Load]] = {}
        # where a name is bound, and whether by an import: offset by offset, for the module and for each code object
        self.global_binds: dict[str, list[tuple[int, bool]]] = {}
        self.local_binds: dict[tuple[int, str], list[tuple[int, bool]]] = {}
        #: What comprehensions bind that are compiled into the code object around them, as Python 3.12 and later do.
        self.inlined: set[tuple[int, str]] = set()
        for around in self.codes:
            self._read(around)

    def _read(self, around: tuple[CodeType, ...]) -> None:
        code, imported = around[0], False
        for instruction in dis.get_instructions(code):
            operation, name = instruction.opname, instruction.argval
            if isinstance(name, tuple) and operation.endswith("LOAD_FAST"):  # two in one, as of Python 3.13
                load = Load(around, instruction.offset, name[1], is_global=False, is_cell=False, is_fast=True)
                self.merged.setdefault((_place(instruction.positions)[0], name[1]), []).append(load)
            if not isinstance(name, str):
                continue
            if operation == "LOAD_FAST_AND_CLEAR":
                self.inlined.add((id(code), name))
                continue
            at_module = operation.endswith("_GLOBAL") or (operation.endswith("_NAME") and code is self.module)
            if operation.startswith(("STORE_", "DELETE_")) and not operation.endswith("_ATTR"):
                bind = (instruction.offset, imported)
                if operation.endswith("_FAST") and not code.co_flags & inspect.CO_OPTIMIZED:
                    pass  # of a comprehension that was inlined into a class body or the module
                elif at_module:
                    self.global_binds.setdefault(name, []).append(bind)
                else:
                    self.local_binds.setdefault((id(code), name), []).append(bind)
            elif operation.startswith("LOAD_") and not operation.endswith(("_ATTR", "_METHOD", "_CONST")):
                load = Load(around, instruction.offset, name, at_module, "DEREF" in operation, "FAST" in operation)
                self.loads.setdefault((_place(instruction.positions), name), []).append(load)
            imported = operation.startswith("IMPORT_")

    def loads_of(self, node: ast.Name) -> Sequence[Load]:
        """The loads a name was compiled to, in all copies of its code; none where the compiler dropped it."""
        placed = self.loads.get((_place_of(node), node.id), [])
        return placed or self.merged.get((node.lineno, node.id), [])

    def is_imported(self, load: Load) -> bool:
        """Whether nothing but imports binds what a load reads, as far as the compiler can tell."""
        if load.is_global:
            return self._is_imported_globally(load.name)
        own, *others = load.around
        if (id(own), load.name) in self.inlined and own.co_flags & inspect.CO_OPTIMIZED:
            return True  # it cannot be told from a variable of the function's own
        if load.is_fast and not own.co_flags & inspect.CO_OPTIMIZED:
            return False
        if not own.co_flags & inspect.CO_OPTIMIZED and not load.is_cell:
            return self._is_imported_in_class(load)
        outer = next((c for c in others if load.name in c.co_cellvars), own)
        owner = outer if load.name in own.co_freevars else own
        if load.name in _parameters(owner):
            return False
        return all(imported for code in (own, owner) for _, imported in self.local_binds.get((id(code), load.name), ()))

    def _is_imported_in_class(self, load: Load) -> bool:
        """A class body reads the global until it binds the name itself."""
        own = self.local_binds.get((id(load.around[0]), load.name), ())
        earlier = [imported for offset, imported in own if offset < load.offset]
        return all(earlier) and (bool(earlier) or self._is_imported_globally(load.name))

    def _is_imported_globally(self, name: str) -> bool:
        return all(imported for _, imported in self.global_binds.get(name, ()))


def _parameters(code: CodeType) -> Sequence[str]:
    flags = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + flags]


def _nested(code: CodeType, around: tuple[CodeType, ...]) -> Iterator[tuple[CodeType, ...]]:
    yield (code, *around)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant, (code, *around))


def _place(positions: dis.Positions | None) -> Place:
    if positions is None:
        return (0, 0, 0, 0)
    line, end_line, column, end_column = positions
    return (line or 0, column or 0, end_line or 0, end_column or 0)


def _place_of(node: ast.Name) -> Place:
    return (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)


def undefined_globals(data: bytes) -> set[str]:
    """Global names that the program reads and never binds, and that are no builtins."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tables = list(_tables(symtable.symtable(data.decode("utf-8-sig"), "file", "exec")))
        except (UnicodeDecodeError, SyntaxError):  # another encoding, or a cookie in a text
            return set()
    bound = {s.get_name() for t in tables[:1] for s in t.get_symbols() if s.is_assigned() or s.is_imported()}
    bound |= {s.get_name() for t in tables for s in t.get_symbols() if s.is_declared_global() and s.is_assigned()}
    bound |= {s.get_name() for t in tables for s in t.get_symbols() if s.is_declared_global() and s.is_imported()}
    read = {s.get_name() for s in tables[0].get_symbols() if s.is_referenced()}
    # bounds of type parameters see the class around them, which the table does not tell
    inner = [t for t in tables[1:] if str(t.get_type()) in ("function", "class")]
    read |= {s.get_name() for t in inner for s in t.get_symbols() if s.is_referenced() and s.is_global()}
    return {name for name in read - bound if not hasattr(builtins, name)}


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)
