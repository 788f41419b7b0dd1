"""One file under analysis: where it touches the environment, and the names its rewritten form would use."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import NamedTuple

from holdline import fstrings
from holdline.migration import Context
from holdline.model import Edit, Fix, ImportName, Safety, Site, Violation
from holdline.origins import Doubt, Origin, Origins
from holdline.references import module_stem
from holdline.source import Source, Span
from holdline_migrations.environment.names import OS_NAMES, STAR_NAMES
from holdline_migrations.environment.survey import EnvironmentFacts

ENVIRON = "environ"
NO_POSITION = "it stands in an f-string, where Python before 3.12 gives no positions: run holdline with Python 3.12"
_SHOWS_SOURCE = "a field like {x=} prints its own source text, which the rewrite would change"


class Access(NamedTuple):
    """An expression that is `os.environ` or one of the functions that work on it; `name` is which."""

    node: ast.expr
    name: str
    origin: Origin


class Unit:
    """A parsed file with what the environment rules ask about it."""

    def __init__(self, source: Source, context: Context) -> None:
        self.source = source
        self.context = context
        self.settings = context.config.env
        self.facts = EnvironmentFacts(source.path, context.facts or ())
        self.origins = Origins(source.scopes, source.parents, _package(source.path), STAR_NAMES, self.facts.follow)
        self.scopes = source.scopes
        self.parents = source.parents

    @property
    def plans_fixes(self) -> bool:
        """Whether fixes are looked for; without a survey of the other files none may be offered."""
        return self.context.facts is not None

    @cached_property
    def accesses(self) -> list[Access]:
        """Every access, in the order of the file."""
        star = OS_NAMES if self.scopes.star_imports else frozenset[str]()
        functions = star.union(n for n, originals in self.scopes.imported.items() if originals & OS_NAMES)
        names = [
            name
            for name in self.scopes.names
            if name.id in functions or (name.id in self.scopes.imported and self._leads_on(name))
        ]
        found = [a for name in names if (a := self._access(name)) is not None]
        return sorted(found, key=lambda a: (a.node.lineno, a.node.col_offset))

    @cached_property
    def access_at(self) -> dict[ast.expr, Access]:
        """Every access by its node."""
        return {a.node: a for a in self.accesses}

    @cached_property
    def first_use(self) -> int:
        """Offset of the first place a rewrite may touch."""
        spans = [fstrings.span(self.source, a.node).start for a in self.accesses]
        patches = [
            self.source.span(n).start
            for n in self.parents
            if isinstance(n, ast.Constant) and isinstance(n.value, str) and n.value.endswith(ENVIRON)
        ]
        return min([*spans, *patches, len(self.source.data)])

    @cached_property
    def getter(self) -> ImportName:
        """The import of the function that returns the environment."""
        return self._import(self.settings.get)

    @cached_property
    def patcher(self) -> ImportName:
        """The import of the patch function."""
        return self._import(self.settings.patch)

    @cached_property
    def _is_home(self) -> bool:
        """Whether the file belongs to the module or package that rewritten code would import from."""
        path = f"/{self.source.path}"
        folders = {target.partition(":")[0].replace(".", "/") for target in (self.settings.get, self.settings.patch)}
        return any(path.endswith(f"/{folder}.py") or f"/{folder}/" in path for folder in folders)

    def text(self, node: ast.expr) -> str:
        """A node's source text."""
        return self.source.text(self.source.span(node))

    def doubt(self, access: Access) -> str:
        """Why it is not certain that the access means the live environment at the time it runs; "" where it is."""
        origin, root = access.origin, access.origin.root.id
        if origin.doubt is not Doubt.NONE:
            return str(origin.doubt)
        if fstrings.shows_its_source(self.source, access.node):
            return _SHOWS_SOURCE
        if self.facts.replaces_name(root) and self._is_global(origin):
            return f"another file replaces `{root}` of this module, which the rewrite would not see"
        if (module := _through(origin.path)) and not self.facts.exposes_os(module):
            return f"it is reached through `{module}`, whose `os` cannot be seen to be the module os"
        imported = isinstance(access.node, ast.Name)
        if imported and access.name == ENVIRON and (file := self.facts.replaces_environ()):
            return f"{file} puts another object in place of os.environ, and the imported name keeps the first one"
        if access.name != ENVIRON and (file := self.facts.patches(access.name)):
            return f"{file} patches os.{access.name}, which the rewrite would not see"
        return ""

    def field_doubt(self, node: ast.expr) -> str:
        """Why an expression, other than a mere name, cannot be rewritten inside an f-string; "" where it can."""
        if not fstrings.RELIABLE and fstrings.enclosing(self.source, node):
            return NO_POSITION
        return _SHOWS_SOURCE if fstrings.shows_its_source(self.source, node) else ""

    def violation(
        self,
        code: str,
        node: ast.expr,
        message: str,
        hint: str,
        *,
        identity: str,
        fix: Fix | None = None,
        refusal: str = "",
    ) -> Violation:
        """A violation at a node. Without a survey no fix is offered."""
        span = fstrings.span(self.source, node)
        line, column = self.source.position(span.start)
        end_line, end_column = self.source.position(span.end)
        if not self.plans_fixes:
            fix, refusal = None, ""
        elif self._is_home:
            fix, refusal = None, "this is the module that get_env() or patch_env() comes from, or a part of it"
        elif fix is not None and any(b"#" in self.source.data[e.start : e.end] for e in fix.edits):
            fix, refusal = None, "a comment stands inside what would be rewritten"
        elif fix is None and not refusal:
            refusal = "no rewrite is known"
        elif fix is not None and fix.safety is Safety.UNSAFE:
            refusal = refusal or fix.note
        text = self.source.excerpt(line, span.start)
        place = (self.source.path, line, column, end_line, end_column, text)
        return Violation(code, message, *place, hint, refusal, fix, identity)

    def replace(self, span: Span, text: str, released: Origin, *, imports: tuple[ImportName, ...]) -> Fix:
        """A safe fix that puts `text` in place of one whole node."""
        edit = Edit(span.start, span.end, self.source.encode(text))
        return Fix(Safety.SAFE, (edit,), (Site(span.start, span.end),), imports, (released.root.id,))

    def _access(self, name: ast.Name) -> Access | None:
        node: ast.expr = name
        while True:
            origin = self.origins.of(node)
            if origin is None:
                return None
            head, _, tail = origin.path.rpartition(".")
            if tail in OS_NAMES and (head == "os" or head.endswith(".os")):
                return None if self._is_binding(node) else Access(node, tail, origin)
            parent = self.parents.get(node)
            if not (isinstance(parent, ast.Attribute) and parent.value is node):
                return None
            node = parent

    def _leads_on(self, node: ast.expr) -> bool:
        """Whether an attribute chain from a name has one of the names that accesses have."""
        parent = self.parents.get(node)
        while isinstance(parent, ast.Attribute):
            if parent.attr in OS_NAMES:
                return True
            parent = self.parents.get(parent)
        return False

    def _is_binding(self, node: ast.expr) -> bool:
        """Whether a bare name is bound here, not used; `environ |= …` is both, and counts as a use."""
        loads = not isinstance(node, ast.Name) or isinstance(node.ctx, ast.Load)
        return not loads and not isinstance(self.parents[node], ast.AugAssign)

    def _is_global(self, origin: Origin) -> bool:
        owner = self.scopes.resolve(origin.root)
        return owner is not None and owner.scope is self.scopes.module

    def _import(self, target: str) -> ImportName:
        from holdline.imports import choose_local  # a plain scan plans no imports

        module, _, name = target.partition(":")
        exported = module_stem(self.source.path) in self.context.star_imported
        local = choose_local(self.source, module, name, first_use=self.first_use, exported=exported)
        return ImportName(module, name, local)


def _through(path: str) -> str:
    """The module another module's `os` is reached through: `pkg.mod` in `pkg.mod.os.environ`."""
    head = path.rpartition(".")[0]
    return "" if head == "os" else head.removesuffix(".os")


def _package(path: str) -> str:
    return path.rpartition("/")[0].replace("/", ".")
