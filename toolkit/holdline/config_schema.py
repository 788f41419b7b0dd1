"""Which configuration keys there are and what each may hold; turns a TOML table into checked plain values.

Every reader takes the value and its label (file and dotted key) and raises ConfigError, in one line, with
that label.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from holdline import globs
from holdline.errors import ConfigError

ENV_APIS = ("mapping", "methods")
LINTER_FORMATS = ("sarif", "ruff-json", "gcc")
LINTER_EXPORTS = ("changed", "all")
#: The argument of a linter's command that stands for the files.
FILES = "{files}"

_CODE_OR_PREFIX = re.compile(r"[A-Z]{2,}[0-9]{0,4}")
_LINTER_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_TYPE_NAMES = {
    "str": "a string",
    "bool": "a boolean",
    "int": "an integer",
    "float": "a float",
    "list": "an array",
    "dict": "a table",
    "datetime": "a date-time",
    "date": "a date",
    "time": "a time",
}


def read_table(table: object, file: str, prefix: str) -> dict[str, Any]:
    """The checked values of a whole configuration; `prefix` (`tool.holdline.`) leads its keys in messages."""
    return read_keys(table, f"{file}: {prefix}", _KEYS)


def read_codes(value: object, label: str) -> tuple[str, ...]:
    """Rule codes or prefixes of them, at least one."""
    codes = read_strings(value, label)
    if not codes:
        raise ConfigError(f"{label}: expected at least one rule code or prefix, got an empty array")
    for code in codes:
        if not _CODE_OR_PREFIX.fullmatch(code):
            raise ConfigError(f"{label}: {code!r} is not a rule code or prefix such as 'HL101' or 'HL1'")
    return codes


def nearest(name: str, valid: Collection[str]) -> str:
    """The one of `valid` that looks most like `name`."""
    import difflib

    return difflib.get_close_matches(name, sorted(valid), n=1, cutoff=0.0)[0]


def read_keys(table: object, label: str, keys: Mapping[str, Callable[[object, str], object]]) -> dict[str, Any]:
    """The checked values of a table that may have these keys, each with its reader; `label` ends in a dot or blank."""
    if not isinstance(table, dict):
        raise ConfigError(f"{label.rstrip('.')}: expected a table, got {describe(table)}")
    for key in table:
        if key not in keys:
            raise ConfigError(
                f"{label}{_quote(key)}: unknown key; the nearest valid key is {nearest(key, keys)!r} "
                f"(valid: {', '.join(keys)})"
            )
    return {key: keys[key](value, label + key) for key, value in table.items()}


def read_strings(value: object, label: str) -> tuple[str, ...]:
    """An array of strings."""
    if not isinstance(value, list):
        raise ConfigError(f"{label}: expected an array of strings, got {describe(value)}")
    for index, item in enumerate(value):
        if not isinstance(item, str):
            raise ConfigError(f"{label}[{index}]: expected a string, got {describe(item)}")
    return tuple(value)


def read_globs(value: object, label: str) -> tuple[str, ...]:
    """An array of globs."""
    patterns = read_strings(value, label)
    for pattern in patterns:
        if error := globs.validate(pattern):
            raise ConfigError(f"{label}: bad glob {pattern!r}: {error}")
    return patterns


def _read_migrations(value: object, label: str) -> tuple[str, ...]:
    names = read_strings(value, label)
    if not all(names):
        raise ConfigError(f"{label}: expected names of migrations, got an empty string")
    if not names:
        raise ConfigError(f"{label}: expected at least one migration, got an empty array")
    return names


def read_import(value: object, label: str) -> str:
    """A `module:name` that code can import."""
    if not isinstance(value, str):
        raise ConfigError(f"{label}: expected a string 'module:name', got {describe(value)}")
    module, _, name = value.partition(":")
    for part in (*module.split("."), name):
        if not part.isidentifier() or keyword.iskeyword(part):
            raise ConfigError(f"{label}: expected 'module:name' such as 'app.env:get_env', got {value!r}")
    return value


def _read_method(value: object, label: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{label}: expected the name of a method, got {describe(value)}")
    if not value.isidentifier() or keyword.iskeyword(value):
        raise ConfigError(f"{label}: expected the name of a method such as 'get_all', got {value!r}")
    return value


def _read_choice(choices: tuple[str, ...]) -> Callable[[object, str], str]:
    def read(value: object, label: str) -> str:
        if value not in choices:
            raise ConfigError(f"{label}: expected {' or '.join(map(repr, choices))}, got {describe(value)}")
        return str(value)

    return read


def _read_env(value: object, label: str) -> dict[str, Any]:
    return read_keys(value, f"{label}.", _ENV_KEYS)


def _read_linters(value: object, label: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise ConfigError(f"{label}: expected an array of tables, got {describe(value)}")
    linters: list[dict[str, Any]] = []
    for index, table in enumerate(value):
        linter = read_keys(table, f"{label}[{index}].", _LINTER_KEYS)
        for key in ("name", "command", "format"):
            if key not in linter:
                raise ConfigError(f"{label}[{index}]: the key {key!r} is missing")
        if any(linter["name"] == other["name"] for other in linters):
            raise ConfigError(f"{label}[{index}].name: there are two linters named {linter['name']!r}")
        linters.append(linter)
    return linters


def _read_linter_name(value: object, label: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{label}: expected a string, got {describe(value)}")
    if not _LINTER_NAME.fullmatch(value):
        raise ConfigError(f"{label}: expected lower-case letters, digits and hyphens such as 'mypy', got {value!r}")
    return value


def _read_command(value: object, label: str) -> tuple[str, ...]:
    if isinstance(value, str):
        import shlex

        try:
            command = tuple(shlex.split(value))
        except ValueError as error:
            raise ConfigError(f"{label}: not a command line: {error} in {value!r}") from None
    elif isinstance(value, list):
        command = read_strings(value, label)
    else:
        raise ConfigError(f"{label}: expected a string or an array of strings, got {describe(value)}")
    if [part for part in command if FILES in part] != [FILES] or command[0] in ("", FILES):
        raise ConfigError(f"{label}: expected a program and one argument {FILES!r}, which stands for the files")
    if any("\0" in part for part in command):
        raise ConfigError(f"{label}: an argument cannot hold a null character")
    return command


def _read_own_globs(value: object, label: str) -> tuple[str, ...]:
    patterns = read_globs(value, label)
    if not patterns:
        raise ConfigError(f"{label}: expected at least one glob, got an empty array")
    return patterns


def read_seconds(value: object, label: str) -> int:
    """A whole number of seconds, at least one."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"{label}: expected a number of seconds from 1 on, got {describe(value)}")
    return value


def _read_environments(value: object, label: str) -> dict[str, dict[str, str]]:
    from holdline_runtime.pytest_plugin.profiles import ProfileError, read_profiles  # few projects have any

    try:
        return read_profiles(value, label)
    except ProfileError as error:
        raise ConfigError(str(error)) from None


def _read_contract(value: object, label: str) -> dict[str, Any]:
    from holdline.contract.schema import read_contract  # few projects have one

    return read_contract(value, label)


def _quote(key: str) -> str:
    """The key as TOML would write it, so that odd characters cannot break the line of a message."""
    if _BARE_KEY.fullmatch(key):
        return key
    import json

    return json.dumps(key)


def describe(value: object) -> str:
    """What a value is, for a message that says what was expected instead."""
    kind = _TYPE_NAMES[type(value).__name__]
    return f"{kind} ({value!r})" if isinstance(value, str | bool | int | float) else kind


_KEYS: dict[str, Callable[[object, str], object]] = {
    "select": read_codes,
    "exclude": read_globs,
    "tests": read_globs,
    "priority": read_globs,
    "migrations": _read_migrations,
    "env": _read_env,
    "linters": _read_linters,
    "environments": _read_environments,
    "contract": _read_contract,
}
_ENV_KEYS: dict[str, Callable[[object, str], object]] = {
    "get": read_import,
    "patch": read_import,
    "api": _read_choice(ENV_APIS),
    "snapshot": _read_method,
}
_LINTER_KEYS: dict[str, Callable[[object, str], object]] = {
    "name": _read_linter_name,
    "command": _read_command,
    "format": _read_choice(LINTER_FORMATS),
    "files": _read_own_globs,
    "configuration": read_globs,
    "export": _read_choice(LINTER_EXPORTS),
    "timeout": read_seconds,
}
