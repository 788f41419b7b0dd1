"""The fast walk gives what `ast.iter_child_nodes` gives, but for operators and contexts."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from holdline.trees import child_nodes

PROJECT = Path(__file__).parents[2]
PASSED_OVER = (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
EVERYTHING = """
@d
async def f[T](a: int, /, b=1, *c, d=2, **e) -> "r": yield [x async for x in y if z]
class C(B, m=M): x: int = 1
match p:
    case {"k": [1, *_], **rest} | C(a=1) if g: del q[1:2, ...], w
try: pass
except* E as e: raise e from None
finally:
    global h
    with a as b, c: x = y = lambda *a: (z := 1) if not -a else {**k, 1: f"{a!r:>{w}}"}
while a < b <= c and d or e: x += 1; assert t, m
type X[**P] = int
"""


@pytest.mark.parametrize("path", sorted((PROJECT / "toolkit" / "holdline").glob("*.py")), ids=lambda path: path.stem)
def test_on_real_modules(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_bytes())):
        assert child_nodes(node) == [n for n in ast.iter_child_nodes(node) if not isinstance(n, PASSED_OVER)]


def test_on_every_kind_of_node() -> None:
    source = EVERYTHING
    while True:
        try:
            tree = ast.parse(source)
            break
        except SyntaxError as error:  # newer than this Python: without that line
            lines = source.split("\n")
            del lines[(error.lineno or 1) - 1]
            source = "\n".join(lines).replace("def f[T]", "def f")
    nodes = list(ast.walk(tree))
    assert len({type(n) for n in nodes}) > 20
    for node in nodes:
        assert child_nodes(node) == [n for n in ast.iter_child_nodes(node) if not isinstance(n, PASSED_OVER)]
