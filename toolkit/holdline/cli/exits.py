"""What the exit codes mean, everywhere."""

from __future__ import annotations

import enum


class Exit(enum.IntEnum):
    """The process's exit code."""

    OK = 0
    FOUND = 1
    ERROR = 2
    BUG = 3
    INTERRUPTED = 130
