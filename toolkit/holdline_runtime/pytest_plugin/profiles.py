"""A project's named profiles: the variables of each environment it configures.

They stand in `[tool.holdline.environments.NAME]` of `pyproject.toml`, or `[environments.NAME]` of `holdline.toml`:

    [tool.holdline.environments.staging]
    DATABASE_URL = "postgresql://staging.internal/shop"
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: A profile's name, and the variables it sets.
Profiles = dict[str, dict[str, str]]

HOLDLINE_TOML = "holdline.toml"
PYPROJECT_TOML = "pyproject.toml"


class ProfileError(ValueError):
    """The profiles cannot be read; the message is one line that names the file and the key, and holds no value."""


def load_profiles(rootpath: Path) -> Profiles:
    """Read the profiles of the project in a folder; a project without any has none.

    Raises ProfileError for a file that cannot be read, for what is wrong in it, and where `holdline.toml` and
    `[tool.holdline]` are both there.
    """
    own, shared = _read(rootpath / HOLDLINE_TOML), _read(rootpath / PYPROJECT_TOML)
    # A key may be written with escapes; anything else that concerns us spells our name.
    tool: Any = None
    if shared is not None and (b"holdline" in shared or b"\\" in shared):
        tables = _parse(shared, PYPROJECT_TOML).get("tool")
        tool = tables.get("holdline") if isinstance(tables, dict) else None
    if own is None:
        return _environments(tool, PYPROJECT_TOML, "tool.holdline.")
    if tool is not None:
        raise ProfileError(f"{HOLDLINE_TOML} and [tool.holdline] in {PYPROJECT_TOML} both configure Holdline: keep one")
    return _environments(_parse(own, HOLDLINE_TOML), HOLDLINE_TOML, "")


def read_profiles(table: object, label: str) -> Profiles:
    """Check the table `environments`; `label` (file and dotted key) leads the messages."""
    profiles: Profiles = {}
    for name, variables in _table(table, label).items():
        place = f"{label}.{name}"
        if not name.strip():
            raise ProfileError(f"{label}: a profile has no name")
        profiles[name] = {key: _value(key, value, place) for key, value in _table(variables, place).items()}
    return profiles


def _environments(table: object, file: str, prefix: str) -> Profiles:
    if not isinstance(table, dict) or "environments" not in table:
        return {}
    return read_profiles(table["environments"], f"{file}: {prefix}environments")


def _table(value: object, label: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ProfileError(f"{label}: expected a table, got {_kind(value)}")
    return value


def _value(key: str, value: object, label: str) -> str:
    if not key or "=" in key or "\0" in key:
        raise ProfileError(f"{label}: {key!r} cannot be the name of a variable")
    if not isinstance(value, str):
        raise ProfileError(f"{label}.{key}: expected a string, got {_kind(value)}: put it in quotes")
    if "\0" in value:
        raise ProfileError(f"{label}.{key}: a value cannot hold a null character")
    return value


def _kind(value: object) -> str:
    """The type alone: values of variables stay out of messages."""
    kinds = {"dict": "a table", "list": "an array", "str": "a string", "bool": "a boolean", "int": "an integer"}
    return kinds.get(type(value).__name__, f"a {type(value).__name__}")


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ProfileError(f"{path}: cannot read the profiles: {error.strerror}") from None


def _parse(contents: bytes, file: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(contents.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(f"{file}: not valid TOML in UTF-8: {error}") from None
