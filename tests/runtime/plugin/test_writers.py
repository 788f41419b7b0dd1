"""Which of several writes is the one to blame."""

from __future__ import annotations

import os
import sys
from unittest.mock import patch

import pytest

from holdline_runtime import audit, get_env, patch_env
from holdline_runtime.pytest_plugin.writers import writer_of


def line() -> int:
    return sys._getframe(1).f_lineno


def blamed(watch: audit.Watch, before: str | None, after: str | None, key: str = "LEAKED") -> int:
    place = writer_of(key, before, after, watch.records())
    name, _, number = place.rpartition(":")
    assert name == __file__
    return int(number)


@pytest.fixture(autouse=True)
def _absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEAKED", raising=False)


def test_direct_writes():
    with audit.watch() as watch:
        os.environ["OTHER"] = "1"
        wrote = line() + 1
        os.environ["LEAKED"] = "1"
        assert blamed(watch, None, "1") == wrote


@pytest.mark.parametrize("note", [None, "a note"])
def test_writes_through_the_facade_with_and_without_a_note(note):
    with audit.watch() as watch:
        wrote = line() + 1
        get_env().set("LEAKED", "1", note)
        assert blamed(watch, None, "1") == wrote


def test_the_last_of_several_values():
    with audit.watch() as watch:
        os.environ["LEAKED"] = "1"
        wrote = line() + 1
        os.environ["LEAKED"] = "2"
        assert blamed(watch, None, "2") == wrote


def test_a_deletion():
    os.environ["LEAKED"] = "1"
    with audit.watch() as watch:
        wrote = line() + 1
        del os.environ["LEAKED"]
        assert blamed(watch, "1", None) == wrote


@pytest.mark.parametrize("patcher", [lambda: patch.dict(os.environ, LEAKED="2"), lambda: patch_env(LEAKED="2")])
def test_patches_that_restored_are_not_to_blame(patcher):
    with audit.watch() as watch:
        with patcher():
            pass
        wrote = line() + 1
        os.environ["LEAKED"] = "1"
        with patcher():
            pass
        assert blamed(watch, None, "1") == wrote


def test_the_same_value_set_and_taken_back_before():
    with audit.watch() as watch:
        os.environ["LEAKED"] = "1"
        del os.environ["LEAKED"]
        wrote = line() + 1
        os.environ["LEAKED"] = "1"
        assert blamed(watch, None, "1") == wrote


def test_a_patch_that_was_never_stopped():
    with audit.watch() as watch:
        wrote = line() + 1
        patcher = patch_env(LEAKED="1")
        patcher.start()
        assert blamed(watch, None, "1") in (wrote, wrote + 1)
        patcher.stop()


def test_overlays_and_other_processes_do_not_count():
    with audit.watch() as watch:
        with patch_env({"LEAKED": "1"}, mode="overlay"):
            pass
        others = [record._replace(pid=0, layer="process") for record in watch.records()]
        assert writer_of("LEAKED", None, "1", watch.records()) == ""
        assert writer_of("LEAKED", None, "1", others) == ""


def test_secrets_are_found_by_their_masks():
    with audit.watch() as watch:
        wrote = line() + 1
        os.environ["API_TOKEN"] = "hush"
        assert blamed(watch, None, "hush", "API_TOKEN") == wrote
