"""Where an environment object goes, and whether code there could tell `get_env()` from it.

`get_env()` answers every mapping operation as os.environ does. What differs is its type, its identity and its text.
So a use is safe when only mapping operations reach the object; each other use has a reason, which ends up in the
report.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable

from holdline.scopes import Binding, Scope, ScopeKind
from holdline_migrations.environment.names import (
    ARITIES,
    READ_METHODS,
    READING_BUILTINS,
    READING_FUNCTIONS,
    READING_METHODS,
    WRITE_METHODS,
)
from holdline_migrations.environment.unit import Unit

_TRUTH = (ast.If, ast.While, ast.IfExp, ast.Assert)
_DICT_MAKERS = (ast.Dict, ast.DictComp)


class Flow:
    """Judges uses in one file. Reasons are full clauses; an empty one means that the use is safe."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._parents = unit.parents
        self._judging: set[tuple[str, int]] = set()

    def judge(self, node: ast.expr) -> str:
        """Why the value of `node` may not become `get_env()` where it stands; "" where it may."""
        parent = self._parents[node]
        if isinstance(parent, _TRUTH) and getattr(parent, "test", None) is node:
            return ""
        method: Callable[[ast.expr, ast.AST], str] | None
        method = getattr(self, "_in_" + type(parent).__name__, None)
        return method(node, parent) if method else "it is used in a way that may depend on its type or identity"

    def judge_variable(self, name: str, scope: Scope) -> str:
        """Why a local variable that holds the environment may not: whatever else it holds at times, its uses decide."""
        if scope.kind is not ScopeKind.FUNCTION:
            return f"`{name}` keeps it where other code can reach it"
        if self._unit.facts.replaces_environ():
            return f"`{name}` keeps the object while os.environ is replaced by another"
        key = (name, id(scope))
        if key in self._judging:
            return ""
        self._judging.add(key)
        try:
            for use in self._unit.scopes.references(name, scope):
                if reason := self._judge_reference(use):
                    return f"`{name}` holds it, and {reason} (line {use.lineno})"
        finally:
            self._judging.discard(key)
        return ""

    def _judge_reference(self, use: ast.Name) -> str:
        parent = self._parents[use]
        if isinstance(parent, ast.AugAssign) and parent.target is use:
            return "" if isinstance(parent.op, ast.BitOr) else "an operator that mappings lack is applied to it"
        return self.judge(use) if isinstance(use.ctx, ast.Load) else ""

    # uses that only look into the mapping

    def _in_Attribute(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.Attribute)
        if parent.attr not in READ_METHODS | WRITE_METHODS:
            return f"`.{parent.attr}` is no mapping operation"
        grandparent = self._parents[parent]
        called = isinstance(grandparent, ast.Call) and grandparent.func is parent
        if not isinstance(parent.ctx, ast.Load):
            return f"its `.{parent.attr}` is replaced"
        if not called and self._unit.facts.replaces_environ():
            return "a method is taken from it while os.environ is replaced by another object"
        if called and not _fits(grandparent, ARITIES.get(parent.attr, range(99))):
            return f"`.{parent.attr}` does not take these arguments, and its error names the class"
        if called and _has_keywords(grandparent) and parent.attr == "get" and self._unit.facts.replaces_environ():
            return "os.environ is replaced by another object, whose `.get` may take no keywords"
        if called and parent.attr == "__ior__":
            return self.judge(grandparent)  # type: ignore[arg-type]  # it returns the object itself
        return ""

    def _in_Subscript(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.Subscript)
        return "" if parent.value is node else "it is used as an index"

    def _in_Compare(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.Compare)
        operands = [parent.left, *parent.comparators]
        index = operands.index(node)
        before = parent.ops[index - 1] if index else None
        after = parent.ops[index] if index < len(parent.ops) else None
        if isinstance(before, ast.Is | ast.IsNot) or isinstance(after, ast.Is | ast.IsNot):
            others = [o for o in operands if o is not node]
            is_none = len(others) == 1 and isinstance(others[0], ast.Constant) and others[0].value is None
            return "" if is_none else "its identity is tested with `is`"
        safe_before = before is None or isinstance(before, ast.In | ast.NotIn | ast.Eq | ast.NotEq)
        safe_after = after is None or isinstance(after, ast.Eq | ast.NotEq)
        return "" if safe_before and safe_after else "it is compared in a way that may depend on its type"

    def _in_For(self, node: ast.expr, parent: ast.AST) -> str:
        return "" if getattr(parent, "iter", None) is node else "it is a loop's target"

    _in_comprehension = _in_AsyncFor = _in_For

    def _safe(self, node: ast.expr, parent: ast.AST) -> str:
        return ""

    _in_Starred = _in_Expr = _safe

    def _in_UnaryOp(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.UnaryOp)
        return "" if isinstance(parent.op, ast.Not) else "an operator that mappings lack is applied to it"

    def _in_Dict(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.Dict)
        spread = any(k is None and v is node for k, v in zip(parent.keys, parent.values, strict=True))
        return "" if spread else "it is stored in a dict"

    def _in_BinOp(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.BinOp)
        if isinstance(parent.op, ast.BitOr):
            return ""
        left = parent.left
        if isinstance(parent.op, ast.Mod) and parent.right is node and isinstance(left, ast.Constant):
            fields = str(left.value).replace("%%", "")
            return "" if fields.count("%") == fields.count("%(") else "its text is shown"
        return "an operator other than `|` is applied to it"

    def _in_AugAssign(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.AugAssign)
        merged = isinstance(parent.op, ast.BitOr) and self.is_dict(parent.target)
        return "" if merged else f"`{ast.unparse(parent.target)}` may be no dict, and tell mappings apart"

    def _in_Match(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.Match)
        if all(_looks_inside(case.pattern) for case in parent.cases):
            return ""
        return "a `case` captures it or tests its class"

    # uses that hand it on within the expression

    def _in_BoolOp(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.BoolOp)
        return self.judge(parent)

    def _in_IfExp(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.IfExp)
        return self.judge(parent)

    def _in_NamedExpr(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.NamedExpr)
        return self._stored(parent.target) or self.judge(parent)

    # uses that keep it

    def _in_Assign(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.Assign)
        return next(filter(None, map(self._stored, parent.targets)), "")

    def _in_AnnAssign(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.AnnAssign)
        return self._stored(parent.target)

    def _in_arguments(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.arguments)
        plain = [*parent.posonlyargs, *parent.args]
        defaults = dict(zip(reversed(parent.defaults), reversed(plain), strict=False))
        defaults.update({d: a for d, a in zip(parent.kw_defaults, parent.kwonlyargs, strict=True) if d})
        return self._parameter(defaults[node])

    def _stored(self, target: ast.expr) -> str:
        if not isinstance(target, ast.Name):
            return f"it is kept in `{ast.unparse(target)}`"
        resolution = self._unit.scopes.resolve(target)
        assert resolution is not None
        return self.judge_variable(target.id, resolution.scope)

    def _parameter(self, argument: ast.arg) -> str:
        return self.judge_variable(argument.arg, self._unit.scopes.scope_of(argument))

    # calls

    def _in_keyword(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.keyword)
        call = self._parents[parent]
        if parent.arg is None:
            return ""  # `**os.environ` hands over what it holds
        if not isinstance(call, ast.Call):
            return "it is passed to a class statement"
        for function in self._local_functions(call):
            for argument in [*function.args.args, *function.args.kwonlyargs]:
                if argument.arg == parent.arg:
                    return self._parameter(argument)
        if parent.arg == "env" and not self._is_defined_here(call.func):
            return ""  # the keyword of subprocess and its kin, which take any mapping
        return self._passed(call)

    def _is_defined_here(self, function: ast.expr) -> bool:
        """Whether a called name or method may be one of this file's own functions or classes."""
        if isinstance(function, ast.Attribute):
            return any(isinstance(n, ast.FunctionDef) and n.name == function.attr for n in self._parents)
        resolution = self._unit.scopes.resolve(function) if isinstance(function, ast.Name) else None
        return resolution is not None and any(b.statement is None for b in resolution.bindings)

    def _in_Call(self, node: ast.expr, parent: ast.AST) -> str:
        assert isinstance(parent, ast.Call)
        if node is parent.func:
            return "it is called"
        function = self._local_function(parent)
        index = parent.args.index(node)
        if function and not any(isinstance(a, ast.Starred) for a in parent.args[:index]):
            arguments = [*function.args.posonlyargs, *function.args.args]
            if index < len(arguments):
                return self._parameter(arguments[index])
        return self._passed(parent)

    def _passed(self, call: ast.Call) -> str:
        if self._reads_only(call):
            return ""
        return f"it is passed to `{ast.unparse(call.func)}`, which may test its type or identity, or keep it"

    def _reads_only(self, call: ast.Call) -> bool:
        function = call.func
        if isinstance(function, ast.Name) and function.id in READING_BUILTINS:
            return self._unit.scopes.resolve(function) is None and not self._unit.scopes.star_imports
        origin = self._unit.origins.of(function)
        if origin is not None and not origin.doubt and origin.path in READING_FUNCTIONS:
            return True
        if isinstance(function, ast.Attribute):
            if function.attr == "update":
                return self.is_dict(function.value)
            return function.attr in READING_METHODS
        return False

    def is_dict(self, node: ast.expr) -> bool:
        """Whether a name is bound to nothing but new dicts."""
        if isinstance(node, _DICT_MAKERS):
            return True
        resolution = self._unit.scopes.resolve(node) if isinstance(node, ast.Name) else None
        return resolution is not None and all(map(self._binds_dict, resolution.bindings))

    def _binds_dict(self, binding: Binding) -> bool:
        parent = self._parents.get(binding.node)
        if isinstance(parent, ast.AugAssign):
            return isinstance(parent.op, ast.BitOr)  # leaves a dict what it was
        value = getattr(parent, "value", None) if isinstance(parent, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Call):
            function = value.func
            if isinstance(function, ast.Name) and function.id == "dict":
                return self._unit.scopes.resolve(function) is None
            return any(
                isinstance(function, ast.Attribute) and function.attr == "copy" and a.node is function.value
                for a in self._unit.accesses
            )
        return isinstance(value, _DICT_MAKERS)

    def _local_functions(self, call: ast.Call) -> list[ast.FunctionDef]:
        """The function a call reaches, or this class's method of a name that is defined once in the file."""
        if not isinstance(call.func, ast.Attribute):
            function = self._local_function(call)
            return [function] if function else []
        name = call.func.attr
        methods = [n for n in self._parents if isinstance(n, ast.FunctionDef) and n.name == name]
        own = isinstance(call.func.value, ast.Name) and call.func.value.id in ("self", "cls")
        plain = len(methods) == 1 and not methods[0].decorator_list and not is_generator(methods[0])
        return methods if own and plain else []

    def _local_function(self, call: ast.Call) -> ast.FunctionDef | None:
        """The undecorated module-level function of this file that a call reaches, where that is certain."""
        if not isinstance(call.func, ast.Name):
            return None
        resolution = self._unit.scopes.resolve(call.func)
        if resolution is None or len(resolution.bindings) != 1:
            return None
        node = resolution.bindings[0].node
        plain = isinstance(node, ast.FunctionDef) and not node.decorator_list
        return node if plain and not is_generator(node) else None  # type: ignore[return-value]


def _looks_inside(pattern: ast.pattern) -> bool:
    """Whether a pattern takes its subject apart instead of capturing it or testing its class."""
    if isinstance(pattern, ast.MatchOr):
        return all(map(_looks_inside, pattern.patterns))
    if isinstance(pattern, ast.MatchAs):
        return pattern.name is None
    return not isinstance(pattern, ast.MatchClass)


def is_unbound(unit: Unit, function: ast.expr) -> bool:
    """Whether a called name is bound nowhere, so that the call raises NameError before it looks at its arguments."""
    while isinstance(function, ast.Attribute):
        function = function.value
    if not isinstance(function, ast.Name) or unit.scopes.star_imports:
        return False
    return unit.scopes.resolve(function) is None and not hasattr(builtins, function.id)


def _has_keywords(call: ast.AST) -> bool:
    return isinstance(call, ast.Call) and bool(call.keywords)


def _fits(call: ast.AST, arity: range) -> bool:
    """Whether a call has one of these numbers of arguments, or a number that cannot be told."""
    assert isinstance(call, ast.Call)
    unknown = any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords)
    return unknown or len(call.args) + len(call.keywords) in arity


def is_generator(node: ast.AST) -> bool:
    """Whether a function's own body yields."""
    todo = list(ast.iter_child_nodes(node))
    while todo:
        child = todo.pop()
        if isinstance(child, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            todo.extend(ast.iter_child_nodes(child))
    return False
