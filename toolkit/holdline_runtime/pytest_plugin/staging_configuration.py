"""Which environments the tests may run against, as the configuration file says; an override may only narrow it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from holdline_runtime.pytest_plugin.staging_decision import Refused

ENVIRONMENTS = "holdline_environments"
VARIABLE = "holdline_environment_variable"
DEFAULT_VARIABLE = "ENVIRONMENT"

_NAME = re.compile(r"[a-z][a-z0-9_.-]*")
_FILES = (
    *("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini"),
    *("pyproject.toml", "tox.ini", "setup.cfg"),
)


class Settings(NamedTuple):
    """`allowed` environments, the default first; the `variable` that names one; `where` that is said."""

    allowed: tuple[str, ...]
    variable: str
    where: str


def read_settings(config: pytest.Config) -> Settings | None:
    """Read what is in force; None where the tests are not restricted. Raises Refused for a forbidden override."""
    options = config.known_args_namespace
    source = config.inipath
    allowed = tuple(config.getini(ENVIRONMENTS))
    variable = config.getini(VARIABLE)
    overridden = {text.partition("=")[0].strip() for text in options.override_ini or ()}
    in_file = settings_in(source) if source and overridden & {ENVIRONMENTS, VARIABLE} else None
    if in_file is not None:
        _only_narrows(allowed, variable, in_file)
    _not_around(source, allowed, variable, _would_read(config), by_option=options.inifilename is not None)
    if not allowed:
        if source is not None and settings_in(source) is not None:
            raise Refused(f"{source}: {ENVIRONMENTS} is empty: name the environments that tests may run against")
        return None
    for name in allowed:
        if not _NAME.fullmatch(name):
            raise Refused(f"{ENVIRONMENTS}: {name!r} is not the name of an environment in lower case")
    if not variable:
        raise Refused(f"{VARIABLE} is empty: name the variable that says which environment it is")
    return Settings(allowed, variable, str(source) if source else "the command line")


def settings_in(path: Path) -> Settings | None:
    """Read what one configuration file says, without any override; None where it restricts nothing."""
    if not _names_it(path):
        return None
    section = _toml(path) if path.suffix == ".toml" else _ini(path)
    if ENVIRONMENTS not in section:
        return None
    value = section[ENVIRONMENTS]
    allowed = shlex.split(value) if isinstance(value, str) else [str(name) for name in value]
    return Settings(tuple(allowed), str(section.get(VARIABLE, DEFAULT_VARIABLE)), str(path))


def _only_narrows(allowed: tuple[str, ...], variable: str, in_file: Settings) -> None:
    if not allowed or not set(allowed) <= set(in_file.allowed):
        raise Refused(
            f"{ENVIRONMENTS} is {' '.join(in_file.allowed)} in {in_file.where}: the command line may only narrow it"
        )
    if variable != in_file.variable:
        raise Refused(f"{VARIABLE} is {in_file.variable} in {in_file.where}: the command line may not change it")


def _would_read(config: pytest.Config) -> list[Path]:
    """Where the search for a configuration begins; with `-c`, which ends all search, also where pytest was started."""
    options, folder = config.known_args_namespace, config.invocation_params.dir
    starts = [folder / argument.partition("::")[0] for argument in options.file_or_dir]
    return [folder, *starts] if options.inifilename is not None or not starts else starts


def _not_around(
    source: Path | None, allowed: tuple[str, ...], variable: str, starts: list[Path], *, by_option: bool
) -> None:
    """Refuse a file that allows more than one which restricts these tests: given by `-c`, or nearer to them."""
    for path in dict.fromkeys(path for start in starts for path in _restricting(start.resolve())):
        found = settings_in(path)
        if found is None or (source is not None and path == source.resolve()):
            continue
        if not allowed or not set(allowed) <= set(found.allowed) or variable != found.variable:
            kept = f"{path} keeps the tests to {' '.join(found.allowed)}"
            if by_option:
                raise Refused(f"{kept}, but `-c` reads {source}: run without it")
            raise Refused(f"{kept}, but pytest reads {source}: write {ENVIRONMENTS} there as well")


def _restricting(start: Path) -> Iterator[Path]:
    """The nearest files that restrict tests below `start`, up to the repository's root."""
    for folder in (start, *start.parents):
        found = [folder / name for name in _FILES if (folder / name).is_file() and _names_it(folder / name)]
        yield from found
        if found or (folder / ".git").exists():
            return


def _names_it(path: Path) -> bool:
    try:
        return ENVIRONMENTS.encode() in path.read_bytes()
    except OSError:
        return False


def _toml(path: Path) -> Mapping[str, Any]:
    import tomllib  # here and below: most runs of pytest need neither

    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from None
    pytest_table = document.get("pytest", {}) if path.stem.endswith("pytest") else {}
    tool_table = document.get("tool", {}).get("pytest", {})
    return {**pytest_table, **tool_table, **tool_table.get("ini_options", {})}


def _ini(path: Path) -> Mapping[str, Any]:
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read_string(path.read_text(encoding="utf-8"), str(path))
    except (configparser.Error, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from None
    section = "tool:pytest" if path.suffix == ".cfg" else "pytest"
    return {key: value or "" for key, value in parser[section].items()} if section in parser else {}


def _unreadable(path: Path, error: Exception) -> Refused:
    return Refused(f"{path} has {ENVIRONMENTS}, but cannot be read: {error}")
