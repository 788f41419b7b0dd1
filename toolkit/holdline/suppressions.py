"""Suppression comments: `# holdline: allow[HL101] why — until 2027-03-01`.

A reason is required, the date optional and inclusive. A suppression that is malformed, has no reason or has
expired suppresses nothing and is a violation of HL001 itself.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from holdline.model import Suppression, Violation

FAULT_CODE = "HL001"

_MARKER = re.compile(r"#\s*holdline:\s*allow\b(?P<rest>.*)", re.DOTALL)
_CODES = re.compile(r"\s*\[(?P<codes>[^\]]*)\](?P<text>.*)", re.DOTALL)
_CODE = re.compile(r"[A-Z]{2,}[0-9]{3,4}")
# Another directive may follow in the same comment, as in `… # type: ignore`; `see #12` is part of the reason.
_NEXT_COMMENT = re.compile(r"\s#\s*(?=\s|noqa\b|type:|pragma:|pylint:|fmt:|nosec\b)")
_SEPARATOR = "—–;-"
# The separator may be forgotten where what follows `until` starts as a date does; "until" alone is an
# ordinary word.
_UNTIL = re.compile(rf"(?:^|\s*[{_SEPARATOR}]\s*|\s+)until\s+(?=\d{{4}}-)|\s*[{_SEPARATOR}]\s*until\b\s*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST_TEXT = 400  # characters to show of a comment
_HINT = "Write `# holdline: allow[HL101] reason — until YYYY-MM-DD`; the date is optional."


class Applied(NamedTuple):
    """What suppressions did to a file's violations.

    `faults` are violations of HL001, `valid` the good suppressions, `unused` those of them that covered nothing.
    """

    kept: tuple[Violation, ...]
    suppressed: tuple[Violation, ...]
    faults: tuple[Violation, ...]
    valid: tuple[Suppression, ...]
    unused: tuple[Suppression, ...]


def parse_suppressions(path: str, source: bytes) -> tuple[Suppression, ...]:
    """The suppression comments of a Python file, in order; strings and docstrings never count.

    Of a file that does not tokenize, the comments before the error.
    """
    if b"holdline:" not in source:
        return ()
    comments, code_lines = _scan_tokens(source)
    return tuple(
        _parse_comment(path, line, column, text, _target(code_lines, line))
        for line, column, text in comments
        if _MARKER.search(text)
    )


def apply_suppressions(violations: Iterable[Violation], suppressions: Sequence[Suppression], today: date) -> Applied:
    """Judge one file's violations by its suppressions.

    A suppression covers violations that start or end on its line and, where the comment has its own line, on
    the next line of code.
    """
    complaints = {s: complaint for s in suppressions if (complaint := _complaint(s, today))}
    valid = [s for s in suppressions if s not in complaints]
    by_line: dict[int, list[Suppression]] = {}
    for suppression in valid:
        for line in {suppression.line, suppression.target}:
            by_line.setdefault(line, []).append(suppression)
    kept: list[Violation] = []
    suppressed: list[Violation] = []
    used = set()
    for violation in violations:
        near = [s for line in {violation.line, violation.end_line} for s in by_line.get(line, ())]
        covering = [s for s in near if s.covers(violation)]
        used.update(covering)
        (suppressed if covering else kept).append(violation)
    return Applied(
        tuple(kept),
        tuple(suppressed),
        tuple(_fault(s, complaint) for s, complaint in complaints.items()),
        tuple(valid),
        tuple(s for s in valid if s not in used),
    )


def _scan_tokens(source: bytes) -> tuple[list[tuple[int, int, str]], list[int]]:
    """The comments as (line, column, text), and the lines that hold code, ascending and maybe repeated."""
    import io
    import tokenize

    if b"\r" in source:  # a lone CR ends a line for the parser, but not for the tokenizer
        source = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    layout = {tokenize.ENCODING, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    comments: list[tuple[int, int, str]] = []
    code_lines: list[int] = []
    try:
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            if token.type == tokenize.COMMENT:
                comments.append((token.start[0], token.start[1] + 1, token.string))
            elif token.type not in layout and token.type != tokenize.ENDMARKER:
                code_lines.extend((token.start[0], token.end[0]))
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError):
        pass  # whoever parses the file reports it
    except SystemError:
        pass  # some releases of 3.12 and 3.13 stumble over nested f-strings with `=`
    return comments, code_lines


def _target(code_lines: list[int], line: int) -> int:
    """The next line of code after a comment that has the line to itself; 0 for a comment behind code."""
    index = bisect_left(code_lines, line)
    return code_lines[index] if index < len(code_lines) and code_lines[index] != line else 0


def _parse_comment(path: str, line: int, column: int, comment: str, target: int) -> Suppression:
    marker = _MARKER.search(comment)
    assert marker  # the caller has looked
    text = comment[marker.start() :].rstrip()
    column += marker.start()
    match = _CODES.fullmatch(marker["rest"])
    if match is None:
        return Suppression(path, line, column, text, fault="names no rule codes in square brackets")
    codes = tuple(code.strip() for code in match["codes"].split(","))
    # blanks count as one: where there are thousands, a search for those around `until` would never end
    reason, until, fault = _parse_reason(" ".join(_NEXT_COMMENT.split(match["text"])[0].split()))
    return Suppression(path, line, column, text, codes, reason, until, target, _codes_fault(codes) or fault)


def _codes_fault(codes: tuple[str, ...]) -> str:
    for code in codes:
        if not _CODE.fullmatch(code):
            return f"names {code!r}, which is not a full rule code such as 'HL101'"
        if code == FAULT_CODE:
            return f"names {FAULT_CODE}, which cannot be suppressed"
    return ""


def _parse_reason(text: str) -> tuple[str, date | None, str]:
    """The reason, the date, and what is wrong with them."""
    clauses = list(_UNTIL.finditer(text))
    until = None
    fault = ""
    if clauses:
        written = text[clauses[-1].end() :]
        text = text[: clauses[-1].start()]
        try:
            until = date.fromisoformat(written) if _DATE.fullmatch(written) else None
        except ValueError:  # the shape of a date, but no such day
            until = None
        if until is None:
            fault = f"has no date YYYY-MM-DD after 'until' but {written!r}"
    reason = text.strip(f" \t:{_SEPARATOR}")
    return reason, until, fault or ("" if any(map(str.isalnum, reason)) else "gives no reason")


def _complaint(suppression: Suppression, today: date) -> str:
    if suppression.fault:
        return f"This suppression {suppression.fault}."
    if suppression.until is not None and suppression.until < today:
        return f"This suppression expired on {suppression.until}."
    return ""


def _fault(suppression: Suppression, complaint: str) -> Violation:
    expired = not suppression.fault
    return Violation(
        code=FAULT_CODE,
        message=complaint,
        path=suppression.path,
        line=suppression.line,
        column=suppression.column,
        end_line=suppression.line,
        end_column=suppression.column + len(suppression.text),
        text=suppression.text if len(suppression.text) <= _LONGEST_TEXT else suppression.text[:_LONGEST_TEXT] + " …",
        identity=" ".join(suppression.text.split()),
        hint="Fix what it covers, or give a new date with its reason." if expired else _HINT,
        refusal="a suppression needs a person's decision",
    )
