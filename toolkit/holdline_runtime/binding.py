"""Functions that take the overlays, and the patches around them, of where they were bound along."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, TypeVar, cast

from holdline_runtime import decorating, overlap, overlay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    C = TypeVar("C", bound=Callable[..., Any])


def bind(function: C) -> C:
    """See `Environment.bind`."""
    layer, patches = overlay.top(), overlap.enclosing()

    def applied(args: tuple[Any, ...]) -> ExitStack:
        with ExitStack() as stack:
            stack.enter_context(overlap.Within(patches))
            stack.enter_context(overlay.Shown(layer))
            return stack.pop_all()

    return cast("C", decorating.wrap(function, applied))
