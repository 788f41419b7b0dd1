"""The one place that asks whether production may be stamped from here."""

from __future__ import annotations

_PRODUCTION = frozenset({"production", "prod", "live"})


def require_ci_for(*environments: str) -> None:
    """Refuse, as `require_ci()` does, unless this is CI, if one of the environments is production."""
    if _PRODUCTION.isdisjoint(environments):
        return
    from holdline_runtime.ci_guard import require_ci

    require_ci()
