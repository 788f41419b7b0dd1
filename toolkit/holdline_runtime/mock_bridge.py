"""What a patch shares with `unittest.mock`, where that is imported: `stopall()` and the test prefix."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Started:
    """One `start()`, as an entry in mock's list of active patches.

    The list is searched by equality and unwound last first; an entry of its own for each start keeps the
    order right when one patch is started twice.
    """

    __slots__ = ("stop",)

    def __init__(self, stop: Callable[[], object]) -> None:
        self.stop = stop


def register(started: Started) -> None:
    """Let `unittest.mock.patch.stopall()` stop this one too, in its turn."""
    active = _active_patches()
    if active is not None:
        active.append(started)


def unregister(started: Started) -> None:
    """Take an entry out of mock's list; it may never have been there."""
    active = _active_patches()
    if active is not None and started in active:
        active.remove(started)


def test_prefix() -> str:
    """Return the prefix of the methods that a class decorator wraps: `patch.TEST_PREFIX`."""
    patch = getattr(sys.modules.get("unittest.mock"), "patch", None)
    return str(getattr(patch, "TEST_PREFIX", "test"))


def _active_patches() -> list[Any] | None:
    patch_class = getattr(sys.modules.get("unittest.mock"), "_patch", None)
    active = getattr(patch_class, "_active_patches", None)  # private, hence no harm if it is ever gone
    return active if isinstance(active, list) else None
