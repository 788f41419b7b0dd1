"""Which binding a name refers to: Python's scoping rules over one syntax tree.

Resolution is by scope, not by order of execution: a name with several bindings in its scope resolves to all of them,
and the caller decides whether they agree. Source: the language reference, "Naming and binding".
"""

from __future__ import annotations

import ast
import enum
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from holdline.trees import child_nodes

_BRANCHING = ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.TryStar | ast.With | ast.Match | ast.Delete
ComprehensionNode = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class ScopeKind(enum.Enum):
    """What opened a scope."""

    MODULE = enum.auto()
    CLASS = enum.auto()
    FUNCTION = enum.auto()
    COMPREHENSION = enum.auto()
    TYPE_PARAMETERS = enum.auto()


class Binding:
    """One place that binds a name: `node` is the alias, name, argument or definition, `statement` its import if any."""

    def __init__(self, name: str, node: ast.AST, statement: ast.Import | ast.ImportFrom | None = None) -> None:
        self.name = name
        self.node = node
        self.statement = statement


class Scope:
    """A scope with the bindings made in it."""

    def __init__(self, kind: ScopeKind, node: ast.AST, parent: Scope | None) -> None:
        self.kind = kind
        self.node = node
        self.parent = parent
        self.bindings: dict[str, list[Binding]] = {}
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()


class Resolution(NamedTuple):
    """The scope a name belongs to and all its bindings there."""

    scope: Scope
    bindings: Sequence[Binding]


class Scopes:
    """All scopes of a module, and the scope each name is used in.

    `declares` says whether the text may hold a `global` or `nonlocal` statement: looking for them takes its time.
    """

    def __init__(self, tree: ast.Module, *, declares: bool = True) -> None:
        self.module = Scope(ScopeKind.MODULE, tree, None)
        self.names: list[ast.Name] = []
        self.star_imports: list[ast.ImportFrom] = []
        #: The names that imports bind, in whatever scope, each with the names that were imported.
        self.imported: dict[str, set[str]] = {}
        self.all_scopes: list[Scope] = [self.module]
        self._scope_of: dict[ast.AST, Scope] = {}
        # read in a class body before it binds the name; or when it need not have done so yet
        self._early: set[ast.Name] = set()
        self._unsure: set[ast.Name] = set()
        self._references: dict[tuple[str, Scope], list[ast.Name]] = {}
        _Builder(self, declares).build(tree)

    def scope_of(self, node: ast.AST) -> Scope:
        """The scope a Name, import alias or definition stands in."""
        return self._scope_of[node]

    def resolve(self, node: ast.Name) -> Resolution | None:
        """What a name refers to; None where no binding is in sight (a builtin, or a star import's gift)."""
        scope = self._scope_of[node]
        owner = self._owner_around(node.id, scope) if node in self._early else self._owner(node.id, scope)
        return self._resolution(node.id, owner)

    def lookup(self, name: str, scope: Scope) -> Resolution | None:
        """What `name` means when used in `scope`."""
        return self._resolution(name, self._owner(name, scope))

    def references(self, name: str, owner: Scope) -> Sequence[ast.Name]:
        """Every Name node, load or store, that means `name` of scope `owner`, or may mean it: a class body that binds
        a name reads the one around it until then.
        """
        if not self._references:
            self._find_references()
        return self._references.get((name, owner), ())

    def _find_references(self) -> None:
        for node in self.names:
            scope = self._scope_of[node]
            owners = [self._owner(node.id, scope)]
            if node in self._unsure and (around := self._owner_around(node.id, scope)) not in owners:
                owners.append(around)
            for owner in owners:
                if owner is not None:
                    self._references.setdefault((node.id, owner), []).append(node)

    def mentions(self, name: str) -> bool:
        """Whether the identifier occurs as a name or a binding in any scope."""
        return any(node.id == name for node in self.names) or any(
            name in s.bindings or name in s.globals or name in s.nonlocals for s in self.all_scopes
        )

    def _resolution(self, name: str, owner: Scope | None) -> Resolution | None:
        found = owner.bindings.get(name) if owner else None
        return Resolution(owner, found) if owner and found else None

    def _owner(self, name: str, scope: Scope) -> Scope | None:
        if name in scope.globals:
            return self.module
        return self._first_owner(name, scope, direct=name not in scope.nonlocals)

    def _owner_around(self, name: str, scope: Scope) -> Scope | None:
        """The owner of a name that a class body does not bind itself, or not yet.

        Until a class body binds a name that it binds somewhere, it reads the global, past all functions around it.
        """
        if name in scope.globals or (name in scope.bindings and name not in scope.nonlocals):
            return self.module
        return self._first_owner(name, scope, direct=False)

    def _first_owner(self, name: str, scope: Scope, *, direct: bool) -> Scope | None:
        current: Scope | None = scope
        while current is not None:
            visible = direct or current.kind is not ScopeKind.CLASS
            if visible and name in current.globals:
                return self.module
            if visible and name in current.bindings and name not in current.nonlocals:
                return current
            # the scope of type parameters itself sees the class around it, everything else looks past classes
            direct = direct and current.kind is ScopeKind.TYPE_PARAMETERS
            current = current.parent
        return None


class _Builder:
    """Walks a tree once and fills a Scopes."""

    def __init__(self, scopes: Scopes, declares: bool) -> None:
        self.scopes = scopes
        self.declares = declares
        self.nonlocal_bindings: list[tuple[Binding, Scope]] = []
        self.certain: dict[Scope, set[str]] = {}  # what a class body has bound so far, whichever way it went

    def build(self, tree: ast.Module) -> None:
        for statement in tree.body:
            self.visit(statement, self.scopes.module)
        for binding, scope in self.nonlocal_bindings:
            owner = self.scopes._owner(binding.name, scope)
            if owner is not None:
                owner.bindings.setdefault(binding.name, []).append(binding)

    def visit(self, node: ast.AST, scope: Scope) -> None:
        kind = node.__class__
        if kind not in _visitors:
            _visitors[kind] = getattr(_Builder, f"visit_{kind.__name__}", _Builder.visit_children)
        _visitors[kind](self, node, scope)

    def visit_children(self, node: ast.AST, scope: Scope) -> None:
        for child in child_nodes(node):
            if child.__class__ is not ast.Constant:  # half of all
                self.visit(child, scope)

    def visit_all(self, nodes: Iterable[ast.AST | None], scope: Scope) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node, scope)

    def bind(
        self, name: str, node: ast.AST, scope: Scope, statement: ast.Import | ast.ImportFrom | None = None
    ) -> None:
        binding = Binding(name, node, statement)
        self.scopes._scope_of[node] = scope
        if isinstance(node, ast.alias):
            self.scopes.imported.setdefault(name, set()).add(node.name)
        if name in scope.nonlocals:
            self.nonlocal_bindings.append((binding, scope))  # its owner may not have been walked yet
            return
        owner = self.scopes.module if name in scope.globals else scope
        owner.bindings.setdefault(name, []).append(binding)

    def open(self, kind: ScopeKind, node: ast.AST, parent: Scope) -> Scope:
        scope = Scope(kind, node, parent)
        self.scopes.all_scopes.append(scope)
        return scope

    # names

    def visit_Name(self, node: ast.Name, scope: Scope) -> None:
        self.scopes.names.append(node)
        if not isinstance(node.ctx, ast.Load):
            self.bind(node.id, node, scope)
        elif scope.kind is ScopeKind.CLASS and node.id not in self.certain[scope]:
            self.scopes._unsure.add(node)
            if node.id not in scope.bindings:
                self.scopes._early.add(node)
        self.scopes._scope_of[node] = scope

    def visit_NamedExpr(self, node: ast.NamedExpr, scope: Scope) -> None:
        self.visit(node.value, scope)
        target = scope
        while target.kind is ScopeKind.COMPREHENSION and target.parent is not None:
            target = target.parent
        self.visit(node.target, target)

    def visit_AnnAssign(self, node: ast.AnnAssign, scope: Scope) -> None:
        if isinstance(node.target, ast.Name) and not node.simple and node.value is None:  # `(x): int` declares nothing
            self.visit(node.annotation, scope)
        else:
            self.visit_all([node.annotation, node.value, node.target], scope)

    def visit_Assign(self, node: ast.Assign, scope: Scope) -> None:
        self.visit_all([node.value, *node.targets], scope)  # in the order of evaluation

    def visit_AugAssign(self, node: ast.AugAssign, scope: Scope) -> None:
        target = node.target
        if scope.kind is ScopeKind.CLASS and isinstance(target, ast.Name) and target.id not in self.certain[scope]:
            self.scopes._unsure.add(target)  # it is read first
        self.visit_all([node.value, target], scope)

    def visit_For(self, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
        self.visit_all([node.iter, node.target, *node.body, *node.orelse], scope)

    visit_AsyncFor = visit_For

    def visit_Global(self, node: ast.Global, scope: Scope) -> None:
        scope.globals.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal, scope: Scope) -> None:
        scope.nonlocals.update(node.names)

    def visit_Import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            self.bind(alias.asname or alias.name.partition(".")[0], alias, scope, node)

    def visit_ImportFrom(self, node: ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.scopes.star_imports.append(node)
            else:
                self.bind(alias.asname or alias.name, alias, scope, node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler, scope: Scope) -> None:
        if node.name:
            self.bind(node.name, node, scope)
        self.visit_children(node, scope)

    def visit_MatchAs(self, node: ast.MatchAs, scope: Scope) -> None:
        if node.name:
            self.bind(node.name, node, scope)
        self.visit_children(node, scope)

    def visit_MatchStar(self, node: ast.MatchStar, scope: Scope) -> None:
        if node.name:
            self.bind(node.name, node, scope)

    def visit_MatchMapping(self, node: ast.MatchMapping, scope: Scope) -> None:
        if node.rest:
            self.bind(node.rest, node, scope)
        self.visit_children(node, scope)

    # scopes

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        self.visit_all(node.decorator_list, scope)
        self.visit_all([*node.args.defaults, *node.args.kw_defaults], scope)
        outer = self.type_parameters(node, scope)
        arguments = _arguments(node.args)
        self.visit_all([*(a.annotation for a in arguments), node.returns], outer)
        self.bind(node.name, node, scope)
        inner = self.open(ScopeKind.FUNCTION, node, outer)
        for argument in arguments:
            self.bind(argument.arg, argument, inner)
        self.hoist(node.body, inner)
        self.visit_all(node.body, inner)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda, scope: Scope) -> None:
        self.visit_all([*node.args.defaults, *node.args.kw_defaults], scope)
        inner = self.open(ScopeKind.FUNCTION, node, scope)
        for argument in _arguments(node.args):
            self.bind(argument.arg, argument, inner)
        self.visit(node.body, inner)

    def visit_ClassDef(self, node: ast.ClassDef, scope: Scope) -> None:
        self.visit_all(node.decorator_list, scope)
        outer = self.type_parameters(node, scope)
        self.visit_all([*node.bases, *node.keywords], outer)
        self.bind(node.name, node, scope)
        inner = self.open(ScopeKind.CLASS, node, outer)
        self.certain[inner] = set()
        self.hoist(node.body, inner)
        for statement in node.body:
            self.visit(statement, inner)
            if not isinstance(statement, _BRANCHING):
                self.certain[inner].update(inner.bindings)

    def visit_TypeAlias(self, node: ast.AST, scope: Scope) -> None:
        self.visit(node.name, scope)  # type: ignore[attr-defined]  # Python 3.12 on
        outer = self.type_parameters(node, scope)
        self.visit(node.value, outer)  # type: ignore[attr-defined]

    def visit_comprehension_scope(self, node: ComprehensionNode, scope: Scope) -> None:
        first, *rest = node.generators
        self.visit(first.iter, scope)  # the first iterable is evaluated outside
        inner = self.open(ScopeKind.COMPREHENSION, node, scope)
        self.visit_all([first.target, *first.ifs], inner)
        for generator in rest:
            self.visit_all([generator.iter, generator.target, *generator.ifs], inner)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.visit_all(results, inner)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_comprehension_scope

    def type_parameters(self, node: ast.AST, scope: Scope) -> Scope:
        parameters = getattr(node, "type_params", None)
        if not parameters:
            return scope
        inner = self.open(ScopeKind.TYPE_PARAMETERS, node, scope)
        for parameter in parameters:
            self.bind(parameter.name, parameter, inner)
            self.visit_children(parameter, inner)
        return inner

    def hoist(self, body: Sequence[ast.stmt], scope: Scope) -> None:
        """Take note of `global` and `nonlocal` first: they rule the whole body, wherever they stand."""
        for statement in _own_statements(body) if self.declares else ():
            if isinstance(statement, ast.Global):
                scope.globals.update(statement.names)
            elif isinstance(statement, ast.Nonlocal):
                scope.nonlocals.update(statement.names)


#: What visits nodes of a class, looked up once.
_visitors: dict[type[ast.AST], Callable[..., None]] = {}


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    optional = (arguments.vararg, arguments.kwarg)
    plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return plain + [a for a in optional if a is not None]


def _own_statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body, nested blocks included, inner functions and classes not entered."""
    todo: list[ast.AST] = list(body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            todo.extend(child_nodes(node))
