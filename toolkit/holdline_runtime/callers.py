"""Where in a program something was called from: the first line that is not part of the machinery."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

OURS = "holdline_runtime"

# Modules that change variables, or hold a `with` open, on somebody's behalf.
_MACHINERY = frozenset(
    {"os", "posix", "collections.abc", "contextlib", "unittest.mock", "unittest.case", "_pytest.monkeypatch"}
)
_UNKNOWN = "<unknown>"


def source(start: int = 2) -> str:
    """Return `file:line` of the caller's nearest frame outside this package and the machinery it goes through.

    `start` is how many frames up to begin: 1 is the caller of this function.
    """
    return place(outside(sys._getframe(start)))


def outside(frame: FrameType | None) -> FrameType | None:
    """Return the frame itself or the nearest one above it that belongs to neither this package nor the machinery."""
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name not in _MACHINERY and name.partition(".")[0] != OURS:
            return frame
        frame = frame.f_back
    return None


def place(frame: FrameType | None) -> str:
    """Return `file:line` of a frame, with the file as the interpreter knows it."""
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else _UNKNOWN
