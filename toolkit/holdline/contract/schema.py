"""Which keys `[tool.holdline.contract]` has and what each may hold."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any

from holdline.config_schema import describe, read_globs, read_import, read_keys, read_strings
from holdline.contract.settings import PRODUCTION
from holdline.errors import ConfigError

_FLAG = re.compile(r"--?[A-Za-z][\w-]*|[A-Za-z_]\w*")


def read_contract(value: object, label: str) -> dict[str, Any]:
    """The checked values of the table."""
    return read_keys(value, f"{label}.", _KEYS)


def _read_path(value: object, label: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{label}: expected a path from the repository's root, got {describe(value)}")
    path = PurePosixPath(value)
    if not value or path.is_absolute() or ".." in path.parts or str(path) != value or "\0" in value:
        raise ConfigError(
            f"{label}: expected a path from the repository's root such as 'ops/contract.toml', got {value!r}"
        )
    return value


def _read_modules(value: object, label: str) -> tuple[str, ...]:
    names = read_strings(value, label)
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise ConfigError(f"{label}: expected modules such as 'app.database', got {name!r}")
    return names


def _read_bypasses(value: object, label: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise ConfigError(f"{label}: expected an array of tables, got {describe(value)}")
    bypasses: list[dict[str, Any]] = []
    for index, table in enumerate(value):
        bypass = read_keys(table, f"{label}[{index}].", _BYPASS_KEYS)
        if missing := [key for key in _BYPASS_KEYS if key not in bypass]:
            raise ConfigError(f"{label}[{index}]: the key {missing[0]!r} is missing")
        if any(bypass["name"] == other["name"] for other in bypasses):
            raise ConfigError(f"{label}[{index}].name: {bypass['name']!r} is registered twice")
        bypasses.append(bypass)
    return bypasses


def _read_flag(value: object, label: str) -> str:
    if not isinstance(value, str) or not _FLAG.fullmatch(value):
        raise ConfigError(f"{label}: expected a flag such as 'SKIP_BACKUP' or '--no-verify', got {describe(value)}")
    return value


def _read_words(value: object, label: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{label}: expected a text that is not empty, got {describe(value)}")
    return value


def _read_environments(value: object, label: str) -> tuple[str, ...]:
    names = read_strings(value, label)
    if not names or not all(names):
        raise ConfigError(f"{label}: expected at least one environment that the bypass may be used in")
    if production := [n for n in names if n.lower() in PRODUCTION]:
        raise ConfigError(f"{label}: {production[0]!r} is production, where no bypass may be used")
    return names


def _read_day(value: object, label: str) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ConfigError(f"{label}: expected a date such as 2026-12-31, without quotes, got {describe(value)}")
    return value


_BYPASS_KEYS = {
    "name": _read_flag,
    "owner": _read_words,
    "reason": _read_words,
    "capability": _read_words,
    "environments": _read_environments,
    "expires": _read_day,
}
_KEYS = {
    "file": _read_path,
    "page": _read_path,
    "files": read_globs,
    "protected": read_globs,
    "guard": read_import,
    "connects": _read_modules,
    "bypasses": _read_bypasses,
}
