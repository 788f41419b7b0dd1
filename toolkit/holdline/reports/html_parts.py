"""The smallest parts of HTML: escaped text and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from holdline.reports.printable import printable


def escaped(text: str) -> str:
    """Text from anywhere as HTML, in ASCII."""
    return ascii_html(escape(printable(text)))


def ascii_html(html: str) -> str:
    return html.encode("ascii", "xmlcharrefreplace").decode()


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int) -> str:
    """A table of cells that are HTML already; the last columns hold numbers."""
    first = len(headings) - numbers
    head = "".join(f'<th scope="col"{_side(i, first)}>{name}</th>' for i, name in enumerate(headings))
    body = "".join(
        "<tr>" + "".join(f"<td{_side(i, first)}>{cell}</td>" for i, cell in enumerate(row)) + "</tr>" for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _side(column: int, first: int) -> str:
    return ' class="num"' if column >= first else ""
