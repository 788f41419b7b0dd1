"""`patch_env` against `patch.dict`: the same where that is right, and pairs of tests where it is not.

In each pair the first test shows what `patch.dict` does, the second that `patch_env` does better.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdline_runtime import get_env, patch_env

KEY = "HOLDLINE_T"
OTHER = "HOLDLINE_U"

# --- parity ---------------------------------------------------------------------------------------

KEYS = st.sampled_from(["A", "B", "C", "D"])
STATES = st.dictionaries(KEYS, st.sampled_from(["", "1", "2"]))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), KEYS, st.sampled_from(["", "1", "3"])),
        st.tuples(st.just("drop"), KEYS, st.none()),
        st.tuples(st.just("clear"), st.none(), st.none()),
        st.tuples(st.just("swap"), st.none(), st.none()),
    ),
    max_size=6,
)


def take(steps: list[tuple[str, Any, Any]]) -> None:
    for step, key, value in steps:
        if step == "set":
            os.environ[key] = value
        elif step == "drop":
            os.environ.pop(key, None)
        elif step == "clear":
            os.environ.clear()
        else:
            os.environ = dict(os.environ)  # type: ignore[assignment]  # noqa: B003


@settings(max_examples=200, deadline=None)
@given(STATES, STATES, st.booleans(), STEPS, st.booleans(), st.booleans())
def test_any_body_sees_and_leaves_the_same(
    before: dict[str, str], values: dict[str, str], clear: bool, steps: Any, fail: bool, swapped: bool
) -> None:
    def lived_through(make: Callable[[], Any]) -> tuple[dict[str, str], dict[str, str], bool]:
        real = os.environ
        target: Any = dict(before) if swapped else real
        with mock.patch.dict(real, before, clear=True), mock.patch("os.environ", target):
            inside: dict[str, str] = {}
            raised = False
            try:
                with make():
                    inside = dict(os.environ)
                    take(steps)
                    if fail:
                        raise LookupError
            except LookupError:
                raised = True
            return inside, dict(target), raised

    ours = lived_through(lambda: patch_env(values, clear=clear))
    theirs = lived_through(lambda: mock.patch.dict(os.environ, values, clear=clear))
    assert ours == theirs
    assert ours[1] == before


def test_everything_that_happened_inside_is_undone() -> None:
    os.environ.update({KEY: "1", OTHER: "2"})
    before = dict(os.environ)
    with patch_env({"HOLDLINE_V": "3"}) as env:
        assert env == os.environ
        assert env is get_env()
        del os.environ[KEY]
        os.environ[OTHER] = "changed"
        os.environ["HOLDLINE_W"] = "added"
    assert os.environ == before


def test_values_come_as_mapping_pairs_generator_and_keywords() -> None:
    for values in ({KEY: "1"}, [(KEY, "1")], (pair for pair in [(KEY, "1")]), {KEY: "1"}.items()):
        with patch_env(values, HOLDLINE_U="2", self="3", values="4"):
            assert [os.environ[key] for key in (KEY, OTHER, "self", "values")] == ["1", "2", "3", "4"]
    with patch_env({KEY: "1"}, HOLDLINE_T="keyword"):
        assert os.environ[KEY] == "keyword"


def test_values_are_copied_at_construction() -> None:
    values = {KEY: "1"}
    patch = patch_env(values)
    values[KEY] = "changed later"
    with patch:
        assert os.environ[KEY] == "1"


@pytest.mark.parametrize("values", [5, None, ["AB", "CDE"], [("A",)], [(["unhashable"], "1")]])
def test_wrong_values_fail_at_construction_as_for_patch_dict(values: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as theirs:
        mock.patch.dict(os.environ, values)
    with pytest.raises(theirs.type) as ours:
        patch_env(values)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("name", ["mode", "restore"])
def test_the_keywords_are_not_variables(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is one of .* pass it in the mapping"):
        patch_env(**{name: "1"})  # type: ignore[arg-type]
    with patch_env({name: "1"}):
        assert os.environ[name] == "1"


def test_no_values_is_a_restore_guard() -> None:
    with patch_env():
        os.environ[KEY] = "1"
    assert KEY not in os.environ


def test_clear_leaves_exactly_the_values() -> None:
    before = dict(os.environ)
    with patch_env({KEY: "1"}, clear=True):
        assert os.environ == {KEY: "1"}
        printed = subprocess.run(["/usr/bin/env"], capture_output=True).stdout
        assert b"HOLDLINE_T=1\n" in printed
        assert b"PATH=" not in printed
    assert os.environ == before


def test_exit_restores_the_object_that_was_patched() -> None:
    real = os.environ
    with patch_env({KEY: "1"}):
        os.environ = {"swapped": "in"}  # type: ignore[assignment]  # noqa: B003
    assert os.environ == {"swapped": "in"}
    assert KEY not in real


def test_a_swapped_in_mapping_is_patched_without_validation() -> None:
    for clear in (False, True):
        swapped: dict[Any, Any] = {"a": 1, "kept": [1]}
        values: dict[Any, Any] = {"a": True, 5: "", "": None}
        with mock.patch("os.environ", swapped), patch_env(values, clear=clear):
            assert swapped["a"] is True
            assert swapped[5] == ""
        assert swapped == {"a": 1, "kept": [1]}
        assert type(swapped["a"]) is int  # 1 == True, and yet it had changed


def test_exceptions_propagate() -> None:
    with pytest.raises(LookupError, match="inside"), patch_env({KEY: "1"}):
        raise LookupError("inside")
    assert KEY not in os.environ


def test_an_exit_without_an_entry_does_nothing() -> None:
    patch = patch_env({KEY: "1"})
    assert patch.__exit__(None, None, None) is False
    with patch:
        pass
    os.environ[KEY] = "later"
    assert patch.__exit__(None, None, None) is False
    assert os.environ[KEY] == "later"


# --- pair: re-entry -------------------------------------------------------------------------------


def test_patch_dict_forgets_the_original_when_re_entered() -> None:
    patch = mock.patch.dict(os.environ, {KEY: "1"})
    with patch, patch:
        pass
    assert os.environ[KEY] == "1"


def test_patch_env_may_be_re_entered() -> None:
    patch = patch_env({KEY: "1"})
    with patch:
        os.environ[KEY] = "body"
        with patch:
            assert os.environ[KEY] == "1"
        assert os.environ[KEY] == "body"
    assert KEY not in os.environ


def test_patch_dict_recursion_leaks() -> None:
    @mock.patch.dict(os.environ, {KEY: "1"})
    def countdown(n: int) -> None:
        if n:
            countdown(n - 1)

    countdown(2)
    assert os.environ[KEY] == "1"


def test_patch_env_recursion_does_not() -> None:
    @patch_env({KEY: "1"})
    def countdown(n: int) -> None:
        assert os.environ[KEY] == "1"
        os.environ[KEY] = str(n)
        if n:
            countdown(n - 1)
        assert os.environ[KEY] == str(n)

    countdown(2)
    assert KEY not in os.environ


# --- where a process patch reaches ----------------------------------------------------------------


@pytest.fixture
def patched() -> Iterator[None]:
    with patch_env({KEY: "patched"}):
        yield


@pytest.mark.usefixtures("patched")
class TestReach:
    """A process patch is a change of the process: all that runs in it, or starts from it, sees the patch."""

    def test_threads_and_executors(self) -> None:
        seen: list[str | None] = []
        thread = threading.Thread(target=lambda: seen.append(os.environ.get(KEY)))
        thread.start()
        thread.join()
        with ThreadPoolExecutor() as pool:
            seen.append(pool.submit(os.getenv, KEY).result())
        assert seen == ["patched", "patched"]

    def test_tasks(self) -> None:
        async def read() -> str:
            return get_env()[KEY]

        async def main() -> str:
            return await asyncio.create_task(read())

        assert asyncio.run(main()) == "patched"

    def test_children(self) -> None:
        code = f"import os; print(os.environ[{KEY!r}])"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "patched\n"

    @pytest.mark.parametrize("method", ["spawn", "forkserver"])
    def test_worker_processes(self, method: str) -> None:
        context = multiprocessing.get_context(method)
        if method == "forkserver":  # one started earlier would show the environment of that moment
            from multiprocessing import forkserver

            forkserver._forkserver._stop()  # type: ignore[attr-defined]
        with context.Pool(1) as pool:
            assert pool.apply(os.getenv, (KEY,)) == "patched"

    def test_fork(self) -> None:
        code = f"""
import os
child = os.fork()
if not child:
    os._exit(os.environ.get({KEY!r}) != "patched")
raise SystemExit(os.waitpid(child, 0)[1])
"""
        # In a process of its own: a process with threads, as a test worker is, had better not fork.
        assert subprocess.run([sys.executable, "-c", code]).returncode == 0
