"""Which variables must not be shown, and what is shown in their place.

A variable is sensitive by declaration, else by the words of its name, else by the shape of its value. The mask
is a fixed token: no prefix, no suffix and no length, each of which has helped somebody to guess.
"""

from __future__ import annotations

from holdline_runtime import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MASK = "<masked>"

_SHORTEST_SHAPE = 16  # no shape that is recognised by the value alone is shorter
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz ,_./-")  # of these alone no shape is made

_declared: dict[str, bool] = {}
_witnesses: list[Callable[[str, str], None]] = []


def declare(key: str, sensitive: bool = True) -> None:
    """Say of a variable, once and for all, that it is sensitive, or that it is not, whatever it looks like."""
    _declared[key] = sensitive


def is_sensitive(key: str, value: str) -> bool:
    """Tell whether the value of this variable has to be masked. An empty value never has."""
    if not value:
        return False
    declared = _declared.get(key)
    if declared is not None:
        return declared
    return names.tells_secret(key, value) or _has_secret_shape(key, value)


def mask(key: str, value: str) -> str:
    """Return what may be shown of a variable: the value itself, or `MASK` for the whole of it."""
    if not is_sensitive(key, value):
        return value
    for tell in _witnesses:
        tell(key, value)
    return MASK


def is_declared(key: str) -> bool:
    """Tell whether somebody has said of the variable that it is sensitive."""
    return _declared.get(key, False)


def declarations() -> dict[str, bool]:
    """Return what has been declared so far."""
    return dict(_declared)


def witness(tell: Callable[[str, str], None] | None) -> None:
    """Have a function told of each variable that is masked, in place of the one before; None has nobody told."""
    _witnesses[:] = [] if tell is None else [tell]


def _has_secret_shape(key: str, value: str) -> bool:
    """Tell whether the value looks like a credential or holds one.

    Of what is said to be public no random look is held against it, only a shape that is a credential anywhere.
    """
    if len(value) < _SHORTEST_SHAPE or _PLAIN.issuperset(value):  # most values: spare them the expressions
        return False
    from holdline_runtime import shapes  # `re` is no part of the import budget

    return bool(shapes.secret_spans(value) and (not names.tells_public(key) or shapes.certain_spans(value)))
