"""Settings that would guard less than they say are refused."""

from __future__ import annotations

from typing import Any

import pytest

from holdline_runtime import require_ci
from holdline_runtime.ci_guard import CIGuardRefusal
from holdline_runtime.ci_guard.refusal import CIGuardMisuse
from holdline_runtime.ci_guard.requirement import Attestation, required

SHOP: dict[str, Any] = {"repository": "acme/shop", "ref": "main"}
SIGNED: dict[str, Any] = {**SHOP, "provider": "github"}


def level(**settings: Any) -> str:
    given = {
        "level": None,
        "provider": None,
        "repository": None,
        "ref": None,
        "production": False,
        "credentials": (),
        **settings,
    }
    return required(**given, attestation=Attestation()).level


def test_the_level_follows_from_what_is_named() -> None:
    assert level() == "claimed"
    assert level(**SHOP) == "corroborated"
    assert level(**SIGNED, level="attested") == "attested"
    assert level(**SIGNED, production=True) == "attested"
    assert level(**SHOP, production=True, credentials="KEY") == "corroborated"
    assert level(**SIGNED, production=True, credentials="KEY", level="attested") == "attested"


@pytest.mark.parametrize(
    "settings",
    [
        {"level": "Attested"},
        {"level": "corroborated"},
        {"level": "corroborated", "repository": "acme/shop"},
        {"level": "attested", "ref": "main"},
        {"ref": "main"},
        {**SHOP, "level": "claimed"},
        {"provider": "github"},
        {**SHOP, "provider": "GitHub"},
        {**SHOP, "provider": ""},
        {**SHOP, "level": "attested"},
        {**SHOP, "production": True},
        *({**SHOP, "level": "attested", "provider": name} for name in ("jenkins", "circleci", "azure", "buildkite")),
        {**SHOP, "ref": ""},
        {**SHOP, "ref": []},
        {**SHOP, "repository": ""},
        {"production": True},
        {"production": True, "credentials": "KEY"},
        {**SHOP, "production": True, "level": "corroborated"},
        {**SHOP, "production": True, "level": "corroborated", "credentials": []},
        {**SHOP, "production": True, "credentials": [""]},
        {**SHOP, "production": True, "level": "claimed", "credentials": "KEY"},
        {**SHOP, "issuer": "http://issuer.example"},
        {**SHOP, "issuer": "http://127.0.0.1:1"},
        {**SHOP, "audience": ""},
        {**SHOP, "timeout": 0},
        {**SHOP, "timeout": float("nan")},
    ],
)
def test_misuse_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(CIGuardMisuse) as caught:
        require_ci(**settings)
    assert caught.value.code == str(caught.value)


@pytest.mark.parametrize("settings", [{**SHOP, "ref": 3}, {**SHOP, "timeout": "soon"}, {**SHOP, "issuer": 3}])
def test_a_failure_of_the_guard_itself_is_a_refusal(settings: dict[str, Any]) -> None:
    with pytest.raises(CIGuardRefusal, match="the guard failed"):
        require_ci(**settings)


def test_the_place_is_told_in_words() -> None:
    requirement = required(None, "gitlab", "acme/shop", ["main", "refs/tags/v*"], False, (), Attestation())
    assert requirement.place == "a GitLab job of acme/shop on refs/heads/main or refs/tags/v*"
