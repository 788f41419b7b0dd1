"""Text in, text out: put staging-only into pytest's configuration and into a conftest, and change nothing else."""

from __future__ import annotations

import ast
import configparser
import re
import tomllib
from typing import Any, NamedTuple

PLUGIN = "holdline"
ENVIRONMENT = "staging"
REQUIRED = "required_plugins"
ENVIRONMENTS = "holdline_environments"
TRIPWIRE = (
    "from holdline_runtime.pytest_plugin.tripwire import staging_only  # noqa: F401  # by `holdline install --staging`"
)
NEW_CONFTEST = f'"""Tests run against staging only."""\n\n{TRIPWIRE}\n'
NEW_INI = f"[pytest]\n{REQUIRED} = {PLUGIN}\n{ENVIRONMENTS} = {ENVIRONMENT}\n"

_TOML_SECTIONS = ("tool.pytest", "tool.pytest.ini_options", "pytest")
_ONE_LINE_LIST = re.compile(r"(?P<head>required_plugins\s*=\s*\[)(?P<items>[^\[\]#]*?)(?P<tail>,?\s*\]\s*(#.*)?)")


class Edit(NamedTuple):
    """Whole lines put in the place of others: of "" at the end of a file, of None where there was no file."""

    old: str | None
    new: str


class NotUnderstood(Exception):
    """The layout is left to its owner; the message is what to write by hand."""


def section_of(name: str, text: str) -> str:
    """Return the section in which pytest would look in a file of this name; "" where the file has none of it."""
    if name.endswith(".toml"):
        document = tomllib.loads(text)
        if name != "pyproject.toml":
            return "pytest"
        table = document.get("tool", {}).get("pytest")
        if table is None:
            return ""
        return "tool.pytest.ini_options" if "ini_options" in table else "tool.pytest"
    section = "tool:pytest" if name.endswith(".cfg") else "pytest"
    return section if section in _ini(text) else ""


def configure(name: str, text: str, section: str) -> list[Edit]:
    """Return the edits that keep the tests of this configuration to staging; none where it does already.

    `section` is where pytest looks; an empty one has the file get `[tool.pytest.ini_options]`.
    """
    is_toml = name.endswith(".toml")
    eol = "\r\n" if "\r\n" in text else "\n"
    quoted = (f'["{PLUGIN}"]', f'["{ENVIRONMENT}"]') if is_toml else (PLUGIN, ENVIRONMENT)
    lines = {REQUIRED: f"{REQUIRED} = {quoted[0]}", ENVIRONMENTS: f"{ENVIRONMENTS} = {quoted[1]}"}
    if not section:
        gap = "" if not text else eol if text.endswith("\n") else eol * 2
        return [Edit("", gap + eol.join(["[tool.pytest.ini_options]", *lines.values(), ""]))]
    values = _section(is_toml, text, section)
    missing = [line + eol for key, line in lines.items() if key not in values]
    edits = []
    if REQUIRED in values and not _requires_us(values[REQUIRED]):
        edits.append(_with_plugin(is_toml, text, lines))
    if missing:
        header = _header(text, section, lines)
        edits.append(Edit(header, header.rstrip("\r\n") + eol + "".join(missing)))
    changed = apply(text, edits)
    after = _section(is_toml, changed, section)
    kept = {key: value for key, value in values.items() if key != REQUIRED}
    if not kept.items() <= after.items() or not _requires_us(after.get(REQUIRED, "")) or ENVIRONMENTS not in after:
        raise _by_hand(lines)
    return edits


def environments(name: str, text: str, section: str) -> list[str] | None:
    """Return the environments that a configuration keeps the tests to; None where it says nothing of them."""
    value = _section(name.endswith(".toml"), text, section).get(ENVIRONMENTS) if section else None
    return value.split() if isinstance(value, str) else value


def requires_plugin(name: str, text: str, section: str) -> bool:
    """Tell whether pytest refuses to run without the plugin."""
    return bool(section) and _requires_us(_section(name.endswith(".toml"), text, section).get(REQUIRED, ""))


def trip(text: str) -> list[Edit]:
    """Return the edit that puts the tripwire into a conftest, before its first import; none where it is there."""
    tree = ast.parse(text)
    if any(
        isinstance(node, ast.ImportFrom) and any(a.name == "staging_only" for a in node.names) for node in tree.body
    ):
        return []
    eol = "\r\n" if "\r\n" in text else "\n"
    body = list(tree.body)
    after = 0
    if body and ast.get_docstring(tree, clean=False) is not None:
        after = body.pop(0).end_lineno or 0
    while body and isinstance(body[0], ast.ImportFrom) and body[0].module == "__future__":
        after = body.pop(0).end_lineno or 0
    lines = text.splitlines(keepends=True)
    if not body:
        lead = "" if not text else eol if text.endswith("\n") else eol * 2
        return [Edit("", f"{lead}{TRIPWIRE}{eol}")]
    first = body[0].lineno - 1
    decorators = getattr(body[0], "decorator_list", [])
    first = min([first, *(node.lineno - 1 for node in decorators)])
    if first < after:  # `"""doc"""; import os`
        raise NotUnderstood(f"conftest.py: put this line behind its docstring: {TRIPWIRE}")
    gap = "" if isinstance(body[0], ast.Import | ast.ImportFrom) else eol
    # More lines, until what is replaced is not found earlier: in the docstring, say.
    start, last = sum(map(len, lines[:first])), first + 1
    while _find(text, "".join(lines[first:last])) != start:
        last += 1
    anchor = "".join(lines[first:last])
    if not text.endswith("\n") and first == len(lines) - 1:
        raise NotUnderstood(f"conftest.py: end it with a newline, or put this line above its first import: {TRIPWIRE}")
    return [Edit(anchor, f"{TRIPWIRE}{eol}{gap}{anchor}")]


def apply(text: str, edits: list[Edit]) -> str:
    """Return the text with the edits; what an edit replaces is its first occurrence as whole lines."""
    for edit in edits:
        text = _replaced(text, edit.old, edit.new) or text if edit.old else text + edit.new
    return text


def take_back(text: str, edits: list[Edit]) -> str | None:
    """Return the text without the edits; None where what they put in is not there any more as it was."""
    for edit in reversed(edits):
        found = _replaced(text, edit.new, edit.old or "")
        if found is None:
            return None
        text = found
    return text


def _replaced(text: str, old: str, new: str) -> str | None:
    at = _find(text, old)
    return None if at < 0 else text[:at] + new + text[at + len(old) :]


def _find(text: str, lines: str) -> int:
    """Where these lines begin, as whole lines; -1 where they are not."""
    at = text.find(lines)
    while at > 0 and text[at - 1] != "\n" and lines[0] not in "\r\n":
        at = text.find(lines, at + 1)
    return at


def _header(text: str, section: str, lines: dict[str, str]) -> str:
    dotted = r"[ \t]*\.[ \t]*".join(map(re.escape, section.split(".")))
    pattern = re.compile(rf"[ \t]*\[[ \t]*{dotted}[ \t]*\][^\n]*(\n|\Z)")
    found = [line for line in text.splitlines(keepends=True) if pattern.fullmatch(line)]
    if len(found) != 1:
        raise _by_hand(lines)
    return found[0]


def _with_plugin(is_toml: bool, text: str, lines: dict[str, str]) -> Edit:
    """The edit for a `required_plugins` that is there: one more on its single line."""
    found = [line for line in text.splitlines(keepends=True) if re.match(rf"{REQUIRED}\s*[=:]", line)]
    if len(found) != 1:
        raise _by_hand(lines)
    [line] = found
    bare = line.rstrip("\r\n")
    end = line[len(bare) :]
    if not is_toml:
        return Edit(line, f"{bare.rstrip()} {PLUGIN}{end}")
    one = _ONE_LINE_LIST.fullmatch(bare)
    if one is None:
        raise _by_hand(lines)
    items = one["items"].rstrip()
    return Edit(line, f'{one["head"]}{items}{", " if items.strip() else ""}"{PLUGIN}"{one["tail"].lstrip(",")}{end}')


def _requires_us(value: Any) -> bool:
    words = value.split() if isinstance(value, str) else value
    return any(re.fullmatch(rf"{PLUGIN}([<>=!~].*)?", str(word)) for word in words)


def _section(is_toml: bool, text: str, section: str) -> dict[str, Any]:
    if not is_toml:
        return dict(_ini(text)[section])
    table: Any = tomllib.loads(text)
    for part in section.split("."):
        table = table.get(part, {})
    return dict(table)


def _ini(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys as they are
    parser.read_string(text)
    return parser


def _by_hand(lines: dict[str, str]) -> NotUnderstood:
    return NotUnderstood(f"its layout is not understood: write there yourself: {'; '.join(lines.values())}")
