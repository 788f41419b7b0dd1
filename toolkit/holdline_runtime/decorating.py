"""Decoration with a patch: functions of every kind, and the `test*` attributes of a class.

Imported at the first decoration, since `inspect` and `functools` are no part of the import budget.
"""

from __future__ import annotations

import functools
import inspect
import sys

from holdline_runtime import mock_bridge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import Any

    from holdline_runtime.patching import EnvironmentPatch

    # Given the arguments of a call, what to hold while it runs.
    Applied = Callable[[tuple[Any, ...]], AbstractContextManager[Any]]


def decorate(target: Any, patch: EnvironmentPatch) -> Any:
    """Decorate anything callable with the patch; a class is changed in place and returned."""
    if not isinstance(target, type):
        return wrap(target, lambda args: patch.applied())
    case = sys.modules.get("unittest.case")  # nothing can derive from TestCase before it is imported
    if case is not None and issubclass(target, case.TestCase):
        from holdline_runtime import unittest_cover

        return unittest_cover.cover(target, patch)
    for name in test_attributes(target):
        setattr(target, name, wrap_attribute(target, name, patch))
    return target


def test_attributes(klass: type) -> Iterator[str]:
    """Name the callable attributes, own and inherited, that a class decorator wraps."""
    prefix = mock_bridge.test_prefix()
    for name in dir(klass):
        if name.startswith(prefix) and callable(getattr(klass, name)):
            yield name


def wrap_attribute(klass: type, name: str, decorator: Callable[[Any], Any]) -> Any:
    """Decorate a class's attribute so that it binds as before.

    `patch.dict` makes a function of everything, so that a static or class method gets an argument too many.
    """
    raw = inspect.getattr_static(klass, name)
    if isinstance(raw, staticmethod | classmethod):
        return type(raw)(decorator(raw.__func__))
    return decorator(getattr(klass, name))


def wrap(function: Callable[..., Any], applied: Applied) -> Callable[..., Any]:
    """Return a function of the same kind that holds the patch from the start of its body to the end."""
    if inspect.iscoroutinefunction(function):
        return _wrap_coroutine_function(function, applied)
    if inspect.isasyncgenfunction(function):
        return _wrap_async_generator_function(function, applied)
    if inspect.isgeneratorfunction(function):
        return _wrap_generator_function(function, applied)

    @functools.wraps(function)
    def patched(*args: Any, **kwargs: Any) -> Any:
        with applied(args):
            return function(*args, **kwargs)

    return patched


def _wrap_coroutine_function(function: Callable[..., Any], applied: Applied) -> Callable[..., Any]:
    @functools.wraps(function)
    async def patched(*args: Any, **kwargs: Any) -> Any:
        with applied(args):
            return await function(*args, **kwargs)

    return patched


def _wrap_generator_function(function: Callable[..., Any], applied: Applied) -> Callable[..., Any]:
    @functools.wraps(function)
    def patched(*args: Any, **kwargs: Any) -> Any:
        with applied(args):
            return (yield from function(*args, **kwargs))

    return patched


def _wrap_async_generator_function(function: Callable[..., Any], applied: Applied) -> Callable[..., Any]:
    @functools.wraps(function)
    async def patched(*args: Any, **kwargs: Any) -> Any:
        with applied(args):
            inner = function(*args, **kwargs)
            step = anext(inner)
            while True:
                try:
                    value = await step
                except StopAsyncIteration:
                    return
                try:
                    step = inner.asend((yield value))
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001  # athrow() of any kind belongs to the body
                    step = inner.athrow(error)

    return patched
