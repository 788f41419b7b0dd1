"""Write the environment through `get_env()`, not through `os.environ`, `os.putenv` or `os.unsetenv`.

A write without a record is how one test breaks another: nobody can tell who set the variable. `get_env().set(key,
value)` is the one place where writes can be attributed.

In its default mode `get_env()` writes to `os.environ` in place, so code that was not migrated, C libraries and
child processes see every write. Plain assignment statements become `.set(…)` where the order of evaluation cannot
be told apart; every other store (loop targets, tuples, `+=`, `del`) keeps item syntax. `os.putenv` and
`os.unsetenv` bypass `os.environ`, so replacing them changes what later reads see: that is left to the unsafe tier.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdline.migration import Example, Rule
from holdline.model import Violation
from holdline_migrations.environment.accesses import violations_of_kind
from holdline_migrations.environment.flow import Flow
from holdline_migrations.environment.kinds import Kind
from holdline_migrations.environment.unit import Unit

HINT = "write it through get_env(), which changes os.environ in place"

RULE = Rule(
    code="HL102",
    name="environment-write",
    summary="the environment is written directly",
    explanation=__doc__,
    examples=(
        Example(
            'import os\n\nos.environ["A"] = "1"\n',
            'from holdline_runtime import get_env\n\nget_env().set("A", "1")\n',
        ),
        Example(
            'import os\n\nfor os.environ["A"] in "xy":\n    pass\ndel os.environ["A"]\n',
            'from holdline_runtime import get_env\n\nfor get_env()["A"] in "xy":\n    pass\ndel get_env()["A"]\n',
        ),
        Example(
            'import os\n\nos.environ |= {"A": "1"}\n',
            'from holdline_runtime import get_env\n\nget_env().update({"A": "1"})\n',
        ),
        Example('import os\n\nos.putenv("A", "1")\n', None),
    ),
)


def find(unit: Unit, flow: Flow) -> Iterator[Violation]:
    """All direct writes in a file."""
    return violations_of_kind(unit, flow, Kind.WRITE, RULE.code, "is written directly", HINT)
