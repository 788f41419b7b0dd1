"""`os.getenv(…)` to `get_env().get(…)` as a Bowler query; shows the differences and writes nothing.

It is run by the benchmark, in an environment that has Bowler: `python bowler_getenv.py FOLDER`.
"""

from __future__ import annotations

import sys

from bowler import Query
from fissix.fixer_util import Name


def rename(node, capture, filename):
    """Put the other name where `os` and `.getenv` stand."""
    capture["module"].replace(Name("get_env()", prefix=capture["module"].prefix))
    capture["function"].replace(Name("get"))


QUERY = Query([sys.argv[1]]).select("power< module='os' trailer< '.' function='getenv' > rest=any* >").modify(rename)
QUERY.diff(interactive=False)
