"""Proofs: a right rewrite passes; whatever else changes, or is claimed wrongly, does not."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdline import fixing
from holdline.config import Config
from holdline.edits import OffsetMap, apply_edits, merge_edits
from holdline.judging import Judge, Level
from holdline.migration import Context
from holdline.model import Category, Edit, Site
from holdline.proofs import Claim, ProofError, prove
from holdline.source import Source, parse
from holdline_migrations.registry import REGISTRY

Rewrite = tuple[Source, bytes, Sequence[Edit], Claim]

PROGRAM = b'''\
"""Doc."""
import os, sys
from unittest.mock import patch

LIMITS = (1, 1.0, True, 0.0, 1j, None, ..., b"x", "x")


class Settings:
    url = os.environ["URL"]
    debug: bool = os.getenv("DEBUG", "0") == "1"


@patch.dict(os.environ, {"A": "1"}, clear=True)
def test_a(x, *args, y=os.environ.get("Y"), **kwargs):
    os.environ["B"] = "2"
    return [v for k, v in os.environ.items() if k not in LIMITS and f"{os.environ['A']}" != -1]


async def f():
    async with g() as a, h(env=os.environ) as b:
        yield lambda: a @ b[1:2, ...]
    if a := not b: pass
    os.environ |= {"C": "3"}; del os.environ["C"]
'''


def rewrite(data: bytes) -> Rewrite:
    """A right rewrite, with the claim that goes with it."""
    captured: list[Rewrite] = []

    def keep(*arguments: object) -> Source:
        captured.append(arguments)  # type: ignore[arg-type]
        return prove(*arguments)  # type: ignore[arg-type]

    codes = frozenset(rule.code for rule in REGISTRY.rules)
    judge = Judge(REGISTRY.migrations, Context(Config(), codes, frozenset()), Level.SAFE, date(2026, 1, 5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fixing, "prove", keep)
        result = judge.judge("x.py", data, Category.TESTS)
    assert result.problem is None
    assert result.changes
    return captured[0]


RIGHT = rewrite(PROGRAM)


def refused(before: Source, after: bytes, edits: Sequence[Edit], claim: Claim) -> bool:
    """Whether the proof fails, as it should and in one line."""
    try:
        prove(before, after, edits, claim)
    except ProofError as error:
        return "\n" not in str(error)
    return False


def same_tree(first: bytes, second: bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.dump(ast.parse(first)) == ast.dump(ast.parse(second))
        except (SyntaxError, ValueError, MemoryError):
            return False


def test_a_right_rewrite_passes() -> None:
    result = prove(*RIGHT)
    assert result.data == RIGHT[1]
    assert len(RIGHT[3].sites) > 10


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_whatever_else_changes_is_noticed(data: st.DataObject) -> None:
    """Any other change of the bytes outside the sites that changes the tree fails the proof."""
    before, after, edits, claim = RIGHT
    moved = OffsetMap(edits)
    sites = [(moved.start(s.start), moved.end(s.end)) for s in claim.sites]
    free = [n for n in range(len(after)) if not any(start <= n <= end for start, end in sites)]
    start = data.draw(st.sampled_from(free))
    end = start + data.draw(st.sampled_from([0, 0, 1, 1, 2, 4]))
    if any(first < end and start < last for first, last in sites):
        return
    tokens = [
        b"",
        b" ",
        b"\n",
        b"#",
        b"0",
        b"1",
        b"x",
        b"(",
        b")",
        b",",
        b";",
        b".",
        b"-",
        b"not ",
        b"*",
        b"=",
        b"''",
        b"\\",
    ]
    wrong = after[:start] + data.draw(st.sampled_from(tokens)) + after[end:]
    assert refused(before, wrong, edits, claim) or same_tree(after, wrong)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_edits_that_are_not_those_made_are_noticed(data: st.DataObject) -> None:
    before, after, edits, claim = RIGHT
    index = data.draw(st.integers(0, len(edits) - 1))
    edit = edits[index]
    other = data.draw(
        st.sampled_from(
            [
                None,
                edit._replace(text=edit.text + b"x"),
                edit._replace(text=b"(" + edit.text),
                edit._replace(text=edit.text[:-1]),
                edit._replace(start=edit.start - 1),
                edit._replace(end=edit.end + 1),
            ]
        )
    )
    wrong = [*edits[:index], *([other] if other else []), *edits[index + 1 :]]
    made = apply_edits(before.data, wrong)
    assert made == after or refused(before, after, wrong, claim) or same_tree(after, made)


@pytest.mark.parametrize("site", RIGHT[3].sites)
def test_every_site_is_needed(site: Site) -> None:
    before, after, edits, claim = RIGHT
    around = [s for s in claim.sites if s != site and s.start <= site.start and site.end <= s.end]
    fewer = replace(claim, sites=tuple(s for s in claim.sites if s != site))
    assert refused(before, after, edits, fewer) or around


@pytest.mark.parametrize("shift", [(0, 1), (1, 0), (-1, 0), (0, -1)])
def test_a_site_must_be_a_whole_node(shift: tuple[int, int]) -> None:
    before, after, edits, claim = RIGHT
    for site in claim.sites:
        wrong = tuple(Site(s.start + shift[0], s.end + shift[1]) if s == site else s for s in claim.sites)
        around = [s for s in claim.sites if s != site and s.start <= site.start and site.end <= s.end]
        assert refused(before, after, edits, replace(claim, sites=wrong)) or around


def test_imports_must_come_and_go_as_claimed() -> None:
    before, after, edits, claim = RIGHT
    assert claim.inserted == ("from holdline_runtime import get_env, patch_env",)
    assert claim.removed
    for wrong in (
        replace(claim, inserted=()),
        replace(claim, inserted=("from holdline_runtime import get_env",)),
        replace(claim, inserted=(*claim.inserted, *claim.inserted)),
        replace(claim, inserted=(*claim.inserted, "import re")),
        replace(claim, removed=()),
    ):
        assert refused(before, after, edits, wrong)
    moved = after.replace(b"from holdline_runtime import get_env, patch_env\n", b"") + (
        b"from holdline_runtime import get_env, patch_env\n"
    )
    assert refused(before, moved, edits, claim)


# by hand: one edit, one site


def proof(before: bytes, after: bytes, old: bytes, new: bytes) -> bool:
    """Whether a change of the first `old` to `new`, claimed as a site, proves `after`."""
    source = parse("x.py", before)
    start = before.index(old)
    edits = merge_edits([Edit(start, start + len(old), new)])
    return not refused(source, after, edits, Claim((Site(start, start + len(old)),)))


def test_one_site() -> None:
    assert proof(b"f(os.environ)", b"f(get_env())", b"os.environ", b"get_env()")
    assert proof(b"'\xc3\xa9'; f(os.environ, 1)", b"'\xc3\xa9'; f(get_env(), 1)", b"os.environ", b"get_env()")
    assert proof(b"a\r\nf(os.environ)\r", b"a\r\nf(get_env())\r", b"os.environ", b"get_env()")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1", "1.0"),
        ("1", "True"),
        ("0", "False"),
        ("1.0", "1"),
        ("0.0", "-0.0"),
        ("1j", "1"),
        ("0j", "-0j"),
        ("'a'", "b'a'"),
        ("'a'", "u'a'"),
        ("'a'", "'a' 'b'"),
        ("'é'", "'e\u0301'"),
        ("''", "f''"),
        ("None", "..."),
        ("1", "2"),
        ("x", "y"),
        ("x", "x.y"),
        ("x, y", "y, x"),
        ("x", "(x,)"),
        ("x", "*x"),
        ("x < y", "x <= y"),
        ("x and y", "x or y"),
        ("x + y", "x - y"),
        ("-x", "+x"),
        ("x if y else z", "z if y else x"),
        ("f(a=1)", "f(b=1)"),
        ("f(a=1)", "f(**{'a': 1})"),
        ("[x for y in z]", "(x for y in z)"),
        ("[x for y in z]", "[x for y in z if y]"),
        ("lambda x: y", "lambda x, y: y"),
        ("lambda x: y", "lambda x, /: y"),
        ("{'a': 1}", "{'a': 1, **x}"),
        ("x[1]", "x[1:]"),
        ("f'{x}'", "f'{x!r}'"),
        ("f'{x}'", "f'{x:1}'"),
        ("f'{x=}'", "f'{x =}'"),
        ("f'{x:{y}}'", "f'{x:{z}}'"),
        ("x", "await x"),
        ("(yield)", "(yield 1)"),
        ("(x := y)", "(z := y)"),
    ],
)
def test_any_other_difference_is_noticed(before: str, after: str) -> None:
    old, new = f"f(os.environ, {before})".encode(), f"f(get_env(), {after})".encode()
    assert not proof(old, new, b"os.environ", b"get_env()")
    assert proof(old, old.replace(b"os.environ", b"get_env()"), b"os.environ", b"get_env()")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pass", "pass; pass"),
        ("def f(): pass", "async def f(): pass"),
        ("def f(): pass", "def f() -> None: pass"),
        ("def f(a): pass", "def f(a=1): pass"),
        ("@a\ndef f(): pass", "def f(): pass"),
        ("class A: pass", "class A(): x"),
        ("for x in y: pass", "async_for = 1"),
        ("try: pass\nfinally: pass", "try: pass\nexcept A: pass"),
        ("try: pass\nexcept A: pass", "try: pass\nexcept* A: pass"),
        ("with a: pass", "with a as b: pass"),
        ("import a", "import a as b"),
        ("from a import b", "from .a import b"),
        ("global x", "x"),
        ("x = 1", "x: int = 1"),
        ("x: int", "(x): int"),
        ("x += 1", "x -= 1"),
        ("del x", "del (x, y)"),
        ("match x:\n case 1: pass", "match x:\n case 1 | 2: pass"),
        ("match x:\n case {'a': y}: pass", "match x:\n case {'a': y, **z}: pass"),
        ("x", ""),
        ("x\ny", "y\nx"),
    ],
)
def test_any_other_statement_is_noticed(before: str, after: str) -> None:
    old, new = f"os.environ\n{before}\n".encode(), f"get_env()\n{after}\n".encode()
    assert not proof(old, new, b"os.environ", b"get_env()")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1", "0x1"),
        ("'a'", '"a"'),
        ("'a' 'b'", "'ab'"),
        ("x", "(x)"),
        ("x  # comment", "x"),
        ("x;y", "x\ny"),
        ("if x: y", "if x:\n\ty"),
        ("f(a,)", "f(a)"),
        ("'\\x41'", "'A'"),
        ("1_0", "10"),
    ],
)
def test_differences_without_meaning_are_none(before: str, after: str) -> None:
    old, new = f"os.environ\n{before}\n".encode(), f"get_env()\n{after}\n".encode()
    assert proof(old, new, b"os.environ", b"get_env()")


def test_a_rewrite_that_joins_with_its_surroundings_is_noticed() -> None:
    assert not proof(b"os.environ + 1", b"a if b else c + 1", b"os.environ", b"a if b else c")
    assert not proof(b"f(os.environ, 1)", b"f(a, b, 1)", b"os.environ", b"a, b")
    assert not proof(b"os.environ.x", b"1 + y.x", b"os.environ", b"1 + y")
    assert not proof(b"x = os.environ", b"x = y = z", b"os.environ", b"y = z")
    assert not proof(b"not os.environ", b"not a or b", b"os.environ", b"a or b")


def test_a_file_that_does_not_parse_any_more_says_so() -> None:
    source = parse("x.py", b"f(os.environ)\n")
    with pytest.raises(ProofError, match="the rewritten file does not parse: "):
        prove(source, b"f(get_env()\n", [Edit(2, 12, b"get_env(")], Claim((Site(2, 12),)))
    with pytest.raises(ProofError, match="the rewritten file is not valid utf-8"):
        prove(source, b"f('\xff')\n", [Edit(2, 12, b"'\xff'")], Claim((Site(2, 12),)))


def test_only_imports_can_be_claimed_as_gone() -> None:
    source = parse("x.py", b"import a\nb\n")
    assert prove(source, b"b\n", [Edit(0, 9, b"")], Claim((), (Site(0, 8),)))
    assert refused(source, b"import a\n", [Edit(9, 11, b"")], Claim((), (Site(9, 10),)))


@pytest.mark.parametrize(
    ("new", "right"),
    [
        (b"from a import b, d", True),
        (b"from a import d", True),
        (b"from a import d, b", False),
        (b"from a import b, e", False),
        (b"from a import b as d", False),
        (b"from .a import b, d", False),
        (b"from c import b, d", False),
        (b"import b", False),
        (b"pass", False),
    ],
)
def test_an_altered_import_may_lose_names_only(new: bytes, right: bool) -> None:
    old = b"from a import b, c, d"
    assert proof(old + b"\n", new + b"\n", old, new) is right


# inside f-strings

FIELDS = [
    (b"f'{os.environ}'", b"f'{get_env()}'", True),
    (b"f'{os.environ[1]!r:>{os.x}}'", b"f'{get_env()[1]!r:>{os.x}}'", True),
    (b"f'a{os.environ}b{x}'", b"f'a{get_env()}b{y}'", False),
    (b"f'a{os.environ}b'", b"f'a{get_env()}c'", False),
    (b"f'{os.environ!r}'", b"f'{get_env()!s}'", False),
    (b"f'{os.environ:1}'", b"f'{get_env():2}'", False),
    (b"f'{os.environ}'", b"f'{get_env2()}'", False),
    (b"'a' f'{os.environ}' 'b'", b"'a' f'{get_env()}' 'b'", True),
    (b"f'''{\nos.environ}'''", b"f'''{\nget_env()}'''", True),
    (b"f'{f\"{os.environ}\"}'", b"f'{f\"{get_env()}\"}'", True),
    (b"f'\xc3\xa9{os.environ}'", b"f'\xc3\xa9{get_env()}'", True),
]


@pytest.mark.parametrize(("before", "after", "right"), FIELDS)
def test_inside_an_f_string(before: bytes, after: bytes, right: bool) -> None:
    assert proof(b"x = " + before + b"\n", b"x = " + after + b"\n", b"os.environ", b"get_env()") is right


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 701")
def test_inside_an_f_string_as_of_312() -> None:
    before, after = b"f'{os.environ['a']:{x # c\n}}'", b"f'{get_env()['a']:{x # c\n}}'"
    assert proof(before, after, b"os.environ", b"get_env()")
