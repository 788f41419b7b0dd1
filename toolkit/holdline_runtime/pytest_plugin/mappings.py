"""The mappings that the fixtures hand out beside `get_env()` itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, ClassVar, Self

from holdline_runtime import Environment, patch_env
from holdline_runtime.patching import EnvironmentPatch

_WIDEST_FIRST = ("session", "package", "module", "class", "function")


class OwnedEnvironment(Environment):
    """The live environment, which remembers what was written through this very mapping and can put that back.

    Changes made any other way are not its business: it can be held for long, across the patches of others. `scope`
    is the pytest scope that it lives for. `observers` are told of each variable that is written here or put back, and
    of its value, None for none.
    """

    __slots__ = ("_before", "_scope", "_written")
    _live: ClassVar[list[OwnedEnvironment]] = []
    observers: ClassVar[list[Callable[[str, str | None], None]]] = []

    def __init__(self, scope: str) -> None:
        self._scope = _WIDEST_FIRST.index(scope)
        self._before: dict[str, str | None] = {}
        self._written: dict[str, str | None] = {}
        self._live.append(self)

    def set(self, key: str, value: str, source: str | None = None) -> None:
        """Set a variable until the fixture ends; see `Environment.set`."""
        before = self.get(key)
        super().set(key, value, source)
        self._note(key, before, value)

    def __setitem__(self, key: str, value: str) -> None:
        before = self.get(key)
        super().__setitem__(key, value)
        self._note(key, before, value)

    def __delitem__(self, key: str) -> None:
        before = self.get(key)
        super().__delitem__(key)
        self._note(key, before, None)

    def __ior__(self, other: Any) -> Self:  # type: ignore[override, misc]  # | gives a dict, |= does not
        self.update(other)
        return self

    # The façade hands these to os.environ as they are; the generic ones come back to the two methods above.
    clear = MutableMapping.clear
    popitem = MutableMapping.popitem
    pop = MutableMapping.pop
    setdefault = MutableMapping.setdefault
    update = MutableMapping.update

    def release(self) -> None:
        """Put back each variable that still has what was written here; what somebody else changed since stays so."""
        for key, written in self._written.items():
            before = self._before[key]
            if self.get(key) == written != before:
                if before is not None:
                    super().__setitem__(key, before)
                else:
                    super().__delitem__(key)
            self._tell(key, before)
        self._live[:] = [env for env in self._live if env is not self]

    def _note(self, key: str, before: str | None, after: str | None) -> None:
        if key not in self._before:
            # What a narrower scope set is gone before this scope ends: behind it is what it found itself.
            for env in sorted(self._live, key=lambda env: -env._scope):
                if env._scope > self._scope and key in env._before:
                    before = env._before[key]
            self._before[key] = before
        self._written[key] = after
        self._tell(key, after)

    def _tell(self, key: str, value: str | None) -> None:
        for observer in self.observers:
            observer(key, value)


class TaskEnvironment(Environment):
    """The live environment, with overlays for tasks that run side by side."""

    __slots__ = ()

    def overlay(self, values: Mapping[str, str] = {}, /, **kwargs: str) -> EnvironmentPatch:  # read only
        """Make a patch that just this task sees, and what it starts, through `get_env()`: `mode="overlay"`."""
        return patch_env({**values, **kwargs}, mode="overlay")


class ChildEnvironment(dict[str, str]):
    """Variables for a child process; this process does not see them.

    A plain dict, as `env=` of `subprocess` takes it, which does not show its values.
    """

    def set(self, key: str, value: str, source: str | None = None) -> None:
        """Set a variable of the child; `source` is a note for the reader."""
        self[key] = value

    def __repr__(self) -> str:
        return f"<holdline child environment, {len(self)} variables>"
