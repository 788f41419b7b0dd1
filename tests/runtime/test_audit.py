"""The log: who changed which variable where, through the façade and past it, and never what to."""

from __future__ import annotations

import asyncio
import inspect
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import holdline_runtime
from holdline_runtime import audit, external, get_env, patch_env

KEY = "HOLDLINE_T"
OTHER = "HOLDLINE_U"
SECRET = "correct-horse"


@pytest.fixture(autouse=True)
def _emptied() -> Iterator[None]:
    audit.clear()
    yield
    audit.clear()


def line(offset: int = 0) -> str:
    """The place of the call, or so many lines further."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return f"{__file__}:{frame.f_back.f_lineno + offset}"


def told(records: list[audit.Record]) -> list[tuple[str, str, str | None, str | None]]:
    return [(record.operation, record.key, record.old, record.new) for record in records]


def test_a_record_says_who_when_where_and_what() -> None:
    get_env()[KEY] = "1"
    here = line(-1)
    (record,) = audit.records()
    assert record.source == here
    assert (record.pid, record.thread, record.task) == (os.getpid(), threading.get_ident(), None)
    assert (record.layer, record.external) == ("process", False)
    get_env()[KEY] = "2"
    later = audit.records()[-1]
    assert later.sequence == record.sequence + 1
    assert later.time >= record.time
    assert (later.old, later.new) == ("1", "2")


def test_every_kind_of_change_through_the_facade_is_logged() -> None:
    env = get_env()
    env.set(KEY, "1")
    env.setdefault(KEY, "unused")
    env.update({KEY: "2"}, HOLDLINE_U="3")
    env |= {OTHER: "4"}
    del env[OTHER]
    env.pop(KEY)
    assert told(audit.records()) == [
        ("set", KEY, None, "1"),
        ("set", KEY, "1", "2"),
        ("set", OTHER, None, "3"),
        ("set", OTHER, "3", "4"),
        ("delete", OTHER, "4", None),
        ("delete", KEY, "2", None),
    ]
    assert {record.source.rpartition(":")[0] for record in audit.records()} == {__file__}


def test_clear_and_popitem_are_logged() -> None:
    with mock.patch.dict(os.environ, {KEY: "1", OTHER: "2"}, clear=True):
        get_env().popitem()
        get_env().clear()
    assert sorted(told(audit.records())) == [("delete", KEY, "1", None), ("delete", OTHER, "2", None)]


def test_what_failed_is_not_logged_and_what_failed_half_way_is_as_far_as_it_went() -> None:
    with pytest.raises(TypeError):
        get_env()[KEY] = 5  # type: ignore[assignment]
    with pytest.raises(KeyError):
        del get_env()[KEY]
    with pytest.raises(TypeError):
        get_env()[5] = "x"  # type: ignore[index]
    assert audit.records() == []
    with pytest.raises(TypeError):
        get_env().update([(KEY, "1"), (OTHER, 5)])  # type: ignore[list-item]
    assert told(audit.records()) == [("set", KEY, None, "1")]


def test_a_note_takes_the_place_of_the_line() -> None:
    get_env().set(KEY, "1", source="settings.toml")
    assert audit.records()[-1].source == "settings.toml"


def test_patches_are_logged_with_their_lines() -> None:
    os.environ[KEY] = "0"
    with patch_env({KEY: "1", OTHER: "2"}):
        entered = line(-1)
    records = audit.records()
    assert told(records) == [
        ("patch", KEY, "0", "1"),
        ("patch", OTHER, None, "2"),
        ("restore", OTHER, "2", None),
        ("restore", KEY, "1", "0"),
    ]
    assert {record.source for record in records} == {entered}


def test_a_decorated_function_is_named_by_its_caller() -> None:
    @patch_env({KEY: "1"})
    def decorated() -> None: ...

    decorated()
    here = line(-1)
    assert {record.source for record in audit.records()} == {here}


def test_overlays_are_a_layer_of_their_own() -> None:
    with patch_env({KEY: "1"}, mode="overlay") as env:
        env[KEY] = "2"
    records = audit.records()
    assert {record.layer for record in records} == {"overlay"}
    assert told(records) == [("patch", KEY, None, "1"), ("set", KEY, "1", "2"), ("restore", KEY, "2", None)]


def test_clearing_patches_tell_of_what_they_remove() -> None:
    with mock.patch.dict(os.environ, {KEY: "1"}, clear=True), patch_env({OTHER: "2"}, clear=True):
        pass
    assert sorted(told(audit.records()), key=lambda told: told[:2]) == [
        ("patch", KEY, "1", None),
        ("patch", OTHER, None, "2"),
        ("restore", KEY, None, "1"),
        ("restore", OTHER, "2", None),
    ]


def test_values_are_masked() -> None:
    with audit.watch():
        get_env()["API_TOKEN"] = SECRET
        os.environ["API_TOKEN"] = SECRET + "2"
        with patch_env(API_TOKEN="third" + SECRET):
            get_env().update(API_TOKEN=SECRET)
    records = [record for record in audit.records() if record.key == "API_TOKEN"]
    assert len(records) >= 5
    assert SECRET not in repr(records)
    assert "<masked>" in repr(records)


def test_the_task_is_named() -> None:
    async def main() -> None:
        get_env()[KEY] = "1"

    async def parent() -> None:
        await asyncio.create_task(main(), name="the writer")

    asyncio.run(parent())
    assert audit.records()[-1].task == "the writer"


def test_the_log_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert audit._log.kept.maxlen == audit.CAPACITY
    monkeypatch.setattr(audit._log, "kept", type(audit._log.kept)(maxlen=3))
    for number in range(5):
        get_env()[KEY] = str(number)
    assert [record.new for record in audit.records()] == ["2", "3", "4"]


def test_threads_do_not_lose_records() -> None:
    def write(number: int) -> None:
        for step in range(200):
            get_env()[f"HOLDLINE_{number}"] = str(step)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    records = audit.records()
    assert len(records) == 800
    assert len({record.sequence for record in records}) == 800
    assert [record.sequence for record in records] == sorted(record.sequence for record in records)
    assert len({record.thread for record in records}) >= 1


def test_what_a_swapped_in_dict_holds_is_logged_by_type_unless_text() -> None:
    swapped: Any = {}
    with mock.patch("os.environ", swapped):
        get_env()[KEY] = 5  # type: ignore[assignment]
        get_env().update({KEY: "6"})
    assert told(audit.records()) == [("set", KEY, None, "<int>"), ("set", KEY, "<int>", "6")]


# --- external writes ------------------------------------------------------------------------------


def test_direct_writes_are_seen_with_their_line_while_somebody_watches() -> None:
    os.environ[KEY] = "before"
    with audit.watch() as watched:
        os.environ[KEY] = "1"
        first = line(-1)
        os.putenv(OTHER, "2")
        os.environ.update(HOLDLINE_V="3")
        del os.environ[KEY]
    os.environ[KEY] = "after"
    records = watched.records()
    assert told(records) == [
        ("set", KEY, "before", "1"),
        ("set", OTHER, None, "2"),
        ("set", "HOLDLINE_V", None, "3"),
        ("delete", KEY, "1", None),
    ]
    assert all(record.external and record.layer == "process" for record in records)
    assert records[0].source == first
    assert [int(record.source.rpartition(":")[2]) for record in records] == [
        int(first.rpartition(":")[2]) + offset for offset in (0, 2, 3, 4)
    ]
    os.unsetenv(OTHER)


def test_helpers_that_write_for_others_are_named_by_their_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    with audit.watch() as watched:
        monkeypatch.setenv(KEY, "1")
        first = line(-1)
        with mock.patch.dict(os.environ, {OTHER: "2"}):
            second = line(-1)
    found = [record for record in watched.records() if record.key in (KEY, OTHER) and record.old is None]
    assert [record.source for record in found][:2] == [first, second]


def test_our_own_writes_are_not_external() -> None:
    with audit.watch() as watched, patch_env({KEY: "1"}):
        get_env()[KEY] = "2"
        get_env().update({OTHER: "3"})
    assert [record.external for record in watched.records()] == [False] * len(watched.records())
    assert len(watched.records()) == 5


def test_watches_nest_and_each_has_its_own_records() -> None:
    with audit.watch() as outer:
        os.environ[KEY] = "1"
        with audit.watch() as inner:
            os.environ[KEY] = "2"
        os.environ[KEY] = "3"
    assert [record.new for record in outer.records()] == ["1", "2", "3"]
    assert [record.new for record in inner.records()] == ["2", "3"]
    assert external._Watching.count == 0


def test_a_finaliser_or_signal_handler_may_write_while_the_log_is_locked() -> None:
    with audit.watch() as watched, audit._log.lock:
        os.environ[KEY] = "1"
    assert told(watched.records()) == [("set", KEY, None, "1")]


def test_no_hook_is_added_before_somebody_watches() -> None:
    code = """
import os, sys
from holdline_runtime import audit, external, get_env, patch_env
added = []
sys.addaudithook(lambda event, args: added.append(event) if event == "sys.addaudithook" else None)
with patch_env(A="1"):
    get_env()["B"] = "2"
assert added == [], added
with audit.watch(): pass
with audit.watch(): pass
assert len(added) == 1, added
"""
    source = str(Path(holdline_runtime.__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": source}, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 0


def test_a_forked_child_can_log_though_another_thread_held_the_lock() -> None:
    code = """
import os, threading, warnings
from holdline_runtime import audit, get_env
warnings.simplefilter("ignore")
held, done = threading.Event(), threading.Event()
def hold():
    with audit._log.lock:
        held.set()
        done.wait()
thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if not child:
    get_env()["A"] = "1"
    os._exit(0 if audit.records()[-1].pid == os.getpid() else 1)
code = os.waitpid(child, 0)[1]
done.set()
thread.join()
raise SystemExit(code)
"""
    source = str(Path(holdline_runtime.__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": source}, timeout=30)
    assert done.returncode == 0
