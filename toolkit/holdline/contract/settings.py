"""The table `[tool.holdline.contract]`: its values, and the rules that come with it."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

CONTRACT_FILE = "mutation-contract.toml"
#: The migration, and its rules, that a project gets which has a contract or the table.
MIGRATION = "production-safety"
RULES = ("HL301", "HL302", "HL303", "HL304", "HL305", "HL306")
PRODUCTION = frozenset({"production", "prod", "live", "prd"})


class BypassConfig(NamedTuple):
    """A registered way round a protection: `name` is the flag; it holds up to and with the day `expires`."""

    name: str
    owner: str
    reason: str
    capability: str
    environments: tuple[str, ...]
    expires: date


class ContractConfig(NamedTuple):
    """What the production-safety rules go by; `docs/contract.md` describes each key.

    `files` are the globs of files that may be mutation scripts, `protected` of those that no flag may switch off, on
    top of the scripts in the contract. `guard` is `module:name`; importing one of the modules `connects` connects.
    """

    file: str = CONTRACT_FILE
    page: str = "mutation-contract.md"
    files: tuple[str, ...] = ("**",)
    protected: tuple[str, ...] = ()
    guard: str = "holdline_runtime:require_ci"
    connects: tuple[str, ...] = ()
    bypasses: tuple[BypassConfig, ...] = ()

    def registered(self, name: str, today: date) -> bool:
        """Whether a bypass of this name is registered and has not expired."""
        return any(b.name == name and today <= b.expires for b in self.bypasses)

    def expired(self, name: str, today: date) -> BypassConfig | None:
        """The registered bypass of this name that has expired."""
        return next((b for b in self.bypasses if b.name == name and today > b.expires), None)


def settings_from(values: dict[str, Any]) -> ContractConfig:
    """The settings in the checked values of the table."""
    bypasses = tuple(BypassConfig(**b) for b in values.pop("bypasses", ()))
    return ContractConfig(**values, bypasses=bypasses)
