"""All production-safety rules on one Python file."""

from __future__ import annotations

from collections.abc import Iterator

from holdline.contract.digests import python_digest
from holdline.contract.python_operations import MARKS
from holdline.contract.verdicts import Seen, judge_script
from holdline.migration import Context
from holdline.model import Violation
from holdline.source import Source
from holdline_migrations import hl305_bypass, hl306_guard
from holdline_migrations.production import bypasses
from holdline_migrations.production.script import MutationFile


def spells_anything(data: bytes) -> bool:
    """Whether a file's bytes spell anything that changes data, a flag or the guard."""
    return b"require_ci" in data or any(marks.search(data) is not None for marks in (MARKS, bypasses.MARKS))


def find_all(source: Source, context: Context) -> Iterator[Violation]:
    """The violations of all rules, those that are off among them."""
    file = MutationFile(source, context)
    if file.is_judged:
        seen = Seen(source.path, file.operations, python_digest(source.tree))
        for fault in judge_script(seen, file.contract):
            yield file.violation_on(fault.code, fault.line, fault.message, fault.hint, fault.identity)
        yield from hl306_guard.find(file)
    if file.is_protected:
        yield from hl305_bypass.find(file)
