"""Tables of words, for `rules` and `status`; the reports' tables are of numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def columns(headings: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[str] = ()) -> list[str]:
    """`rows` under `headings`, aligned to the left but for the columns headed by one of `numbers`."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    sides = [str.rjust if heading in numbers else str.ljust for heading in headings]
    return [
        "  ".join(side(cell, width) for side, cell, width in zip(sides, row, widths, strict=True)).rstrip()
        for row in [headings, *rows]
    ]
