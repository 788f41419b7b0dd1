"""The list of repositories that `holdline fleet` takes: a TOML file, read as strictly as the configuration."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdline.config import parse_toml
from holdline.config_schema import describe, read_keys, read_seconds, read_strings
from holdline.errors import ConfigError
from holdline.fleet import addresses
from holdline.fleet.figures import COLUMNS
from holdline.fleet.values import ConfigFile

DEFAULT_TIMEOUT = 1800
#: Options that decide where and how a command is run, or what becomes of its report: here that is the fleet's affair.
_LONG = ("--config", "--format", "--output", "--work", "--scheduler", "--retry-failed", "--fresh")
_SHORT = ("-C", "-o")


@dataclass(frozen=True, slots=True)
class Entry:
    """One repository of the list: a clone at `path`, absolute, or a remote at `url`, which may hold a password.

    `ref` is the branch, tag or commit to fetch ("" for the remote's default branch); `arguments` are given to each
    command by its name; `timeout` is in seconds.
    """

    name: str
    path: str = ""
    url: str = field(default="", repr=False)
    ref: str = ""
    config: ConfigFile | None = None
    arguments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    timeout: int = DEFAULT_TIMEOUT

    @property
    def source(self) -> str:
        """The path or address, fit to be shown."""
        return self.path or addresses.shown(self.url)


def read_fleet(file: Path) -> tuple[Entry, ...]:
    """The repositories in a list, in its order.

    Raises ConfigError, in one line that names the file and the key, for whatever cannot be read or is wrong.
    """
    label = os.fspath(file)
    values = read_keys(parse_toml(_read(file), label), f"{label}: ", _KEYS)
    tables = values.pop("repositories", [])
    if not tables:
        raise ConfigError(f"{label}: repositories: expected at least one table [[repositories]]")
    entries: list[Entry] = []
    for index, table in enumerate(tables):
        where = f"{label}: repositories[{index}]"
        entry = _entry(_with_defaults(table, values), file.absolute().parent, where)
        if any(entry.name == other.name for other in entries):
            raise ConfigError(f"{where}: there are two repositories named {entry.name!r}: give one another `name`")
        entries.append(entry)
    return tuple(entries)


def read_config(file: Path, label: str) -> ConfigFile:
    """The configuration in a file, to be sent along."""
    try:
        return ConfigFile(file.name, file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{label}: {file} cannot be read: {error.strerror}") from None


def fleets_own(arguments: Sequence[str]) -> str:
    """The first of a command's arguments that it cannot have in a fleet; "" for none."""
    for argument in arguments:
        if argument == "--":
            break
        if argument.startswith(_SHORT) or argument.partition("=")[0] in _LONG:
            return argument
    return ""


def _with_defaults(table: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    usable = {key: value for key, value in defaults.items() if key != "ref" or "url" in table}
    arguments = {**defaults.get("arguments", {}), **table.get("arguments", {})}
    return {**usable, **table, "arguments": arguments}


def _entry(table: dict[str, Any], folder: Path, label: str) -> Entry:
    if ("path" in table) == ("url" in table):
        raise ConfigError(f"{label}: expected one of the keys 'path' and 'url'")
    if "path" in table and "ref" in table:
        raise ConfigError(f"{label}.ref: a clone at a `path` is taken as it is checked out: `ref` goes with `url`")
    values = dict(table)
    if "path" in values:
        values["path"] = _resolve(values["path"], folder)
    elif addresses.is_local(values["url"]):
        values["url"] = _resolve(values["url"], folder)
    if "config" in values:
        values["config"] = read_config(Path(_resolve(values["config"], folder)), f"{label}.config")
    name = values.pop("name", "") or addresses.default_name(values.get("path") or values["url"])
    if not name:
        raise ConfigError(f"{label}: the key 'name' is missing, and none can be told from the address")
    return Entry(name=name, **values)


def _resolve(name: str, folder: Path) -> str:
    return os.path.normpath(folder / Path(name).expanduser())


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"{file}: there is no such file") from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot read the list of repositories: {error.strerror}") from None


def _read_text(value: object, label: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{label}: expected a string, got {describe(value)}")
    if not value or "\0" in value:
        raise ConfigError(f"{label}: expected a string that is not empty and holds no null character")
    return value


def _read_url(value: object, label: str) -> str:
    if not isinstance(value, str):  # and nothing is quoted: who knows what is in there
        raise ConfigError(f"{label}: expected a string")
    if problem := addresses.problem_with(value):
        raise ConfigError(f"{label}: {problem}")
    return value


def _read_ref(value: object, label: str) -> str:
    text = _read_text(value, label)
    if text.startswith("-") or any(c in " ~^:?*[\\" or not c.isprintable() for c in text) or ".." in text:
        raise ConfigError(f"{label}: expected a branch, a tag or a commit, got {value!r}")
    return text


def _read_arguments(value: object, label: str) -> dict[str, tuple[str, ...]]:
    return read_keys(value, f"{label}.", dict.fromkeys(COLUMNS, _read_command_arguments))


def _read_command_arguments(value: object, label: str) -> tuple[str, ...]:
    arguments = read_strings(value, label)
    if own := fleets_own(arguments):
        raise ConfigError(f"{label}: {own!r} is for `holdline fleet` to say, not for a repository's command")
    if any("\0" in argument for argument in arguments):
        raise ConfigError(f"{label}: an argument cannot hold a null character")
    return arguments


def _read_repositories(value: object, label: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise ConfigError(f"{label}: expected an array of tables, got {describe(value)}")
    return [read_keys(table, f"{label}[{index}].", _REPOSITORY_KEYS) for index, table in enumerate(value)]


_DEFAULT_KEYS: dict[str, Callable[[object, str], object]] = {
    "ref": _read_ref,
    "config": _read_text,
    "arguments": _read_arguments,
    "timeout": read_seconds,
}
_KEYS: dict[str, Callable[[object, str], object]] = {**_DEFAULT_KEYS, "repositories": _read_repositories}
_REPOSITORY_KEYS: dict[str, Callable[[object, str], object]] = {
    "path": _read_text,
    "url": _read_url,
    "name": _read_text,
    **_DEFAULT_KEYS,
}
