"""The environment as the process was started with, whatever has been written since.

Linux keeps that block of memory and shows it in `/proc/self/environ`: `os.environ`, `putenv()`, patches and overlays
write elsewhere. Other systems have no such file; there it is what this package found when it was first imported.
"""

from __future__ import annotations

import os
import sys

_BLOCK = "/proc/self/environ"


def _found_on_import() -> dict[str, str]:
    environ = os.environ  # holdline: allow[HL104] the process's own variables, below every layer
    return dict(environ)


_on_import = None if sys.platform == "linux" else _found_on_import()


def startup_environment() -> dict[str, str]:
    """Return the variables that the process was started with. OSError on Linux without a readable `/proc`."""
    if _on_import is not None:
        return dict(_on_import)
    with open(_BLOCK, "rb") as file:
        return parsed(file.read())


def parsed(block: bytes) -> dict[str, str]:
    """Read `NAME=value` entries that each end in NUL; of a name that is there twice the first counts, as in C.

    >>> parsed(b"CI=true\\0EMPTY=\\0CI=no\\0junk\\0")
    {'CI': 'true', 'EMPTY': ''}
    """
    variables: dict[str, str] = {}
    for entry in block.split(b"\0"):
        name, equals, value = entry.partition(b"=")
        if name and equals:
            variables.setdefault(os.fsdecode(name), os.fsdecode(value))
    return variables
