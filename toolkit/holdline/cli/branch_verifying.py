"""`branches --verify`: each branch on its own keeps the tests passing, or goes without the fixes that do not."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from holdline.branches import Base, branch_name
from holdline.cli.base_plan import BasePlan
from holdline.cli.verifying import make_verifier, open_suite
from holdline.git import Repository
from holdline.model import FileResult
from holdline.reports.console import Console
from holdline.reports.printable import printable
from holdline.shards import Shard
from holdline.verdicts import Verification


def verify_shards(
    repo: Repository,
    base: Base,
    planned: BasePlan,
    shards: Sequence[Shard],
    arguments: argparse.Namespace,
    console: Console,
) -> tuple[BasePlan, dict[str, Verification]]:
    """The plan without the fixes that break tests, and the verdict on each of the shards, by its name.

    A shard's fixes are tried on the base's files without those of any other shard, as its branch will have them.
    """
    results = {r.path: r for r in planned.plan.results}
    verdicts = {}
    python = [path for path in planned.files if path.endswith(".py")]
    changed = [results[path] for shard in shards for path in shard.paths]
    if not changed:
        return planned, {}
    with open_suite(repo, changed, arguments, base.commit) as suite:
        for shard in shards:
            name = printable(branch_name(planned.name, shard.name))
            verifier = make_verifier(suite, planned.judge, python, arguments, console, name)
            mine = frozenset(shard.paths)
            kept, verdicts[shard.name] = verifier.run(
                planned.plan._replace(results=tuple(r for r in planned.plan.results if r.path in mine))
            )
            results |= {r.path: r for r in kept.results}
    return planned.with_results(tuple(results.values())), verdicts


def without_unchanged(shards: Iterable[Shard], changed: Iterable[FileResult]) -> list[Shard]:
    """The shards with just the files that change; those that have none are left out."""
    paths = {r.path for r in changed}
    left = [shard._replace(paths=tuple(p for p in shard.paths if p in paths)) for shard in shards]
    return [shard for shard in left if shard.paths]
