"""The façade does what `os.environ` does, whatever `os.environ` is at the moment."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdline_runtime import Environment, get_env

KEYS = st.sampled_from(["A", "B", "C", "", "A=B", "A\0B", "\udc80", "\ud800", 1, None, b"A"])
VALUES = st.one_of(st.sampled_from(["", "x", "y z", "a\0b", "\ud800", 1, None, b"x"]), st.text(max_size=3))
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=3)
PAIRS = st.lists(st.tuples(KEYS, VALUES), max_size=3)

OPERATIONS = st.one_of(
    st.tuples(st.just(lambda env, key: env[key]), KEYS),
    st.tuples(st.just(lambda env, key: key in env), KEYS),
    st.tuples(st.just(lambda env, key, value: env.__setitem__(key, value)), KEYS, VALUES),
    st.tuples(st.just(lambda env, key: env.__delitem__(key)), KEYS),
    st.tuples(st.just(lambda env, key: env.get(key)), KEYS),
    st.tuples(st.just(lambda env, key, value: env.get(key, value)), KEYS, VALUES),
    st.tuples(st.just(lambda env, key: env.pop(key)), KEYS),
    st.tuples(st.just(lambda env, key, value: env.pop(key, value)), KEYS, VALUES),
    st.tuples(st.just(lambda env, key: env.pop(key, default=1)), KEYS),
    st.tuples(st.just(lambda env, key: env.setdefault(key)), KEYS),
    st.tuples(st.just(lambda env, key, value: env.setdefault(key, value)), KEYS, VALUES),
    st.tuples(st.just(lambda env, other: env.update(other)), st.one_of(MAPPINGS, PAIRS, st.integers())),
    st.tuples(st.just(lambda env, other: env.update(**other)), st.just({"A": "1", "self": "2"})),
    st.tuples(st.just(lambda env, other: env | other), MAPPINGS),
    st.tuples(st.just(lambda env, other: other | env), MAPPINGS),
    st.tuples(st.just(lambda env, other: (env.__ior__(other), None)[1]), st.one_of(MAPPINGS, PAIRS)),
    st.tuples(st.just(lambda env, other: env == other), st.one_of(MAPPINGS, PAIRS, st.none())),
    st.tuples(st.just(lambda env, other: env != other), st.one_of(MAPPINGS, PAIRS, st.none())),
    st.tuples(
        st.sampled_from(
            [
                len,
                bool,
                list,
                dict,
                reversed,
                copy.deepcopy,
                lambda env: env.keys(),
                lambda env: env.items(),
                lambda env: env.values(),
                lambda env: env.popitem(),
                lambda env: env.clear(),
                lambda env: env.copy(),
                lambda env: env.copy(1),
                lambda env: env.get(),
                lambda env: env.pop(),
                lambda env: env.setdefault(),
                lambda env: {**env},
            ]
        )
    ),
)


def outcome(operation: tuple[Any, ...], env: Any) -> tuple[Any, ...]:
    """What an operation returns, with its type, or raises."""
    function, *arguments = operation
    try:
        result = function(env, *arguments)
    except Exception as error:  # whatever it is, it is what we compare
        return type(error), str(error)
    return type(result), list(result) if isinstance(result, KeysView | ItemsView | ValuesView | Iterator) else result


def run(operations: list[tuple[Any, ...]], env: Callable[[], Any]) -> tuple[list[Any], dict[str, str]]:
    results = [outcome(operation, env()) for operation in operations]
    return results, dict(os.environ)


def same(ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> bool:
    """Compare outcomes; of a wrong call only the exception's type, as its text names the method called."""
    return ours == theirs or (ours[0] is theirs[0] is TypeError and "argument" in str(theirs[1]))


@settings(max_examples=300, deadline=None)
@given(st.lists(OPERATIONS, max_size=8), st.booleans())
def test_every_operation_is_os_environs(operations: list[tuple[Any, ...]], swapped: bool) -> None:
    start = {"A": "1", "B": "2"}

    def reached(env: Callable[[], Any]) -> tuple[list[Any], dict[str, str]]:
        with mock.patch.dict(os.environ, start, clear=True):
            world: Any = dict(start) if swapped else os.environ
            with mock.patch("os.environ", world):
                return run(operations, env)

    theirs, state = reached(lambda: os.environ)
    ours, our_state = reached(get_env)
    for got, expected in zip(ours, theirs, strict=True):
        assert same(got, expected), (got, expected)
    assert our_state == state
    assert list(our_state) == list(state)


def test_it_reads_os_environ_anew_each_time() -> None:
    env = get_env()
    original = os.environ
    os.environ = {"ONLY": "here"}  # type: ignore[assignment]  # noqa: B003
    assert env == {"ONLY": "here"}
    env["MORE"] = "x"
    assert os.environ == {"ONLY": "here", "MORE": "x"}
    os.environ = original  # noqa: B003
    assert "ONLY" not in env
    assert "MORE" not in env


@pytest.mark.parametrize("replacement", [{}, {"A": "1"}])
def test_patching_the_object_is_obeyed(replacement: dict[str, str]) -> None:
    with mock.patch("os.environ", replacement):
        assert dict(get_env()) == replacement
        assert list(reversed(get_env())) == list(reversed(replacement))


def test_patching_a_method_is_obeyed_with_the_arguments_as_given() -> None:
    with mock.patch.object(os.environ, "get", return_value="patched") as get:
        assert get_env().get("A") == "patched"
        assert get_env().get("A", "default") == "patched"
    assert get.call_args_list == [mock.call("A"), mock.call("A", "default")]


def test_a_write_reaches_the_process_and_children() -> None:
    get_env()["HOLDLINE_T"] = "seen"
    code = "import os; print(os.environ['HOLDLINE_T'])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "seen\n"


def test_it_serves_as_the_environment_of_a_child() -> None:
    get_env().update(HOLDLINE_T="seen")
    code = "import os; raise SystemExit(os.environ['HOLDLINE_T'] != 'seen')"
    assert subprocess.run([sys.executable, "-c", code], env=get_env()).returncode == 0
    child = os.spawnve(os.P_WAIT, sys.executable, [sys.executable, "-c", code], get_env())
    assert child == 0


def test_get_takes_keywords_as_getenv_does() -> None:
    assert get_env().get(key="HOLDLINE_NONE", default="d") == os.getenv(key="HOLDLINE_NONE", default="d") == "d"
    with mock.patch("os.environ", {"A": "1"}):
        assert get_env().get(key="A") == os.getenv(key="A") == "1"


def test_in_place_union_returns_the_facade() -> None:
    env = get_env()
    env |= {"HOLDLINE_T": "1"}
    assert isinstance(env, Environment)
    env |= [("HOLDLINE_U", "2")]
    assert (os.environ["HOLDLINE_T"], os.environ["HOLDLINE_U"]) == ("1", "2")


def test_facades_are_equal_unhashable_and_without_state() -> None:
    assert get_env() == Environment() == os.environ
    assert get_env() == get_env().copy()
    assert get_env() | get_env() == dict(os.environ)
    with mock.patch("os.environ", {"A": "1"}):
        assert get_env() == Environment() == {"A": "1"}
        assert get_env() | get_env() == {"A": "1"}
    with pytest.raises(TypeError, match="unhashable"):
        hash(get_env())
    with pytest.raises(AttributeError):
        get_env().anything = 1  # type: ignore[attr-defined]
    assert isinstance(get_env(), MutableMapping)


def test_mapping_patterns_match() -> None:
    get_env()["HOLDLINE_T"] = "x"
    match get_env():
        case {"HOLDLINE_T": value, **rest}:
            assert value == "x"
            assert rest == {key: os.environ[key] for key in os.environ if key != "HOLDLINE_T"}
        case _:
            pytest.fail("a mapping pattern must match")


def test_deleting_while_iterating_keys() -> None:
    get_env().update(HOLDLINE_T="1", HOLDLINE_U="2")
    for key in get_env().keys():  # noqa: SIM118  # the form under test
        if key.startswith("HOLDLINE_"):
            del get_env()[key]
    assert not [key for key in os.environ if key.startswith("HOLDLINE_")]


def test_copies_are_what_copies_of_os_environ_are() -> None:
    shallow: Any = copy.copy(get_env())
    assert type(shallow) is type(os.environ)
    shallow["HOLDLINE_T"] = "shared"
    assert os.environ["HOLDLINE_T"] == "shared"
    deep: Any = copy.deepcopy(get_env())
    assert type(deep) is type(os.environ)
    assert deep == os.environ
    assert type(get_env().copy()) is dict


def test_pickling_is_that_of_os_environ() -> None:
    with pytest.raises((AttributeError, pickle.PicklingError)) as theirs:
        pickle.dumps(os.environ)
    with pytest.raises(theirs.type):
        pickle.dumps(get_env())
    with mock.patch("os.environ", {"A": "1"}):
        assert pickle.loads(pickle.dumps(get_env())) == {"A": "1"}


def test_repr_shows_no_value() -> None:
    with mock.patch("os.environ", {"PASSWORD": "hunter2", "B": "2"}):
        assert repr(get_env()) == str(get_env()) == "<holdline environment, 2 variables>"


def test_missing_operators_of_a_swapped_mapping_raise_as_usual() -> None:
    class Bare(dict):  # type: ignore[type-arg]
        __or__ = None  # type: ignore[assignment]

    class NoUnion(MutableMapping[str, str]):
        def __getitem__(self, key: str) -> str:
            raise KeyError(key)

        def __setitem__(self, key: str, value: str) -> None: ...
        def __delitem__(self, key: str) -> None: ...
        def __iter__(self) -> Any:
            return iter(())

        def __len__(self) -> int:
            return 0

    other: Mapping[str, str] = {"A": "1"}
    for swapped in (Bare(), NoUnion()):
        with mock.patch("os.environ", swapped), pytest.raises(TypeError):
            get_env() | other


def test_a_facade_put_in_the_place_of_os_environ_is_named() -> None:
    with mock.patch("os.environ", get_env()), pytest.raises(RuntimeError, match=r"set to get_env\(\)"):
        get_env()["A"]


def test_set_is_item_assignment() -> None:
    get_env().set("HOLDLINE_T", "1", source="a test")
    assert os.environ["HOLDLINE_T"] == "1"
    for key, value in [("A", 1), (1, "A"), ("A=B", "x"), ("A", "a\0b"), ("", "x")]:
        with pytest.raises(Exception) as theirs:  # noqa: PT011  # whatever it is, ours is compared with it
            os.environ[key] = value  # type: ignore[index, assignment]
        with pytest.raises(theirs.type) as ours:
            get_env().set(key, value)  # type: ignore[arg-type]
        assert str(ours.value) == str(theirs.value)


def test_child_env_is_a_plain_copy_with_extras() -> None:
    get_env().update(HOLDLINE_T="1", HOLDLINE_U="2")
    child = get_env().child_env(HOLDLINE_T=None, HOLDLINE_U="changed", HOLDLINE_NONE=None, self="added")
    assert type(child) is dict
    assert "HOLDLINE_T" not in child
    assert (child["HOLDLINE_U"], child["self"]) == ("changed", "added")
    assert set(os.environ) - set(child) == {"HOLDLINE_T"}
    assert os.environ["HOLDLINE_U"] == "2"
