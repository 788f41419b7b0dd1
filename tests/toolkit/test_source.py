"""Files as bytes: every node lies where the file has its text, whatever the encoding and the line endings."""

from __future__ import annotations

import ast
import codecs
import pickle
import sys

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from holdline import source as source_module
from holdline.model import ProblemKind
from holdline.source import Source, SourceError, Span, is_editable, parse
from holdline.workers import allow_deep_nesting

LAYOUTS = [
    ("plain", "x = os\n", "utf-8"),
    ("byte-order mark", "x = os\n", "utf-8-sig"),
    ("byte-order mark and cookie", "# coding: utf-8\nx = os\n", "utf-8-sig"),
    ("CRLF", "'é'\r\nx = os\r\n", "utf-8"),
    ("lone CR", "'é'\rx = os\r", "utf-8"),
    ("mixed", "a\rb\nc\r\nx = os", "utf-8"),
    ("CR before LF apart", "a\r\r\n\nx = os", "utf-8"),
    ("form feed", "a\n\x0c\nx = os\n", "utf-8"),
    ("form feed indents", "if a:\n\x0c    x = os\n", "utf-8"),
    ("vertical tab and separators in a string", "'\x0b\x1c\x1d\x85\u2028'\nx = os\n", "utf-8"),
    ("wide characters before", "'日本 🐍é'; x = os\n", "utf-8"),
    ("wide identifiers", "é = 日本.os = os\n", "utf-8"),
    ("normalised identifiers", "ﬁ = os\n", "utf-8"),
    ("tabs", "if a:\n\tif b:\n\t\tx = os\n", "utf-8"),
    ("no final newline", "x = os", "utf-8"),
    ("continuation", "x = \\\r\n  os\r\n", "utf-8"),
    ("triple quotes", "'''a\r\n\rb\n'''; x = os\n", "utf-8"),
    ("latin-1", "# coding: latin-1\nx = 'é'; y = os\n", "latin-1"),
    ("latin-1, lone CR", "# coding: latin-1\rx = 'é'; y = os\r", "latin-1"),
    ("cp1252, second line", "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '“€”'; y = os\n", "cp1252"),
    ("koi8-r", "# coding: koi8-r\nпривет = os\n", "koi8-r"),
    ("euc-jp", "# coding: euc-jp\n'日本'; x = os\n", "euc-jp"),
    ("shift_jis with a backslash byte", "# coding: shift_jis\n'表'; x = os\n", "shift_jis"),
    ("cookie of utf-8 under another name", "# coding: U8\nx = 'é'; y = os\n", "utf-8"),
]


def names(source: Source) -> list[ast.Name]:
    return [n for n in ast.walk(source.tree) if isinstance(n, ast.Name) and n.id == "os"]


@pytest.mark.parametrize(("text", "encoding"), [c[1:] for c in LAYOUTS], ids=[c[0] for c in LAYOUTS])
def test_positions(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    source = parse("x.py", data)
    (node,) = names(source)
    span = source.span(node)
    assert data[span.start : span.end] == b"os"
    assert source.text(span) == "os"
    line, column = source.position(span.start)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert (line, lines[line - 1][column - 1 : column + 1]) == (node.lineno, "os")
    assert source.line_text(line) == lines[line - 1]
    assert data[source.line_start(span.start) : source.line_end(span.end)].decode(encoding).strip("\r\n") in lines
    assert source.encode("x").decode(encoding) == "x"
    assert is_editable(source)


def test_every_node_of_a_file_with_everything() -> None:
    text = "x = ['é', (日本, '🐍')]\r\nif x:\r\tf(a='“', *b)\n\x0c\ndef f(a, /, *, é=1): return {**a}\r\n"
    source = parse("x.py", text.encode())
    for node in ast.walk(source.tree):
        if isinstance(node, ast.expr | ast.stmt):
            expected = ast.get_source_segment(text.replace("\r\n", "\n").replace("\r", "\n"), node)
            found = source.text(source.span(node)).replace("\r\n", "\n").replace("\r", "\n")
            assert found == expected


def test_newline_is_that_of_the_first_line() -> None:
    assert parse("x.py", b"a\r\nb\n").newline == b"\r\n"
    assert parse("x.py", b"a\rb\n").newline == b"\r"
    assert parse("x.py", b"a").newline == b"\n"


def test_the_first_line_begins_behind_a_byte_order_mark() -> None:
    source = parse("x.py", codecs.BOM_UTF8 + b"a\nb\n")
    assert (source.line_start(4), source.line_end(3), source.position(3)) == (3, 5, (1, 1))
    assert source.bom == 3


def test_line_end_takes_a_whole_crlf() -> None:
    source = parse("x.py", b"a\r\nb\rc")
    assert [source.line_end(n) for n in (0, 3, 5)] == [3, 5, 6]
    assert [source.line_start(n) for n in (0, 3, 5)] == [0, 3, 5]


def test_an_empty_file() -> None:
    source = parse("x.py", b"")
    assert (source.tree.body, source.position(0), source.line_text(1)) == ([], (1, 1), "")


def test_parents_calls_and_scopes() -> None:
    source = parse("x.py", b"f(g(os))\n")
    (node,) = names(source)
    assert isinstance(source.parents[node], ast.Call)
    assert len(source.calls) == 2
    assert source.scopes.names[-1].id == "os"


@pytest.mark.parametrize(
    ("data", "kind", "line", "message"),
    [
        (b"x = '\xff'\n", ProblemKind.UNREADABLE, 0, "is not valid utf-8 (byte 5)"),
        (codecs.BOM_UTF8 + b"x = '\xff'\n", ProblemKind.UNREADABLE, 0, "is not valid utf-8 (byte 8)"),
        (b"# coding: ascii\nx = '\xe9'\n", ProblemKind.UNREADABLE, 0, "is not valid ascii (byte 21)"),
        (b"# coding: klingon\n", ProblemKind.UNREADABLE, 0, "klingon"),
        (b"# coding: rot13\n", ProblemKind.UNREADABLE, 0, "rot13"),
        (codecs.BOM_UTF8 + b"# coding: latin-1\n", ProblemKind.UNREADABLE, 0, "utf-8"),
        (b"x = 1\nif x\n", ProblemKind.UNPARSABLE, 2, "does not parse: "),
        (b"x = 1\n  y = 2\n", ProblemKind.UNPARSABLE, 2, "indent"),
        (b"print 'a'\n", ProblemKind.UNPARSABLE, 1, "does not parse: "),
        (b"x = 1\0\n", ProblemKind.UNPARSABLE, 0, "null bytes"),
        (b"x = " + b"(" * 300 + b")" * 300, ProblemKind.UNPARSABLE, 1, "too many nested parentheses"),
        (b"x = '''", ProblemKind.UNPARSABLE, 1, "does not parse: unterminated"),
        (b"x = 0777\n", ProblemKind.UNPARSABLE, 1, "does not parse: "),
        ("x = 1\n".encode("utf-16"), ProblemKind.UNREADABLE, 0, "is not valid utf-8 (byte 0)"),
        (b"# coding: utf-7\nx = '+AOk-'\n", ProblemKind.UNREADABLE, 0, "UTF-8"),
    ],
)
def test_what_cannot_be_judged(data: bytes, kind: ProblemKind, line: int, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse("dir/x.py", data)
    problem = caught.value.problem
    assert (problem.path, problem.kind) == ("dir/x.py", kind)
    assert problem.line == line or "null" in message  # Python 3.12 on knows the line of a null byte
    assert message in problem.message
    assert "\n" not in problem.message
    assert str(caught.value) == problem.message


def test_a_long_first_line_of_wide_characters() -> None:
    """Looking for the cookie must not cut a character in two."""
    for length in range(4090, 4100):
        assert parse("x.py", f"# {'é' * length}\n".encode()).encoding == "utf-8"


def test_a_cookie_counts_on_the_first_two_lines_only() -> None:
    assert parse("x.py", b"\n\n# coding: latin-1\n").encoding == "utf-8"
    assert parse("x.py", b"x = 1\n# coding: latin-1\n").encoding == "utf-8"
    with pytest.raises(SourceError, match="is not valid utf-8"):
        parse("x.py", b"\n\n# coding: latin-1\n'\xe9'\n")


@pytest.mark.parametrize("first", [b"\n", b"\r\n", b"\r", b"\x0c\n", b"  \n", b"#\n"])
def test_a_cookie_counts_behind_an_empty_first_line(first: bytes) -> None:
    """Without its ending that line would pass for the end of the file."""
    assert parse("x.py", first + b"# coding: latin-1\n'\xe9'\n").encoding == "iso8859-1"


def test_deep_nesting_is_followed_or_refused() -> None:
    allow_deep_nesting()
    deep = b"x = " + b"-" * 900 + b"1\n" + b"y = " + b"a." * 900 + b"b\n" + b"z = " + b" + ".join([b"1"] * 900)
    source = parse("x.py", deep)
    assert source.scopes.mentions("a")
    assert len(source.parents) > 2700
    with pytest.raises(SourceError):
        parse("x.py", b"x = " + b"-" * 200_000 + b"1\n")


NEWER = [
    ("type X[T] = int\n", "3.12"),
    ("def f[T](a: T): pass\n", "3.12"),
    ("class C[T]: pass\n", "3.12"),
    ("async def f[*T](): pass\n", "3.12"),
    ("f'{'a'}'\n", "3.12"),
    ("try: pass\nexcept A, B: pass\n", "3.14"),
    ("x = t'{a}'\n", "3.14"),
    ("x = Rt'a'\n", "3.14"),
]


@pytest.mark.parametrize(("text", "version"), NEWER)
def test_newer_grammar_is_named(text: str, version: str) -> None:
    if sys.version_info >= tuple(map(int, version.split("."))):
        assert parse("x.py", text.encode()).tree.body
        return
    with pytest.raises(SourceError, match=f"valid from Python {version} on") as caught:
        parse("x.py", text.encode())
    assert "holdline with a newer one" in caught.value.problem.message


@pytest.mark.parametrize("text", ["x = (\n", "get'a'\n", "class C: def\n", "f = 1 1\n", "except: pass\n"])
def test_plain_mistakes_are_not_taken_for_newer_grammar(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse("x.py", text.encode())
    assert "valid from" not in caught.value.problem.message


def test_warnings_of_the_compiler_are_not_ours() -> None:
    assert parse("x.py", b"x = '\\d'; x is 1; 1if x else 2\n").tree.body  # filterwarnings = error


def test_a_file_that_does_not_survive_its_encoding_is_not_edited() -> None:
    # two byte sequences for one character: writing the text anew would change bytes outside the edits
    data = b"# coding: cp932\n'\x81\xca'; x = os\n"
    twin = data.replace(b"\x81\xca", b"\xee\xf9")
    assert data.decode("cp932") == twin.decode("cp932")
    assert sorted([is_editable(parse("x.py", data)), is_editable(parse("x.py", twin))]) == [False, True]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([b"", codecs.BOM_UTF8, b"# coding: latin-1\n", b"# coding: gbk\n"]))
def test_any_bytes_give_a_source_or_a_problem(noise: bytes, head: bytes) -> None:
    try:
        source = parse("x.py", head + noise)
    except SourceError:  # the only way to fail
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.expr | ast.stmt):
            assert source.text(source.span(node))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "é", "日", "🐍", " ", "\t", "\x0c", "x.y", "'é'", "#é", "\\\n"]), max_size=8),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig"]),
)
def test_offsets_and_positions_agree(parts: list[str], newline: str, encoding: str) -> None:
    text = ("\n".join(parts) + "\nos\n").replace("\n", newline)
    try:
        source = parse("x.py", text.encode(encoding))
    except SourceError:
        assume(False)
    for node in names(source):
        span = source.span(node)
        assert source.data[span.start : span.end] == b"os"
        assert source.position(span.start)[0] == node.lineno
        assert source.line_text(node.lineno) == "os"


def test_spans_are_values() -> None:
    assert pickle.loads(pickle.dumps(Span(1, 2))) == Span(1, 2)
    assert source_module.Span(1, 2) in {Span(1, 2)}
