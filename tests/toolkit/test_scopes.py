"""Scopes: the same answers as CPython's own symbol tables, and what they add to them."""

from __future__ import annotations

import ast
import itertools
import re
import symtable
import sys
import sysconfig
import tokenize
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from holdline.scopes import Scope, ScopeKind, Scopes
from holdline.workers import allow_deep_nesting

Key = tuple[str, str, int]
#: How many random programs a run tries, and one in how many files of the standard library.
EXAMPLES = 300
EVERY = 12

COMPREHENSIONS = {"ListComp": "listcomp", "SetComp": "setcomp", "DictComp": "dictcomp", "GeneratorExp": "genexpr"}
#: Tables that CPython makes for annotations and type variables' bounds; here they are part of the scope around them.
MERGED = {"annotation", "TypeVar bound", "type variable", "TYPE_VARIABLE", "type alias", "TYPE_ALIAS", "ANNOTATION"}
TYPE_PARAMETERS = {"type parameter", "type parameters", "TYPE_PARAMETERS"}


def table_kind(table: symtable.SymbolTable) -> str:
    """A table's type as text; 3.13 made it an enumeration."""
    kind = table.get_type()
    return str(getattr(kind, "value", kind))


def scope_key(scope: Scope) -> Key:
    """What a scope and its table have in common."""
    node = scope.node
    line = getattr(node, "lineno", 0)
    if scope.kind is ScopeKind.COMPREHENSION:
        return "function", COMPREHENSIONS[type(node).__name__], line
    if isinstance(node, ast.Lambda):
        return "function", "lambda", line
    name = str(getattr(node, "name", ""))
    if scope.kind is ScopeKind.TYPE_PARAMETERS:
        return "type parameters", "", line
    return ("class" if scope.kind is ScopeKind.CLASS else "function"), name, line


def table_key(table: symtable.SymbolTable) -> Key:
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


def differences(source: str) -> list[str]:
    """Where the scopes of a source and its symbol tables disagree."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
        table = symtable.symtable(source, "file", "exec")
    return Comparison(Scopes(tree)).compare(table)


class Comparison:
    """Walks scopes and symbol tables side by side."""

    def __init__(self, scopes: Scopes) -> None:
        self.scopes = scopes
        self.children: dict[Scope, list[Scope]] = defaultdict(list)
        for scope in scopes.all_scopes[1:]:
            assert scope.parent is not None
            self.children[scope.parent].append(scope)

    def compare(self, table: symtable.SymbolTable, scope: Scope | None = None) -> list[str]:
        """All disagreements of a scope and those inside it; by default of the module."""
        scope = scope or self.scopes.module
        theirs: dict[Key, list[symtable.SymbolTable]] = defaultdict(list)
        for inner in child_tables(table):
            theirs[table_key(inner)].append(inner)
        mine: dict[Key, list[Scope]] = defaultdict(list)
        inlined = self.sort_children(scope, theirs, mine)
        found = [*self.symbols(table, scope, inlined)]
        if {k: len(v) for k, v in mine.items()} != {k: len(v) for k, v in theirs.items()}:
            return [*found, f"line {table.get_lineno()} has other scopes inside"]
        for key, scopes in mine.items():
            # CPython visits an expression's parts in an order of its own, so on one line any order will do
            orders = itertools.permutations(theirs[key]) if len(scopes) < 5 else [tuple(theirs[key])]
            each = ([d for t, s in zip(order, scopes, strict=True) for d in self.compare(t, s)] for order in orders)
            found += min(each, key=len)
        return found

    def sort_children(
        self, scope: Scope, theirs: dict[Key, list[symtable.SymbolTable]], mine: dict[Key, list[Scope]]
    ) -> set[str]:
        """The scopes inside a scope by key; the names of comprehensions that 3.12 on compiles in line."""
        inlined: set[str] = set()
        waiting = self.children[scope][::-1]
        while waiting:
            child = waiting.pop()
            key = scope_key(child)
            if key not in theirs and key[1] in ("listcomp", "setcomp", "dictcomp"):
                inlined |= child.bindings.keys()
                waiting.extend(self.children[child][::-1])
            else:
                mine[key].append(child)
        return inlined

    def symbols(self, table: symtable.SymbolTable, scope: Scope, inlined: set[str]) -> Iterator[str]:
        module = self.scopes.module
        for symbol in table.get_symbols():
            name = symbol.get_name()
            if name in inlined or name.startswith(".") or "__" in name:  # implicit, or mangled by a class
                continue
            expected = "local" if symbol.is_local() else "free" if symbol.is_free() else "global"
            if scope is module and expected == "global":
                continue  # a function may bind it, which CPython's table of the module does not show
            resolution = self.scopes.lookup(name, scope)
            if resolution is None or (resolution.scope is module and scope is not module):
                actual = "global"
            else:
                actual = "local" if resolution.scope is scope else "free"
            if resolution and resolution.scope.kind is ScopeKind.CLASS and scope.kind is ScopeKind.TYPE_PARAMETERS:
                continue  # it is looked up in the class first, which the table does not show
            if expected != actual:
                yield f"{scope.kind.name} line {table.get_lineno()}: {name} is {expected}, not {actual}"


class Programs:
    """Random programs over few names, so that scopes quarrel about them; not all of them compile."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def name(self) -> str:
        return self.random.choice("abcd")

    def expression(self, depth: int) -> str:
        if depth <= 0:
            return self.name()
        inner = [self.expression(depth - self.random.randint(1, 2)) for _ in range(3)]
        forms = (
            "({0})({1})",
            "(lambda {n}={0}, *{m}: {1})",
            "[{0} for {n} in {1} if {2}]",
            "{{{0}: {1} for {n} in {2} for {m} in {n}}}",
            "list({0} for {n} in {1})",
            "{{{0} for {n} in {1}}}",
            "({n} := {0})",
            "[{n} := {0} for {m} in {1}]",
            "f'{{{n}}}{{{m}!r:{{{n}}}}}'",
            "{n}.{m}[{0}]",
            "({0} if {1} else {2})",
        )
        return self.random.choice(forms).format(*inner, n=self.name(), m=self.name())

    def statement(self, depth: int, indent: str = "") -> list[str]:
        forms: list[tuple[str, ...]] = [
            ("{n} = {e}",),
            ("{n}: {m} = {e}",),
            ("{n}: {e}",),
            ("({n}): {e}",),
            ("{n}, [{m}, *c] = {e}",),
            ("{n} += {e}",),
            ("{n}.x, {m}[{e}] = {n}, {e}",),
            ("del {n}",),
            ("import {n}.x, m as {m}",),
            ("from m import {n}, x as {m}",),
            ("global {n}",),
            ("nonlocal {n}",),
            ("{e}",),
        ]
        blocks: list[tuple[str, ...]] = [
            ("for {n} in {e}:", "B", "else:", "B"),
            ("while {e}:", "B"),
            ("with {e} as {n}, {e} as ({m}, c):", "B"),
            ("try:", "B", "except {n} as {m}:", "B", "finally:", "B"),
            ("match {e}:", " case [{n}, *{m}]:", " B", " case {{'x': x, **{n}}} | X({n}, y={m}):", " B"),
            ("@{e}", "def {n}({m}, /, b={e}, *c, d: {e} = {e}) -> {e}:", "B"),
            ("async def {n}({m}):", "B", " return [{e} async for {n} in {m}]"),
            ("@{e}", "class {n}({e}, k={e}):", "B"),
            ("if {e}:", "B"),
        ]
        if sys.version_info >= (3, 12):
            blocks += [
                ("def {n}[{m}: {e}, *c](d: {m} = {e}) -> {n}:", "B"),
                ("class {n}[{m}]({e}):", "B"),
                ("type {n}[{m}] = {e}",),
            ]
        lines: list[str] = []
        for line in self.random.choice(forms if depth <= 0 else forms + 2 * blocks):
            if line.strip() == "B":
                lines += self.block(depth - 1, indent + line.replace("B", " "))
            else:
                text = re.sub(r"\{e\}", lambda m: self.expression(2).replace("{", "{{").replace("}", "}}"), line)
                lines.append(indent + text.format(n=self.name(), m=self.name()))
        return lines

    def block(self, depth: int, indent: str = "") -> list[str]:
        return [line for _ in range(self.random.randint(1, 3)) for line in self.statement(depth, indent)]


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.randoms(use_true_random=False))
def test_random_programs_have_the_scopes_of_cpython(random: Random) -> None:
    text = "\n".join(Programs(random).block(3)) + "\n"
    assume(is_valid(text))
    assert differences(text) == []


def is_valid(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            symtable.symtable(text, "file", "exec")
        except SyntaxError:
            return False
    return True


def test_the_standard_library_has_the_scopes_of_cpython() -> None:
    allow_deep_nesting()
    root = Path(sysconfig.get_path("stdlib"))
    files = [p for p in sorted(root.rglob("*.py")) if "site-packages" not in p.parts][::EVERY]
    wrong = []
    for path in files:
        try:
            with tokenize.open(path) as file:
                text = file.read()
        except (SyntaxError, UnicodeDecodeError):
            continue  # CPython's tests hold a few on purpose
        if is_valid(text):
            wrong += [f"{path}: {difference}" for difference in differences(text)]
    assert wrong == []
    assert len(files) > 100


# what symbol tables do not tell: which bindings a name has


def resolve(text: str, name: str, *, line: int) -> tuple[ScopeKind, list[int]] | None:
    """The kind of scope that the name used on a line belongs to, and the lines that bind it there."""
    scopes = Scopes(ast.parse(text))
    uses = [n for n in scopes.names if n.id == name and n.lineno == line]
    found = scopes.resolve(uses[-1])
    return (found.scope.kind, [getattr(b.node, "lineno", 0) for b in found.bindings]) if found else None


MODULE, CLASS, FUNCTION = ScopeKind.MODULE, ScopeKind.CLASS, ScopeKind.FUNCTION


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import os\nos = 1\nuse(os)", (MODULE, [1, 2])),
        ("import os\n\nos.x = 1", (MODULE, [1])),
        ("try: pass\nexcept E as os: pass\nos", (MODULE, [2])),
        ("import os\ndel os\nos", (MODULE, [1, 2])),
        ("match x:\n case {**os} | [*os] | os: pass\nos", (MODULE, [2, 2, 2])),
        ("[os := 1\n for x in y]\nos", (MODULE, [1])),
        ("def f():\n return [\n  (os := 1) for x in y if os]", (FUNCTION, [3])),
        ("def f(os):\n def g():\n  return os", (FUNCTION, [1])),
        ("class C:\n import os\n os", (CLASS, [2])),
        ("class C:\n import os\n [os for x in y]", None),
        ("class C:\n import os\n [x for x in os]", (CLASS, [2])),
        ("class C:\n import os\n def f(self): os", None),
        ("import os\nclass C:\n global os; os = 1; os", (MODULE, [1, 3])),
        ("def f():\n global os; import os\nos", (MODULE, [2])),
        ("def f():\n os = 1\n def g(): nonlocal os; os = 2; os", (FUNCTION, [2, 3])),
        ("def f(x=1, *, os):\n pass\nos", None),
        ("import os\n\ndef f(os, x=os): pass", (MODULE, [1])),
        ("import os\n\nlambda os: 1, os", (MODULE, [1])),
        ("with x as (os, y):\n for z, os in y:\n  os", (MODULE, [1, 2])),
        ("import os.path\n\nos", (MODULE, [1])),
        ("import os.path as p\n\nos", None),
        ("from x import *\n\nos", None),
        ("(os): int\n\nos", None),
        ("os: int\n\nos", (MODULE, [1])),
        ("os += 1\n\nos", (MODULE, [1])),
    ],
)
def test_bindings(text: str, expected: tuple[ScopeKind, list[int]] | None) -> None:
    assert resolve(text, "os", line=3) == expected


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 695")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import os\nclass C[os]:\n  def m(self): os", (ScopeKind.TYPE_PARAMETERS, [2])),
        ("class C:\n import os\n def m[T](self): os", None),
        ("class C:\n import os\n def m[T](self, x: os): pass", (CLASS, [2])),
        ("type os = int\n\nos", (MODULE, [1])),
        ("type X[os] = int\n\nos", None),
    ],
)
def test_type_parameters(text: str, expected: tuple[ScopeKind, list[int]] | None) -> None:
    assert resolve(text, "os", line=3) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import os\nclass C:\n os = os", (MODULE, [1])),
        ("import os\nclass C:\n os: str = os", (MODULE, [1])),
        ("import os\nclass C:\n for os in os: pass", (MODULE, [1])),
        ("import os\nclass C:\n os += 1; os", (CLASS, [3])),
        ("import os\nclass C:\n @os\n def os(self): pass", (MODULE, [1])),
        ("import os\nclass C:\n class os(os): pass", (MODULE, [1])),
        ("import os\nclass C:\n def os(self, x=os): pass", (MODULE, [1])),
        ("import os\nclass C:\n os; os = 1", (MODULE, [1])),
        ("import os\nclass C:\n os = 1; os", (CLASS, [3])),
        ("import os\ndef f(os):\n class C: os = os", (MODULE, [1])),
        ("import os\ndef f(os):\n class C: x = os", (FUNCTION, [2])),
    ],
)
def test_a_class_body_reads_the_outer_name_until_it_binds_its_own(
    text: str, expected: tuple[ScopeKind, list[int]]
) -> None:
    scopes = Scopes(ast.parse(text))
    reads = [n for n in scopes.names if n.id == "os" and n.lineno == 3 and isinstance(n.ctx, ast.Load)]
    found = scopes.resolve(reads[-1])
    assert found is not None
    assert (found.scope.kind, [getattr(b.node, "lineno", 0) for b in found.bindings]) == expected
    assert (reads[-1] in scopes.references("os", scopes.module)) is (expected[0] is MODULE)


def test_an_augmented_assignment_in_a_class_body_reads_the_outer_name() -> None:
    scopes = Scopes(ast.parse("import os\nclass C:\n os |= 1\n os |= 2\n"))
    assert [n.lineno for n in scopes.references("os", scopes.module)] == [3]
    assert [n.lineno for n in scopes.references("os", scopes.all_scopes[1])] == [3, 4]


def test_a_binding_that_a_class_body_may_skip_leaves_the_outer_name_in_use() -> None:
    scopes = Scopes(ast.parse("import os\nclass C:\n if x: os = 1\n os.sep\n class D:\n  os\n"))
    assert [n.lineno for n in scopes.references("os", scopes.module)] == [4, 6]
    (in_c,) = [n for n in scopes.names if n.lineno == 4]
    found = scopes.resolve(in_c)
    assert found is not None
    assert found.scope.kind is CLASS


def test_star_imports_are_listed() -> None:
    scopes = Scopes(ast.parse("from os import *\nfrom .x import *\n"))
    assert [(s.module, s.level) for s in scopes.star_imports] == [("os", 0), ("x", 1)]


def test_references_are_all_uses_of_one_binding_scope() -> None:
    text = "import os\nos.a\ndef f(os): os.b\ndef g(): os.c\nclass C:\n os = os\n def m(self): os.d\ndel os\n"
    scopes = Scopes(ast.parse(text))
    assert [n.lineno for n in scopes.references("os", scopes.module)] == [2, 4, 6, 7, 8]


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("get_env()", True),
        ("def f(get_env): pass", True),
        ("class C:\n def get_env(self): pass", True),
        ("from x import y as get_env", True),
        ("def f():\n global get_env", True),
        ("x.get_env", False),
        ("f(get_env=1)", False),
        ("'get_env'", False),
        ("from get_env import x", False),
    ],
)
def test_mentions(text: str, mentioned: bool) -> None:
    assert Scopes(ast.parse(text)).mentions("get_env") is mentioned


def test_scope_of_tells_where_a_definition_stands() -> None:
    tree = ast.parse("import os\ndef f(a): pass\n")
    scopes = Scopes(tree)
    statement, function = tree.body
    assert isinstance(statement, ast.Import)
    assert isinstance(function, ast.FunctionDef)
    assert scopes.scope_of(statement.names[0]) is scopes.module
    assert scopes.scope_of(function) is scopes.module
    assert scopes.scope_of(function.args.args[0]).node is function
