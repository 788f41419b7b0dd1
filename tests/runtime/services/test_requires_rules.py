"""What becomes of a test whose service is not there."""

from __future__ import annotations

import datetime

import pytest

from holdline_runtime.pytest_plugin.requires_rules import Allowance, EntryError, called, is_ci, judge, read_allowances

TODAY = datetime.date(2026, 6, 15)


def entry(days: int) -> Allowance:
    return Allowance("docker", TODAY + datetime.timedelta(days), "no engine")


@pytest.mark.parametrize(
    ("ci", "optional", "allowance", "fails", "said"),
    [
        (False, False, None, False, "absent"),
        (False, True, None, False, "absent"),
        (True, False, None, True, "it is required, and CI has to provide it"),
        (True, False, entry(9), True, "it is required, and CI has to provide it"),
        (True, True, None, True, "holdline_optional_services has no entry for docker"),
        (True, True, entry(1), False, "CI may lack it until 2026-06-16: no engine"),
        (True, True, entry(0), False, "CI may lack it until 2026-06-15: no engine"),
        (True, True, entry(-1), True, "it was optional until 2026-06-14: no engine"),
    ],
)
def test_judge(ci: bool, optional: bool, allowance: Allowance | None, fails: bool, said: str) -> None:
    verdict = judge("docker", "absent", ci=ci, optional=optional, allowance=allowance, today=TODAY)
    assert verdict.fails is fails
    assert verdict.text.startswith("absent")
    assert verdict.text.endswith(said)


def test_entries() -> None:
    found = read_allowances(["docker until 2026-12-31: no engine (issue 12)", "  redis  until 2027-01-01 :  soon "])
    assert found["docker"] == Allowance("docker", datetime.date(2026, 12, 31), "no engine (issue 12)")
    assert found["redis"].reason == "soon"


@pytest.mark.parametrize(
    "line", ["docker", "docker until 2026-12-31", "docker until 2026-02-30: no", "docker until never: no", "docker until 2026-12-31: "]
)  # fmt: skip
def test_an_entry_without_an_expiry_or_a_reason_is_refused(line: str) -> None:
    with pytest.raises(EntryError, match="expected SERVICE until YYYY-MM-DD: REASON"):
        read_allowances([line])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, False), ("", False), ("false", False), ("0", False), ("True", True), ("1", True), ("woodpecker", True)],
)
def test_is_ci(value: str | None, expected: bool) -> None:
    assert is_ci({} if value is None else {"CI": value}) is expected


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("postgresql", "postgres"),
        ("postgres", "postgres"),
        ("docker", "docker"),
        ("postgresql://me:geheim@db.internal:5432/shop", "postgres://db.internal"),
        ("http://localhost:8080/health", "http://localhost"),
        ("http://[::1", "http://"),
    ],
)
def test_a_service_has_one_name(service: str, name: str) -> None:
    assert called(service) == name
    assert list(read_allowances([f"{service} until 2026-12-31: later"])) == [name]
