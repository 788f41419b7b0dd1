"""Decorated functions of every kind, and plain classes."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest

from holdline_runtime import patch_env

KEY = "HOLDLINE_T"


def current() -> str | None:
    return os.environ.get(KEY)


def test_a_function_keeps_its_identity_arguments_and_result() -> None:
    @patch_env({KEY: "1"})
    def function(a: int, *, b: int = 2) -> tuple[int, int, str | None]:
        """Documented."""
        return a, b, current()

    assert function(1, b=3) == (1, 3, "1")
    assert (function.__name__, function.__doc__) == ("function", "Documented.")
    assert list(inspect.signature(function).parameters) == ["a", "b"]
    assert current() is None


def test_a_patch_decorates_many_functions_and_is_entered_too() -> None:
    patch = patch_env({KEY: "1"})
    first = patch(current)
    second = patch(functools.partial(first))
    with patch:
        assert second() == first() == "1"
    assert current() is None


def test_the_target_is_looked_up_at_the_call() -> None:
    function = patch_env({KEY: "1"})(current)
    with mock.patch("os.environ", {}):
        assert function() == "1"
        assert os.environ == {}


def test_coroutine_functions() -> None:
    @patch_env({KEY: "1"})
    async def function() -> list[str | None]:
        before = current()
        await asyncio.sleep(0)
        return [before, current()]

    assert inspect.iscoroutinefunction(function)
    assert asyncio.run(function()) == ["1", "1"]
    assert current() is None


def test_it_stacks_with_mocks_that_inject_arguments() -> None:
    @mock.patch("os.getlogin", return_value="outer")
    @patch_env({KEY: "1"})
    @mock.patch("os.getpid", return_value="inner")
    def function(inner: Any, outer: Any) -> tuple[Any, ...]:
        return inner(), outer(), os.getpid(), os.getlogin(), current()

    assert function() == ("inner", "outer", "inner", "outer", "1")
    assert len(function.patchings) == 2  # type: ignore[attr-defined]


# --- pair: generators -----------------------------------------------------------------------------


def body() -> Generator[str | None, str, str | None]:
    """Yield what is set, take what is sent, survive a thrown LookupError, return what is set."""
    received = yield current()
    try:
        while received != "return":
            received = yield f"{received} {current()}"
    except LookupError:
        yield f"caught {current()}"
    finally:
        CLOSED.append(current())
    return current()


async def async_body() -> AsyncGenerator[str | None, str]:
    received = yield current()
    try:
        while received != "return":
            await asyncio.sleep(0)
            received = yield f"{received} {current()}"
    except LookupError:
        yield f"caught {current()}"
    finally:
        await asyncio.sleep(0)
        CLOSED.append(current())


CLOSED: list[str | None] = []


@pytest.fixture(autouse=True)
def _nothing_closed() -> None:
    CLOSED.clear()


def test_patch_dict_does_nothing_in_a_generator() -> None:
    function = mock.patch.dict(os.environ, {KEY: "1"})(body)
    assert not inspect.isgeneratorfunction(function)
    assert next(function()) is None


def test_patch_env_holds_for_a_generators_whole_body() -> None:
    function = patch_env({KEY: "1"})(body)
    assert inspect.isgeneratorfunction(function)
    generator = function()
    assert current() is None  # nothing has run yet
    assert next(generator) == "1"
    assert generator.send("sent") == "sent 1"
    assert generator.throw(LookupError()) == "caught 1"
    assert current() == "1"  # from the first step to the end, like a `with` around the body
    with pytest.raises(StopIteration) as stopped:
        next(generator)
    assert stopped.value.value == "1"
    assert current() is None


def test_patch_env_ends_with_a_generator_that_is_closed_or_fails() -> None:
    function = patch_env({KEY: "1"})(body)
    generator = function()
    next(generator)
    generator.close()
    assert current() is None

    generator = function()
    next(generator)
    generator.send("x")
    with pytest.raises(ArithmeticError):
        generator.throw(ArithmeticError())
    assert CLOSED == ["1"]
    assert current() is None


def test_patch_env_holds_for_the_body_of_a_context_manager() -> None:
    @contextmanager
    @patch_env({KEY: "1"})
    def manager() -> Iterator[str | None]:
        yield current()

    with manager() as seen:
        assert seen == current() == "1"
    assert current() is None


def test_patch_dict_does_nothing_in_an_async_generator() -> None:
    function = mock.patch.dict(os.environ, {KEY: "1"})(async_body)
    assert not inspect.isasyncgenfunction(function)

    async def main() -> str | None:
        generator = function()
        try:
            return await anext(generator)
        finally:
            await generator.aclose()

    assert asyncio.run(main()) is None


def test_patch_env_holds_for_an_async_generators_whole_body() -> None:
    function = patch_env({KEY: "1"})(async_body)
    assert inspect.isasyncgenfunction(function)

    async def main() -> None:
        generator = function()
        assert await anext(generator) == "1"
        assert await generator.asend("sent") == "sent 1"
        assert await generator.athrow(LookupError()) == "caught 1"
        assert current() == "1"
        with pytest.raises(StopAsyncIteration):
            await anext(generator)
        assert CLOSED == ["1"]
        assert current() is None

    asyncio.run(main())


def test_patch_env_ends_with_an_async_generator_that_is_closed_fails_or_is_left() -> None:
    function = patch_env({KEY: "1"})(async_body)

    async def main() -> None:
        generator = function()
        assert [await anext(generator), await generator.asend("a")] == ["1", "a 1"]
        await generator.aclose()
        assert CLOSED == ["1"]
        assert current() is None

        generator = function()
        await anext(generator)
        await generator.asend("a")
        with pytest.raises(ArithmeticError) as caught:
            await generator.athrow(ArithmeticError("thrown"))
        assert caught.value.__context__ is None
        assert CLOSED == ["1", "1"]
        assert current() is None

        async for _ in function():
            break
        await asyncio.sleep(0.01)  # the event loop finishes what was left
        assert current() is None

    asyncio.run(main())


def test_an_async_generator_that_ignores_its_close_says_so() -> None:
    @patch_env({KEY: "1"})
    async def stubborn() -> AsyncGenerator[int, None]:
        try:
            yield 1
        except GeneratorExit:
            yield 2

    async def main() -> None:
        generator = stubborn()
        await anext(generator)
        with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
            await generator.aclose()

    asyncio.run(main())
    assert current() is None


# --- plain classes --------------------------------------------------------------------------------


class Inherited:
    def test_inherited(self) -> str | None:
        return current()


class Plain(Inherited):
    test_text = "not callable"

    def test_own(self) -> str | None:
        return current()

    async def test_async(self) -> str | None:
        return current()

    def helper(self) -> str | None:
        return current()

    @staticmethod
    def test_static() -> str | None:
        return current()

    @classmethod
    def test_class(cls) -> tuple[type, str | None]:
        return cls, current()

    @property
    def test_property(self) -> str | None:
        return current()


def fresh(name: str = "Fresh") -> Any:
    return type(name, (Inherited,), dict(vars(Plain)))


def test_a_plain_class_has_its_test_methods_wrapped() -> None:
    klass = fresh()
    assert patch_env({KEY: "1"})(klass) is klass
    assert klass().test_own() == klass().test_inherited() == "1"
    assert asyncio.run(klass().test_async()) == "1"
    assert klass().helper() is None
    assert klass().test_property is None
    assert klass.test_text == "not callable"
    assert Inherited().test_inherited() is None
    assert current() is None


def test_the_prefix_is_mocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mock.patch, "TEST_PREFIX", "help")
    klass = patch_env({KEY: "1"})(fresh())
    assert klass().helper() == "1"
    assert klass().test_own() is None


def test_patch_dict_breaks_static_and_class_methods() -> None:
    klass = mock.patch.dict(os.environ, {KEY: "1"})(fresh())
    with pytest.raises(TypeError):
        klass().test_static()
    with pytest.raises(TypeError):
        klass().test_class()


def test_patch_env_keeps_static_and_class_methods() -> None:
    klass = patch_env({KEY: "1"})(fresh())
    derived: Any = type("Derived", (klass,), {})
    assert klass().test_static() == klass.test_static() == "1"
    assert derived.test_class() == derived().test_class() == (derived, "1")


def test_partial_objects_and_callables_decorate() -> None:
    assert patch_env({KEY: "1"})(functools.partial(current))() == "1"
    generator = patch_env({KEY: "1"})(functools.partial(body))()
    assert next(generator) == "1"
    generator.close()
