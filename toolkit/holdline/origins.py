"""What a dotted expression refers to: `o.environ` after `import os as o` is "os.environ"."""

from __future__ import annotations

import ast
import enum
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from holdline.scopes import Binding, Scope, ScopeKind, Scopes


class Doubt(enum.StrEnum):
    """Why an origin, though likely, is not certain; the text completes "cannot be rewritten safely: …"."""

    NONE = ""
    STAR = "the name comes from a star import"
    SEVERAL = "the name is bound in more than one way"
    TYPE_CHECKING = "the name is imported for type checking only"
    EARLY = "the name is not imported yet in this place"


class Origin(NamedTuple):
    """The dotted path an expression refers to, the local name it starts from, and any doubt about it."""

    path: str
    root: ast.Name
    doubt: Doubt = Doubt.NONE
    bindings: tuple[Binding, ...] = ()


class Origins:
    """Resolves the names of one module, given its scopes, parents and importable name ("" where unknown).

    `star_names` maps a module to the names its star import is known to bring; `follow` says what an imported path is
    where it only passes something else on.
    """

    def __init__(
        self,
        scopes: Scopes,
        parents: dict[ast.AST, ast.AST],
        package: str = "",
        star_names: dict[str, frozenset[str]] | None = None,
        follow: Callable[[str], str] = str,
    ) -> None:
        self._scopes = scopes
        self._parents = parents
        self._package = package
        self._star_names = star_names or {}
        self._follow = follow
        self._known: dict[tuple[Scope, str], Origin | None] = {}  # a name may be bound, and used, a thousand times

    def of(self, node: ast.expr) -> Origin | None:
        """The origin of a Name or of an attribute chain that starts at a Name bound by imports; None otherwise."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        root = self._of_name(node)
        if root is None:
            return None
        path = ".".join([root.path, *reversed(attributes)])
        return Origin(path, node, root.doubt, root.bindings)

    def _of_name(self, node: ast.Name) -> Origin | None:
        resolution = self._scopes.resolve(node)
        if resolution is None:
            return self._from_star(node)
        key = (resolution.scope, node.id)
        if key not in self._known:
            self._known[key] = self._of_bindings(node, resolution.bindings)
        known = self._known[key]
        if known is None:
            return None
        early = known.doubt is Doubt.NONE and self._is_early(node, resolution.scope, known.bindings)
        return known._replace(root=node, doubt=Doubt.EARLY if early else known.doubt)

    def _is_early(self, node: ast.Name, scope: Scope, bindings: Iterable[Binding]) -> bool:
        """Whether a name is read before any import that runs has bound it."""
        return self._runs_in(scope, node) and all(
            _stands_behind(binding, node) for binding in bindings if not self._is_type_checking(binding)
        )

    def _of_bindings(self, node: ast.Name, bindings: Sequence[Binding]) -> Origin | None:
        imports = [b for b in bindings if b.statement is not None]
        if not imports:
            return None
        paths = {self._imported(b) for b in imports}
        agreed = len(imports) == len(bindings) and len(paths) == 1
        if not agreed:
            return Origin(sorted(paths)[0], node, Doubt.SEVERAL, tuple(bindings))
        doubt = Doubt.TYPE_CHECKING if all(map(self._is_type_checking, imports)) else Doubt.NONE
        return Origin(paths.pop(), node, doubt, tuple(imports))

    def _runs_in(self, scope: Scope, node: ast.Name) -> bool:
        """Whether a name is read where its scope's statements run, and not by a function that may be called later."""
        current: Scope | None = self._scopes.scope_of(node)
        while current is not None and current.kind is ScopeKind.COMPREHENSION:
            current = current.parent
        return current is scope

    def _from_star(self, node: ast.Name) -> Origin | None:
        for statement in self._scopes.star_imports:
            module = statement.module or ""
            if node.id in self._star_names.get(module, ()):
                return Origin(f"{module}.{node.id}", node, Doubt.STAR)
        return None

    def _imported(self, binding: Binding) -> str:
        alias, statement = binding.node, binding.statement
        assert isinstance(alias, ast.alias)
        if isinstance(statement, ast.Import):
            return canonical(alias.name if alias.asname else alias.name.partition(".")[0])
        assert isinstance(statement, ast.ImportFrom)
        module = absolute_module(statement.module or "", statement.level, self._package)
        return self._follow(canonical(f"{module}.{alias.name}"))

    def _is_type_checking(self, binding: Binding) -> bool:
        node: ast.AST | None = binding.statement
        while node is not None:
            child, node = node, self._parents.get(node)
            if isinstance(node, ast.If) and child in node.body and _mentions_type_checking(node.test):
                return True
        return False


def _stands_behind(binding: Binding, node: ast.Name) -> bool:
    statement = binding.statement
    return statement is not None and (statement.lineno, statement.col_offset) > (node.lineno, node.col_offset)


def canonical(path: str) -> str:
    """One name for the standard library's mock and its backport, which behave alike.

    >>> canonical("mock.patch.dict"), canonical("unittest.mock.patch"), canonical("mocking.patch")
    ('unittest.mock.patch.dict', 'unittest.mock.patch', 'mocking.patch')
    """
    return f"unittest.{path}" if path == "mock" or path.startswith("mock.") else path


def absolute_module(module: str, level: int, package: str) -> str:
    """The module a from-import names, its leading dots resolved against the importing module's package.

    Dots that lead out of what is known stay one dot, so that no such module is taken for a top-level one.

    >>> absolute_module("helpers", 1, "tests.unit"), absolute_module("", 2, "tests.unit"), absolute_module("os", 0, "")
    ('tests.unit.helpers', 'tests', 'os')
    >>> absolute_module("os", 1, "")
    '..os'
    """
    if not level:
        return module
    parts = package.split(".") if package else []
    base = parts[: max(0, len(parts) - (level - 1))] or ["."]
    return ".".join([*base, module] if module else base)


def _mentions_type_checking(test: ast.expr) -> bool:
    nodes: Iterable[ast.AST] = ast.walk(test)
    return any(
        (isinstance(n, ast.Name) and n.id == "TYPE_CHECKING")
        or (isinstance(n, ast.Attribute) and n.attr == "TYPE_CHECKING")
        for n in nodes
    )
