"""Where to look first for what broke some tests: in their own files, and in their own functions."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping

from holdline.outcomes import NOT_RUN, Broken
from holdline.reducing import Cluster


def suspected_files(broken: Iterable[Broken], files: Mapping[str, str]) -> frozenset[str]:
    """The files that hold the tests that were run and broke, given each test's file."""
    return frozenset(files[b.test] for b in broken if b.now != NOT_RUN and b.test in files)


def suspected_clusters(broken: Iterable[Broken], source: bytes, groups: Collection[Cluster]) -> frozenset[Cluster]:
    """Those of a file's clusters that lie in functions of the names of tests that were run and broke."""
    names = {b.test.rpartition("::")[2].partition("[")[0] for b in broken if b.now != NOT_RUN and "::" in b.test}
    lines = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in names
        for line in range(min([node.lineno, *(d.lineno for d in node.decorator_list)]), (node.end_lineno or 0) + 1)
    }
    return frozenset(group for group in groups if any(v.line in lines for v in group))
