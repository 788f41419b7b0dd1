"""The one place that asks whether production may be stamped from here."""

from __future__ import annotations

import importlib
from pathlib import Path

from holdline_runtime import get_env
from holdline_runtime.fingerprint.errors import ProductionOutsideCIError

_PRODUCTION = frozenset({"production", "prod", "live"})
_NOT_CI = frozenset({"", "0", "false", "no", "off"})


def require_ci_for(*environments: str) -> None:
    """Raise unless this is CI, if one of the environments is production.

    Asks `holdline_runtime.require_ci` where there is one; without it, the variable `CI` as the process was started
    with it, so that nothing set since counts.
    """
    if _PRODUCTION.isdisjoint(environments):
        return
    require_ci = getattr(importlib.import_module("holdline_runtime"), "require_ci", None)
    if require_ci is not None:
        require_ci()
    elif _started_with("CI").lower() in _NOT_CI:
        raise ProductionOutsideCIError(
            "production is stamped in CI only, and this process was not started there (CI is not set)"
        )


def _started_with(name: str) -> str:
    """The value a variable had when the process began; as it is now, where the system does not tell."""
    try:
        block = Path("/proc/self/environ").read_bytes()
    except OSError:
        return get_env().get(name, "")
    pairs = (entry.partition(b"=") for entry in block.split(b"\0"))
    return next((value.decode(errors="replace") for key, _, value in pairs if key == name.encode()), "")
