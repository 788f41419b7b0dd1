"""The expected environment: what is put back, and what fixtures may keep."""

from __future__ import annotations

import os

import pytest

from holdline_runtime import get_env
from holdline_runtime.pytest_plugin.ledger import Change, Changes, Ledger


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setenv("KEPT", "old")
    monkeypatch.delenv("NEW", raising=False)
    made = Ledger(("IGNORED_*",))
    made.begin()
    return made


def test_nothing_changed(ledger):
    assert ledger.settle() == ({}, False)


def test_differences_are_put_back_and_nothing_else_is_touched(ledger):
    os.environ["NEW"] = "1"
    os.environ["KEPT"] = "new"
    os.environ["PYTEST_CURRENT_TEST"] = "another phase"
    os.environ["IGNORED_1"] = "1"
    assert ledger.settle() == ({"KEPT": Change("old", "new"), "NEW": Change(None, "1")}, False)
    assert "NEW" not in os.environ
    assert os.environ["KEPT"] == "old"
    assert os.environ["IGNORED_1"] == "1"
    assert os.environ["PYTEST_CURRENT_TEST"] == "another phase"


@pytest.mark.parametrize("replacement", [{}, {"KEPT": "new"}, get_env()])
def test_a_replaced_environment_is_put_back(ledger, replacement):
    environ = os.environ
    os.environ["NEW"] = "1"
    os.environ = replacement  # noqa: B003
    assert ledger.settle() == ({"NEW": Change(None, "1")}, True)
    assert os.environ is environ
    assert os.environ["KEPT"] == "old"


def test_a_wide_fixture_keeps_its_changes_until_its_end(ledger):
    ledger.open()
    os.environ["NEW"] = "wide"
    changes = ledger.close()
    assert changes == Changes({"NEW": Change(None, "wide")}, None)
    assert ledger.settle() == ({}, False)
    ledger.begin()
    del os.environ["NEW"]
    assert ledger.release(changes) == {}
    assert ledger.settle() == ({}, False)


def test_a_wide_fixture_that_leaves_its_changes_is_told(ledger):
    ledger.open()
    os.environ["NEW"] = "wide"
    changes = ledger.close()
    assert ledger.release(changes) == {"NEW": Change(None, "wide")}
    assert "NEW" not in os.environ
    assert ledger.settle() == ({}, False)


def test_what_a_test_makes_of_a_wide_fixtures_variable_is_the_tests(ledger):
    ledger.open()
    os.environ["NEW"] = "wide"
    changes = ledger.close()
    os.environ["NEW"] = "test"
    assert ledger.release(changes) == {}
    assert ledger.settle() == ({"NEW": Change(None, "test")}, False)


def test_nested_fixtures_own_what_each_changed(ledger):
    ledger.open()
    os.environ["NEW"] = "outer"
    ledger.open()
    os.environ["KEPT"] = "inner"
    inner = ledger.close()
    outer = ledger.close()
    assert inner.variables == {"KEPT": Change("old", "inner")}
    assert outer.variables == {"NEW": Change(None, "outer")}
    assert ledger.settle() == ({}, False)


def test_a_fixture_that_failed_keeps_nothing(ledger):
    ledger.open()
    os.environ["NEW"] = "1"
    ledger.drop()
    assert ledger.settle() == ({"NEW": Change(None, "1")}, False)


def test_a_wide_fixture_may_replace_the_environment(ledger):
    environ = os.environ
    ledger.open()
    os.environ = {"KEPT": "swapped"}  # noqa: B003
    changes = ledger.close()
    assert changes.replaced is environ
    assert ledger.settle() == ({}, False)
    assert os.environ == {"KEPT": "swapped"}
    os.environ = environ  # noqa: B003
    assert ledger.release(changes) == {}
    assert ledger.settle() == ({}, False)


def test_a_wide_fixture_that_never_puts_the_environment_back(ledger):
    environ = os.environ
    ledger.open()
    os.environ = {}  # noqa: B003
    changes = ledger.close()
    assert ledger.release(changes) == {}
    assert ledger.settle() == ({}, True)
    assert os.environ is environ
