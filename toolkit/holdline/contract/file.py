"""The contract: its values, and reading and writing them as a TOML file that people review."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from holdline.config_schema import describe, read_keys, read_strings
from holdline.contract.digests import PREFIX, digest_of
from holdline.errors import ConfigError

LANGUAGES = ("python", "shell", "javascript", "typescript", "sql")
_DIGEST = re.compile(PREFIX + r"[0-9a-f]{64}")
#: "name, date, reason": the date as in ISO 8601, a reason of more than one word.
_APPROVED = re.compile(r"(?P<who>[^,]*\w[^,]*), *(?P<day>\d{4}-\d\d-\d\d), *(?P<why>\S+\s.*\S)")

_INTRODUCTION = """\
# The mutation scripts of this repository and what each may do. `holdline contract freeze` writes this file;
# `holdline contract check` and `holdline check` hold the repository to it.
"""


class Script(NamedTuple):
    """A mutation script as it was frozen: the operations it may do, and the digest of its logic.

    `text` is the digest that needs no parser ("" for Python, whose `logic` needs none).
    """

    path: str
    language: str
    logic: str
    operations: tuple[str, ...]
    text: str = ""
    purpose: str = ""


class Approval(NamedTuple):
    """Who approved which content: `contract` is its digest, `approved` "name, date, reason"."""

    contract: str
    approved: str


class Contract:
    """Scripts in the order of their paths, beginnings of operations that none may do, approvals, oldest first."""

    def __init__(
        self, scripts: Sequence[Script] = (), forbidden: Sequence[str] = (), approvals: Sequence[Approval] = ()
    ) -> None:
        self.scripts = tuple(sorted(scripts))
        self.forbidden = tuple(forbidden)
        self.approvals = tuple(approvals)

    @cached_property
    def by_path(self) -> Mapping[str, Script]:
        """The scripts by their paths."""
        return {script.path: script for script in self.scripts}

    @cached_property
    def digest(self) -> str:
        """What an approval names: the digest of all but the approvals; layout and comments do not count."""
        return digest_of(repr((self.scripts, tuple(sorted(self.forbidden)))))

    @property
    def fault(self) -> str:
        """Why the content is not approved; "" where it is."""
        if not self.approvals:
            return "nobody approved it"
        last = self.approvals[-1]
        if last.contract != self.digest:
            return f"its content changed since it was approved ({last.approved})"
        if any(last.approved == other.approved for other in self.approvals[:-1]):
            return f"the approval {last.approved!r} was given to other content before"
        return ""

    def approve(self, approved: str) -> Contract:
        """The same content with one more approval. Raises ConfigError for a text that is no approval."""
        approval = Approval(self.digest, check_approval(approved, "--approved"))
        return Contract(self.scripts, self.forbidden, (*self.approvals, approval))


def check_approval(text: str, label: str) -> str:
    """The text, if it is "name, date, reason". Raises ConfigError otherwise."""
    match = _APPROVED.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        date.fromisoformat(match["day"])
    except ValueError:
        example = "'Ada Lovelace, 2026-11-20, nightly purge of expired orders'"
        raise ConfigError(f"{label}: expected 'name, date, reason' such as {example}, got {text!r}") from None
    return text


def parse_contract(contents: bytes, file: str) -> Contract:
    """The contract in a file's bytes. Raises ConfigError, in one line that names the file and the key."""
    from holdline.config import parse_toml

    values = read_keys(parse_toml(contents, file), f"{file}: ", _KEYS)
    if values.get("version") != 1:
        raise ConfigError(f"{file}: version: expected 1, the only one there is")
    scripts = [Script(**s) for s in values.get("scripts", ())]
    if twice := next((s.path for s in scripts if sum(s.path == other.path for other in scripts) > 1), ""):
        raise ConfigError(f"{file}: scripts: {twice!r} is there twice")
    approvals = [Approval(**a) for a in values.get("approvals", ())]
    return Contract(scripts, values.get("forbidden", ()), approvals)


def render_contract(contract: Contract) -> str:
    """The file's text."""
    lines = [_INTRODUCTION, "version = 1", _array("forbidden", contract.forbidden)]
    for script in contract.scripts:
        lines += ["", "[[scripts]]"]
        for name in ("path", "language", "purpose", "logic", "text"):
            if value := getattr(script, name):
                lines.append(f"{name} = {quote(value)}")
        lines.append(_array("operations", script.operations))
    for approval in contract.approvals:
        lines += [
            "",
            "[[approvals]]",
            f"contract = {quote(approval.contract)}",
            f"approved = {quote(approval.approved)}",
        ]
    return "\n".join(lines) + "\n"


def quote(text: str) -> str:
    """A string as TOML writes it."""
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _array(name: str, items: Sequence[str]) -> str:
    if not items:
        return f"{name} = []"
    return "\n".join([f"{name} = [", *(f"  {quote(item)}," for item in items), "]"])


def _read_tables(keys: Mapping[str, Any], needed: Sequence[str]) -> Any:
    def read(value: object, label: str) -> list[dict[str, Any]]:
        if not isinstance(value, list):
            raise ConfigError(f"{label}: expected an array of tables, got {describe(value)}")
        tables = [read_keys(table, f"{label}[{index}].", keys) for index, table in enumerate(value)]
        for index, table in enumerate(tables):
            if missing := [name for name in needed if name not in table]:
                raise ConfigError(f"{label}[{index}]: the key {missing[0]!r} is missing")
        return tables

    return read


def _read_string(value: object, label: str) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{label}: expected a string that is not empty, got {describe(value)}")
    return value


def _read_language(value: object, label: str) -> str:
    if value not in LANGUAGES:
        raise ConfigError(f"{label}: expected one of {', '.join(LANGUAGES)}, got {describe(value)}")
    return str(value)


def _read_digest(value: object, label: str) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ConfigError(f"{label}: expected '{PREFIX}' and 64 hexadecimal digits, got {describe(value)}")
    return value


def _read_approved(value: object, label: str) -> str:
    return check_approval(_read_string(value, label), label)


_SCRIPT_KEYS = {
    "path": _read_string,
    "language": _read_language,
    "purpose": _read_string,
    "logic": _read_digest,
    "text": _read_digest,
    "operations": read_strings,
}
_APPROVAL_KEYS = {"contract": _read_digest, "approved": _read_approved}
_KEYS = {
    "version": lambda value, label: value,
    "forbidden": read_strings,
    "scripts": _read_tables(_SCRIPT_KEYS, ("path", "language", "logic", "operations")),
    "approvals": _read_tables(_APPROVAL_KEYS, ("contract", "approved")),
}
