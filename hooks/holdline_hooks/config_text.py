"""One entry more in the text of a `.pre-commit-config.yaml`: everything else stays byte for byte.

The base install has no YAML library, and none that writes YAML leaves the rest of a file alone. So the block is put
behind the last entry, with the indentation that the entries have; any other layout is refused.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from holdline.errors import HoldlineError
from holdline_hooks.script import Hook

CONFIG = ".pre-commit-config.yaml"
IDS = {Hook.PRE_COMMIT: "holdline-check", Hook.PRE_PUSH: "holdline-pre-push"}

_NAMES = {Hook.PRE_COMMIT: "holdline check", Hook.PRE_PUSH: "holdline check what is pushed"}
_ENTRIES = {Hook.PRE_COMMIT: "holdline check", Hook.PRE_PUSH: "holdline check --pre-push"}
_REPOS = re.compile(r"\ufeff?repos:[ ]*(#.*)?")
_KEY = re.compile(r"[A-Za-z_][\w-]*[ ]*:([ ].*)?")
_ITEM = re.compile(r"(?P<dash>[ ]*)-(?P<pad>[ ]+)[\w'\"]+:([ ].*)?")
_BLOCK_OF_TEXT = re.compile(r"[|>][1-9+-]*[ ]*(#.*)?$")
_KEEPS_BLANK_LINES = re.compile(r"[|>][1-9]?\+[1-9]?[ ]*(#.*)?$")
_ODD_LINE_ENDS = re.compile("\r(?!\n)|[\x85\u2028\u2029]")


class Style(NamedTuple):
    """How a file indents: columns of an entry's dash and keys, and of a hook's dash from its key `hooks` on."""

    dash: int = 0
    pad: int = 1
    inner_dash: int = 2
    inner_pad: int = 1


class Layout(NamedTuple):
    """Where the entries of a file end (an offset into its text), and how it is written."""

    end: int
    style: Style
    eol: str


def hook_entry(hook: Hook) -> dict[str, Any]:
    """A hook's keys as they go into the file."""
    return {
        "id": IDS[hook],
        "name": _NAMES[hook],
        "entry": _ENTRIES[hook],
        "language": "system",
        # Not by file names: what is staged is judged as a whole, deletions and the configuration included.
        "pass_filenames": False,
        "always_run": True,
        "stages": [str(hook)],
    }


def block(hooks: Sequence[Hook], style: Style = Style(), eol: str = "\n") -> str:  # noqa: B008  # a tuple
    """The entry for `hooks`, as lines."""
    outer, keys = " " * style.dash, " " * (style.dash + 1 + style.pad)
    inner = keys + " " * style.inner_dash
    lines = [f"{outer}-{' ' * style.pad}repo: local", f"{keys}hooks:"]
    for hook in hooks:
        lead = f"{inner}-{' ' * style.inner_pad}"
        for key, value in hook_entry(hook).items():
            lines.append(f"{lead}{key}: {_scalar(value)}")
            lead = " " * len(lead)
    return "".join(line + eol for line in lines)


def insert(text: str, hooks: Sequence[Hook]) -> tuple[str, str]:
    """The text with an entry for `hooks`, and what was put in. Raises HoldlineError for a layout not understood."""
    end, style, eol = _layout(text, hooks)
    addition = block(hooks, style, eol)
    if not text[:end].endswith("\n"):  # the file ends without a line end, and so it shall
        if any(_BLOCK_OF_TEXT.search(line) for line in text.splitlines()):
            raise not_understood("its last line may be text, and has no line end", hooks)
        addition = eol + addition.removesuffix(eol)
    return text[:end] + addition + text[end:], addition


def take_out(text: str, addition: str) -> str | None:
    """The text without what `insert` put in; None where that is not there any more as it was."""
    for variant in dict.fromkeys([addition, _unix(addition), _unix(addition).replace("\n", "\r\n")]):
        start = text.find(variant)
        if start < 0:
            continue
        before, after = text[:start], text[start + len(variant) :]
        at_line_start = not before or before.endswith("\n") or variant.startswith(("\r", "\n"))
        at_line_end = not after or after.startswith(("\r\n", "\n")) or variant.endswith("\n")
        if at_line_start and at_line_end:
            return before + after
    return None


def hooks_in(text: str) -> tuple[Hook, ...]:
    """Those of our hooks that the file has, in whatever entry."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return tuple(hook for hook in Hook if re.search(rf"\bid:\s*['\"]?{re.escape(IDS[hook])}['\"]?(?![\w-])", lines))


def not_understood(reason: str, hooks: Sequence[Hook]) -> HoldlineError:
    """The error, in one line, for a configuration that is left to its owner to change."""
    listed = ", ".join("{" + ", ".join(f"{k}: {_scalar(v)}" for k, v in hook_entry(h).items()) + "}" for h in hooks)
    entry = f"- {{repo: local, hooks: [{listed}]}}"
    return HoldlineError(f"{CONFIG}: {reason}: add this entry to `repos` yourself, and run again: {entry}")


def _layout(text: str, hooks: Sequence[Hook]) -> Layout:
    if _ODD_LINE_ENDS.search(text):
        raise not_understood("it has unusual line ends", hooks)
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    starts = [number for number, line in enumerate(lines) if _REPOS.fullmatch(line.rstrip("\r\n"))]
    if len(starts) != 1:
        raise not_understood("there is no line `repos:` of its own", hooks)
    first = starts[0] + 1
    section = _section(lines[first:], hooks)
    style = _style(section, hooks)
    kept = [number for number, line in enumerate(section) if _belongs(line, style.dash)]
    eol = "\r\n" if lines[starts[0]].endswith("\r\n") else "\n"
    return Layout(sum(map(len, lines[: first + kept[-1] + 1])), style, eol)


def _section(lines: Sequence[str], hooks: Sequence[Hook]) -> Sequence[str]:
    """The lines below `repos:` up to the next key."""
    for number, line in enumerate(lines):
        bare = line.rstrip("\r\n")
        if bare[: len(bare) - len(bare.lstrip())].count("\t"):
            raise not_understood("it is indented with tabs", hooks)
        if not bare or bare[0] in " #" or bare.startswith("- "):
            continue
        if _KEY.fullmatch(bare) or bare.rstrip() == "...":
            return lines[:number]
        raise not_understood(f"line {bare[:40]!r} is no entry", hooks)
    return lines


def _style(section: Sequence[str], hooks: Sequence[Hook]) -> Style:
    """The indentation of the last entry, and of the hooks in it."""
    content = [line.rstrip("\r\n") for line in section if _is_content(line)]
    first = _ITEM.fullmatch(content[0]) if content else None
    if first is None:
        raise not_understood("the list `repos` is empty or written in braces", hooks)
    dash = len(first["dash"])
    if any(len(line) - len(line.lstrip()) < dash for line in content):
        raise not_understood("its entries are not equally indented", hooks)
    items = [number for number, line in enumerate(content) if line.startswith(first["dash"] + "-")]
    last = _ITEM.fullmatch(content[items[-1]])
    if last is None:
        raise not_understood("its last entry does not start with `- repo: `", hooks)
    if any(_KEEPS_BLANK_LINES.search(line) for line in content):
        raise not_understood("an entry has text that keeps the blank lines behind it", hooks)
    pad = len(last["pad"])
    keys = dash + 1 + pad
    lines = [" " * keys + content[items[-1]][keys:], *content[items[-1] + 1 :]]
    for line, below in itertools.pairwise(lines):
        inner = _ITEM.fullmatch(below)
        if re.fullmatch(rf" {{{keys}}}hooks:[ ]*(#.*)?", line) and inner and len(inner["dash"]) >= keys:
            return Style(dash, pad, len(inner["dash"]) - keys, len(inner["pad"]))
    return Style(dash, pad)


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _belongs(line: str, dash: int) -> bool:
    """Whether a line is part of an entry: what looks like a comment may be one, or the end of a block of text."""
    bare = line.rstrip("\r\n")
    return _is_content(bare) or (bool(bare.strip()) and len(bare) - len(bare.lstrip()) > dash)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(value)}]" if isinstance(value, list) else str(value)


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n")
