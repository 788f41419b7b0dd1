"""The order in which files are migrated, and why; pure, deterministic, the same on every machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from holdline.config import Config
from holdline.globs import GlobSet
from holdline.model import Ranked

UNMATCHED = "no priority glob matches"
SHARED_FIXTURES = "shared fixtures: other tests depend on it"

_FIXTURES_TIER, _URGENT_TIER, _REST_TIER = 0, 1, 2

_FIXTURES = GlobSet(("**/conftest.py", "**/fixtures/**", "**/fixtures.py", "**/*_fixtures.py"))

_URGENT_WORDS = frozenset(
    [
        "critical",
        "criticality",
        "auth",
        "authn",
        "authz",
        "oauth",
        "authenticate",
        "authenticated",
        "authentication",
        "authenticator",
        "authorize",
        "authorized",
        "authorization",
        "authorise",
        "authorised",
        "authorisation",
        "login",
        "logins",
        "security",
        "payment",
        "payments",
        "billing",
    ]
)
# Digits and punctuation delimit words, and so does a change of case: `test_auth2.py`, `OAuthLogin`,
# `payment-service`.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def rank(counts: Mapping[str, int], config: Config, churn: Callable[[], Mapping[str, int]]) -> list[Ranked]:
    """Put the paths of `counts` (path → violations) into priority order.

    With `priority` configured, tier i holds the files whose first matching glob is the i-th, and the last
    tier the rest. Otherwise tier 0 holds shared fixtures, tier 1 paths that name something urgent, tier 2 the
    rest. Files of the last tier are ordered by violations × (1 + recent commits), highest first. `churn`
    gives the recent commits per path; it is called at most once, and only where that order needs it.
    """
    if config.priority:
        return _rank_configured(counts, config.priority, churn)
    return _rank_computed(counts, churn)


def is_priority(ranked: Ranked, config: Config) -> bool:
    """Whether the file belongs to the priority tiers, those that `--priority-only` keeps."""
    return ranked.tier < (len(config.priority) or _REST_TIER)


def is_shared_fixture(path: str) -> bool:
    """Whether other tests depend on the file, going by its name."""
    return _FIXTURES.matches(path)


def _rank_configured(
    counts: Mapping[str, int], priority: tuple[str, ...], churn: Callable[[], Mapping[str, int]]
) -> list[Ranked]:
    tiers = [GlobSet((glob,)) for glob in priority]
    matched = []
    rest = []
    for path in sorted(counts):
        tier = next((i for i, tier in enumerate(tiers) if tier.matches(path)), None)
        if tier is None:
            rest.append(path)
        else:
            matched.append(Ranked(path, tier, f'priority[{tier}] "{priority[tier]}"'))
    matched.sort(key=lambda ranked: ranked.tier)
    commits = churn() if len(rest) > 1 else {}
    return matched + [Ranked(path, len(tiers), UNMATCHED) for path in _by_score(rest, counts, commits)]


def _rank_computed(counts: Mapping[str, int], churn: Callable[[], Mapping[str, int]]) -> list[Ranked]:
    fixtures = []
    urgent = []
    rest = []
    for path in sorted(counts):
        if is_shared_fixture(path):
            fixtures.append(Ranked(path, _FIXTURES_TIER, SHARED_FIXTURES))
        elif word := _urgent_word(path):
            urgent.append(Ranked(path, _URGENT_TIER, f'path says "{word}"'))
        else:
            rest.append(path)
    # A conftest serves everything below it, so the shallower one comes first.
    fixtures.sort(key=lambda ranked: ranked.path.count("/"))
    commits = churn() if rest else {}
    scored = [
        Ranked(path, _REST_TIER, _score_reason(counts[path], commits.get(path, 0)))
        for path in _by_score(rest, counts, commits)
    ]
    return fixtures + urgent + scored


def _by_score(paths: list[str], counts: Mapping[str, int], commits: Mapping[str, int]) -> list[str]:
    return sorted(paths, key=lambda path: (-counts[path] * (1 + commits.get(path, 0)), path))


def _score_reason(violations: int, commits: int) -> str:
    return (
        f"{violations} violation{'' if violations == 1 else 's'} × {commits} recent commit{'' if commits == 1 else 's'}"
    )


def _urgent_word(path: str) -> str | None:
    words = (word.lower() for word in _WORD.findall(path))
    return next((word for word in words if word in _URGENT_WORDS), None)
