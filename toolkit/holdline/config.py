"""The project's configuration: its values, and reading them from `holdline.toml` or `pyproject.toml`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from holdline.config_schema import nearest, read_codes, read_table
from holdline.contract.settings import CONTRACT_FILE, MIGRATION, RULES, ContractConfig, settings_from
from holdline.errors import ConfigError

if TYPE_CHECKING:
    from holdline.contract.file import Contract

HOLDLINE_TOML = "holdline.toml"
PYPROJECT_TOML = "pyproject.toml"

DEFAULT_TESTS = (
    "tests/**",
    "**/tests/**",
    "test/**",
    "**/test/**",
    "**/test_*.py",
    "**/*_test.py",
    "**/conftest.py",
)


class EnvConfig(NamedTuple):
    """What migrated code imports in place of the environment.

    `get` and `patch` are `module:name`. With `api` "mapping" the object that `get` returns is a real mapping;
    with "methods" it has only `.get`, `.set`, `.delete` and `.exists`, and perhaps a method `snapshot` that returns
    all variables as a new dict ("" for none).
    """

    get: str = "holdline_runtime:get_env"
    patch: str = "holdline_runtime:patch_env"
    api: Literal["mapping", "methods"] = "mapping"
    snapshot: str = ""


class LinterConfig(NamedTuple):
    """A linter whose findings the gate holds to those that are new.

    One argument of `command` is `{files}`: it stands for the changed files that the globs `files` match.
    `configuration` are globs of further files that it needs to see; `export` says whether it sees, of the files that
    it could judge, just the changed ones. `timeout` is in seconds, for one run.
    """

    name: str
    command: tuple[str, ...]
    format: Literal["sarif", "ruff-json", "gcc"]
    files: tuple[str, ...] = ("**/*.py",)
    configuration: tuple[str, ...] = ()
    export: Literal["changed", "all"] = "changed"
    timeout: int = 300


class ProfileConfig(NamedTuple):
    """A named environment: the variables it sets, as pairs. The pytest plugin applies it."""

    name: str
    variables: tuple[tuple[str, str], ...] = ()


class Config(NamedTuple):
    """Everything a project may set; `docs/configuration.md` describes each key.

    `contract` is None in a project without one; `frozen` is what its file says, None where there is none.
    `origin` and `select_origin` say, for messages, which file (or option) the values and `select` came from.
    """

    select: tuple[str, ...] = ("HL1",)
    exclude: tuple[str, ...] = ()
    tests: tuple[str, ...] = DEFAULT_TESTS
    priority: tuple[str, ...] = ()
    migrations: tuple[str, ...] = ("env-access",)
    env: EnvConfig = EnvConfig()
    linters: tuple[LinterConfig, ...] = ()
    environments: tuple[ProfileConfig, ...] = ()
    contract: ContractConfig | None = None
    frozen: Contract | None = None
    origin: str = "the default configuration"
    select_origin: str = "the default configuration: select"

    def selected(self, code: str, default_on: bool = True) -> bool:
        """Whether `select` turns the rule `code` on.

        A rule that is off by default is on only where `select` names its exact code, never through a prefix.
        """
        if not default_on:
            return code in self.select
        return code.startswith(self.select)

    def with_select(self, codes: str) -> Config:
        """The configuration with `select` replaced by the comma-separated `codes` of the option `--select`.

        A prefix takes in the rules that a contract turns on. Raises ConfigError for an entry that cannot be a rule
        code or prefix.
        """
        entries = [code.strip() for code in codes.split(",")]
        select = read_codes(entries, "--select")
        held = RULES if self.contract is not None else ()
        select += tuple(rule for rule in held if rule.startswith(select) and rule not in select)
        return self._replace(select=select, select_origin="--select")

    def with_contract(self, contents: bytes | None) -> Config:
        """The configuration with the contract in its file's bytes; None where there is no such file.

        A project that has the file, or the table, has the rules HL301 to HL306 on.
        """
        if contents is None and self.contract is None:
            return self
        from holdline.contract.file import parse_contract

        settings = self.contract or ContractConfig()
        return self._replace(
            contract=settings,
            frozen=None if contents is None else parse_contract(contents, settings.file),
            select=(*self.select, *(r for r in RULES if r not in self.select)),
            migrations=(*self.migrations, *({MIGRATION} - {*self.migrations})),
        )

    @property
    def contract_file(self) -> str:
        """Where the contract is, or would be."""
        return self.contract.file if self.contract else CONTRACT_FILE

    def fingerprint(self) -> str:
        """A digest of all that influences what is found in a file and how it is fixed; stable across runs.

        `exclude` and `priority` choose and order files and change no finding; linters have findings of their own.
        """
        import hashlib
        import json

        values: list[object] = [sorted(set(self.select)), self.tests, self.migrations, self.env._asdict()]
        values.append(self.environments)
        if self.contract is not None:
            from datetime import date

            holds = [b.name for b in self.contract.bypasses if self.contract.registered(b.name, date.today())]
            frozen = self.frozen.digest if self.frozen else ""
            values += [[str(v) for v in self.contract], holds, frozen]
        return hashlib.sha256(json.dumps(values).encode("ascii")).hexdigest()


def check_select(config: Config, known_codes: Collection[str]) -> None:
    """Raise ConfigError where an entry of `select` is neither a known code nor a prefix of one."""
    for entry in config.select:
        if not any(code.startswith(entry) for code in known_codes):
            raise ConfigError(
                f"{config.select_origin}: no rule has the code or prefix {entry!r}; "
                f"the nearest is {nearest(entry, known_codes)!r} (`holdline rules` lists all)"
            )


def load_config(root: Path, explicit: Path | None = None) -> Config:
    """The configuration of the project at `root`.

    `explicit` (the option `--config`) is read alone. Otherwise `holdline.toml` or the table `[tool.holdline]`
    of `pyproject.toml` counts, whichever there is, else the defaults.

    The contract is read beside it. Raises ConfigError, in one line that names the file and the key, for whatever cannot
    be read or is wrong.
    """
    config = _load(root, explicit)
    return config.with_contract(_read(root / config.contract_file))


def _load(root: Path, explicit: Path | None) -> Config:
    if explicit is not None:
        contents = _read(explicit)
        if contents is None:
            raise ConfigError(f"{explicit}: there is no such file")
        return config_from_explicit(contents, str(explicit))
    found = {name: _read(root / name) for name in (HOLDLINE_TOML, PYPROJECT_TOML)}
    return config_from({name: contents for name, contents in found.items() if contents is not None})


def config_from_explicit(contents: bytes, file: str) -> Config:
    """The configuration in `contents` of a file that the user named; see `load_config`."""
    if Path(file).name != PYPROJECT_TOML:
        return _parse_holdline_toml(contents, file)
    config = _parse_pyproject(contents, file)
    if config is None:
        raise ConfigError(f"{file}: it has no table [tool.holdline]")
    return config


def config_from(files: Mapping[str, bytes]) -> Config:
    """The configuration that a project with these files at its root has; see `load_config`."""
    pyproject = files.get(PYPROJECT_TOML)
    own = files.get(HOLDLINE_TOML)
    if own is None:
        return (_parse_pyproject(pyproject, PYPROJECT_TOML) if pyproject is not None else None) or Config()
    # Beside a holdline.toml the other file matters only if it configures Holdline as well.
    if pyproject is not None and b"holdline" in pyproject and _parse_pyproject(pyproject, PYPROJECT_TOML):
        raise ConfigError(
            f"{HOLDLINE_TOML} and [tool.holdline] in {PYPROJECT_TOML} both configure Holdline: keep one of them"
        )
    return _parse_holdline_toml(own, HOLDLINE_TOML)


def _parse_holdline_toml(contents: bytes, file: str) -> Config:
    table = parse_toml(contents, file)
    if "tool" in table:
        raise ConfigError(f"{file}: tool: put the keys of [tool.holdline] at the top level of this file")
    return _build(table, file, "")


def _parse_pyproject(contents: bytes, file: str) -> Config | None:
    if b"holdline" not in contents and b"\\" not in contents and contents.isascii():
        return None  # as most are, whatever else may be wrong with it
    tool = parse_toml(contents, file).get("tool", {})
    if not isinstance(tool, dict):
        raise ConfigError(f"{file}: tool: expected a table")
    return _build(tool["holdline"], file, "tool.holdline.") if "holdline" in tool else None


def _build(table: object, file: str, prefix: str) -> Config:
    values = read_table(table, file, prefix)
    env = EnvConfig(**values.pop("env", {}))
    linters = tuple(LinterConfig(**linter) for linter in values.pop("linters", ()))
    environments = tuple(ProfileConfig(n, tuple(v.items())) for n, v in values.pop("environments", {}).items())
    settings = {**values, "env": env, "linters": linters, "environments": environments}
    if "contract" in settings:
        settings["contract"] = settings_from(settings["contract"])
    return Config(**settings, origin=file, select_origin=f"{file}: {prefix}select")


def parse_toml(contents: bytes, file: str) -> dict[str, Any]:
    """The tables in a TOML file's bytes; ConfigError names `file` and says what is wrong."""
    import tomllib

    try:
        return tomllib.loads(contents.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{file}: expected UTF-8, got the byte {contents[error.start]:#04x} at offset {error.start}"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{file}: not valid TOML: nested too deeply") from None


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        if path.is_symlink():
            raise ConfigError(f"{path}: it is a symlink to a file that does not exist") from None
        return None
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the configuration: {error.strerror}") from None
