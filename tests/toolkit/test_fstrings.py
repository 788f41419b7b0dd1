"""Where names inside f-strings lie: found on every Python, or known not to be."""

from __future__ import annotations

import ast
import sys

import pytest

from holdline import fstrings
from holdline.source import Source, parse

# Every `os.environ` below stands in a field, but where the comment says that it is text.
STRINGS = [
    "f'{os.environ}'",
    "f'a{os.environ}b{os.environ}c'",
    "f'{os.environ!r:>10}'",
    "f'{1:{os.environ}}'",
    "f'{os.environ:{os.environ}}'",
    "f'{os.environ[os.environ]}'",
    "f'{os.environ if os.environ else os.environ}'",
    "f'{x(os.environ, *os.environ, k=os.environ, **os.environ)}'",
    "f'{x(k=os.environ, *os.environ)}'",
    "f'{({os.environ: os.environ, os.environ: os.environ})}'",
    "f'{[os.environ for a in os.environ if os.environ for b in os.environ]}'",
    "f'{(lambda a=os.environ, *, b=os.environ, c: os.environ)}'",
    "f'{os.environ < os.environ < os.environ}'",
    "f'{(os.environ, x[os.environ:os.environ])}'",
    "f'{(y := os.environ)}'",
    "f'''{\n os.environ}\n{os.environ}'''",
    "f'''{\n os . environ + os.\\\n environ}'''" if sys.version_info >= (3, 12) else "f'''{os . environ}'''",
    "'a' f'{os.environ}' 'b' f'{os.environ}'",
    "('a'\n f'{os.environ}'  # os\n 'b')",
    "rf'\\d{os.environ}'",
    "Rf'{os.environ}'",
    "f'é日🐍{os.environ}'",
    "f'{{os}}{os.environ}'",
    "f'{f\"{os.environ}\"}{os.environ}'",
    "f'{os.environ.x.environ}'",
    "f'{x.os.environ} {os.environ}'",
    "f'{\"os.environ\"} {os.environ}'",  # once as text
    "f'os.environ {os.environ}'",  # once as text
    "f'{os.environ} os.environ'",  # once as text
    "f'os.environs {os.environ} xos.environ'",
    "x + f'{os.environ}' + os.environ",
    "f'{os.environ=}'",  # text as well
    "(f'{x}', f'{os.environ}', f'{os.environ}')",
    "f'{yield_}{os.environ}' % os.environ",
    "f'{await_(os.environ)}'",
    "f'\\N{BULLET}{os.environ}'",
]


def accesses(source: Source) -> list[ast.Attribute]:
    """The nodes `os.environ` in the order of the tree."""
    nodes = [n for n in ast.walk(source.tree) if isinstance(n, ast.Attribute)]
    return [n for n in nodes if n.attr == "environ" and isinstance(n.value, ast.Name) and n.value.id == "os"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("head", ["", "'é'\n", "if x:\n\ty\n"])
@pytest.mark.parametrize("text", STRINGS)
def test_every_name_is_located(text: str, head: str, newline: str) -> None:
    """The span is right where another name, put there, takes the place of the node and of nothing else."""
    source = parse("x.py", f"{head}x = {text}\n".replace("\n", newline).encode())
    nodes = accesses(source)
    assert nodes
    for node in nodes:
        span = fstrings.locate(source, node)
        assert span is not None
        changed = parse("x.py", source.data[: span.start] + b"changed" + source.data[span.end :])
        node.value.id = "taken"  # type: ignore[attr-defined]
        expected = ast.unparse(source.tree).replace("taken.environ", "changed")
        node.value.id = "os"  # type: ignore[attr-defined]
        # in `{x=}` the text changes as well
        assert ast.unparse(changed.tree) in (expected, expected.replace("os.environ=", "changed="))


@pytest.mark.parametrize("name", ["f", "A", "rf"])
def test_a_name_that_reads_like_something_else(name: str) -> None:
    """Like a string's prefix, or a part of a character's name."""
    source = parse("x.py", f"f'\\N{{LATIN SMALL LETTER A}}{{{name}}}' rf'{{x.{name}}} {{{name}}}'\n".encode())
    nodes = [n for n in ast.walk(source.tree) if isinstance(n, ast.Name) and n.id == name]
    spans = [fstrings.locate(source, node) for node in nodes]
    assert len(set(spans)) == 2
    assert all(
        span is not None and source.data[span.start - 1 : span.end + 1].decode() == f"{{{name}}}" for span in spans
    )


def test_thousands_in_one_string() -> None:
    source = parse("x.py", b"f'" + b"{os.environ}" * 3000 + b"'\n")
    spans = [fstrings.locate(source, node) for node in accesses(source)]
    assert spans == [fstrings.Span(n, n + 10) for n in range(3, 36000, 12)]


def test_what_cannot_be_located_is_known() -> None:
    source = parse("x.py", b"f'{(os).environ}'\n")
    (node,) = accesses(source)
    span = fstrings.locate(source, node)
    if fstrings.RELIABLE:
        assert span is not None
        assert source.text(span) == "(os).environ"
        assert fstrings.span(source, node) == span
    else:
        assert span is None
        assert source.text(fstrings.span(source, node)) == "f'{(os).environ}'"


def test_other_encodings() -> None:
    source = parse("x.py", "# coding: latin-1\n'é' f'é{os.environ}'\n".encode("latin-1"))
    (node,) = accesses(source)
    span = fstrings.locate(source, node)
    assert span is not None
    assert source.data[span.start : span.end] == b"os.environ"


def test_outside_of_f_strings_the_tree_tells() -> None:
    source = parse("x.py", b"'os.environ'; os.environ\n")
    (node,) = accesses(source)
    span = fstrings.locate(source, node)
    assert span == source.span(node)
    assert fstrings.enclosing(source, node) is None


def test_the_outermost_f_string_encloses() -> None:
    source = parse("x.py", b"x = f'{f\"{os.environ}\"}'\n")
    (node,) = accesses(source)
    statement = source.tree.body[0]
    assert isinstance(statement, ast.Assign)
    assert fstrings.enclosing(source, node) is statement.value


def test_a_lambda_or_comprehension_in_a_field_is_inside() -> None:
    source = parse("x.py", b"f'{[(lambda: os.environ) for a in b]}'\n")
    (node,) = accesses(source)
    assert fstrings.enclosing(source, node) is not None


SHOWN = [
    ("f'{os.environ=}'", True),
    ("f'{os.environ = }'", True),
    ("f'{os.environ=!r}'", True),
    ("f'{os.environ=:>9}'", True),
    ("f'{ os.environ [1] =}'", True),
    ("f'{(os.environ)=}'", True),
    ("f'{x(os.environ)[1].y=}'", True),
    ("f'{os.environ[\"a\"]=}'", True),
    ("f'{x}{os.environ=}'", True),
    ("f'{f\"{os.environ}\"=}'", True),
    ("f'{f\"{os.environ=}\"}'", True),
    ("f'''{\nos.environ\n=}'''", True),
    ("f'{os.environ}'", False),
    ("f'{os.environ!r}'", False),
    ("f'{x=}{os.environ}'", False),
    ("f'{os.environ}{x=}'", False),
    ("f'={os.environ}='", False),
    ("f'{os.environ == x}'", False),
    ("f'{os.environ:=^10}'", False),
    ("f'{x(k=os.environ)}'", False),
    ("os.environ", False),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_fields_that_show_their_source(text: str, shown: bool) -> None:
    source = parse("x.py", f"z = {text}\n".encode())
    for node in accesses(source):
        assert fstrings.shows_its_source(source, node) is shown


def test_where_in_doubt_a_field_is_taken_to_show_its_source() -> None:
    """Before 3.12 the text before a field may look like its source; a refusal is the safe answer."""
    source = parse("x.py", b"f'os.environ={os.environ}'\n")
    (node,) = accesses(source)
    assert fstrings.shows_its_source(source, node) is not fstrings.RELIABLE
