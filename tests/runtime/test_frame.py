"""One application: refused before it touches anything, undone by the difference only.

In each pair the first test shows what `patch.dict` does, the second that `patch_env` does better.
"""

from __future__ import annotations

import os
import threading
from typing import Any
from unittest import mock

import pytest

from holdline_runtime import patch_env

KEY = "HOLDLINE_T"
OTHER = "HOLDLINE_U"

# --- pair: a failed entry -------------------------------------------------------------------------

REFUSED: list[tuple[Any, Any]] = [
    (KEY, 1),
    (KEY, None),
    (KEY, b"bytes"),
    (1, "value"),
    (KEY, "nul\0inside"),
    ("nul\0inside", "value"),
    ("A=B", "value"),
    ("", "value"),
    (KEY, "\ud800"),
    ("\ud800", "value"),
]


@pytest.mark.parametrize(("key", "value"), REFUSED)
@pytest.mark.parametrize("clear", [False, True])
def test_patch_dict_leaves_a_failed_entry_half_done(key: Any, value: Any, clear: bool) -> None:
    before = dict(os.environ)
    with (
        pytest.raises((TypeError, ValueError, OSError)),
        mock.patch.dict(os.environ, {OTHER: "good", key: value}, clear=clear),
    ):
        pytest.fail("the entry must fail")
    assert os.environ != before


@pytest.mark.parametrize(("key", "value"), REFUSED)
@pytest.mark.parametrize("clear", [False, True])
def test_patch_env_refuses_before_touching_anything(
    key: Any, value: Any, clear: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dict(os.environ)
    with pytest.raises((TypeError, ValueError, OSError)) as theirs:
        os.environ[key] = value
    written = record_writes(monkeypatch)
    with (
        pytest.raises(theirs.type) as ours,
        patch_env({OTHER: "good", key: value}, clear=clear),
    ):
        pytest.fail("the entry must fail")
    assert str(ours.value) == str(theirs.value)
    assert os.environ == before
    assert [name for name in written if name in (b"HOLDLINE_U", b"PATH")] == []


def test_patch_env_rolls_back_what_it_could_not_foresee() -> None:
    class Picky(dict):  # type: ignore[type-arg]
        def __setitem__(self, key: str, value: str) -> None:
            if value == "refused":
                raise RuntimeError(key)
            super().__setitem__(key, value)

    picky = Picky(a="1", b="2")
    patch = patch_env({"a": "changed", "c": "added", "d": "refused"}, clear=True)
    with mock.patch("os.environ", picky):
        with pytest.raises(RuntimeError):
            patch.__enter__()
        assert picky == {"a": "1", "b": "2"}
        assert patch.__exit__(None, None, None) is False


# --- pair: only the difference --------------------------------------------------------------------


def record_writes(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Record the names that os.environ sets or unsets in the process, through the functions it calls."""
    written: list[bytes] = []
    putenv, unsetenv = os.putenv, os.unsetenv

    def spy_put(name: bytes, value: bytes) -> None:
        putenv(name, value)
        written.append(name)

    def spy_unset(name: bytes) -> None:
        unsetenv(name)
        written.append(name)

    monkeypatch.setattr(os, "putenv", spy_put)
    monkeypatch.setattr(os, "unsetenv", spy_unset)
    return written


def test_patch_dict_removes_and_rewrites_what_never_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock.patch.dict(os.environ, {KEY: "1"}):
        written = record_writes(monkeypatch)
    assert written.count(b"PATH") == 2  # gone, then set again


def test_patch_env_writes_only_the_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    with patch_env({KEY: "1"}):
        written = record_writes(monkeypatch)
        os.environ[OTHER] = "2"
        del written[:]
    assert sorted(written) == [b"HOLDLINE_T", b"HOLDLINE_U"]


def test_patch_env_clear_never_removes_what_it_is_about_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    written = record_writes(monkeypatch)
    with patch_env({"PATH": os.environ["PATH"]}, clear=True):
        assert written.count(b"PATH") == 1
    assert written.count(b"PATH") == 1


def test_a_reader_thread_never_sees_path_vanish() -> None:
    missing = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            if "PATH" not in os.environ:
                missing.append(True)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(200):
            with patch_env({KEY: str(number)}):
                pass
    finally:
        done.set()
        reader.join()
    assert missing == []


# --- pair: what others write meanwhile ------------------------------------------------------------


def written_meanwhile(patch: Any) -> tuple[str | None, str | None, str | None]:
    os.environ[KEY] = "before"
    with patch:
        os.environ[KEY] = "by another"
        os.environ["HOLDLINE_V"] = "by another"
    return os.environ.get(KEY), os.environ.get(OTHER), os.environ.get("HOLDLINE_V")


def test_patch_dict_undoes_what_others_write_meanwhile() -> None:
    patch = mock.patch.dict(os.environ, {KEY: "1", OTHER: "2"})
    assert written_meanwhile(patch) == ("before", None, None)


def test_patch_env_that_owns_its_keys_leaves_it() -> None:
    patch = patch_env({KEY: "1", OTHER: "2"}, restore="owned")
    assert written_meanwhile(patch) == ("by another", None, "by another")


@pytest.mark.parametrize("clear", [False, True])
def test_owned_keys_that_nobody_touched_are_restored(clear: bool) -> None:
    os.environ[KEY] = "before"
    before = dict(os.environ)
    with patch_env({KEY: "1", OTHER: "2"}, restore="owned", clear=clear):
        assert ("PATH" in os.environ) is not clear
    assert os.environ == before


# --- pair: exits in another order -----------------------------------------------------------------


def ended_in_another_order(make: Any) -> tuple[str | None, str | None]:
    """What is set after the outer patch has ended, and after the inner one has."""
    outer, inner = make({KEY: "outer"}), make({OTHER: "inner"})
    outer.start()
    inner.start()
    outer.stop()
    between = os.environ.get(OTHER)
    inner.stop()
    return between, os.environ.get(KEY)


def test_patch_dict_drops_one_patch_and_leaves_the_other() -> None:
    assert ended_in_another_order(lambda values: mock.patch.dict(os.environ, values)) == (None, "outer")


def test_patch_env_computes_what_is_left() -> None:
    assert ended_in_another_order(patch_env) == ("inner", None)


def test_the_price_is_the_order_of_keys_that_were_deleted() -> None:
    def order_after(patch: Any) -> list[str]:
        with mock.patch.dict(os.environ, {"A": "1", "B": "2"}, clear=True):
            with patch:
                del os.environ["A"]
            return list(os.environ)

    assert order_after(mock.patch.dict(os.environ)) == ["A", "B"]
    assert order_after(patch_env()) == ["B", "A"]


def test_a_variable_that_another_thread_removes_in_between_is_no_error() -> None:
    class Vanishing(dict):  # type: ignore[type-arg]
        """A mapping whose iteration still names a key that is gone by the time it is looked at."""

        def __iter__(self) -> Any:
            return iter([*super().keys(), "gone"])

    swapped = Vanishing(a="1")
    with mock.patch("os.environ", swapped), patch_env({"b": "2"}, clear=True):
        assert dict(swapped.items()) == {"b": "2"}
    assert dict(swapped.items()) == {"a": "1"}
