"""Do not replace `os.environ`, and do not hand it on: pass `get_env()`.

Code that was given `os.environ` reads and writes it where no rule can see. `get_env()` is a real mapping, so
`env=get_env()`, `{**get_env()}` and `dict(get_env())` give the same result.

Handing it to code that could look at its type, identity or text, or keep it, is left alone and reported. So is
putting another object in its place: `patch("os.environ", {...})` leaves child processes, C libraries and every
`from os import environ` with the old one, while `patch_env({...}, clear=True)` changes it for all of them. That
difference is the point, but it may change a test: unsafe tier.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdline.migration import Example, Rule
from holdline.model import Violation
from holdline_migrations.environment.accesses import violations_of_kind
from holdline_migrations.environment.flow import Flow
from holdline_migrations.environment.identity import identity_of
from holdline_migrations.environment.kinds import Kind
from holdline_migrations.environment.object_patches import find_replacing_patches, plan_replacing_patch
from holdline_migrations.environment.unit import Unit

HINT = "pass get_env(), a mapping with the same variables"
HINT_REPLACED = "use patch_env({...}, clear=True), which changes the real environment and restores it"

RULE = Rule(
    code="HL104",
    name="environment-object",
    summary="the environment object is handed on or replaced",
    explanation=__doc__,
    examples=(
        Example(
            "import os\nimport subprocess\n\n"
            'subprocess.run(["env"], env={**os.environ, "A": "1"})\nsubprocess.run(["env"], env=os.environ)\n',
            "import subprocess\n\nfrom holdline_runtime import get_env\n\n"
            'subprocess.run(["env"], env={**get_env(), "A": "1"})\nsubprocess.run(["env"], env=get_env())\n',
        ),
        Example(
            "import os\n\n\ndef names():\n    env = os.environ\n    return sorted(env)\n",
            "from holdline_runtime import get_env\n\n\ndef names():\n    env = get_env()\n    return sorted(env)\n",
        ),
        Example("import os\n\nENVIRON = os.environ\n", None),
        Example("import os\n\nprint(os.environ)\n", None),
        Example("import os\n\nos.environ = {}\n", None),
        Example('from unittest.mock import patch\n\nwith patch("os.environ", {}):\n    pass\n', None),
    ),
)


def find(unit: Unit, flow: Flow) -> Iterator[Violation]:
    """Every use of the environment object as a value, and everything that replaces it."""
    yield from violations_of_kind(unit, flow, Kind.OBJECT, RULE.code, "is used as an object", HINT)
    for call in find_replacing_patches(unit):
        fix, refusal = plan_replacing_patch(unit, call) if unit.plans_fixes else (None, "")
        message = "os.environ or a function on it is replaced"
        yield unit.violation(
            RULE.code, call, message, HINT_REPLACED, identity=identity_of(unit, call), fix=fix, refusal=refusal
        )
