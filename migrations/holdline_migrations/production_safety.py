"""Hold scripts that change data or infrastructure to a frozen contract, and keep their protections in place.

The rules are on in a project that has a `mutation-contract.toml` or the table `[tool.holdline.contract]`. This
migration judges Python; `holdline check` holds other languages, and the contract itself, against the frozen file, and
`holdline contract check` judges everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from holdline.config import Config
from holdline.contract.digests import python_digest
from holdline.contract.python_operations import MARKS
from holdline.contract.verdicts import Seen, judge_script
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
from holdline_migrations.production import bypasses
from holdline_migrations.production.script import MutationFile

_GUARD = re.compile(rb"require_ci")


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
        return any(marks.search(data) is not None for marks in (MARKS, bypasses.MARKS, _GUARD))

    def watched_names(self, data: bytes) -> Iterable[str]:
        """A rewrite takes out no import."""
        return ()

    def survey(self, path: str, data: bytes) -> Iterable[Fact]:
        """No file decides about another."""
        return ()

    def check(self, source: Source, context: Context) -> Sequence[Violation]:
        """All violations of the rules asked for."""
        found = [v for v in _find(MutationFile(source, context)) if v.code in context.codes]
        return sorted(found, key=lambda v: (v.line, v.column, v.code))

    def dependency(self, config: Config) -> str:
        """What a guarded program imports."""
        return ""


def _find(file: MutationFile) -> Iterator[Violation]:
    if not file.is_judged and not file.is_protected:
        return
    if file.is_judged:
        seen = Seen(file.source.path, file.operations, python_digest(file.source.tree))
        for fault in judge_script(seen, file.contract):
            yield file.violation_on(fault.code, fault.line, fault.message, fault.hint, fault.identity)
        yield from hl306_guard.find(file)
    if file.is_protected:
        yield from hl305_bypass.find(file)
