"""Ways round a protection: flags that skip it, and code that runs on without it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from holdline.contract.python_strings import last_name
from holdline_migrations.production.guarding import is_main_block
from holdline_migrations.production.script import MutationFile

#: What every such flag spells; a cheap first look.
MARKS = re.compile(rb"(?:skip|bypass|allow|force|disable)[_-]|no[_-]verify", re.IGNORECASE)
_FLAG = re.compile(
    r"(?:[A-Z0-9]+_)*(?:SKIP|BYPASS|ALLOW|FORCE|DISABLE)_(?!(?:COLOU?R|TERMINAL|TTY)(?:_|$))[A-Z0-9_]+|NO_VERIFY"
)
_OPTION = re.compile(
    r"--(?:emergency-)?(?:skip|bypass|allow|force|disable)-(?!(?:colou?r|terminal|tty)(?:-|$))[a-z0-9-]+|--no-verify"
)
_READERS = frozenset({"get", "getenv", "pop", "setdefault", "require", "get_bool", "get_int", "getattr", "hasattr"})
_READERS |= {"setattr", "bool", "env", "config"}
_OPTION_MAKERS = frozenset({"add_argument", "option", "Option", "add_option", "define", "DEFINE_bool"})
_SETTINGS = re.compile(
    r"(?:.*_)?(?:settings|config|conf|cfg|args|arguments|opts|options|flags|namespace)", re.IGNORECASE
)
_ARGUMENTS = re.compile(r"args|arguments|opts|options|namespace|flags", re.IGNORECASE)
_ENDS = (ast.Raise,)
_EXITS = frozenset({"sys.exit", "exit", "quit", "os._exit", "SystemExit"})


class Bypass(NamedTuple):
    """One way round: the node that shows it, the flag's name ("" for a path of the code), and what it is."""

    node: ast.expr | ast.stmt | ast.ExceptHandler
    name: str
    what: str


def find_bypasses(file: MutationFile) -> Iterator[Bypass]:
    """Every way round in a file; each flag once, where it is first read."""
    seen: set[str] = set()
    for bypass in sorted(_flags(file), key=lambda b: (b.node.lineno, b.node.col_offset)):
        if bypass.name not in seen:
            seen.add(bypass.name)
            yield bypass
    yield from _paths(file)


def normalised(name: str) -> str:
    """One name for an option and the variable it fills.

    >>> normalised("--skip-backup"), normalised("SKIP_BACKUP")
    ('SKIP_BACKUP', 'SKIP_BACKUP')
    """
    return name.lstrip("-").replace("-", "_").upper()


def _flags(file: MutationFile) -> Iterator[Bypass]:
    parents = file.source.parents
    for node, parent in parents.items():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if what := _use(file, node, parent):
                yield Bypass(node, normalised(node.value), what)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            base = last_name(node.value)
            is_argument = _ARGUMENTS.fullmatch(base) and not _is_called(node, parent)
            name = node.attr.upper() if is_argument else node.attr
            if _SETTINGS.fullmatch(base) and _FLAG.fullmatch(name):
                yield Bypass(node, name, f"{base}.{node.attr} is read")


def _use(file: MutationFile, node: ast.Constant, parent: ast.AST) -> str:
    """How a text that names a flag is used; "" where it names none, or is just a text."""
    text = str(node.value)
    if _FLAG.fullmatch(text):
        if isinstance(parent, ast.Subscript) and parent.slice is node:
            return f"{text} is {'read' if isinstance(parent.ctx, ast.Load) else 'set'}"
        if isinstance(parent, ast.Compare) and parent.left is node and isinstance(parent.ops[0], ast.In | ast.NotIn):
            return f"{text} is asked for"
        if isinstance(parent, ast.Call) and node in parent.args[:2] and last_name(parent.func) in _READERS:
            return f"{text} is read"
    if _OPTION.fullmatch(text):
        if isinstance(parent, ast.Call) and last_name(parent.func) in _OPTION_MAKERS:
            return f"the option {text}"
        if text == "--no-verify" and isinstance(parent, ast.List | ast.Tuple | ast.Call):
            return "--no-verify is passed on, which skips git's hooks"
    return ""


def _paths(file: MutationFile) -> Iterator[Bypass]:
    """What lets the code run on without its guard."""
    parents = file.source.parents
    for call in file.source.calls:
        if not file.is_guard(call):
            continue
        node: ast.AST = call
        while (parent := parents.get(node)) is not None:
            if isinstance(parent, ast.Try | ast.TryStar) and node in parent.body:
                yield from (Bypass(h, "", _SWALLOWED) for h in parent.handlers if not _refuses(file, h))
            elif isinstance(parent, ast.With | ast.AsyncWith) and any(_suppresses(file, i) for i in parent.items):
                yield Bypass(parent, "", "contextlib.suppress(…) goes on where the guard refuses")
            elif _is_condition(parent, node):
                yield Bypass(call, "", "the guard is called under a condition only")
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from _early(parent, node)
                break
            node = parent


_SWALLOWED = "this handler goes on where the guard refuses"


def _is_condition(parent: ast.AST, node: ast.AST) -> bool:
    """Whether `parent` may leave out what is below it in `node`."""
    if not isinstance(parent, ast.If | ast.IfExp | ast.BoolOp | ast.While | ast.For) or is_main_block(parent):
        return False
    first = parent.values[0] if isinstance(parent, ast.BoolOp) else getattr(parent, "test", None)
    return node is not first


def _early(function: ast.FunctionDef | ast.AsyncFunctionDef, holder: ast.AST) -> Iterator[Bypass]:
    """Returns in front of the guard."""
    for statement in function.body:
        if statement is holder:
            return
        for node in ast.walk(statement):
            if isinstance(node, ast.Return):
                yield Bypass(node, "", f"{function.name} may return before it calls the guard")


def _refuses(file: MutationFile, handler: ast.ExceptHandler) -> bool:
    """Whether a handler ends the program or passes the refusal on, whatever else it does."""
    last = handler.body[-1]
    if isinstance(last, _ENDS):
        return True
    return (
        isinstance(last, ast.Expr)
        and isinstance(last.value, ast.Call)
        and (file.reader.origin(last.value.func) or ast.unparse(last.value.func)) in _EXITS
    )


def _suppresses(file: MutationFile, item: ast.withitem) -> bool:
    call = item.context_expr
    return isinstance(call, ast.Call) and file.reader.origin(call.func) == "contextlib.suppress"


def _is_called(node: ast.expr, parent: ast.AST) -> bool:
    return isinstance(parent, ast.Call) and parent.func is node
