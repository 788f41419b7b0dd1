"""One application of a patch to the mapping that the whole process shares: apply on entry, put back on exit."""

from __future__ import annotations

from holdline_runtime import audit, callers, overlap
from holdline_runtime.live import refuse_what_the_system_would

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping
    from typing import Any

_MISSING: Any = type("_Missing", (), {"__slots__": (), "__repr__": lambda self: "<missing>"})()

_Change = tuple["Any", "Any", "Any"]
"""A key with its old and new value."""


class ProcessFrame(overlap.Holder):
    """Applies values to a mapping, and later takes them away again.

    Good for one entry and one exit. The mapping needs no more than getting, setting, deleting and iterating. With
    `owned` the exit restores the keys that the entry changed, and of these only the ones that nobody has changed
    since; otherwise it restores everything.
    """

    __slots__ = ("before", "clear", "owned", "values")

    def __init__(
        self, target: MutableMapping[Any, Any], values: Mapping[Any, Any], clear: bool, owned: bool = False
    ) -> None:
        self.target = target
        self.values = values
        self.clear = clear
        self.owned = owned
        self.before: dict[Any, Any] = {}

    def __enter__(self) -> None:
        self.take_over()
        self.source = callers.source()
        lock = overlap.admit(self)
        try:
            self.before = _snapshot(self.target)
            try:
                self._apply()
            except BaseException:
                _put_back(self.target, self.before)
                raise
            overlap.register(self)
        finally:
            lock.release()
        self._log_entry()

    def __exit__(self, *exc_info: object) -> None:
        with overlap.lock():
            above = overlap.above(self)
            if above is None:
                return
            try:
                changes = self._withdraw(above)
            finally:
                overlap.unregister(self)
        self.before = {}  # contexts may keep this object for longer, and values are not theirs to keep
        source = callers.source()
        for key, old, new in changes:
            audit.record("restore", key, old, new, source=source)

    def _apply(self) -> None:
        target = self.target
        refuse_what_the_system_would(target, self.values)
        if self.clear:
            for key in self.before:
                if key not in self.values:  # never remove what is about to be set: a reader would see it vanish
                    _discard(target, key)
        for key, value in self.values.items():
            target[key] = value

    def _log_entry(self) -> None:
        keys: Iterable[Any] = {**self.before, **self.values} if self.clear else self.values
        for key in keys:
            audit.record("patch", key, self.before.get(key), self.values.get(key), source=self.source)

    def _withdraw(self, above: list[ProcessFrame]) -> list[_Change]:
        """Undo this application, or, below others, what of it shows through them and what they would bring back."""
        if not above and not self.owned:
            return _put_back(self.target, self.before)
        changes = []
        for key, found in self._to_undo(above):
            change = _replace(key, found, self.before.get(key, _MISSING), above, self.target)
            if change is not None:
                changes.append(change)
        return changes

    def _to_undo(self, above: list[ProcessFrame]) -> list[tuple[Any, Any]]:
        """Return keys with the values they had when the next patch was applied, or that this one gave them."""
        if self.owned:
            keys = {**self.before, **self.values} if self.clear else self.values
            return [(key, self.values.get(key, _MISSING)) for key in keys]
        after = above[0].before
        keys = {**self.before, **after}
        return [(key, after.get(key, _MISSING)) for key in keys if not _same(after, key, self.before)]


def _replace(
    key: Any, found: Any, original: Any, above: list[ProcessFrame], target: MutableMapping[Any, Any]
) -> _Change | None:
    """Put the original where `found` shows through later patches: in what they will restore, and in the mapping."""
    for later in above:
        if not _is(later.before.get(key, _MISSING), found):  # somebody has changed it in between
            return None
        if original is _MISSING:
            later.before.pop(key, None)
        else:
            later.before[key] = original
        if later.clear or key in later.values:
            return None
    current = _look(target, key)
    if not _is(current, found) or _is(current, original):
        return None
    _put(target, key, original)
    return _changed(key, current, original)


def _snapshot(target: MutableMapping[Any, Any]) -> dict[Any, Any]:
    before = {}
    for key in target:
        try:
            before[key] = target[key]
        except KeyError:  # another thread removed it between the two steps
            continue
    return before


def _put_back(target: MutableMapping[Any, Any], before: dict[Any, Any]) -> list[_Change]:
    """Apply the difference only, so that a variable that did not change is never absent or rewritten."""
    changes = []
    for key in list(target):
        if key not in before:
            changes.append(_changed(key, _look(target, key), _MISSING))
            _discard(target, key)
    for key, value in before.items():
        current = _look(target, key)
        if not _is(current, value):
            changes.append(_changed(key, current, value))
            target[key] = value
    return changes


def _changed(key: Any, old: Any, new: Any) -> _Change:
    return key, None if old is _MISSING else old, None if new is _MISSING else new


def _put(target: MutableMapping[Any, Any], key: Any, value: Any) -> None:
    if value is _MISSING:
        _discard(target, key)
    else:
        target[key] = value


def _discard(target: MutableMapping[Any, Any], key: object) -> None:
    try:
        del target[key]
    except KeyError:  # another thread was faster
        return


def _look(target: MutableMapping[Any, Any], key: object) -> Any:
    try:
        return target[key]
    except KeyError:
        return _MISSING


def _same(one: Mapping[Any, Any], key: object, other: Mapping[Any, Any]) -> bool:
    return _is(one.get(key, _MISSING), other.get(key, _MISSING))


def _is(one: Any, other: Any) -> bool:
    # os.environ decodes a new str for each read; a swapped-in dict may hold equals that differ (1 and True).
    return one is other or (type(one) is str and type(other) is str and one == other)
