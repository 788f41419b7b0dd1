"""What must hold of the rewrite of any file, checked without the engine's own proofs."""

from __future__ import annotations

import ast
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from fuzzing import texts
from fuzzing.bindings import Compiled, undefined_globals
from fuzzing.forms import same_form
from fuzzing.meanings import GETTER, PATCH, PATCHER, Meanings
from fuzzing.migrating import Mode, migrate, scan, survey
from fuzzing.programs import compiles
from holdline.edits import OffsetMap
from holdline.judging import Level
from holdline.model import FileResult
from holdline.source import Source, parse


@dataclass(frozen=True)
class Fault:
    """A property that does not hold: which one, and how."""

    kind: str
    detail: str


@dataclass(frozen=True)
class Checked:
    """The outcome of one check: how many accesses the file has and how many went, and what is wrong."""

    accesses: int = 0
    rewritten: int = 0
    fault: Fault | None = None


class _Broken(Exception):
    """Carries the first fault found."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind)
        self.fault = Fault(kind, detail)


def check(data: bytes, mode: Mode) -> Checked:
    """Rewrite a file that compiles, and check every property of what came out."""
    result: FileResult | None = None
    try:
        result = migrate(data, mode)
        _check_outcome(data, mode, result)
        if result.changes:
            _check_texts(data, result)
            _check_again(data, mode, result)
            _check_trees(data, mode, result)
    except _Broken as broken:
        fault: Fault | None = broken.fault
    except Exception as error:  # noqa: BLE001  # any at all is a finding
        last = traceback.extract_tb(error.__traceback__)[-1]
        fault = Fault(f"crash: {type(error).__name__} in {last.name}", f"{error}\n{traceback.format_exc()}")
    else:
        fault = None
    if result is None:
        return Checked(fault=fault)
    return Checked(len(result.violations), len(result.fixed), fault)


def _check_outcome(data: bytes, mode: Mode, result: FileResult) -> None:
    if result.problem is not None:
        raise _Broken(f"problem: {result.problem.kind}", result.problem.message)
    for violation in result.remaining:
        admitted = mode.level is Level.UNSAFE or violation.is_safe
        if not violation.refusal and not (violation.fix and admitted):
            raise _Broken("left without a reason", violation.text)
    places = [(v.code, v.line, v.column) for v in result.violations]
    if places != [(v.code, v.line, v.column) for v in scan(data, mode).violations]:
        raise _Broken("a plain scan finds other violations")


def _check_texts(data: bytes, result: FileResult) -> None:
    after = result.after
    if texts.spliced(data, result.edits) != after:
        raise _Broken("the bytes are not those of the edits")
    if not compiles(after):
        raise _Broken("does not compile", after.decode(errors="replace"))
    before_tree, after_tree = _parse(data), _parse(after)
    imports = texts.import_lines(before_tree)
    if stray := texts.stray_lines(data, result, imports):
        raise _Broken("a line without an access lost something", f"lines {stray}")
    old, new = texts.comments(data, imports), texts.comments(after, texts.import_lines(after_tree))
    if old is not None and new is not None and old != new:
        raise _Broken("a comment was lost or made", f"{old - new} {new - old}")
    if len(texts.newlines(data)) == 1 and not texts.newlines(after) <= texts.newlines(data):
        raise _Broken("a new kind of line ending")
    if data.startswith(b"\xef\xbb\xbf") != after.startswith(b"\xef\xbb\xbf"):
        raise _Broken("the byte-order mark came or went")
    if ast.get_docstring(before_tree, clean=False) != ast.get_docstring(after_tree, clean=False):
        raise _Broken("the module's docstring is another")


def _check_again(data: bytes, mode: Mode, result: FileResult) -> None:
    """A second run changes nothing, whether it knows of the file before or after; and no violation came or went."""
    facts = [survey(data, mode.path)]
    if mode.level is Level.SAFE:  # what the unsafe tier takes out may allow more in another run
        facts.append(survey(result.after, mode.path))
    for known in facts:
        again = migrate(result.after, mode, known)
        if again.changes or again.problem:
            shown = again.problem.message if again.problem else again.after.decode(errors="replace")
            raise _Broken(
                "a second run changes the file", f"{result.after.decode(errors='replace')}\n--- then\n{shown}"
            )
    left, found = (Counter(v.code for v in r) for r in (result.remaining, again.violations))
    if left != found:
        raise _Broken("the rewritten file has other violations than those that remained", f"{left} {found}")


def _check_trees(data: bytes, mode: Mode, result: FileResult) -> None:
    before, after = parse(mode.path, data), parse(mode.path, result.after)
    meanings = Meanings((before.tree, after.tree), mode.env)
    _check_imports(before.tree, after.tree, meanings)
    _check_bindings(before, after, result, meanings)
    # fresh trees: the comparison takes them apart
    if difference := same_form(_parse(data), _parse(result.after), meanings, mode):
        raise _Broken("the trees differ", difference)


def _check_imports(before: ast.Module, after: ast.Module, meanings: Meanings) -> None:
    """Imports that went are of the environment and of mock; those that came are ours, and come before their use."""
    old, new = Counter(_imported(before)), Counter(_imported(after))
    ours = meanings.locals_of(GETTER, PATCHER)
    for scope, module, name, local in old - new:
        if f"{module}.{name}".lstrip(".").partition(".")[0] not in ("os", "unittest", "mock"):
            raise _Broken("an import of something else went", f"{module}.{name} as {local} in {scope}")
    for scope, module, name, local in new - old:
        if scope or local not in ours:
            raise _Broken("an import came that is not ours", f"{module}.{name} as {local} in {scope or 'module'}")
    added = {local for _, _, _, local in new - old}
    for statement in after.body:
        if isinstance(statement, ast.ImportFrom):
            added -= {alias.asname or alias.name for alias in statement.names}
        elif used := [n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id in added]:
            raise _Broken("a name is used before its import", used[0])


def _imported(tree: ast.AST, scope: str = "") -> Iterator[tuple[str, str, str, str]]:
    """What is imported where: the scope's name, the module, the name in it, the local name."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((scope, "", alias.name, alias.asname or "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((scope, module, alias.name, alias.asname or alias.name) for alias in node.names)
        name = (
            getattr(node, "name", "") if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else ""
        )
        yield from _imported(node, f"{scope}/{name}" if name else scope)


def _check_bindings(before: Source, after: Source, result: FileResult, meanings: Meanings) -> None:
    """To the compiler each name that was rewritten means an import, and so does each that came; none is undefined."""
    if lost := undefined_globals(result.after) - undefined_globals(before.data):
        raise _Broken("a name is not defined any more", ", ".join(sorted(lost)))
    old = meanings.locals_of("os", PATCH, "unittest", GETTER, PATCHER)
    _check_names(before, [(e.start, e.end) for e in result.edits], old, "a name that is no import was rewritten")
    came = meanings.locals_of(GETTER, PATCHER)
    _check_names(after, OffsetMap(result.edits).texts(), came, "a name that came is bound to something else")


def _check_names(source: Source, spans: list[tuple[int, int]], names: set[str], kind: str) -> None:
    compiled = Compiled(source.data)
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Name) or node.id not in names or not isinstance(node.ctx, ast.Load):
            continue
        span = source.span(node)
        if not any(start <= span.start and span.end <= end for start, end in spans):
            continue
        if source.data[span.start : span.end].decode(source.encoding) != node.id:
            continue  # inside an f-string, before Python 3.12
        for load in compiled.loads_of(node):
            if not compiled.is_imported(load):
                raise _Broken(kind, f"line {node.lineno}: {node.id}")


def _parse(data: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(data)
