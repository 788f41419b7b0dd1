"""How a patch reads and writes what it is applied to.

Keys and values are in the form of the store here. For `os.environ` that is what it holds itself, bytes on POSIX:
comparing these is many times faster than to decode every variable at every entry and exit. Writes go through the
mapping's own operations in any case.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from typing import Any


class _Missing:
    """Stands for the value of a variable that is not there; never leaves this package, let alone as text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<missing>"


MISSING: Any = _Missing()


class MappingStore:
    """Any mapping that can get, set, delete and iterate; its keys and values are as they are."""

    __slots__ = ("target",)

    def __init__(self, target: MutableMapping[Any, Any]) -> None:
        self.target = target

    def snapshot(self) -> dict[Any, Any]:
        """Return the present contents."""
        contents = {}
        for key in self.target:
            value = self.read(key)
            if value is not MISSING:  # another thread removed it between the two steps
                contents[key] = value
        return contents

    def contents(self) -> dict[Any, Any]:
        """Return the present contents in the form of the mapping."""
        return {self.text(key): self.text(value) for key, value in self.snapshot().items()}

    def read(self, key: Any) -> Any:
        """Return a value, or `MISSING`."""
        try:
            return self.target[key]
        except KeyError:
            return MISSING

    def write(self, key: Any, value: Any) -> None:
        """Set a variable, or with `MISSING` remove it, if nobody was faster."""
        if value is not MISSING:
            self.target[key] = value
            return
        try:
            del self.target[key]
        except KeyError:
            return

    def stored(self, values: Mapping[Any, Any]) -> Mapping[Any, Any]:
        """Return variables in the form of the store."""
        return values

    def text(self, item: Any) -> Any:
        """Return a key or value in the form of the mapping, and None for `MISSING`."""
        return None if item is MISSING else item


class EnvironStore(MappingStore):
    """`os.environ`, read where it keeps its variables."""

    __slots__ = ("_data",)

    def __init__(self, target: Any) -> None:
        self.target: Any = target
        self._data: dict[Any, Any] = target._data

    def snapshot(self) -> dict[Any, Any]:
        """Return the present contents, copied in one step."""
        return self._data.copy()

    def read(self, key: Any) -> Any:
        """Return a value, or `MISSING`."""
        return self._data.get(key, MISSING)

    def write(self, key: Any, value: Any) -> None:
        """Set a variable, or remove it."""
        super().write(self.text(key), value if value is MISSING else self.text(value))

    def stored(self, values: Mapping[Any, Any]) -> Mapping[Any, Any]:
        """Return variables in the form of the store."""
        target = self.target
        return {target.encodekey(key): target.encodevalue(value) for key, value in values.items()}

    def text(self, item: Any) -> Any:
        """Return a key or value as text, and None for `MISSING`; one decoding does for both."""
        return None if item is MISSING else self.target.decodevalue(item)


def store_of(target: Any) -> MappingStore:
    """Return how to get at a mapping. What `os.environ` keeps is private: elsewhere it may be otherwise."""
    if type(target) is os._Environ and type(getattr(target, "_data", None)) is dict:
        return EnvironStore(target)
    return MappingStore(target)
