"""What the HTML report's script works on, as JSON: rules, files and violations, each text once.

The size is bounded: of very many violations only the most urgent files' are listed, of long lines and diffs the
beginning. All are counted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from holdline.diffs import Hunk
from holdline.migration import Rule
from holdline.model import Category, Place, Ranked
from holdline.reports.findings import FileFindings, Finding, Remedy
from holdline.reports.printable import printable

#: Violations that are listed one by one.
MOST_LISTED = 20_000
_LONGEST_LINE = 300  # characters
_LONGEST_HUNK = 80  # lines

_CATEGORIES = list(Category)
_REMEDIES = list(Remedy)
# `</script>` would end the data, `<!--` change how the rest is read; JSON allows the escapes in strings, where alone
# these characters can be.
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\x7f": "\\u007f"})


class _Texts:
    """Texts by number: most messages and reasons come a thousand times."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self._numbers.setdefault(printable(text, keep="\t"), len(self._numbers))

    def all(self) -> list[str]:
        return list(self._numbers)


def script_data(
    files: Sequence[FileFindings],
    ranks: Mapping[str, Ranked],
    rules: Sequence[Rule],
    lines: Mapping[Place, str],
    checked: Mapping[str, int],
) -> str:
    """The data as JSON in ASCII, fit to stand inside a `<script>` element.

    `checked` is how many files were judged by folder, those below it not counted.
    """
    listed = _listed(files, ranks)
    numbers = {rule.code: number for number, rule in enumerate(rules)}
    texts = _Texts()
    rows = [
        [at, *_row(finding, numbers, texts, lines)]
        for at, file in enumerate(files)
        if file.result.path in listed
        for finding in file.findings
    ][:MOST_LISTED]
    body = {
        "rules": [[rule.code, rule.name, printable(rule.summary)] for rule in rules],
        "categories": [category.value for category in _CATEGORIES],
        "remedies": [remedy.value for remedy in _REMEDIES],
        "files": [_file(file, file.result.path in listed) for file in files],
        "folders": [[printable(folder), count] for folder, count in sorted(checked.items())],
        "violations": rows,
        "texts": texts.all(),
    }
    return json.dumps(body, separators=(",", ":")).translate(_ESCAPES)


def _listed(files: Sequence[FileFindings], ranks: Mapping[str, Ranked]) -> set[str]:
    """The files whose violations are listed: as many of the most urgent ones as there is room for, one at least."""
    order = {path: place for place, path in enumerate(ranks)}
    room = MOST_LISTED
    listed: set[str] = set()
    for file in sorted(files, key=lambda f: order.get(f.result.path, len(order))):
        if listed and room < len(file.findings):
            break
        listed.add(file.result.path)
        room -= len(file.findings)
    return listed


def _file(file: FileFindings, listed: bool) -> list[Any]:
    """Path, category, violations by remedy, hunks."""
    counts = [sum(1 for f in file.findings if f.remedy is remedy) for remedy in _REMEDIES]
    shown = [_hunk(hunk) for hunk in file.hunks] if listed else []
    return [printable(file.result.path), _CATEGORIES.index(file.result.category), counts, shown]


def _row(finding: Finding, numbers: Mapping[str, int], texts: _Texts, lines: Mapping[Place, str]) -> list[Any]:
    """Rule, line, column, source line, remedy, message, hint, reason, hunk."""
    violation = finding.violation
    return [
        numbers[violation.code],
        violation.line,
        violation.column,
        _clip(lines.get(violation.place, violation.text)),
        _REMEDIES.index(finding.remedy),
        texts.number(violation.message),
        texts.number(violation.hint),
        texts.number(finding.reason),
        finding.hunk,
    ]


def _hunk(hunk: Hunk) -> list[Any]:
    """First line before and after, and the diff's lines with their markers."""
    shown = [_clip(line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")) for line in hunk.lines[:_LONGEST_HUNK]]
    if more := len(hunk.lines) - len(shown):
        shown.append(f"\\ {more} more lines")
    return [hunk.old_start, hunk.new_start, shown]


def _clip(line: str) -> str:
    shown = printable(line[:_LONGEST_LINE], keep="\t")
    return shown if len(line) <= _LONGEST_LINE else shown + " …"
