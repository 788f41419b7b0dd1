"""Violations for accesses of one kind, shared by the rules on reads, writes and the object itself."""

from __future__ import annotations

from collections.abc import Iterator

from holdline.model import Fix, Violation
from holdline_migrations.environment.flow import Flow
from holdline_migrations.environment.identity import identity_of
from holdline_migrations.environment.kinds import Kind, describe, kind_of
from holdline_migrations.environment.patches import find_dict_patches
from holdline_migrations.environment.unit import Access, Unit


def violations_of_kind(unit: Unit, flow: Flow, kind: Kind, code: str, verb: str, hint: str) -> Iterator[Violation]:
    """A violation for every access of a kind; targets of `patch.dict` belong to HL103."""
    patched = {p.target for p in find_dict_patches(unit)}
    for access in unit.accesses:
        if access.node in patched or kind_of(unit, access) is not kind:
            continue
        fix, refusal = _plan(unit, flow, access)
        message = f"{describe(access)} {verb}"
        yield unit.violation(
            code, access.node, message, hint, identity=identity_of(unit, access.node), fix=fix, refusal=refusal
        )


def _plan(unit: Unit, flow: Flow, access: Access) -> tuple[Fix | None, str]:
    if not unit.plans_fixes:
        return None, ""
    from holdline_migrations.environment import methods, rewrite  # a plain scan has no use for them

    if unit.settings.api == "methods":
        return methods.plan_access(unit, flow, access)
    return rewrite.plan_access(unit, flow, access)
