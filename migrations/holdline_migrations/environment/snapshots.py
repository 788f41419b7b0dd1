"""Where a new dict with all variables does what the environment itself does: where it is read at once and let go."""

from __future__ import annotations

import ast

from holdline_migrations.environment.flow import Flow
from holdline_migrations.environment.kinds import Kind, kind_of
from holdline_migrations.environment.unit import Unit

#: Builtins that have read their argument when they return.
_EAGER_BUILTINS = frozenset(
    {"all", "any", "bool", "dict", "frozenset", "len", "list", "max", "min", "set", "sorted", "tuple"}
)
#: Library functions that have.
_EAGER_FUNCTIONS = frozenset(
    {
        "collections.Counter", "collections.OrderedDict",
        "os.execle", "os.execlpe", "os.execve", "os.execvpe", "os.posix_spawn", "os.posix_spawnp", "os.spawnle",
        "os.spawnlpe", "os.spawnve", "os.spawnvpe",
        "subprocess.Popen", "subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output",
        "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell",
    }
)  # fmt: skip
#: unittest's assertions that ask neither for the type nor, later, for the object, and string templates.
_EAGER_METHODS = frozenset(
    {"assertIn", "assertNotIn", "assertTrue", "assertFalse", "format_map", "substitute", "safe_substitute"}
)
_EAGER_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp)


def read_at_once(unit: Unit, flow: Flow, node: ast.expr, *, lazily: bool = False) -> bool:
    """Whether what takes the value of `node` reads all of it before anything else can change the environment.

    A loop over the environment, or its keys, has a list of its own from the start; over items and values (`lazily`)
    it looks each up when it comes to it.
    """
    parent = unit.parents[node]
    if isinstance(parent, ast.Dict | ast.Starred):
        return True
    if isinstance(parent, ast.keyword):
        call = unit.parents[parent]
        return isinstance(call, ast.Call) and (parent.arg is None or _is_eager(unit, flow, call))
    if isinstance(parent, ast.Call):
        return parent.func is not node and _is_eager(unit, flow, parent)
    if isinstance(parent, ast.For):
        return parent.iter is node and not (lazily and _writes(unit, parent))
    if isinstance(parent, ast.comprehension):
        owner = unit.parents[parent]
        return isinstance(owner, _EAGER_COMPREHENSIONS) and owner.generators[0] is parent
    if isinstance(parent, ast.Compare):
        return all(isinstance(o, ast.In | ast.NotIn | ast.Eq | ast.NotEq) for o in parent.ops)
    if isinstance(parent, ast.BinOp):
        return isinstance(parent.op, ast.BitOr)
    return isinstance(parent, ast.If | ast.While | ast.Assert | ast.Expr)


def _is_eager(unit: Unit, flow: Flow, call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Name) and function.id in _EAGER_BUILTINS:
        return unit.scopes.resolve(function) is None and not unit.scopes.star_imports
    origin = unit.origins.of(function)
    if origin is not None and not origin.doubt and origin.path in _EAGER_FUNCTIONS:
        return True
    if not isinstance(function, ast.Attribute):
        return False
    return function.attr in _EAGER_METHODS or (function.attr == "update" and flow.is_dict(function.value))


def _writes(unit: Unit, loop: ast.For) -> bool:
    """Whether a loop's body writes to the environment itself, or lets others run who may."""
    return any(_is_write(unit, node) for statement in loop.body for node in ast.walk(statement))


def _is_write(unit: Unit, node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("set", "delete")  # a write that was rewritten stays one
    if isinstance(node, ast.expr) and (access := unit.access_at.get(node)):
        return kind_of(unit, access) is Kind.WRITE
    return isinstance(node, ast.Await | ast.Yield | ast.YieldFrom)
