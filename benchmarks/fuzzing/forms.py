"""One form for direct and for rewritten access, to compare trees before and after a rewrite: an oracle of its own.

Both trees are brought to the form; whatever then differs was changed by more than the rewrite's definition.
"""

from __future__ import annotations

import ast

from fuzzing.meanings import ENVIRON, GETENV, GETTER, PATCH, PATCHER, PUTENV, UNSETENV, Meanings
from fuzzing.migrating import Mode
from holdline.judging import Level


def same_form(before: ast.Module, after: ast.Module, meanings: Meanings, mode: Mode) -> str:
    """The first place where the trees differ in more than the form of accesses; "" where they do not.

    Both trees are changed on the way.
    """
    forms = [_form(tree, meanings, mode) for tree in (before, after)]
    for old, new in zip(*forms, strict=False):
        if old != new:
            return f"{old[:400]}\n    became\n{new[:400]}"
    return "" if len(forms[0]) == len(forms[1]) else "the number of statements differs"


def _form(tree: ast.Module, meanings: Meanings, mode: Mode) -> list[str]:
    canonical = Canonical(meanings, unsafe=mode.level is Level.UNSAFE, methods=mode.env.api == "methods").visit(tree)
    assert isinstance(canonical, ast.Module)
    return [ast.dump(statement) for statement in canonical.body]


class Canonical(ast.NodeTransformer):
    """Takes out the imports, and brings accesses to operations on ENV and calls of DICT."""

    def __init__(self, meanings: Meanings, *, unsafe: bool, methods: bool) -> None:
        self.meanings = meanings
        self.unsafe = unsafe
        self.methods = methods

    def visit(self, node: ast.AST) -> ast.AST | None:
        path = self.meanings.path(node) if isinstance(node, ast.Name | ast.Attribute) else ""
        if path == ENVIRON:
            return _env()
        if path == GETENV:
            return _method("get")
        if path in (PATCH, f"{PATCH}.dict", f"{PATCH}.object", PUTENV, UNSETENV):
            return _name(path)
        return super().visit(node)  # type: ignore[no-any-return]

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> ast.AST | None:
        return None

    visit_ImportFrom = visit_Import

    def visit_Call(self, node: ast.Call) -> ast.AST:
        meaning = self.meanings.path(node.func)
        self.generic_visit(node)
        if meaning == GETTER and not node.args and not node.keywords:
            return _env()
        if meaning == PATCHER:
            return _patch_dict([_env(), *node.args], node.keywords)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("setenv", "delenv"):
            method = node.func.attr.replace("env", "item")  # by pytest's own definition
            return ast.Call(ast.Attribute(node.func.value, method, ast.Load()), [_env(), *node.args], node.keywords)
        function = node.func.id if isinstance(node.func, ast.Name) else ""
        if function == f"{PATCH}.dict":
            return _patch_dict([_target(a) for a in node.args], node.keywords)
        if self.methods and _is_method(node.func, "update"):
            return _update(node.args, node.keywords)
        if self.unsafe:
            return self._unsafe_call(function, node)
        return self._exists(node) or node

    def _unsafe_call(self, function: str, node: ast.Call) -> ast.AST:
        arguments = list(node.args) + [k.value for k in node.keywords if k.arg == "new"]
        plain = [k.arg for k in node.keywords] in ([], ["new"])
        if function == PUTENV:
            return ast.Call(_method("set"), node.args, node.keywords)
        if function == UNSETENV:
            return ast.Call(_method("pop"), [*node.args, ast.Constant(None)], node.keywords)
        if function == PATCH and plain and len(arguments) == 2 and _is_text(arguments[0], ENVIRON):
            return _patch_dict([_env(), arguments[1], ast.Constant(True)], [])
        if function == f"{PATCH}.object" and plain and len(arguments) == 3 and _is_text(arguments[1], "environ"):
            return _patch_dict([_env(), arguments[2], ast.Constant(True)], [])
        return self._exists(node) or node

    def _exists(self, node: ast.Call) -> ast.AST | None:
        """`ENV.exists(k)` as the `k in ENV` it stands for."""
        if self.methods and _is_method(node.func, "exists") and len(node.args) == 1:
            return ast.Compare(node.args[0], [ast.In()], [_env()])
        return None

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if self.methods and len(node.ops) == 1 and isinstance(node.ops[0], ast.NotIn) and _is_env(node.comparators[0]):
            return ast.UnaryOp(ast.Not(), ast.Compare(node.left, [ast.In()], node.comparators))
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        # for a variable that is certainly set; whether it is, programs that are run show
        if self.methods and _is_env(node.value) and isinstance(node.ctx, ast.Load):
            return ast.Call(_method("get"), [node.slice], [])
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """`ENV[k] = v` as the `ENV.set(k, v)` it may become, in the mapping that tells neither apart."""
        self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) == 1 and isinstance(target, ast.Subscript) and _is_env(target.value):
            return ast.Expr(ast.Call(_method("set"), [target.slice, node.value], []))
        if self.unsafe and len(node.targets) == 1 and _is_env(target):
            patch = _patch_dict([_env(), node.value, ast.Constant(True)], [])
            return ast.Expr(ast.Call(ast.Attribute(patch, "start", ast.Load()), [], []))
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """`ENV |= x` as the update it is."""
        self.generic_visit(node)
        if isinstance(node.op, ast.BitOr) and _is_env(node.target):
            return ast.Expr(_update([node.value], []))
        return node

    def visit_Delete(self, node: ast.Delete) -> ast.AST:
        self.generic_visit(node)
        target = node.targets[0]
        alone = len(node.targets) == 1 and isinstance(target, ast.Subscript) and _is_env(target.value)
        if self.methods and alone:
            assert isinstance(target, ast.Subscript)
            return ast.Expr(ast.Call(_method("delete"), [target.slice], []))
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        """`for k, v in X.items(): ENV.set(k, v)` as the `ENV.update(X)` it stands for."""
        self.generic_visit(node)
        source, call = node.iter, _only_call(node, "set")
        if not (self.methods and isinstance(source, ast.Call) and isinstance(source.func, ast.Attribute)):
            return node
        if source.func.attr == "items" and call and not call.keywords:
            target = ast.Tuple([_named_alike(a) for a in call.args], ast.Store())
            if ast.dump(target) == ast.dump(node.target):
                return ast.Expr(_update([source.func.value], []))
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        """`if not ENV.exists(k): ENV.set(k, v)` as the `ENV.setdefault(k, v)` it stands for."""
        self.generic_visit(node)
        call = _only_call(node, "set")
        if not (self.methods and call and call.args):
            return node
        missing = ast.UnaryOp(ast.Not(), ast.Compare(call.args[0], [ast.In()], [_env()]))
        if ast.dump(node.test) == ast.dump(missing):
            return ast.Expr(ast.Call(_method("setdefault"), call.args, call.keywords))
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """`ENV.pop(k, default)` whose value nobody sees as the `ENV.delete(k)` it may become."""
        self.generic_visit(node)
        call = node.value
        if self.methods and isinstance(call, ast.Call) and _is_method(call.func, "pop") and len(call.args) == 2:
            return ast.Expr(ast.Call(_method("delete"), call.args[:1], []))
        return node


def _patch_dict(arguments: list[ast.expr], keywords: list[ast.keyword]) -> ast.Call:
    """One form of a `patch.dict`: its defined arguments by keyword, where it can be seen which is which."""
    if any(isinstance(a, ast.Starred) for a in arguments) or len(arguments) > 3:
        return ast.Call(_name("DICT"), arguments, keywords)
    named = {k.arg: _target(k.value) if k.arg == "in_dict" else k.value for k in keywords}
    named.update(zip(("in_dict", "values", "clear"), arguments, strict=False))
    order = sorted(named.items(), key=lambda item: str(item[0]))
    return ast.Call(_name("DICT"), [], [ast.keyword(name, value) for name, value in order])


def _update(arguments: list[ast.expr], keywords: list[ast.keyword]) -> ast.Call:
    """`ENV.update(…)`, which takes what `dict(…)` takes."""
    only = arguments[0] if len(arguments) == 1 and not keywords else None
    if isinstance(only, ast.Call) and isinstance(only.func, ast.Name) and only.func.id == "dict":
        arguments, keywords = only.args, only.keywords
    return ast.Call(_method("update"), arguments, keywords)


def _only_call(node: ast.For | ast.If, method: str) -> ast.Call | None:
    """The call of a method of ENV, where it is all that a block without `else` does."""
    body = node.body[0] if len(node.body) == 1 and not node.orelse else None
    call = body.value if isinstance(body, ast.Expr) else None
    return call if isinstance(call, ast.Call) and _is_method(call.func, method) else None


def _named_alike(node: ast.expr) -> ast.expr:
    return ast.Name(node.id, ast.Store()) if isinstance(node, ast.Name) else node


def _target(node: ast.expr) -> ast.expr:
    return _env() if _is_text(node, ENVIRON) else node


def _is_text(node: ast.expr, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _env() -> ast.Name:
    return _name("ENV")


def _method(name: str) -> ast.Attribute:
    return ast.Attribute(_env(), name, ast.Load())


def _is_env(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "ENV"


def _is_method(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == name and _is_env(node.value)
