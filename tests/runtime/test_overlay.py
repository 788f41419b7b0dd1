"""Overlays: what the façade shows on top of `os.environ`, which they leave alone."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import os
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from holdline_runtime import get_env, overlay, patch_env
from holdline_runtime.errors import InvalidVariableError, MissingVariableError

KEY = "HOLDLINE_T"
OTHER = "HOLDLINE_U"


@pytest.fixture(autouse=True)
def _no_residue() -> Iterator[None]:
    yield
    assert overlay.laid.get() is None


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("__setitem__"), st.sampled_from("ABC"), st.sampled_from("12")),
        st.tuples(st.just("__delitem__"), st.sampled_from("ABC")),
        st.tuples(st.just("pop"), st.sampled_from("ABC"), st.just("default")),
        st.tuples(st.just("pop"), st.sampled_from("ABC")),
        st.tuples(st.just("setdefault"), st.sampled_from("ABC"), st.sampled_from("12")),
        st.tuples(st.just("update"), st.dictionaries(st.sampled_from("ABC"), st.sampled_from("12"))),
        st.tuples(st.just("__ior__"), st.dictionaries(st.sampled_from("ABC"), st.sampled_from("12"))),
        st.tuples(st.just("clear")),
        st.tuples(st.just("__getitem__"), st.sampled_from(["A", "B", 1, None])),
        st.tuples(st.just("__contains__"), st.sampled_from("ABC")),
        st.tuples(st.just("get"), st.sampled_from("ABC"), st.just("default")),
        st.tuples(st.just("__or__"), st.dictionaries(st.sampled_from("ABC"), st.sampled_from("12"))),
        st.tuples(st.just("__eq__"), st.dictionaries(st.sampled_from("ABC"), st.sampled_from("12"))),
        st.tuples(st.just("__setitem__"), st.sampled_from(["", "A=B", "nul\0", 5]), st.just("1")),
        st.tuples(st.just("__setitem__"), st.just("A"), st.sampled_from([5, None, "nul\0"])),
        st.tuples(st.just("__delitem__"), st.just(5)),
        st.tuples(st.just("__len__")),
        st.tuples(st.just("copy")),
    ),
    max_size=8,
)
STATES = st.dictionaries(st.sampled_from("ABC"), st.sampled_from("12"))


def outcome(env: Any, operation: tuple[Any, ...]) -> Any:
    name, *arguments = operation
    try:
        result = getattr(env, name)(*arguments)
    except Exception as error:  # which one is what is compared
        return type(error), error.args
    return None if name == "__ior__" else result


@settings(max_examples=200, deadline=None)
@given(STATES, STATES, st.booleans(), OPERATIONS)
def test_an_overlay_answers_as_a_process_patch_does(
    before: dict[str, str], values: dict[str, str], clear: bool, operations: list[tuple[Any, ...]]
) -> None:
    def run(**mode: Any) -> tuple[list[Any], dict[str, str], dict[str, str]]:
        with mock.patch.dict(os.environ, before, clear=True):
            with patch_env(values, clear=clear, **mode) as env:
                results = [outcome(env, operation) for operation in operations]
                inside = dict(env)
            return results, inside, dict(os.environ)

    ours = run(mode="overlay")
    assert ours == run()
    assert ours[2] == before


def test_os_environ_is_left_alone() -> None:
    os.environ[OTHER] = "kept"
    before = dict(os.environ)
    with patch_env({KEY: "1"}, clear=True, mode="overlay") as env:
        assert dict(env) == {KEY: "1"}
        env[OTHER] = "2"
        del env[KEY]
        assert dict(env) == {OTHER: "2"}
        assert os.environ == before
    assert env[OTHER] == "kept"
    assert KEY not in env


def test_changes_below_show_through() -> None:
    with patch_env({KEY: "1"}, mode="overlay") as env:
        os.environ[OTHER] = "below"
        os.environ[KEY] = "hidden"
        assert env[OTHER] == "below"
        assert env[KEY] == "1"
    assert env[KEY] == "hidden"


def test_refused_values_are_refused_at_entry() -> None:
    with pytest.raises(TypeError, match="str expected"), patch_env({KEY: 5}, mode="overlay"):  # type: ignore[arg-type]
        pytest.fail("the entry must fail")
    with mock.patch("os.environ", {}), patch_env({KEY: 5}, mode="overlay") as env:  # type: ignore[arg-type]
        assert env[KEY] == 5  # type: ignore[comparison-overlap]


def test_nested_overlays_and_writes() -> None:
    with patch_env({KEY: "1"}, mode="overlay") as env:
        env[OTHER] = "outer"
        with patch_env({KEY: "2"}, mode="overlay"):
            assert (env[KEY], env[OTHER]) == ("2", "outer")
            del env[OTHER]
            assert OTHER not in env
        assert (env[KEY], env[OTHER]) == ("1", "outer")


def test_overlays_may_end_in_any_order() -> None:
    first, second = patch_env({KEY: "1"}, mode="overlay"), patch_env({OTHER: "2"}, mode="overlay")
    env = first.start()
    second.start()
    first.stop()
    assert (env.get(KEY), env.get(OTHER)) == (None, "2")
    second.stop()
    assert OTHER not in env


def test_an_overlay_ends_everywhere_whichever_context_ends_it() -> None:
    """A token of the first context would raise `ValueError` in the second."""
    patch = patch_env({KEY: "1"}, mode="overlay")
    first, second = contextvars.copy_context(), contextvars.copy_context()
    first.run(patch.start)
    copied = first.run(contextvars.copy_context)
    assert copied.run(get_env().get, KEY) == "1"
    second.run(patch.stop)
    for context in (first, copied):
        assert context.run(get_env().get, KEY) is None
        assert context.run(os.environ.get, KEY) is None


def test_a_write_belongs_to_the_context_that_makes_it() -> None:
    async def task(value: str) -> str:
        get_env()[KEY] = value
        await asyncio.sleep(0)
        return get_env()[KEY]

    async def main() -> None:
        with patch_env({KEY: "outer"}, mode="overlay") as env:
            assert await asyncio.gather(task("1"), task("2")) == ["1", "2"]
            assert env[KEY] == "outer"

    asyncio.run(main())


def test_no_token_of_deletion_reaches_a_child() -> None:
    os.environ[KEY] = "1"
    with patch_env(mode="overlay") as env:
        del env[KEY]
        assert KEY not in env.child_env()
        assert KEY not in dict(env)
        assert KEY not in list(env)
        assert KEY not in env.copy()


def test_copies_are_plain_dicts() -> None:
    with patch_env({KEY: "1"}, mode="overlay") as env:
        for made in (copy.copy(env), copy.deepcopy(env), pickle.loads(pickle.dumps(env)), env.copy(), env | {}):
            assert type(made) is dict
            assert made[KEY] == "1"
        assert ({KEY: "0"} | env)[KEY] == "1"
        assert env.__or__(5) is NotImplemented  # type: ignore[operator]


def test_typed_readers_name_the_layers_they_searched() -> None:
    with patch_env({KEY: "x"}, mode="overlay") as env, patch_env(mode="overlay"):
        with pytest.raises(MissingVariableError, match=r"looked in 2 overlays and os\.environ"):
            env.require(OTHER)
        with pytest.raises(InvalidVariableError, match=r"looked in 2 overlays and os\.environ"):
            env.get_int(KEY)


def test_a_process_patch_inside_of_an_overlay_is_seen_by_all() -> None:
    with patch_env({KEY: "overlay"}, mode="overlay") as env:
        with patch_env({KEY: "process"}):
            assert (env[KEY], os.environ[KEY]) == ("process", "process")
        assert env[KEY] == "overlay"
        assert KEY not in os.environ
        with pytest.raises(OSError, match="Invalid argument"), patch_env({"": "refused"}):
            pytest.fail("the entry must fail")
        assert dict(os.environ) == {key: value for key, value in env.items() if key != KEY}


@pytest.mark.parametrize(
    "arguments", [{"mode": "shadow"}, {"restore": "some"}, {"mode": "overlay", "restore": "owned"}]
)
def test_modes_that_do_not_exist(arguments: Any) -> None:
    with pytest.raises(ValueError, match=r"mode is one of|restore is one of|restore='owned' is for process patches"):
        patch_env({KEY: "1"}, **arguments)


# --- bind -----------------------------------------------------------------------------------------


def in_thread(function: Any, *arguments: Any) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *arguments).result()


def test_a_bound_function_sees_where_it_was_bound_until_that_ends() -> None:
    with patch_env({KEY: "bound"}, mode="overlay") as env:
        bound = env.bind(env.get)
        assert in_thread(bound, KEY) == "bound"
        with patch_env({KEY: "inner"}, mode="overlay"):
            assert bound(KEY) == "bound"
            assert env[KEY] == "inner"
    assert bound(KEY) is None


def test_bound_where_nothing_was_laid() -> None:
    env = get_env()

    def write() -> str | None:
        env[OTHER] = "written"
        return env.get(KEY)

    bound = env.bind(write)
    with patch_env({KEY: "1"}, mode="overlay"):
        assert bound() is None
        assert env[KEY] == "1"
    assert os.environ[OTHER] == "written"  # as it would have been there


def test_what_a_bound_function_writes_is_gone_after_the_call() -> None:
    def write() -> str:
        get_env()[KEY] = "written"
        del get_env()["HOLDLINE_V"]
        return get_env()[KEY]

    with patch_env({KEY: "1", "HOLDLINE_V": "v"}, mode="overlay") as env:
        assert in_thread(env.bind(write)) == "written"
        assert env[KEY] == "1"
        assert "HOLDLINE_V" in env
    assert KEY not in os.environ


def test_one_bound_function_runs_in_many_threads_at_once() -> None:
    with patch_env({KEY: "bound"}, mode="overlay") as env, ThreadPoolExecutor(4) as pool:
        assert list(pool.map(env.bind(env.get), [KEY] * 100)) == ["bound"] * 100


def test_bound_coroutine_functions_and_generators() -> None:
    async def coroutine() -> str | None:
        await asyncio.sleep(0)
        return get_env().get(KEY)

    def generator() -> Iterator[str | None]:
        yield get_env().get(KEY)
        yield get_env().get(KEY)

    with patch_env({KEY: "bound"}, mode="overlay") as env:
        bound, bound_generator = env.bind(coroutine), env.bind(generator)
        assert in_thread(lambda: asyncio.run(bound())) == "bound"
        assert in_thread(lambda: list(bound_generator())) == ["bound", "bound"]


def test_an_overlay_decorates() -> None:
    @patch_env({KEY: "1"}, mode="overlay")
    async def decorated() -> tuple[str, bool]:
        return get_env()[KEY], KEY in os.environ

    assert asyncio.run(decorated()) == ("1", False)
