"""The text of a native hook: a small POSIX shell file that knows its maker, and whether it was edited since."""

from __future__ import annotations

import enum
import hashlib
import os
import re
import shlex
from dataclasses import dataclass

from holdline import __version__

_MARKER = re.compile(rb"\A#!/bin/sh\n# holdline-hook (?P<version>\S+) (?P<digest>[0-9a-f]{64})\n")
_PYTHON = re.compile(rb"^holdline_python=(?P<quoted>.*?)\n# end of path$", re.MULTILINE | re.DOTALL)


class Hook(enum.StrEnum):
    """The hooks that Holdline has something to do in."""

    PRE_COMMIT = "pre-commit"
    PRE_PUSH = "pre-push"

    @property
    def original(self) -> str:
        """The file name that a hook which was there before goes by."""
        return f"{self}.holdline-original"


@dataclass(frozen=True)
class Script:
    """A hook of ours as found: who wrote it, for which Python, and whether it still is as it was written."""

    version: str
    python: str
    pristine: bool


# Variables have a prefix, lest an exported one of the same name reach the original changed.
_HEAD = """\
# Made by `holdline install`; `holdline uninstall` puts back what was here before. Do not edit.
holdline_python={python}
# end of path
case $0 in
  */*) holdline_original=${{0%/*}}/{original} ;;
  *) holdline_original=./{original} ;;
esac
"""

_ORIGINAL = """\
if {condition}[ -x "$holdline_original" ]; then
  {input}"$holdline_original" "$@" || exit
fi
"""

# Git's lines are for the original and for us; it need not read them all (and git has told us to ignore SIGPIPE).
_LINES = """\
holdline_lines=$(cat)
holdline_tell() {
  [ -z "$holdline_lines" ] || printf '%s\\n' "$holdline_lines" 2>/dev/null
}
"""

# -P: git runs hooks in the repository's folder, and nothing of that is to be imported.
# 127 is what shells say of a program that is not there; no command of ours exits with it.
_RUN = """\
if [ -x "$holdline_python" ]; then
  {input}"$holdline_python" -P -c '
import sys
try:
    from holdline.cli import main
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "holdline":
        raise
    sys.exit(127)
sys.exit(main())' {command}
  holdline_status=$?
  [ "$holdline_status" -eq 127 ] || exit "$holdline_status"
fi
if command -v holdline >/dev/null; then
  {input}holdline {command}
  exit
fi
echo 'holdline: {hook} stopped: Holdline is gone from the Python it was installed with, and not on PATH:' \\
  'install it and run `holdline install` again, or `holdline uninstall` to do without' >&2
exit 2
"""

_COMMANDS = {Hook.PRE_COMMIT: "check", Hook.PRE_PUSH: 'check --pre-push="$1"'}


def render(hook: Hook, python: str, *, beside_pre_commit: bool = False) -> bytes:
    """The hook's content; `python` is the absolute path of the interpreter that has Holdline.

    `beside_pre_commit` says that the original is pre-commit's own script. When pre-commit is installed again it puts
    itself in front of us, and its script refuses to run a second time.
    """
    piped = hook is Hook.PRE_PUSH
    fields = {
        "hook": hook,
        "python": shlex.quote(python),
        "original": hook.original,
        "condition": '[ -z "${PRE_COMMIT_RUNNING_LEGACY-}" ] && ' if beside_pre_commit else "",
        "input": "holdline_tell | " if piped else "",
        "command": _COMMANDS[hook],
    }
    parts = [_HEAD.format(**fields), _LINES if piped else "", _ORIGINAL.format(**fields), _RUN.format(**fields)]
    body = os.fsencode("".join(parts))
    marker = f"#!/bin/sh\n# holdline-hook {__version__} {_digest(__version__, body)}\n"
    return marker.encode() + body


def parse(content: bytes) -> Script | None:
    """What a hook file says of itself; None where it is none of ours."""
    marker, python = _MARKER.match(content), _PYTHON.search(content)
    if marker is None:
        return None
    version = marker["version"].decode("utf-8", "replace")
    pristine = _digest(version, content[marker.end() :]) == marker["digest"].decode()
    if python is None or not pristine:
        return Script(version, "", pristine)
    return Script(version, "".join(shlex.split(os.fsdecode(python["quoted"]))), pristine)


def _digest(version: str, body: bytes) -> str:
    return hashlib.sha256(version.encode() + b"\n" + body).hexdigest()
