"""`holdline check`: the gate."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from holdline.bases import before_push, from_ci, since, staged
from holdline.cli.exits import Exit
from holdline.cli.surroundings import discover, discover_told, load_registry
from holdline.config import (
    HOLDLINE_TOML,
    PYPROJECT_TOML,
    Config,
    check_select,
    config_from,
    load_config,
)
from holdline.contract.settings import CONTRACT_FILE
from holdline.errors import HoldlineError
from holdline.gate import GateReport, Snapshot, check
from holdline.git import Repository
from holdline.judging import Judge, Level
from holdline.merges import SnapshotChanges, changes_to
from holdline.migration import Context, Registry
from holdline.model import FileResult
from holdline.reports.console import Console
from holdline_runtime import get_env

if TYPE_CHECKING:
    from holdline_hooks.push_ranges import PushRange


#: Between two looks for garbage. Syntax trees are made of many objects and go by themselves.
_ALLOCATIONS = 100_000


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code."""
    gc.set_threshold(_ALLOCATIONS)
    environ = get_env()
    repo = discover_told(environ) if arguments.folder == "." else discover(arguments.folder)
    gate = _Gate(repo, arguments, console)
    if arguments.pre_push is not None:
        from holdline_hooks.pre_push import judge_push

        lines = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
        return judge_push(repo, arguments.pre_push, lines, environ, gate.judge_push)
    if arguments.base is not None and arguments.fix:
        raise HoldlineError("--fix changes what is staged: it does not go with --base")
    if arguments.base is None:
        repo.index_file = _index_of_the_commit(repo, environ)
    with repo.reading():
        if arguments.base is None:
            return gate.judge(staged(repo, environ))
        return gate.judge(from_ci(repo, environ) if arguments.base == "auto" else since(repo, arguments.base))


#: Python files that are looked at just to show what a fix would be: a second's worth.
_MOST_SURVEYED = 5_000


class _Gate:
    """Judges snapshots and tells the user."""

    def __init__(self, repo: Repository, arguments: argparse.Namespace, console: Console) -> None:
        self._repo = repo
        self._arguments = arguments
        self._console = console
        self._paths = _named(repo, arguments)
        self._registry = load_registry()

    def judge(self, snapshot: Snapshot) -> int:
        """Judge one snapshot; the exit code."""
        changes = changes_to(self._repo, snapshot.bases, snapshot.head)
        config = self._config(snapshot, changes)
        judge = judge_for(config, self._registry)
        report = self._check(snapshot, changes, config, judge)
        if self._arguments.fix and report.new:
            self._fix(report, judge)
            changes = changes_to(self._repo, snapshot.bases, snapshot.head)
            report = self._check(snapshot, changes, config, judge)
        self._show(report, judge)
        return Exit.OK if report.passes else Exit.FOUND

    def _check(self, snapshot: Snapshot, changes: SnapshotChanges, config: Config, judge: Judge) -> GateReport:
        """Our own verdict, and that of the linters that the configuration names."""
        report = check(self._repo, snapshot, changes, judge, self._paths)
        if config.contract is not None or changes.touch((CONTRACT_FILE,)):
            from holdline.contract.gating import judge_contract

            report = report.including(judge_contract(self._repo, changes, judge), self._paths)
        if not config.linters:
            return report
        from holdline.linters import judge_linters

        return report.including(judge_linters(self._repo, snapshot, config, self._repo.common_dir), self._paths)

    def judge_push(self, pushed: PushRange) -> int:
        """Judge the commits that a push brings to one ref."""
        if pushed.note:
            self._console.note(f"holdline: {pushed.note}")
        return self.judge(before_push(self._repo, pushed.bases, pushed.head, pushed.ref))

    def _config(self, snapshot: Snapshot, changes: SnapshotChanges) -> Config:
        """The configuration of the snapshot: what is committed is judged by what is committed with it."""
        arguments = self._arguments
        if arguments.config:
            config = load_config(self._repo.root, Path(arguments.folder) / arguments.config)
        else:
            names = (HOLDLINE_TOML, PYPROJECT_TOML, CONTRACT_FILE)
            # one that is as it was is read from the base: to look a name up in the index, git reads all of it
            base = snapshot.bases[0] if len(snapshot.bases) == 1 and not changes.touch(names) else None
            files = self._repo.read_files(snapshot.head or base, names)
            config = config_from(files)
            if (path := config.contract_file) not in names:
                same = snapshot.head or (base if not changes.touch((path,)) else None)
                files |= self._repo.read_files(same, (path,))
            config = config.with_contract(files.get(path))
        if arguments.select is not None:
            config = config.with_select(arguments.select)
        check_select(config, [r.code for r in self._registry.rules])
        return config

    def _fix(self, report: GateReport, judge: Judge) -> None:
        from holdline.gatefixes import FixPlanner, apply_fixes
        from holdline.reports.printable import printable

        for problem in apply_fixes(self._repo, FixPlanner(self._repo, report, judge).plan()).left:
            self._console.error(f"holdline: {printable(problem.path)}: {printable(problem.message)}")

    def _show(self, report: GateReport, judge: Judge) -> None:
        match self._arguments.format:
            case "text":
                from holdline.reports import verdict

                if not (report.passes and self._console.quiet):
                    self._console.write(verdict.render_check(report, self._planned(report, judge)))
            case "json":
                from holdline.reports import json_report

                self._console.write(json_report.render_check(report))
            case "sarif":
                from holdline.reports import sarif

                self._console.write(sarif.render_check(report, self._registry.rules))
            case "github":
                from holdline.reports import github

                self._console.write(github.render_check(report))
            case "junit":
                from holdline.reports import junit

                self._console.write(junit.render_check(report))

    def _planned(self, report: GateReport, judge: Judge) -> Sequence[FileResult] | None:
        """What `--fix` would do; nothing where nothing is new, None where it takes too long to say."""
        if not report.new:
            return ()
        from holdline.gatefixes import FixPlanner

        planner = FixPlanner(self._repo, report, judge)
        return planner.plan() if planner.surveyed <= _MOST_SURVEYED else None


def judge_for(config: Config, registry: Registry) -> Judge:
    """Judges files as the gate does: the migrations that are on, nothing fixed."""
    migrations = registry.named(config.migrations)
    rules = [r for m in migrations for r in m.rules]
    codes = frozenset(r.code for r in rules if config.selected(r.code, r.default_on))
    return Judge(migrations, Context(config, codes), Level.NONE, date.today())


def _index_of_the_commit(repo: Repository, environ: Mapping[str, str]) -> Path | None:
    """The index that `git commit FILE` or `-a` is about to commit, which it hands to its hooks by this variable.

    None where it is another repository's: a hook may well look at a submodule.
    """
    named = environ.get("GIT_INDEX_FILE")
    if not named:
        return None
    git_dir = environ.get("GIT_DIR")
    if git_dir:
        ours = os.path.realpath(git_dir) == str(repo.git_dir)
    else:
        ours = Path(os.path.realpath(".")).is_relative_to(repo.root)
    return Path(named).absolute() if ours else None


def _named(repo: Repository, arguments: argparse.Namespace) -> list[str]:
    """The FILE arguments relative to the root; they need not exist, for the snapshot may have them."""
    here = Path(os.path.realpath(arguments.folder))
    paths = [Path(os.path.normpath(here / p)) for p in arguments.paths]
    outside = [str(p) for p in paths if not p.is_relative_to(repo.root)]
    if outside:
        raise HoldlineError(f"{outside[0]} is outside the repository {repo.root}")
    return [p.relative_to(repo.root).as_posix() for p in paths]
