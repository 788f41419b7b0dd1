"""One application of a patch to the mapping that the whole process shares: apply on entry, put back on exit."""

from __future__ import annotations

from holdline_runtime import audit, callers, overlap
from holdline_runtime.live import refuse_what_the_system_would
from holdline_runtime.stores import MISSING, MappingStore, store_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping
    from typing import Any

    # A key with its old and new value, in the form of the store.
    _Change = tuple[Any, Any, Any]


class ProcessFrame(overlap.Holder):
    """Applies values to a mapping, and later takes them away again.

    Good for one entry and one exit. The mapping needs no more than getting, setting, deleting and iterating. With
    `owned` the exit restores the keys that the entry changed, and of these only the ones that nobody has changed
    since; otherwise it restores everything.
    """

    # `before` and `applied` are in the form of the store.
    __slots__ = ("applied", "before", "clear", "owned", "store", "values")

    def __init__(
        self, target: MutableMapping[Any, Any], values: Mapping[Any, Any], clear: bool, owned: bool = False
    ) -> None:
        self.target = target
        self.store: MappingStore = store_of(target)
        self.values = values
        self.clear = clear
        self.owned = owned

    def __enter__(self) -> None:
        self.take_over()
        self.source = callers.source()
        lock = overlap.admit(self)
        try:
            refuse_what_the_system_would(self.target, self.values)
            self.applied = self.store.stored(self.values)
            self.before = self.store.snapshot()
            try:
                self._apply()
            except BaseException:
                _put_back(self.store, self.before)
                raise
            overlap.register(self)
        finally:
            lock.release()
        keys = self._own_keys()
        self._log("patch", [(key, self._original(key), self.applied.get(key, MISSING)) for key in keys], self.source)

    def __exit__(self, *exc_info: object) -> None:
        with overlap.lock():
            above = overlap.above(self)
            if above is None:
                return
            try:
                changes = self._withdraw(above)
            finally:
                overlap.unregister(self)
        self._log("restore", changes, callers.source() if changes else "")
        self.before = {}  # contexts may keep this object for longer, and values are not theirs to keep

    def _apply(self) -> None:
        if self.clear:
            for key in self.before:
                if key not in self.applied:  # never remove what is about to be set: a reader would see it vanish
                    self.store.write(key, MISSING)
        for key, value in self.values.items():
            self.target[key] = value

    def _own_keys(self) -> Iterable[Any]:
        return {**self.before, **self.applied} if self.clear else self.applied

    def _original(self, key: Any) -> Any:
        return self.before.get(key, MISSING)

    def _log(self, operation: str, changes: Iterable[_Change], source: str) -> None:
        text = self.store.text
        shown = [(operation, text(key), text(old), text(new)) for key, old, new in changes]
        if shown:
            audit.append(shown, "process", source)

    def _withdraw(self, above: list[ProcessFrame]) -> list[_Change]:
        """Undo this application, or, below others, what of it shows through them and what they would bring back."""
        if not above and not self.owned:
            return _put_back(self.store, self.before)
        changes = []
        for key, found in self._to_undo(above):
            change = _replace(self.store, key, found, self._original(key), above)
            if change is not None:
                changes.append(change)
        return changes

    def _to_undo(self, above: list[ProcessFrame]) -> list[tuple[Any, Any]]:
        """Return keys with the values they had when the next patch was applied, or that this one gave them."""
        if self.owned:
            return [(key, self.applied.get(key, MISSING)) for key in self._own_keys()]
        after = above[0].before
        keys = {**self.before, **after}
        return [(key, after.get(key, MISSING)) for key in keys if not _is(after.get(key, MISSING), self._original(key))]


def _replace(store: MappingStore, key: Any, found: Any, original: Any, above: list[ProcessFrame]) -> _Change | None:
    """Put the original where `found` shows through later patches: in what they will restore, and in the mapping."""
    for later in above:
        if not _is(later.before.get(key, MISSING), found):  # somebody has changed it in between
            return None
        if original is MISSING:
            later.before.pop(key, None)
        else:
            later.before[key] = original
        if later.clear or key in later.applied:
            return None
    current = store.read(key)
    if not _is(current, found) or _is(current, original):
        return None
    store.write(key, original)
    return key, current, original


def _put_back(store: MappingStore, before: dict[Any, Any]) -> list[_Change]:
    """Apply the difference only, so that a variable that did not change is never absent or rewritten."""
    now = store.snapshot()
    changes = [(key, now[key], MISSING) for key in now if key not in before]
    for key, value in before.items():
        current = now.get(key, MISSING)
        if not _is(current, value):
            changes.append((key, current, value))
    for key, _, value in changes:
        store.write(key, value)
    return changes


def _is(one: Any, other: Any) -> bool:
    # os.environ may hold equal text twice over; a swapped-in dict may hold equals that differ (1 and True).
    return one is other or (type(one) is type(other) and type(one) in (str, bytes) and one == other)
