"""`os.getenv(…)` to `get_env().get(…)` as a LibCST codemod; makes the differences and writes nothing.

It is run by the benchmark, in an environment that has LibCST: `python libcst_getenv.py FOLDER`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import libcst as cst
from libcst import matchers
from libcst.codemod import CodemodContext, VisitorBasedCodemodCommand, parallel_exec_transform_with_prettyprint

GETENV = matchers.Attribute(matchers.Name("os"), matchers.Name("getenv"))


class Getenv(VisitorBasedCodemodCommand):
    """The transformer."""

    def leave_Attribute(self, original_node, updated_node):
        """Put the other function where `os.getenv` stands."""
        return cst.parse_expression("get_env().get") if matchers.matches(updated_node, GETENV) else updated_node


if __name__ == "__main__":
    files = sorted(str(p) for p in Path(sys.argv[1]).rglob("*.py"))
    parallel_exec_transform_with_prettyprint(Getenv(CodemodContext()), files, unified_diff=3, hide_progress=True)
