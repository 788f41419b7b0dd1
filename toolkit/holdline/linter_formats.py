"""What linters print, read: bytes in, findings out.

`gcc` is the form `path:line:column: message` in the dialects of compilers, flake8, mypy, pylint and shellcheck.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

_LEVEL = re.compile(r"(?:fatal |internal )?(error|warning|note|info|information|style|convention|refactor):\s*(.*)")
# The rule at a line's end: `[arg-type]` of mypy, `[-Wunused]` of gcc, `[SC2034]` of shellcheck.
_RULE_BEHIND = re.compile(r"(.*\S)\s+\[(?:-W)?([^\[\]\s]+)\]\s*")
# The rule in front: `E501 too long` of flake8, `C0114: … (name)` and, of old, `[C0114(name), …] …` of pylint.
_RULE_BEFORE = re.compile(r"\[?([A-Z]{1,8}[0-9]{1,6})(?:[(,][^\]]*\]|\]|:)?\s+(.*)")
_OF_PYLINT = re.compile(r"[A-Z][0-9]{4}: .*\([a-z0-9-]+\)\s*")
_CODE = re.compile(r"[A-Z]+[0-9]+")
_PLACE = r"(?::(?P<line>\d{1,9})(?::(?P<column>\d{1,9})(?::(?P<end_line>\d{1,9}):(?P<end_column>\d{1,9}))?)?)?"


class UnreadableOutput(ValueError):
    """The output is not in the format that the configuration names; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Reported:
    """One finding as a linter tells it.

    `path` is named as the linter likes: absolute, or relative to where it ran. Lines and columns count from 1; 0 stands
    for what it does not say, and line 0 for the file as a whole. `end_column` is just behind the last character.
    """

    path: str
    rule: str
    message: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0


def read_findings(form: str, output: bytes, names: Collection[str] = ()) -> list[Reported]:
    """The findings in a linter's output; `form` is "sarif", "ruff-json" or "gcc".

    `names` are files that it may report on: those whose name holds a colon or a line break are otherwise not told from
    what stands around them. Raises UnreadableOutput where the output as a whole is not in that format.
    """
    if form == "gcc":
        return list(_read_gcc(os.fsdecode(output), names))
    try:
        document = json.loads(output.decode("utf-8-sig", "surrogateescape"))
        if form == "ruff-json":
            return [_from_ruff(item) for item in list_of(document)]
        from holdline.linter_sarif import read_sarif

        return read_sarif(document)
    except UnreadableOutput:
        raise
    except json.JSONDecodeError as error:
        raise UnreadableOutput(f"it is not JSON: {error}") from None
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise UnreadableOutput(f"it is not shaped as {form}: {type(error).__name__}: {error}") from None


def stopped_early(output: bytes) -> bool:
    """Whether a linter says that it left files unjudged, as mypy does over a file that it cannot parse."""
    return b"errors prevented further checking" in output


def whole_number(value: object) -> int:
    """A line or column; 0 where there is none. TypeError for anything else."""
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"expected a whole number, got {value!r}")
    return min(max(value, 0), 10**9)


def text_of(value: object) -> str:
    """A string, empty where there is none. TypeError for anything else."""
    if not isinstance(value, str | None):
        raise TypeError(f"expected a string, got {value!r}")
    return value or ""


def list_of(value: object) -> list[Any]:
    """A list. TypeError for anything else."""
    if not isinstance(value, list):
        raise TypeError(f"expected an array, got {value!r}")
    return value


def _from_ruff(item: dict[str, Any]) -> Reported:
    """One element of `ruff check --output-format json`; older versions give syntax errors no code."""
    path, rule, message = text_of(item["filename"]), text_of(item["code"]) or "invalid-syntax", text_of(item["message"])
    if item.get("cell") is not None:  # its lines are those of a notebook's cell, not of the file
        return Reported(path, rule, message)
    start, end = item["location"] or {}, item.get("end_location") or {}
    return Reported(
        path,
        rule,
        message,
        whole_number(start.get("row")),
        whole_number(start.get("column")),
        whole_number(end.get("row")),
        whole_number(end.get("column")),
    )


def _read_gcc(output: str, names: Collection[str]) -> Iterator[Reported]:
    odd = sorted((n for n in names if re.search(r"[:\r\n]", n)), key=len, reverse=True)
    known = "".join(rf"(?:[^\n:]*/)?{re.escape(name)}|" for name in odd)
    line = re.compile(rf"^(?P<path>{known}[^\n:]+){_PLACE}:[ \t]*(?P<rest>[^\n]*)", re.MULTILINE)
    for match in line.finditer(output):
        rest = match["rest"].strip()
        level = _LEVEL.fullmatch(rest)
        if match["line"] is None and (level is None or level[1] != "error"):
            continue  # a summary, a heading
        place = [int(match[name] or 0) for name in ("line", "column", "end_line", "end_column")]
        if level:
            rule, message = _split_behind(level[2])
            if level[1] == "note" and not _CODE.fullmatch(rule):
                continue  # it explains a finding
        else:
            before = _RULE_BEFORE.fullmatch(rest)
            rule, message = (before[1], before[2]) if before else ("", rest)
            if match["column"] and _OF_PYLINT.fullmatch(rest):
                place[1] += 1  # pylint alone counts columns from 0
        if place[3]:
            place[3] += 1  # mypy --show-error-end gives the last character
        yield Reported(match["path"], rule, message, *place)


def _split_behind(text: str) -> tuple[str, str]:
    """The rule at the end of a message, if any, and the message without it."""
    behind = _RULE_BEHIND.fullmatch(text)
    return (behind[2], behind[1]) if behind else ("", text)
