"""Read the environment through `get_env()`, not through `os.environ` or `os.getenv`.

One function that every read goes through can be audited, typed and isolated in tests. Reads scattered over a code
base cannot: nobody knows which variables a program depends on, or why a test passes on one machine only.

`get_env()` answers every operation exactly as `os.environ` does, so the rewrite changes neither values nor
exceptions: a missing key raises the same `KeyError`, `get` gives the same default. Not rewritten, because the
result could differ: bytes views (`environb`), names from star imports, and `os.getenv` where some test patches it.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdline.migration import Example, Rule
from holdline.model import Violation
from holdline_migrations.environment.accesses import violations_of_kind
from holdline_migrations.environment.flow import Flow
from holdline_migrations.environment.kinds import Kind
from holdline_migrations.environment.unit import Unit

HINT = "read it through get_env(), which is the same mapping"

RULE = Rule(
    code="HL101",
    name="environment-read",
    summary="the environment is read directly",
    explanation=__doc__,
    examples=(
        Example(
            'import os\n\nurl = os.environ["URL"]\n',
            'from holdline_runtime import get_env\n\nurl = get_env()["URL"]\n',
        ),
        Example(
            'import os\n\ndebug = os.getenv("DEBUG", "0")\nhome = os.path.expanduser("~")\n',
            "import os\n\nfrom holdline_runtime import get_env\n\n"
            'debug = get_env().get("DEBUG", "0")\nhome = os.path.expanduser("~")\n',
        ),
        Example(
            'from os import environ as e\n\nfound = "A" in e\n',
            'from holdline_runtime import get_env\n\nfound = "A" in get_env()\n',
        ),
        Example('import os\n\nraw = os.environb[b"A"]\n', None),
        Example('from os import *\n\nraw = environ["A"]\n', None),
        Example('def read(os):\n    return os.environ["A"]\n', 'def read(os):\n    return os.environ["A"]\n'),
    ),
)


def find(unit: Unit, flow: Flow) -> Iterator[Violation]:
    """All direct reads in a file."""
    return violations_of_kind(unit, flow, Kind.READ, RULE.code, "is read directly", HINT)
