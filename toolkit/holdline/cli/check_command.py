"""`holdline check`: the gate."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from holdline.bases import from_ci, since, staged
from holdline.cli.exits import Exit
from holdline.cli.session import discover, load_registry
from holdline.config import (
    HOLDLINE_TOML,
    PYPROJECT_TOML,
    Config,
    check_select,
    config_from,
    load_config,
)
from holdline.errors import HoldlineError
from holdline.gate import GateReport, Snapshot, check
from holdline.git import Repository
from holdline.judging import Judge, Level
from holdline.migration import Context, Registry
from holdline.reports.console import Console
from holdline_runtime import get_env


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code."""
    repo = discover(arguments.folder)
    if arguments.base is None:
        repo.index_file = _index_of_the_commit(repo)
    snapshot = _snapshot(repo, arguments.base)
    registry = load_registry()
    config = _config(repo, snapshot, arguments, registry)
    judge = judge_for(config, registry)
    report = check(repo, snapshot, judge, _named(repo, arguments))
    if arguments.fix and report.new:
        if snapshot.head is not None:
            raise HoldlineError("--fix changes what is staged; it does not go with --base")
        from holdline.gatefixes import apply_fixes, plan_fixes

        applied = apply_fixes(repo, plan_fixes(repo, report, judge))
        for problem in applied.left:
            console.error(f"holdline: {problem.path}: {problem.message}")
        report = check(repo, snapshot, judge, _named(repo, arguments))
    _show(repo, report, judge, registry, arguments, console)
    return Exit.OK if report.passes else Exit.FOUND


def judge_for(config: Config, registry: Registry) -> Judge:
    """Judges files as the gate does: the migrations that are on, nothing fixed."""
    migrations = registry.named(config.migrations)
    rules = [r for m in migrations for r in m.rules]
    codes = frozenset(r.code for r in rules if config.selected(r.code, r.default_on))
    return Judge(migrations, Context(config, codes), Level.NONE, date.today())


def _snapshot(repo: Repository, base: str | None) -> Snapshot:
    if base is None:
        return staged(repo)
    return from_ci(repo, get_env()) if base == "auto" else since(repo, base)


def _config(repo: Repository, snapshot: Snapshot, arguments: argparse.Namespace, registry: Registry) -> Config:
    """The configuration of the snapshot: what is committed is judged by what is committed with it."""
    if arguments.config:
        config = load_config(repo.root, Path(arguments.folder) / arguments.config)
    else:
        names = (HOLDLINE_TOML, PYPROJECT_TOML)
        files = {name: data for name in names if (data := repo.read_file(snapshot.head, name)) is not None}
        config = config_from(files)
    if arguments.select is not None:
        config = config.with_select(arguments.select)
    check_select(config, [r.code for r in registry.rules])
    return config


def _index_of_the_commit(repo: Repository) -> Path | None:
    """The index that `git commit FILE` or `-a` is about to commit, which it hands to its hooks by this variable."""
    env = get_env()
    named = env.get("GIT_INDEX_FILE")
    if not named or Path(env.get("GIT_DIR", repo.git_dir)).resolve() != repo.git_dir:
        return None
    return Path(named).absolute()


def _named(repo: Repository, arguments: argparse.Namespace) -> list[str]:
    """The FILE arguments relative to the root; they need not exist, for the snapshot may have them."""
    here = Path(os.path.realpath(arguments.folder))
    paths = [Path(os.path.normpath(here / p)) for p in arguments.paths]
    outside = [str(p) for p in paths if not p.is_relative_to(repo.root)]
    if outside:
        raise HoldlineError(f"{outside[0]} is outside the repository {repo.root}")
    return [p.relative_to(repo.root).as_posix() for p in paths]


def _show(
    repo: Repository,
    report: GateReport,
    judge: Judge,
    registry: Registry,
    arguments: argparse.Namespace,
    console: Console,
) -> None:
    import importlib

    name = {"json": "json_report"}.get(arguments.format, arguments.format)
    renderer = importlib.import_module(f"holdline.reports.{name}")
    if arguments.format == "sarif":
        console.write(renderer.render_check(report, registry.rules))
    elif arguments.format != "text":
        console.write(renderer.render_check(report))
    elif not (report.passes and console.quiet):
        console.write(renderer.render_check(report, _fixes(repo, report, judge)))


def _fixes(repo: Repository, report: GateReport, judge: Judge) -> Sequence[bytes]:
    """The diffs that `--fix` would make; none where nothing is new."""
    if not report.new:
        return ()
    from holdline.diffs import unified_diff
    from holdline.gatefixes import plan_fixes

    return [unified_diff(r) for r in plan_fixes(repo, report, judge) if r.changes]
