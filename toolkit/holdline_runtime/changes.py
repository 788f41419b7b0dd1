"""Changes made through the façade: carried out by the mapping itself, then logged."""

from __future__ import annotations

import os

from holdline_runtime import audit, callers, overlay
from holdline_runtime.stores import store_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_UNSET: Any = object()


def assign(target: Any, key: Any, value: Any, source: str | None = None) -> None:
    """Set one variable; a source of None is the caller's line."""
    old = _peek(target, key)
    target[key] = value
    place = None if source is None else callers.source()
    audit.record("set", key, old, value, layer=_layer(target), source=source, place=place)


def delete(target: Any, key: Any) -> None:
    """Delete one variable."""
    old = _peek(target, key)
    del target[key]
    audit.record("delete", key, old, None, layer=_layer(target))


def update_in_place(target: Any, other: Any) -> None:
    """Carry out `|=`."""
    with logged(target):
        target |= other


class logged:  # reads as the statement it makes
    """Log what the body has changed in the mapping, which it is given, even where it failed half-way."""

    __slots__ = ("_before", "_target")

    def __init__(self, target: Any) -> None:
        self._target = target

    def __enter__(self) -> Any:
        self._before = _contents(self._target)
        return self._target

    def __exit__(self, *exc_info: object) -> None:
        if self._before is not None:
            after = _contents(self._target)
            audit.record_difference(None, self._before, after or {}, layer=_layer(self._target))


def _layer(target: Any) -> str:
    return "overlay" if target is overlay.VIEW else "process"


def _contents(target: Any) -> dict[Any, Any] | None:
    """Copy a mapping whose reading has no effects: not some test's own, which may count or refuse its calls."""
    if target is overlay.VIEW:
        return overlay.merged()
    return store_of(target).contents() if type(target) in (os._Environ, dict) else None


def _peek(target: Any, key: Any) -> Any:
    try:
        if isinstance(target, os._Environ):
            return os._Environ.get(target, key)
        return target.get(key) if target is overlay.VIEW or type(target) is dict else None
    except (TypeError, ValueError):  # no key at all: the operation itself says so
        return None
