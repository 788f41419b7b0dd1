"""The named environments of a project: `[tool.holdline.environments.NAME]` in its pyproject.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path


def load_profiles(rootpath: Path) -> dict[str, dict[str, str]]:
    """Return each environment's variables."""
    path = rootpath / "pyproject.toml"
    if not path.is_file():
        return {}
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    profiles: dict[str, dict[str, str]] = document.get("tool", {}).get("holdline", {}).get("environments", {})
    return profiles
