"""The environment as a mapping: each operation goes to whatever `os.environ` is at that moment.

The façade keeps nothing. There is no cache to go stale, no identity to protect and no copy that unmigrated
code, C libraries or child processes could fail to see; a test that swaps in a plain dict, or patches a method
of `os.environ`, is obeyed like anywhere else. Where overlays are laid, operations go to these instead.
"""

from __future__ import annotations

from collections.abc import Mapping

from holdline_runtime import changes, conversions, overlay
from holdline_runtime.errors import InvalidVariableError, MissingVariableError
from holdline_runtime.live import Facade, live_environ
from holdline_runtime.overlay import laid

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, ValuesView
    from enum import Enum
    from typing import Any, Self, TypeVar, overload

    E = TypeVar("E", bound=Enum)
    T = TypeVar("T")
    D = TypeVar("D")
    C = TypeVar("C", bound=Callable[..., Any])

_UNSET: Any = object()


class Environment(Facade):
    """A stateless façade over `os.environ`; see `get_env`.

    Mapping operations have the results, result types and exceptions of the same operation of `os.environ`.
    All instances are equal and interchangeable; like `os.environ` they are not hashable.
    """

    __slots__ = ()

    def __getitem__(self, key: str) -> str:
        return _target()[key]

    def __setitem__(self, key: str, value: str) -> None:
        changes.assign(_target(), key, value)

    def __delitem__(self, key: str) -> None:
        changes.delete(_target(), key)

    def __contains__(self, key: object) -> bool:
        return key in _target()

    def __iter__(self) -> Iterator[str]:
        return iter(_target())

    def __reversed__(self) -> Iterator[str]:
        return reversed(_target())  # type: ignore[arg-type]  # a swapped-in dict can

    def __len__(self) -> int:
        return len(_target())

    def __bool__(self) -> bool:
        return bool(_target())

    def __eq__(self, other: object) -> bool:
        return _target() == other

    def __ne__(self, other: object) -> bool:
        return _target() != other

    __hash__ = None  # type: ignore[assignment]  # as os.environ: mutable, compared by content

    def __or__(self, other: Mapping[str, str]) -> dict[str, str]:
        result: dict[str, str] = _binary("__or__", other)
        return result

    def __ror__(self, other: Mapping[str, str]) -> dict[str, str]:
        result: dict[str, str] = _binary("__ror__", other)
        return result

    def __ior__(self, other: Mapping[str, str] | Iterable[tuple[str, str]]) -> Self:
        changes.update_in_place(_target(), other)
        return self

    def keys(self) -> KeysView[str]:
        """Return a current view of the names, as `os.environ.keys()` does; its repr shows no value."""
        keys = _target().keys
        return super().keys() if _is_mappings_own(keys, Mapping.keys) else keys()

    def items(self) -> ItemsView[str, str]:
        """Return a current view of names and values, as `os.environ.items()` does; its repr shows no value."""
        items = _target().items
        return super().items() if _is_mappings_own(items, Mapping.items) else items()

    def values(self) -> ValuesView[str]:
        """Return a current view of the values, as `os.environ.values()` does; its repr shows none."""
        values = _target().values
        return super().values() if _is_mappings_own(values, Mapping.values) else values()

    def clear(self) -> None:
        """Remove every variable."""
        with changes.logged(_target()) as target:
            target.clear()

    def popitem(self) -> tuple[str, str]:
        """Remove and return some variable, or raise `KeyError` when there is none."""
        with changes.logged(_target()) as target:
            item: tuple[str, str] = target.popitem()
            return item

    def copy(self) -> dict[str, str]:
        """Return the variables as a plain dict of their own."""
        return _target().copy()

    if TYPE_CHECKING:  # MutableMapping's own overloads say the same of pop, setdefault and update

        @overload
        def get(self, key: str, default: None = None) -> str | None: ...
        @overload
        def get(self, key: str, default: T) -> str | T: ...
        def get(self, key: str, default: Any = None) -> Any: ...

    else:

        def get(self, key, default=_UNSET):
            """Return the variable, or the default (None unless given); both may be given by keyword."""
            if default is _UNSET:  # a patched `get` may take one argument only
                return _target().get(key)
            return _target().get(key, default)

        def pop(self, /, *args, **kwargs):
            """Remove a variable and return its value, or the default; without one raise `KeyError`."""
            with changes.logged(_target()) as target:
                return target.pop(*args, **kwargs)

        def setdefault(self, /, *args, **kwargs):
            """Return the variable; set it first when it is missing."""
            with changes.logged(_target()) as target:
                return target.setdefault(*args, **kwargs)

        def update(self, /, *args, **kwargs):
            """Set variables from a mapping, pairs and keywords."""
            with changes.logged(_target()) as target:
                target.update(*args, **kwargs)

    def __copy__(self) -> Any:
        import copy

        return copy.copy(_target())

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        import copy

        return copy.deepcopy(_target(), memo)

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        import copy

        # Pickles what os.environ is: a swapped-in dict, or the refusal that the real one gives.
        return copy.copy, (_target(),)

    def __repr__(self) -> str:
        return f"<holdline environment, {len(self)} variables>"  # no values: reprs end up in logs

    def set(self, key: str, value: str, source: str | None = None) -> None:
        """Set a variable: item assignment as a call, with the same exceptions.

        `source` is the caller's note of where the value comes from, for the audit log; it does not change what is
        set. Without one the log has the caller's `file:line`.
        """
        changes.assign(_target(), key, value, source)

    def require(self, key: str) -> str:
        """Return a variable that must be set, be it empty; without it raise `MissingVariableError`."""
        try:
            return _target()[key]
        except KeyError:
            raise MissingVariableError(key, _layers_searched()) from None

    def get_bool(self, key: str, default: D = _UNSET) -> bool | D:
        """Return True for 1, true, yes, on and False for 0, false, no, off, in any case.

        Here and in the other typed readers: a missing variable gives the default as it is, or without one
        raises `MissingVariableError`; text that does not fit raises `InvalidVariableError`. Neither error
        holds the value.
        """
        return _read(key, default, conversions.BOOL_EXPECTED, conversions.to_bool)

    def get_int(self, key: str, default: D = _UNSET) -> int | D:
        """Return a whole number: decimal digits with an optional sign, nothing else."""
        return _read(key, default, conversions.INT_EXPECTED, conversions.to_int)

    def get_float(self, key: str, default: D = _UNSET) -> float | D:
        """Return a finite decimal number, with or without an exponent."""
        return _read(key, default, conversions.FLOAT_EXPECTED, conversions.to_float)

    def get_list(self, key: str, default: D = _UNSET, *, separator: str = ",") -> list[str] | D:
        """Return the items between separators, trimmed; no text is no items, an empty item an error."""
        if not separator:
            raise ValueError("the separator of a list cannot be empty")
        expected = f"a list separated by {separator!r} without empty items"
        return _read(key, default, expected, lambda text: conversions.to_list(text, separator))

    def get_json(self, key: str, default: Any = _UNSET) -> Any:
        """Return what the JSON document in the variable says; NaN and Infinity are refused."""
        return _read(key, default, conversions.JSON_EXPECTED, conversions.to_json)

    def get_enum(self, key: str, kind: type[E], default: D = _UNSET) -> E | D:
        """Return the member whose value (or name, where the value is not text) is exactly the variable."""
        expected = f"one of {', '.join(map(conversions.enum_label, kind))}"
        return _read(key, default, expected, lambda text: conversions.to_enum(text, kind))

    def child_env(self, /, **extra: str | None) -> dict[str, str]:
        """Return a dict for `env=` of `subprocess`: a copy with extras; an extra of None leaves one out."""
        child: dict[str, str] = dict(_target())
        for key, value in extra.items():
            if value is None:
                child.pop(key, None)
            else:
                child[key] = value
        return child

    def bind(self, function: C) -> C:
        """Return the function such that calls of it see the overlays of here and now, wherever they are made.

        A thread or an executor does not see the overlays of whoever gave it work; a function that was bound does,
        until these end, and so do coroutine and generator functions while they run. Variables that it sets through
        the façade on top of overlays are gone after the call. A process patch that it applies nests in those that
        are applied around the binding.
        """
        from holdline_runtime import binding

        return binding.bind(function)


def get_env() -> Environment:
    """Return the environment as a mapping of `str` to `str`.

    It can be kept or asked for anew: every operation looks up `os.environ`, and the overlays, again.
    """
    return _FACADE


def _target() -> os._Environ[str]:
    """Return what operations go to: `os.environ`, or what overlays make of it."""
    if laid.get() is None or overlay.top() is None:
        return live_environ()
    return overlay.VIEW  # type: ignore[return-value]  # it has the same operations


def _is_mappings_own(method: object, own: object) -> bool:
    """Tell a method that every mapping has from a swapped-in dict's and from a patched one, which are called."""
    return getattr(method, "__func__", None) is own


def _layers_searched() -> str:
    count = overlay.count()
    return "os.environ" if not count else f"{count} overlay{'s' if count > 1 else ''} and os.environ"


def _binary(name: str, other: object) -> Any:
    """Call an operator's method itself, so that its NotImplemented reaches the interpreter."""
    target = _target()
    method = getattr(type(target), name, None)
    if isinstance(other, Environment):
        other = target  # two façades of a swapped-in dict, which would know neither
    return NotImplemented if method is None else method(target, other)


def _read(key: str, default: D, expected: str, convert: Callable[[str], T]) -> T | D:
    try:
        text = _target()[key]
    except KeyError:
        if default is _UNSET:
            raise MissingVariableError(key, _layers_searched()) from None
        return default
    try:
        if isinstance(text, str):  # a swapped-in dict may hold anything
            return convert(text)
    except ValueError:
        pass  # raised anew below, outside this block: the original's text, even as a context, shows the value
    raise InvalidVariableError(key, expected, _layers_searched())


_FACADE = Environment()
