"""Suppression comments: what counts as one, what it covers, and what is wrong with it."""

from __future__ import annotations

import textwrap
from datetime import date

import pytest

from holdline.model import Suppression, Violation
from holdline.suppressions import Applied, apply_suppressions, parse_suppressions

TODAY = date(2026, 6, 1)


def parse(source: str) -> tuple[Suppression, ...]:
    return parse_suppressions("a.py", textwrap.dedent(source).encode())


def parse_one(comment: str) -> Suppression:
    (suppression,) = parse(f"x = 1  {comment}\n")
    return suppression


def violation(line: int, end_line: int | None = None, code: str = "HL101") -> Violation:
    return Violation(code, "message", "a.py", line, 1, end_line or line, 5)


def apply(source: str, *violations: Violation) -> Applied:
    return apply_suppressions(violations, parse(source), TODAY)


@pytest.mark.parametrize(
    ("comment", "codes", "reason", "until"),
    [
        ("# holdline: allow[HL101] why not", ("HL101",), "why not", None),
        ("# holdline: allow[HL101] why — until 2027-03-01", ("HL101",), "why", date(2027, 3, 1)),
        ("# holdline: allow[HL101] why – until 2027-03-01", ("HL101",), "why", date(2027, 3, 1)),
        ("# holdline: allow[HL101] why - until 2027-03-01", ("HL101",), "why", date(2027, 3, 1)),
        ("# holdline: allow[HL101] why; until 2027-03-01", ("HL101",), "why", date(2027, 3, 1)),
        ("# holdline: allow[HL101] why until 2027-03-01", ("HL101",), "why", date(2027, 3, 1)),
        ("# holdline: allow[HL101] — why — until 2027-03-01", ("HL101",), "why", date(2027, 3, 1)),
        ("# holdline: allow[HL101]: why", ("HL101",), "why", None),
        ("# holdline: allow[HL101, HL102] why", ("HL101", "HL102"), "why", None),
        ("#holdline:allow [HL101] why", ("HL101",), "why", None),
        ("# holdline: allow[HL101] kept until release", ("HL101",), "kept until release", None),
        ("# holdline: allow[HL101] wait until 3.12 is gone", ("HL101",), "wait until 3.12 is gone", None),
        ("# holdline: allow[HL101] see #12 and x-y", ("HL101",), "see #12 and x-y", None),
        ("# holdline: allow[HL101] grund: Übergang", ("HL101",), "grund: Übergang", None),
        ("# type: ignore  # holdline: allow[HL101] why", ("HL101",), "why", None),
        ("# holdline: allow[HL101] why  # noqa: E501", ("HL101",), "why", None),
        ("# holdline: allow[HL101] why — until 2027-03-01 #noqa", ("HL101",), "why", date(2027, 3, 1)),
        (
            "# holdline: allow[HL101] until further notice — until 2027-03-01",
            ("HL101",),
            "until further notice",
            date(2027, 3, 1),
        ),
        ("# holdline: allow[ACME001] why", ("ACME001",), "why", None),
    ],
)
def test_well_formed(comment: str, codes: tuple[str, ...], reason: str, until: date | None) -> None:
    found = parse_one(comment)
    assert (found.codes, found.reason, found.until, found.fault) == (codes, reason, until, "")
    assert (found.path, found.line, found.target) == ("a.py", 1, 0)


@pytest.mark.parametrize(
    ("comment", "fault"),
    [
        ("# holdline: allow", "names no rule codes in square brackets"),
        ("# holdline: allow HL101 why", "names no rule codes in square brackets"),
        ("# holdline: allow[HL101 why", "names no rule codes in square brackets"),
        ("# holdline: allow[] why", "names '', which is not a full rule code such as 'HL101'"),
        ("# holdline: allow[HL101,] why", "names '', which is not a full rule code"),
        ("# holdline: allow[HL1] why", "names 'HL1', which is not a full rule code"),
        ("# holdline: allow[hl101] why", "names 'hl101', which is not a full rule code"),
        ("# holdline: allow[*] why", "names '*', which is not a full rule code"),
        ("# holdline: allow[HL001] why", "names HL001, which cannot be suppressed"),
        ("# holdline: allow[HL101]", "gives no reason"),
        ("# holdline: allow[HL101] —", "gives no reason"),
        ("# holdline: allow[HL101] ...", "gives no reason"),
        ("# holdline: allow[HL101] until 2027-03-01", "gives no reason"),
        ("# holdline: allow[HL101] — until 2027-03-01", "gives no reason"),
        ("# holdline: allow[HL101] # noqa", "gives no reason"),
        ("# holdline: allow[HL101]  # noqa", "gives no reason"),
        ("# holdline: allow[HL101] why — until", "has no date YYYY-MM-DD after 'until' but ''"),
        ("# holdline: allow[HL101] why — until spring", "has no date YYYY-MM-DD after 'until' but 'spring'"),
        (
            "# holdline: allow[HL101] why — until 01/03/2027",
            "has no date YYYY-MM-DD after 'until' but '01/03/2027'",
        ),
        (
            "# holdline: allow[HL101] why — until 2027-3-1",
            "has no date YYYY-MM-DD after 'until' but '2027-3-1'",
        ),
        (
            "# holdline: allow[HL101] why — until 2027-02-30",
            "has no date YYYY-MM-DD after 'until' but '2027-02-30'",
        ),
        (
            "# holdline: allow[HL101] why — until 20270301",
            "has no date YYYY-MM-DD after 'until' but '20270301'",
        ),
        (
            "# holdline: allow[HL101] why — until 2027-03-01 or so",
            "has no date YYYY-MM-DD after 'until' but ",
        ),
        (
            "# holdline: allow[HL101] why until 2027-13-01",
            "has no date YYYY-MM-DD after 'until' but '2027-13-01'",
        ),
    ],
)
def test_malformed_suppress_nothing_and_are_violations(comment: str, fault: str) -> None:
    found = parse_one(comment)
    assert found.fault.startswith(fault)
    applied = apply_suppressions([violation(1)], [found], TODAY)
    assert applied.kept == (violation(1),)
    assert applied.suppressed == ()
    assert applied.unused == ()
    (complaint,) = applied.faults
    assert (complaint.code, complaint.path, complaint.line, complaint.column) == ("HL001", "a.py", 1, 8)
    assert complaint.message == f"This suppression {found.fault}."
    assert complaint.text == comment
    assert complaint.end_column == 8 + len(comment)
    assert complaint.hint


@pytest.mark.parametrize(
    "source",
    [
        's = "# holdline: allow[HL101] why"\n',
        '"""\n# holdline: allow[HL101] why\n"""\n',
        'def f():\n    """Doc.\n\n    x  # holdline: allow[HL101] why\n    """\n',
        "s = f'''{1}\n# holdline: allow[HL101] why\n'''\n",
        "# holdline: see the docs\n",
        "# holdline: allowed[HL101] why\n",
        "# household: allow[HL101] why\n",
        "# x-holdline: allow[HL101] why\n",
        "",
    ],
)
def test_not_a_suppression(source: str) -> None:
    assert parse_suppressions("a.py", source.encode()) == ()


def test_expiry_day_is_included() -> None:
    found = parse_one("# holdline: allow[HL101] why — until 2026-06-01")
    on_the_day = apply_suppressions([violation(1)], [found], date(2026, 6, 1))
    assert (on_the_day.kept, on_the_day.suppressed, on_the_day.faults) == ((), (violation(1),), ())
    after = apply_suppressions([violation(1)], [found], date(2026, 6, 2))
    assert (after.kept, after.suppressed, after.unused) == ((violation(1),), (), ())
    assert [(f.code, f.message) for f in after.faults] == [("HL001", "This suppression expired on 2026-06-01.")]


MULTI_LINE = """\
a = call(
    1,
)  # holdline: allow[HL101] the end
# holdline: allow[HL101] own line

# an ordinary comment
b = call(  # holdline: allow[HL102] the start
    2,
    # holdline: allow[HL101] inside
    3,
)
"""


@pytest.mark.parametrize(
    ("found", "covered"),
    [
        (violation(1, 3), True),
        (violation(3), True),
        (violation(1), False),
        (violation(2), False),
        (violation(7), True),
        (violation(7, 8), True),
        (violation(6), False),
        (violation(7, 11, "HL102"), True),
        (violation(7, code="HL103"), False),
        (violation(8, code="HL102"), False),
        (violation(10), True),
        (violation(8), False),
        (violation(11), False),
    ],
)
def test_coverage(found: Violation, covered: bool) -> None:
    applied = apply(MULTI_LINE, found)
    assert applied.suppressed == ((found,) if covered else ())
    assert applied.kept == (() if covered else (found,))


def test_own_line_comment_covers_decorators_and_dedented_code() -> None:
    source = """\
    class A:
        def f(self):
            pass
            # holdline: allow[HL103] reason
        @patch
        def g(self):
            pass
    """
    assert apply(source, violation(5, code="HL103")).kept == ()
    assert apply(source, violation(6, code="HL103")).suppressed == ()


def test_stacked_own_line_comments_cover_the_same_line() -> None:
    source = "# holdline: allow[HL101] one\n# holdline: allow[HL102] two\nx\n"
    applied = apply(source, violation(3), violation(3, code="HL102"))
    assert (applied.kept, applied.unused) == ((), ())


def test_own_line_comment_at_the_end_covers_nothing() -> None:
    (found,) = parse("x = 1\n# holdline: allow[HL101] late\n")
    assert found.target == 0
    assert apply_suppressions([violation(1)], [found], TODAY) == Applied(
        (violation(1),), (), (), valid=(found,), unused=(found,)
    )


def test_after_the_end_of_a_multi_line_string() -> None:
    (found,) = parse('x = """\n\n"""  # holdline: allow[HL101] why\ny = 1\n')
    assert (found.line, found.target) == (3, 0)


def test_unused_are_returned_and_partly_used_are_not() -> None:
    source = "a  # holdline: allow[HL101, HL102] why\nb  # holdline: allow[HL101] why\n"
    applied = apply(source, violation(1), violation(1, code="HL103"))
    assert applied.suppressed == (violation(1),)
    assert applied.kept == (violation(1, code="HL103"),)
    assert [s.line for s in applied.unused] == [2]


def test_positions_count_characters_whatever_the_encoding() -> None:
    text = "# -*- coding: latin-1 -*-\ns = 'é'  # holdline: allow[HL101] é\n"
    (found,) = parse_suppressions("a.py", text.encode("latin-1"))
    assert (found.line, found.column, found.reason) == (2, 10, "é")
    (found,) = parse_suppressions("a.py", "\ufeffs = 'é'  # holdline: allow[HL101] é\n".encode())
    assert (found.line, found.column, found.reason) == (1, 10, "é")


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_endings(newline: str) -> None:
    source = newline.join(["a = 1", "b = 1  # holdline: allow[HL101] why", "c = 1", ""])
    (found,) = parse_suppressions("a.py", source.encode())
    assert (found.line, found.reason) == (2, "why")


@pytest.mark.parametrize(
    "rest", [b"x = (\n", b"  y = 1\n x\n", b"x = '''\n", b"\xff\xfe\n", b"x = \x00\n", b"x = 1 +\xa4\n"]
)
def test_broken_files_never_raise(rest: bytes) -> None:
    source = b"a = 1  # holdline: allow[HL101] why\n" * 3 + rest
    assert {s.reason for s in parse_suppressions("a.py", source)} <= {"why"}
    assert parse_suppressions("a.py", b"# coding: nonsense\n" + source) == ()
