"""Import statements around a rewrite: which local name to use, which imports are missing, which became unused."""

from __future__ import annotations

import ast
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from holdline import fstrings
from holdline.import_places import gaps_left, insertion
from holdline.model import Edit, ImportName, Site
from holdline.scopes import Binding, Scope, ScopeKind, Scopes
from holdline.source import Source, Span

#: Names whose mere presence means that a module's names may be used in ways the tree does not show.
_REFLECTION = frozenset({"eval", "exec", "globals", "locals", "vars", "dir", "__import__"})
_KEEP_COMMENT = re.compile(r"#.*(F401|unused-import|noqa(?!:)|re-?export)", re.IGNORECASE)


@dataclass(frozen=True)
class ImportChange:
    """Edits to import statements, with what the proof needs to know about them."""

    edits: tuple[Edit, ...] = ()
    altered: tuple[Site, ...] = ()
    removed: tuple[Site, ...] = ()
    inserted: tuple[str, ...] = ()


@dataclass
class _Draft:
    edits: list[Edit] = field(default_factory=list)
    altered: list[Site] = field(default_factory=list)
    removed: list[Site] = field(default_factory=list)
    gone: set[ast.stmt] = field(default_factory=set)


def choose_local(source: Source, module: str, name: str, *, first_use: int, exported: bool) -> str:
    """The local name for `from module import name`.

    An import that stands before `first_use` is used again if nothing else binds its name. A name that occurs in the
    file in any scope would collide, so another is chosen; where star imports lead into or out of the file
    (`exported`) it starts with an underscore, so that neither side overrides the other.
    """
    scopes = source.scopes
    for item, statement, binding in _from_imports(source, scopes):
        wanted = (item.module, item.name) == (module, name) and source.span(statement).end <= first_use
        if wanted and _sole(scopes, binding):
            return item.local
    prefix = "_" if exported or scopes.star_imports else ""
    candidates = [prefix + name, *(f"{prefix}holdline_{name}{n}" for n in ("", *range(2, 100)))]
    return next(c for c in candidates if not scopes.mentions(c))


def plan_imports(
    source: Source,
    *,
    needed: Iterable[ImportName],
    released: Iterable[str],
    rewritten: Sequence[Edit],
    first_use: int,
    referenced: Callable[[str], bool],
) -> ImportChange:
    """The edits that add `needed` imports and take out those among `released` names that the `rewritten` spans used
    last.

    `first_use` is the offset of the first rewritten place; `referenced` tells whether other files use a name of
    this module's surface. Raises NoPlaceError where an import cannot be added.
    """
    draft = _Draft()
    _drop(source, _unused(source, source.scopes, set(released), rewritten, referenced), draft)
    present = {item for item, _, _ in _from_imports(source, source.scopes)}
    texts = _import_lines(set(needed) - present)
    if texts:
        draft.edits.append(insertion(source, texts, draft.gone, first_use))
    draft.edits.extend(gaps_left(source, draft.gone, draft.edits))
    return ImportChange(tuple(draft.edits), tuple(draft.altered), tuple(draft.removed), tuple(texts))


# which imports became unused


def _unused(
    source: Source,
    scopes: Scopes,
    released: set[str],
    rewritten: Sequence[Edit],
    referenced: Callable[[str], bool],
) -> dict[ast.stmt, list[ast.alias]]:
    found: dict[ast.stmt, list[ast.alias]] = {}
    if not released or any(scopes.mentions(name) for name in _REFLECTION):
        return found
    texts = _live_strings(source)
    for scope in scopes.all_scopes:
        for name in sorted(released & scope.bindings.keys()):
            bindings = scope.bindings[name]
            if scope.kind is ScopeKind.MODULE and (_is_public(source, name) or referenced(name)):
                continue
            if not all(_is_removable(source, scope, b) for b in bindings):
                continue
            if any(re.search(rf"(?<![\w.]){re.escape(name)}\b", text) for text in texts):
                continue
            if _all_rewritten(source, scopes, name, scope, rewritten):
                for binding in bindings:
                    assert isinstance(binding.node, ast.alias)
                    assert binding.statement is not None
                    found.setdefault(binding.statement, []).append(binding.node)
    return found


def _all_rewritten(source: Source, scopes: Scopes, name: str, scope: Scope, rewritten: Sequence[Edit]) -> bool:
    uses = list(scopes.references(name, scope))
    starts = [e.start for e in rewritten]  # in order, and no two overlap
    for use in uses:
        span = fstrings.span(source, use)
        around = bisect_right(starts, span.start) - 1
        if around < 0 or rewritten[around].end < span.end:
            return False
    return bool(uses)


def _is_removable(source: Source, scope: Scope, binding: Binding) -> bool:
    statement, alias = binding.statement, binding.node
    if statement is None or not isinstance(alias, ast.alias):
        return False
    if alias.asname == alias.name or (isinstance(statement, ast.Import) and "." in alias.name and not alias.asname):
        return False  # `import x as x` re-exports; `import a.b` also loads a.b for others
    if not _is_harmless(statement, alias) or _loads_submodule(source, statement, alias):
        return False
    parent = source.parents[statement]
    if not isinstance(parent, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    if scope.kind is ScopeKind.CLASS or (len(parent.body) == 1 and not isinstance(parent, ast.Module)):
        return False
    return not any(
        _KEEP_COMMENT.search(source.line_text(line))
        for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    )


def _is_harmless(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> bool:
    """Whether the module is known to do nothing on import; a project's own may well set something up."""
    module = alias.name
    if isinstance(statement, ast.ImportFrom):
        module = "." * statement.level + (statement.module or "")
    return module.partition(".")[0] in sys.stdlib_module_names | {"mock", "holdline_runtime"}


def _loads_submodule(source: Source, statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> bool:
    """Whether the import makes `unittest.mock` an attribute of a package for code that imports just the package."""
    prefix = f"{statement.module}." if isinstance(statement, ast.ImportFrom) else ""
    loaded = {m for m in (prefix[:-1], prefix + alias.name) if "." in m and prefix != "os."}  # os is no package
    if not loaded:
        return False
    for node in source.parents:
        if isinstance(node, ast.Import) and node is not statement:
            loaded = {m for m in loaded if not any(f"{a.name}.".startswith(f"{m}.") for a in node.names)}
    tails = {m.rpartition(".")[2] for m in loaded}
    return any(
        isinstance(node, ast.Attribute) and node.attr in tails and ast.unparse(node) in loaded
        for node in source.parents
    )


def _is_public(source: Source, name: str) -> bool:
    """Whether the module offers the name on purpose: a package's `__init__`, or a mention in `__all__`."""
    if source.path.rpartition("/")[2] == "__init__.py":
        return True
    for node in source.scopes.names:
        statement: ast.AST = node
        while node.id == "__all__" and not isinstance(statement, ast.stmt):
            statement = source.parents[statement]
        if any(isinstance(c, ast.Constant) and c.value == name for c in ast.walk(statement)):
            return True
    return False


def _live_strings(source: Source) -> list[str]:
    """Strings that are code: annotations, the type given to `cast`, and doctests."""
    roots: list[ast.AST] = []
    for node in source.parents:
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            roots.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            roots.append(node.returns)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "cast":
            roots.extend(node.args[:1])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and ">>>" in node.value:
            roots.append(node)
    return [n.value for r in roots for n in ast.walk(r) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


# taking imports out


def _drop(source: Source, unused: dict[ast.stmt, list[ast.alias]], draft: _Draft) -> None:
    whole: list[ast.stmt] = []
    for statement, aliases in unused.items():
        assert isinstance(statement, ast.Import | ast.ImportFrom)
        if len(aliases) == len(statement.names):
            whole.append(statement)
        elif edits := _alias_cuts(source, statement, set(aliases)):
            span = source.span(statement)
            draft.edits.extend(edits)
            draft.altered.append(Site(span.start, span.end))
    for run in _runs(source, whole):
        spans = [source.span(statement) for statement in run]
        if cut := _whole_statement(source, Span(spans[0].start, spans[-1].end)):
            draft.edits.append(_with_gap(source, cut, run))
            draft.removed.extend(Site(span.start, span.end) for span in spans)
            draft.gone.update(run)


def _runs(source: Source, statements: list[ast.stmt]) -> list[list[ast.stmt]]:
    """Put together statements with nothing but a semicolon between them: each alone would take it with it."""
    runs: list[list[ast.stmt]] = []
    end = -1
    for statement in sorted(statements, key=lambda s: (s.lineno, s.col_offset)):
        span = source.span(statement)
        if runs and re.fullmatch(rb"[ \t]*;[ \t]*", source.data[end : span.start]):
            runs[-1].append(statement)
        else:
            runs.append([statement])
        end = span.end
    return runs


def _whole_statement(source: Source, span: Span) -> Edit | None:
    """Cut statements with their line, or with a semicolon where they share the line; None where neither is clean."""
    start, end = source.line_start(span.start), source.line_end(span.end)
    head = source.data[start : span.start]
    tail = source.data[span.end : end]
    alone_before, alone_after = not head.strip(), re.fullmatch(rb"[ \t\f]*(;[ \t\f]*)?(#[^\r\n]*)?[\r\n]*", tail)
    if alone_before and alone_after:
        return Edit(start, end, b"")
    if alone_after and (match := re.search(rb"[ \t]*;[ \t]*$", head)):
        return Edit(start + match.start(), span.end, b"")
    if match := re.match(rb"[ \t]*;[ \t]*", tail):
        return Edit(span.start, span.end + match.end(), b"")
    return None


def _with_gap(source: Source, cut: Edit, run: list[ast.stmt]) -> Edit:
    """Take the blank lines behind imports that opened a block too: nothing is left for them to set apart."""
    parent = source.parents[run[0]]
    opens_block = not isinstance(parent, ast.Module) and getattr(parent, "body", [None])[0] is run[0]
    gap = re.match(rb"([ \t\f]*(\r\n|\r|\n))+", source.data[cut.end :])
    if opens_block and gap and source.data[cut.end - 1 : cut.end] in (b"\n", b"\r"):
        return Edit(cut.start, cut.end + gap.end(), b"")
    return cut


def _alias_cuts(source: Source, statement: ast.Import | ast.ImportFrom, going: set[ast.alias]) -> list[Edit]:
    """Cut names with the commas that belong to them; nothing where a comment would be lost."""
    cuts: list[Edit] = []
    names = statement.names
    spans = [source.span(alias) for alias in names]
    index = 0
    while index < len(names):
        first = index
        while index < len(names) and names[index] in going:
            index += 1
        if index > first:
            trailing = index == len(names)
            start = spans[first - 1].end if trailing else spans[first].start
            end = spans[index - 1].end if trailing else spans[index].start
            if b"#" in source.data[start:end]:
                return []
            cuts.append(Edit(start, end, b""))
        index += 1
    return cuts


# adding imports


def _import_lines(needed: Iterable[ImportName]) -> list[str]:
    by_module: dict[str, set[tuple[str, str]]] = {}
    for item in needed:
        by_module.setdefault(item.module, set()).add((item.name, item.local))
    return [
        f"from {module} import " + ", ".join(n if n == local else f"{n} as {local}" for n, local in sorted(names))
        for module, names in sorted(by_module.items())
    ]


def _from_imports(source: Source, scopes: Scopes) -> Iterator[tuple[ImportName, ast.ImportFrom, Binding]]:
    """What the module imports by name at its top level, absolutely."""
    for bindings in scopes.module.bindings.values():
        for binding in bindings:
            alias, statement = binding.node, binding.statement
            if not (isinstance(statement, ast.ImportFrom) and isinstance(alias, ast.alias)) or statement.level:
                continue
            if source.parents[statement] is source.tree:
                yield ImportName(statement.module or "", alias.name, binding.name), statement, binding


def _sole(scopes: Scopes, binding: Binding) -> bool:
    owners = [s for s in scopes.all_scopes if binding.name in s.bindings]
    return owners == [scopes.module] and len(scopes.module.bindings[binding.name]) == 1
