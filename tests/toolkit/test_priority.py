"""The order of files, the reasons shown, and when the history is asked for."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline.config import Config
from holdline.model import Ranked
from holdline.priority import is_priority, rank

COMPUTED = Config()


class Churn:
    """Recent commits per path that count how often they are asked for."""

    def __init__(self, commits: Mapping[str, int] | None = None) -> None:
        self.commits = commits or {}
        self.calls = 0

    def __call__(self) -> Mapping[str, int]:
        self.calls += 1
        return self.commits


def test_computed_order_and_reasons() -> None:
    counts = {
        "tests/test_b.py": 4,
        "tests/test_a.py": 1,
        "tests/auth/test_x.py": 9,
        "tests/unit/conftest.py": 1,
        "tests/test_payments.py": 1,
        "conftest.py": 2,
        "tests/test_hot.py": 2,
        "tests/fixtures/db.py": 1,
    }
    ranked = rank(counts, COMPUTED, Churn({"tests/test_hot.py": 3, "tests/test_a.py": 1}))
    shared = "shared fixtures: other tests depend on it"
    assert ranked == [
        Ranked("conftest.py", 0, shared),
        Ranked("tests/fixtures/db.py", 0, shared),
        Ranked("tests/unit/conftest.py", 0, shared),
        Ranked("tests/auth/test_x.py", 1, 'path says "auth"'),
        Ranked("tests/test_payments.py", 1, 'path says "payments"'),
        Ranked("tests/test_hot.py", 2, "2 violations × 3 recent commits"),
        Ranked("tests/test_b.py", 2, "4 violations × 0 recent commits"),
        Ranked("tests/test_a.py", 2, "1 violation × 1 recent commit"),
    ]
    assert [is_priority(r, COMPUTED) for r in ranked] == [True] * 5 + [False] * 3


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("tests/mission_critical/test_a.py", "critical"),
        ("tests/test_auth2.py", "auth"),
        ("tests/OAuthTests.py", "auth"),
        ("tests/LoginTest.py", "login"),
        ("tests/HTTPAuthTest.py", "auth"),
        ("tests/test_AUTH.py", "auth"),
        ("tests/payment-service/test_a.py", "payment"),
        ("billing/tests/test_a.py", "billing"),
        ("tests/test_authorization.py", "authorization"),
        ("tests/test_security.py", "security"),
    ],
)
def test_urgent_words_are_delimited(path: str, word: str) -> None:
    assert rank({path: 1}, COMPUTED, Churn()) == [Ranked(path, 1, f'path says "{word}"')]


@pytest.mark.parametrize(
    "path",
    ["tests/test_authors.py", "tests/test_uncritical.py", "tests/test_blogin.py", "tests/prepayment.py"],
)
def test_words_within_words_are_not_urgent(path: str) -> None:
    assert rank({path: 1}, COMPUTED, Churn())[0].tier == 2


@pytest.mark.parametrize(
    "path", ["conftest.py", "a/b/conftest.py", "tests/fixtures/x/y.py", "fixtures.py", "tests/db_fixtures.py"]
)
def test_shared_fixtures(path: str) -> None:
    assert rank({path: 1}, COMPUTED, Churn())[0].tier == 0


@pytest.mark.parametrize("path", ["tests/test_conftest.py", "tests/test_fixtures_work.py", "tests/prefixtures.py"])
def test_not_shared_fixtures(path: str) -> None:
    assert rank({path: 1}, COMPUTED, Churn())[0].tier == 2


def test_configured_tiers_first_match_wins() -> None:
    config = Config(priority=("tests/critical/**", "tests/**/*auth*"))
    counts = {
        "conftest.py": 1,
        "tests/test_auth.py": 7,
        "tests/critical/test_b.py": 1,
        "tests/critical/test_auth.py": 1,
        "tests/test_z.py": 5,
        "tests/test_y.py": 2,
    }
    ranked = rank(counts, config, Churn({"tests/test_y.py": 9}))
    assert ranked == [
        Ranked("tests/critical/test_auth.py", 0, 'priority[0] "tests/critical/**"'),
        Ranked("tests/critical/test_b.py", 0, 'priority[0] "tests/critical/**"'),
        Ranked("tests/test_auth.py", 1, 'priority[1] "tests/**/*auth*"'),
        Ranked("tests/test_y.py", 2, "no priority glob matches"),
        Ranked("tests/test_z.py", 2, "no priority glob matches"),
        Ranked("conftest.py", 2, "no priority glob matches"),
    ]
    assert [is_priority(r, config) for r in ranked] == [True] * 3 + [False] * 3


@pytest.mark.parametrize(
    ("counts", "config", "calls"),
    [
        ({}, COMPUTED, 0),
        ({"conftest.py": 1, "tests/test_auth.py": 1}, COMPUTED, 0),
        ({"tests/test_a.py": 1}, COMPUTED, 1),
        ({"tests/test_a.py": 1, "tests/test_b.py": 1}, COMPUTED, 1),
        ({"a/x.py": 1, "b.py": 1}, Config(priority=("a/**",)), 0),
        ({"c.py": 1, "b.py": 1}, Config(priority=("a/**",)), 1),
    ],
)
def test_history_is_asked_for_only_where_it_counts(counts: dict[str, int], config: Config, calls: int) -> None:
    churn = Churn()
    rank(counts, config, churn)
    assert churn.calls == calls


_paths = st.lists(
    st.sampled_from(["tests", "auth", "a", "b", "conftest.py", "fixtures", "test_x.py"]),
    min_size=1,
    max_size=3,
).map("/".join)


@given(
    st.dictionaries(_paths, st.integers(0, 5)),
    st.dictionaries(_paths, st.integers(0, 5)),
    st.sampled_from([COMPUTED, Config(priority=("tests/**", "**/conftest.py"))]),
)
def test_every_path_once_by_tier_whatever_the_input_order(
    counts: dict[str, int], commits: dict[str, int], config: Config
) -> None:
    ranked = rank(counts, config, lambda: commits)
    assert sorted(r.path for r in ranked) == sorted(counts)
    assert [r.tier for r in ranked] == sorted(r.tier for r in ranked)
    assert ranked == rank(dict(reversed(counts.items())), config, lambda: commits)
