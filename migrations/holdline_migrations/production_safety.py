"""Hold scripts that change data or infrastructure to a frozen contract, and keep their protections in place.

The rules are on in a project that has a `mutation-contract.toml` or the table `[tool.holdline.contract]`. This
migration judges Python; `holdline check` holds other languages, and the contract itself, against the frozen file, and
`holdline contract check` judges everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from holdline.config import Config
from holdline.migration import Context, Fact, Rule
from holdline.model import Violation
from holdline.source import Source
from holdline_migrations import (
    hl301_script_not_in_contract,
    hl302_operation_not_allowed,
    hl303_logic_changed,
    hl304_contract_not_approved,
    hl305_bypass,
    hl306_guard,
)


class ProductionSafety:
    """The migration `production-safety`."""

    name = "production-safety"
    summary = "mutation scripts keep to their contract, behind their guard"
    rules: tuple[Rule, ...] = (
        hl301_script_not_in_contract.RULE,
        hl302_operation_not_allowed.RULE,
        hl303_logic_changed.RULE,
        hl304_contract_not_approved.RULE,
        hl305_bypass.RULE,
        hl306_guard.RULE,
    )

    def may_match(self, data: bytes) -> bool:
        """Whether the file spells anything that changes data, a flag or the guard."""
        from holdline_migrations.production.judging import spells_anything  # few projects have a contract

        return spells_anything(data)

    def watched_names(self, data: bytes) -> Iterable[str]:
        """A rewrite takes out no import."""
        return ()

    def survey(self, path: str, data: bytes) -> Iterable[Fact]:
        """No file decides about another."""
        return ()

    def check(self, source: Source, context: Context) -> Sequence[Violation]:
        """All violations of the rules asked for."""
        from holdline_migrations.production.judging import find_all

        found = [v for v in find_all(source, context) if v.code in context.codes]
        return sorted(found, key=lambda v: (v.line, v.column, v.code))

    def dependency(self, config: Config) -> str:
        """What a guarded program imports."""
        return ""
