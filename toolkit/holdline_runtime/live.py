"""The bottom layer: whatever `os.environ` is at the moment."""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Facade(MutableMapping[str, str]):
    """What only refers to `os.environ`, and hence cannot take its place."""

    __slots__ = ()


def live_environ() -> os._Environ[str]:
    """Return `os.environ` as it is now, which may be any mapping a test swapped in."""
    environ = os.environ  # holdline: allow[HL104] the one place that reaches for it
    # To ask an abstract base class takes longer than a read: nearly always the first question answers it.
    if type(environ) is not os._Environ and isinstance(environ, Facade):
        raise RuntimeError(
            "os.environ has been set to get_env(), which only refers back to os.environ; keep the original"
            " object, or a copy made with get_env().copy(), to put back"
        )
    return environ


def refuse_what_the_system_would(target: object, values: Mapping[Any, Any]) -> None:
    """Raise `os.environ`'s own exception for a pair it does not take, before anything has changed.

    Another mapping in its place decides for itself what it takes.
    """
    if isinstance(target, os._Environ):
        for key, value in values.items():
            if not (_accepted(key) and key and "=" not in key and _accepted(value)):
                target[key] = value


def _accepted(text: object) -> bool:
    if not isinstance(text, str) or "\0" in text:
        return False
    try:
        text.encode(sys.getfilesystemencoding(), "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True
