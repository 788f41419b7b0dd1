"""A patch on a `unittest.TestCase`: the whole class runs under it, not the test methods alone.

Three layers, each a fresh application. Around the class, from before `setUpClass` to after the class clean-
ups. Around each test with its `setUp`, `tearDown` and clean-ups, so that what a test leaves behind ends
with it. Around each test method, as `patch.dict` does: in its body the patched values win over what `setUp`
wrote.

Hooks replace the methods that every runner goes through, in the decorated class and in subclasses that
override them. A hook applies the patches of the class it runs for, those of base classes first: the most
derived wins.
"""

from __future__ import annotations

import functools
import inspect
from contextlib import ExitStack

from holdline_runtime import decorating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from holdline_runtime.patching import EnvironmentPatch

    K = TypeVar("K", bound=type[Any])
    F = TypeVar("F", bound=Callable[..., Any])

_PATCHES = "_holdline_patches"
_HOOK = "_holdline_hook"

# The classes between their setUpClass and their last class clean-up, with what is applied for them.
_classes_set_up: dict[type, ExitStack] = {}


def cover(klass: K, patch: EnvironmentPatch) -> K:
    """Put a test case class under the patch, in place, with its present and future subclasses."""
    setattr(klass, _PATCHES, (patch, *vars(klass).get(_PATCHES, ())))  # decorators apply outermost first
    _install(klass)
    return klass


def _install(klass: type) -> None:
    for name in decorating.test_attributes(klass):
        raw = inspect.getattr_static(klass, name)
        if not (_is_hook(raw) or isinstance(raw, type)):
            setattr(klass, name, decorating.wrap_attribute(klass, name, functools.partial(_hook_call, klass)))
    for name in ("run", "debug"):
        if not _is_hook(inspect.getattr_static(klass, name)):
            setattr(klass, name, _hook_call(klass, _original(klass, name)))
    for name, hook in _CLASS_HOOKS.items():
        if not _is_hook(inspect.getattr_static(klass, name)):
            setattr(klass, name, classmethod(_mark(hook(_original(klass, name)))))


def _original(klass: type, name: str) -> Callable[..., Any]:
    """Return what a hook in this class stands in for: its own method, else whichever the receiver has next.

    Looked up for each receiver: a subclass with several bases may have one between this class and `TestCase`.
    """
    own = vars(klass).get(name)

    @functools.wraps(getattr(klass, name))
    def original(receiver: Any, *args: Any, **kwargs: Any) -> Any:
        if own is None:
            bound = getattr(super(klass, receiver), name)
        elif isinstance(receiver, type):
            bound = own.__get__(None, receiver)
        else:
            bound = own.__get__(receiver, type(receiver))
        return bound(*args, **kwargs)

    return original


def _is_hook(attribute: Any) -> bool:
    function = getattr(attribute, "__func__", attribute)
    # The mark is the function itself: functools.wraps copies marks to wrappers that are none of ours.
    return getattr(function, _HOOK, None) is function


def _mark(function: F) -> F:
    setattr(function, _HOOK, function)
    return function


def _hook_call(klass: type, function: Callable[..., Any]) -> Callable[..., Any]:
    return _mark(decorating.wrap(function, lambda args: _apply_patches(_class_of_call(klass, args))))


def _class_of_call(klass: type, args: tuple[Any, ...]) -> type:
    """Return the class that a method runs for: a hook in a base class also serves its subclasses."""
    receiver = args[0] if args else None
    candidate = receiver if isinstance(receiver, type) else type(receiver)
    return candidate if issubclass(candidate, klass) else klass


def _apply_patches(klass: type) -> ExitStack:
    with ExitStack() as stack:
        for base in reversed(klass.__mro__):
            for patch in vars(base).get(_PATCHES, ()):
                stack.enter_context(patch.applied())
        return stack.pop_all()


def _set_up_class_hook(original: Callable[[type], Any]) -> Callable[[type], Any]:
    @functools.wraps(original)
    def hook(cls: type) -> Any:
        if cls in _classes_set_up:  # reached again through super()
            return original(cls)
        try:
            _classes_set_up[cls] = _apply_patches(cls)
        except BaseException:
            _classes_set_up[cls] = ExitStack()  # the clean-ups that follow must not be refused all over again
            raise
        try:
            return original(cls)
        except BaseException:  # not every runner goes on to the clean-ups then
            _classes_set_up.pop(cls).close()
            raise

    return hook


def _do_class_cleanups_hook(original: Callable[[type], Any]) -> Callable[[type], Any]:
    """Hook the last thing that runners call for a class, `setUpClass` having failed or not."""

    @functools.wraps(original)
    def hook(cls: type) -> Any:
        with _classes_set_up.pop(cls, None) or _apply_patches(cls):
            return original(cls)

    return hook


def _init_subclass_hook(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def hook(cls: type, *args: Any, **kwargs: Any) -> None:
        original(cls, *args, **kwargs)
        _install(cls)

    return hook


_CLASS_HOOKS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "setUpClass": _set_up_class_hook,
    "doClassCleanups": _do_class_cleanups_hook,
    "__init_subclass__": _init_subclass_hook,
}
