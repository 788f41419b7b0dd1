"""One application of a patch to one mapping: apply on entry, put back on exit."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from typing import Any


class ProcessFrame:
    """Applies values to a mapping that the whole process shares, and later restores what it found.

    Good for one entry and one exit. The mapping needs no more than getting, setting, deleting and iterating.
    """

    __slots__ = ("_before", "_clear", "_target", "_values")

    def __init__(self, target: MutableMapping[Any, Any], values: Mapping[Any, Any], clear: bool) -> None:
        self._target = target
        self._values = values
        self._clear = clear

    def __enter__(self) -> None:
        self._before = _snapshot(self._target)
        try:
            _apply(self._target, self._values, self._clear)
        except BaseException:
            _put_back(self._target, self._before)
            raise

    def __exit__(self, *exc_info: object) -> None:
        _put_back(self._target, self._before)


def _snapshot(target: MutableMapping[Any, Any]) -> dict[Any, Any]:
    before = {}
    for key in target:
        try:
            before[key] = target[key]
        except KeyError:  # another thread removed it between the two steps
            continue
    return before


def _apply(target: MutableMapping[Any, Any], values: Mapping[Any, Any], clear: bool) -> None:
    if isinstance(target, os._Environ):
        # What the system may refuse goes first, so that os.environ's own exception comes before any change.
        for key, value in values.items():
            if not (_accepted(key) and key and "=" not in key and _accepted(value)):
                target[key] = value
    if clear:
        for key in list(target):
            if key not in values:  # never remove what is about to be set: a reader would see it vanish
                _discard(target, key)
    for key, value in values.items():
        target[key] = value


def _accepted(text: object) -> bool:
    if not isinstance(text, str) or "\0" in text:
        return False
    try:
        text.encode(sys.getfilesystemencoding(), "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _put_back(target: MutableMapping[Any, Any], before: dict[Any, Any]) -> None:
    """Apply the difference only, so that a variable that did not change is never absent or rewritten."""
    for key in list(target):
        if key not in before:
            _discard(target, key)
    for key, value in before.items():
        if not _holds(target, key, value):
            target[key] = value


def _discard(target: MutableMapping[Any, Any], key: object) -> None:
    try:
        del target[key]
    except KeyError:  # another thread was faster
        return


def _holds(target: MutableMapping[Any, Any], key: object, value: object) -> bool:
    try:
        current = target[key]
    except KeyError:
        return False
    # os.environ decodes a new str for each read; a swapped-in dict may hold equals that differ (1 and True).
    return current is value or (type(current) is str and type(value) is str and current == value)
