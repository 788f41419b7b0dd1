"""The plan of a migration on a commit, whatever the working tree holds: files and configuration are the commit's."""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from holdline import engine
from holdline.branches import Base
from holdline.cache import CACHE_FILE, ScanCache
from holdline.categories import Categorizer
from holdline.cli.session import Progress
from holdline.cli.surroundings import load_registry
from holdline.config import HOLDLINE_TOML, PYPROJECT_TOML, Config, check_select, load_config
from holdline.errors import HoldlineError
from holdline.exports import Tree, tree_of, write_files
from holdline.git import Repository
from holdline.judging import Judge, Level
from holdline.migration import Migration
from holdline.model import Category, FileResult, Plan
from holdline.remembering import open_cache
from holdline.workers import default_jobs


@dataclass(frozen=True)
class BasePlan:
    """The plan, with the files of the base and the paths of those that were in scope."""

    files: Tree
    config: Config
    migrations: tuple[Migration, ...]
    scope: frozenset[str]
    plan: Plan
    judge: Judge

    @property
    def name(self) -> str:
        """What the migrations are called together."""
        return "+".join(m.name for m in self.migrations)

    @property
    def dependency(self) -> str:
        """What the rewritten code needs, in a sentence or more."""
        return " ".join(filter(None, (m.dependency(self.config) for m in self.migrations)))

    def with_results(self, results: tuple[FileResult, ...]) -> BasePlan:
        """The same with other results for its files."""
        return replace(self, plan=self.plan._replace(results=results))


def plan_on(repo: Repository, base: Base, arguments: argparse.Namespace, progress: Progress) -> BasePlan:
    """Plan the migrations that the arguments name on a commit's files.

    They are written to a temporary folder: the engine, which reads files, sees exactly what git has, and nothing that
    lies in the working tree, ignored or not committed, can have an influence.
    """
    files = tree_of(repo.files_of(base.commit))
    with TemporaryDirectory(prefix="holdline-") as temporary:
        root = Path(os.path.realpath(temporary))
        write_files(repo, (f for path, f in files.items() if _is_looked_at(path)), root)
        config = _config(root, arguments)
        registry = load_registry()
        check_select(config, [r.code for r in registry.rules])
        migrations = registry.named(arguments.migration or config.migrations)
        python = tuple(path for path in files if path.endswith(".py"))
        scope = tuple(_in_scope(python, config, arguments.scope or "tests"))
        task = engine.Task(root, scope, config, migrations, arguments.jobs or default_jobs())
        level = Level.UNSAFE if arguments.unsafe else Level.SAFE
        churn = functools.partial(repo.churn, head=base.commit)
        with _cache(repo, config, migrations) as cache:
            planned = engine.plan_and_judge(task, python, level, churn, progress, cache)
    return BasePlan(files, config, migrations, frozenset(scope), planned.plan, planned.judge)


def names_path(repo: Repository, base: Base, files: Tree, names: Iterable[str], cwd: Path) -> Callable[[str], bool]:
    """Whether a path is one of those that the arguments name, or below one; without arguments, each is.

    HoldlineError for a name that the base has not.
    """
    wanted = [_relative(repo.root, name, cwd) for name in names]
    for name in wanted:
        if name and name not in files and not any(path.startswith(f"{name}/") for path in files):
            raise HoldlineError(f"{name} is not in the base {base.shown}: commit it there, or name another --base")
    return lambda path: not wanted or any(not n or path == n or path.startswith(f"{n}/") for n in wanted)


def _relative(root: Path, name: str, cwd: Path) -> str:
    """A name as a path from the root, "" for the root itself. It need not exist in the working tree."""
    full = os.path.normpath(os.path.realpath(cwd) + "/" + name if not name.startswith("/") else name)
    if full == str(root):
        return ""
    if not full.startswith(f"{root}/"):
        raise HoldlineError(f"{name} is outside the repository {root}: point -C at its own repository")
    return full[len(str(root)) + 1 :]


def _is_looked_at(path: str) -> bool:
    return path.endswith(".py") or path == HOLDLINE_TOML or path.rpartition("/")[2] == PYPROJECT_TOML


def _config(root: Path, arguments: argparse.Namespace) -> Config:
    config = load_config(root, Path(arguments.folder, arguments.config) if arguments.config else None)
    return config if arguments.select is None else config.with_select(arguments.select)


def _in_scope(paths: Iterable[str], config: Config, scope: str) -> Iterable[str]:
    categorizer = Categorizer(config)
    wanted = Category.SOURCE if scope == "source" else Category.TESTS
    for path in paths:
        if not categorizer.excluded(path) and (scope == "all" or categorizer.category(path) is wanted):
            yield path


def _cache(repo: Repository, config: Config, migrations: tuple[Migration, ...]) -> ScanCache:
    """What scans have found; none is made."""
    if not (repo.common_dir / CACHE_FILE).exists():
        return ScanCache.disabled()
    return open_cache(repo.common_dir, config, migrations)
