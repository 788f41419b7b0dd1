"""What every command starts from: the repository, its configuration, the registry and the selected files."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from holdline.cache import ScanCache
from holdline.categories import Categorizer
from holdline.cli.surroundings import discover as discover
from holdline.cli.surroundings import load_registry
from holdline.config import Config, check_select, load_config
from holdline.engine import Progress as Progress
from holdline.engine import Task
from holdline.git import Repository
from holdline.listing import Selection, select_files
from holdline.migration import Migration, Registry
from holdline.model import Category
from holdline.remembering import open_cache
from holdline.reports.console import Console
from holdline.stamps import Stamp
from holdline.workers import default_jobs


class Session(NamedTuple):
    """One command's surroundings."""

    repo: Repository
    folder: Path
    config: Config
    registry: Registry

    @classmethod
    def open(cls, arguments: argparse.Namespace) -> Session:
        """Find the repository around `-C` and read its configuration."""
        repo, folder = discover(arguments.folder), Path(arguments.folder)
        config = load_config(repo.root, folder / arguments.config if arguments.config else None)
        if arguments.select is not None:
            config = config.with_select(arguments.select)
        registry = load_registry()
        check_select(config, [r.code for r in registry.rules])
        return cls(repo, folder.resolve(), config, registry)

    def migrations(self, names: Sequence[str] = ()) -> tuple[Migration, ...]:
        """The migrations asked for by name, else those that the configuration enables."""
        return self.registry.named(names or self.config.migrations)

    def select(
        self, paths: Sequence[str], directories: Sequence[str] = (), scope: str | None = "all", *, stamped: bool = False
    ) -> tuple[Selection, tuple[str, ...]]:
        """The selection, and the paths of it that are in scope and not excluded.

        Without a scope that means the tests, and files named themselves whatever they are.
        """
        selection = select_files(self.repo, paths=paths, cwd=self.folder, directories=directories, stamped=stamped)
        categorizer = Categorizer(self.config)
        named = self.named_files(paths) if scope is None else frozenset[str]()
        wanted = Category.SOURCE if scope == "source" else Category.TESTS
        chosen = tuple(
            p
            for p in selection.paths
            if not categorizer.excluded(p) and (scope == "all" or p in named or categorizer.category(p) is wanted)
        )
        return selection, chosen

    def python_files(self, selection: Selection) -> tuple[str, ...]:
        """All Python files that git tracks, whatever was selected: what other files say matters to each."""
        return selection.paths if selection.whole else select_files(self.repo, cwd=self.repo.root).paths

    def task(
        self,
        paths: tuple[str, ...],
        migrations: tuple[Migration, ...],
        jobs: int | None,
        stamps: Mapping[str, Stamp] | None = None,
    ) -> Task:
        """The engine's task for these paths."""
        return Task(self.repo.root, paths, self.config, migrations, jobs or default_jobs(), stamps=stamps or {})

    def excludes(self, path: str) -> bool:
        """Whether the configuration takes a path out of everything."""
        return Categorizer(self.config).excluded(path)

    def cache(self, migrations: Sequence[Migration], *, enabled: bool) -> ScanCache:
        """What earlier scans found with these settings."""
        return open_cache(self.repo.common_dir, self.config, migrations) if enabled else ScanCache.disabled()

    def named_files(self, paths: Sequence[str]) -> frozenset[str]:
        """Those of the PATH arguments that are files, relative to the root. All must be within the repository."""
        real = [(self.folder / p).resolve() for p in paths]
        return frozenset(p.relative_to(self.repo.root).as_posix() for p in real if p.is_file())


def progress_on(console: Console) -> Progress:
    """Progress bars on a watched terminal; nothing, and no import, elsewhere."""
    if not console.shows_progress:
        return lambda items, total, label: items
    try:
        import tqdm  # noqa: F401  # the base install has none: then there is no bar, and that is all
    except ModuleNotFoundError:
        return lambda items, total, label: items
    from holdline.reports.terminal import progress

    return lambda items, total, label: progress(items, total, label, console)
