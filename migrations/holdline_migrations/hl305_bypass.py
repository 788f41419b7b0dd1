"""No flag and no path of the code leads round a protection.

In protected files (the scripts in the contract, and what `protected` names) these fail: a flag `SKIP_…`, `BYPASS_…`,
`ALLOW_…`, `FORCE_…` or `DISABLE_…` that is read from the environment, the arguments or the settings, `--no-verify`, and
a guard that is called under a condition only, after an early return, or in a `try` whose handler goes on.

A flag that is needed is registered, with an owner, a reason, the capability it gives, the environments it may be used
in (production is none of them) and the day it expires:

    [[tool.holdline.contract.bypasses]]
    name = "SKIP_BACKUP"
    owner = "data platform"
    reason = "backups of the staging copy take two hours"
    capability = "purge without a backup"
    environments = ["staging"]
    expires = 2026-12-31
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from holdline.migration import Example, Rule
from holdline.model import Violation

if TYPE_CHECKING:
    from holdline_migrations.production.script import MutationFile

RULE = Rule(
    code="HL305",
    name="protection-bypass",
    summary="a flag or a path of the code leads round a protection",
    explanation=__doc__,
    examples=(
        Example('import os\n\nif not os.getenv("SKIP_BACKUP"):\n    back_up()\n', None),
        Example(
            "from holdline_runtime import require_ci\n\ntry:\n    require_ci()\nexcept Exception:\n    pass\n", None
        ),
        Example(
            'import os\n\nhosts = os.getenv("ALLOWED_HOSTS")\n', 'import os\n\nhosts = os.getenv("ALLOWED_HOSTS")\n'
        ),
    ),
    default_on=False,
)
_REGISTER = "take it out, or register it in [[tool.holdline.contract.bypasses]]"


def find(file: MutationFile) -> Iterator[Violation]:
    """Every way round that is not registered, or whose registration has expired."""
    from holdline_migrations.production.bypasses import find_bypasses, normalised  # few projects have a contract

    today = date.today()
    registered = {normalised(b.name): b for b in file.settings.bypasses}
    for bypass in find_bypasses(file):
        known = registered.get(bypass.name) if bypass.name else None
        if known is not None and today <= known.expires:
            continue
        message, hint = f"a way round a protection: {bypass.what}", _REGISTER if bypass.name else "take it out"
        if known is not None:
            message = f"the bypass {known.name} of {known.owner} expired on {known.expires}: {bypass.what}"
        identity = f"{bypass.name or bypass.what}"
        yield file.violation_at(
            RULE.code, bypass.node, message, hint, identity, refusal="what it is for is yours to say"
        )
