"""Digests: stable over layout and Python versions, different for different logic."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline.contract import digests
from holdline.contract.digests import python_digest, text_digest

SAMPLE = '''\
"""Doc."""
import os as o
from a.b import (c, d as e)

@deco(1, k=b"x")
async def f(a, /, b: int = 1, *c, d=2.5, **e) -> "str":
    "Doc."
    x = f"{a!r:>{b}} {{}} text {c=}" "more" f"{d:%Y}"
    match x:
        case [1, *rest] if rest: pass
        case {"k": v, **kw} | C(z=1) as q: return -1j
    async with a as b, c: yield
    return lambda *, k=...: [i for i in x if i] or {**y} or (z := None)

class K(Base, metaclass=M):
    """Doc."""
    a: int
    try: pass
    except* (A, B) as error: raise X from error
    else: del a[1:2, ...]
    finally: global_ = "caf\\u00e9 \\ud800"
'''


def test_the_same_on_every_python_there_is() -> None:
    folder = Path("/root/.pyenv/versions")
    pythons = sorted(folder.glob("3.1[1-9]*/bin/python")) if folder.is_dir() else []
    if len(pythons) < 2:
        pytest.skip("there is one Python here")
    code = (
        f"import ast, importlib.util, sys; s = importlib.util.spec_from_file_location('d', {digests.__file__!r});"
        " m = importlib.util.module_from_spec(s); s.loader.exec_module(m);"
        " print(m.python_digest(ast.parse(sys.stdin.read())))"
    )
    found = {
        subprocess.run([p, "-c", code], input=SAMPLE, capture_output=True, text=True, check=True).stdout
        for p in pythons
    }
    assert found == {python_digest(ast.parse(SAMPLE)) + "\n"}


@given(st.lists(st.sampled_from(SAMPLE.splitlines()), max_size=6), st.integers(0, 5))
def test_blank_lines_comments_and_unparsing_do_not_count(lines: list[str], blanks: int) -> None:
    tree = ast.parse(SAMPLE)
    noisy = SAMPLE.replace("\n\n", "\n" * (blanks + 2)) + "".join(f"# {line}\n" for line in lines)
    assert python_digest(ast.parse(noisy)) == python_digest(tree)


def test_every_node_counts() -> None:
    tree = ast.parse(SAMPLE)
    whole = python_digest(tree)
    for node in ast.walk(tree):
        for name in ("id", "attr", "arg", "name"):
            if isinstance(old := getattr(node, name, None), str):
                setattr(node, name, f"{old}_")
                assert python_digest(tree) != whole, ast.dump(node)
                setattr(node, name, old)
    assert python_digest(tree) == whole


@pytest.mark.parametrize(
    ("language", "old", "new"),
    [
        ("shell", "a  b\n", "  a b"),
        ("shell", "# why\na\n", "a\n\n"),
        ("sql", "-- why\nselect 1", "select 1\r\n"),
        ("typescript", "// why\nf( 1 )", "  f( 1 )"),
    ],
)
def test_layout_of_a_text_does_not_count(language: str, old: str, new: str) -> None:
    assert text_digest(old, language) == text_digest(new, language)


@pytest.mark.parametrize(
    ("language", "old", "new"),
    [
        ("shell", "a\nb", "a b"),
        ("shell", "a 'x  y'", "a 'x y'"),
        ("shell", "a # b", "a # c"),
        ("shell", "cat <<X\n# a\nX", "cat <<X\nX"),
        ("shell", "a 'x\n# y\n'", "a 'x\n'"),
        ("javascript", "`\n// a\n`", "`\n`"),
        ("sql", "do $$\n-- a\n$$", "do $$\n$$"),
    ],
)
def test_what_may_be_logic_counts(language: str, old: str, new: str) -> None:
    assert text_digest(old, language) != text_digest(new, language)
