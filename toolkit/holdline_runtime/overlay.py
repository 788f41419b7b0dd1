"""Overlays: layers on top of `os.environ` that only the façade shows, and only in the context that laid them.

A layer never changes: a write makes a new one in its place, for the context that writes. Contexts are copied all the
time (by tasks, by `asyncio.to_thread`), so an overlay that ends may be in any number of them. It is therefore not
taken out of each, and no token is reset; it is marked as ended, and from then on looked through everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar

from holdline_runtime import audit
from holdline_runtime.live import live_environ, refuse_what_the_system_would
from holdline_runtime.stores import store_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any


class _Deleted:
    """Stands for a variable that a layer hides; never leaves this module, let alone as text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<deleted>"


_DELETED = _Deleted()


class _Layer:
    """Some variables, on top of the layers below. `parent` is what counts once the overlay has ended."""

    __slots__ = ("below", "overlay", "parent", "values")

    def __init__(
        self, overlay: Overlay, values: Mapping[str, str | _Deleted], parent: _Layer | None, below: _Layer | None
    ) -> None:
        self.overlay = overlay
        self.values = values
        self.parent = parent
        self.below = below


# The uppermost layer of a context, be it ended or not; `top` is what to ask, this is to see at once that there is none.
laid: ContextVar[_Layer | None] = ContextVar("holdline_overlay", default=None)


def top() -> _Layer | None:
    """Return the uppermost layer of this context whose overlay has not ended, or None."""
    layer = laid.get()
    while layer is not None and layer.overlay.ended:
        layer = layer.parent
    return layer


class Overlay:
    """One application of some values in the present context, good for one entry and one exit.

    The exit ends it for whomever it has travelled to, in whichever context it is called.
    """

    __slots__ = ("clear", "ended", "values")

    def __init__(self, values: Mapping[str, str], clear: bool) -> None:
        self.values = values
        self.clear = clear
        self.ended = False

    def __enter__(self) -> None:
        refuse_what_the_system_would(live_environ(), self.values)
        before = self._visible(self.values)
        below = top()
        laid.set(_Layer(self, self.values, parent=below, below=below))
        audit.record_difference("patch", before, self._visible(self.values), layer="overlay")

    def __exit__(self, *exc_info: object) -> None:
        keys = next((layer.values for layer in _layers() if layer.overlay is self), {})
        before = self._visible(keys)
        self.ended = True
        laid.set(top())
        audit.record_difference("restore", before, self._visible(keys), layer="overlay")

    def _visible(self, keys: Iterable[str]) -> dict[str, str]:
        """Return what is shown here of the variables that this overlay is about."""
        return merged() if self.clear else {key: VIEW[key] for key in keys if key in VIEW}


class Shown(Overlay):
    """Hides the overlays of the context it is entered in behind those of another, or behind none, for a call."""

    __slots__ = ("_layer",)

    def __init__(self, layer: _Layer | None) -> None:
        super().__init__({}, clear=False)
        self._layer = layer

    def __enter__(self) -> None:
        here = top()
        if here is not self._layer:
            laid.set(_Layer(self, {}, parent=here, below=self._layer))

    def __exit__(self, *exc_info: object) -> None:
        self.ended = True
        laid.set(top())


def _layers() -> Iterator[_Layer]:
    """Yield the layers that count, uppermost first."""
    layer = laid.get()
    while layer is not None:
        if layer.overlay.ended:
            layer = layer.parent
        else:
            yield layer
            layer = layer.below


def count() -> int:
    """Return how many overlays count here."""
    return sum(1 for _ in _layers())


def merged() -> dict[str, str]:
    """Return all variables as the façade shows them here; those of overlays come last."""
    layers = [*_layers()]
    result: dict[str, Any] = store_of(live_environ()).contents()
    for layer in reversed(layers):
        if layer.overlay.clear:
            result = {}
        for key, value in layer.values.items():
            if value is _DELETED:
                result.pop(key, None)
            else:
                result[key] = value
    return result


class View(MutableMapping[str, str]):
    """The variables as the overlays of the present context show them, with `os.environ`'s operations and errors.

    Without state of its own, so that views made from it (`keys()`, …) stay current as those of `os.environ` do.
    """

    __slots__ = ()

    def __getitem__(self, key: str) -> str:
        environ = live_environ()
        if not isinstance(key, str):
            return environ[key]  # raises what it raises
        for layer in _layers():
            if key in layer.values:
                value = layer.values[key]
                if isinstance(value, _Deleted):
                    raise KeyError(key)
                return value
            if layer.overlay.clear:
                raise KeyError(key)
        return environ[key]

    def __setitem__(self, key: str, value: str) -> None:
        environ = live_environ()
        refuse_what_the_system_would(environ, {key: value})
        if not _write(key, value):
            environ[key] = value

    def __delitem__(self, key: str) -> None:
        self[key]  # a KeyError when there is none
        if not _write(key, _DELETED):
            del live_environ()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(merged())

    def __len__(self) -> int:
        return len(merged())

    def __or__(self, other: Mapping[str, str]) -> dict[str, str]:
        return merged() | dict(other) if isinstance(other, Mapping) else NotImplemented

    def __ror__(self, other: Mapping[str, str]) -> dict[str, str]:
        return dict(other) | merged() if isinstance(other, Mapping) else NotImplemented

    def __ior__(self, other: Any) -> View:  # type: ignore[misc]  # pairs will do, as for os.environ
        self.update(other)
        return self

    def copy(self) -> dict[str, str]:
        """Return the variables as a plain dict of their own."""
        return merged()

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return dict, (merged(),)  # a copy of a view, pickled or not, is a plain dict


VIEW = View()


def _write(key: str, value: str | _Deleted) -> bool:
    """Put a variable into the uppermost layer, for this context; false when there is no overlay to take it."""
    layer = top()
    if layer is None or (isinstance(layer.overlay, Shown) and count() == 1):
        return False
    laid.set(_Layer(layer.overlay, {**layer.values, key: value}, layer.parent, layer.below))
    return True
