"""What every command starts from: the repository around it, and the migrations there are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from holdline.errors import HoldlineError, RepositoryError
from holdline.git import Repository
from holdline.migration import Registry


def discover(folder: str) -> Repository:
    """The repository around the folder that `-C` names."""
    if not Path(folder).is_dir():
        raise HoldlineError(f"-C {folder} is not a folder: point it at one inside a git repository")
    return Repository.discover(Path(folder))


def discover_told(environ: Mapping[str, str]) -> Repository:
    """The repository that git tells its hooks to work on, by GIT_DIR, or else the one around the current folder.

    They differ where the git folder is somewhere else, as with `git --git-dir=… --work-tree=…`.
    """
    told = {name: environ[name] for name in ("GIT_DIR", "GIT_WORK_TREE") if environ.get(name)}
    try:
        repo = Repository.discover(Path())
    except RepositoryError:
        if "GIT_DIR" not in told:
            raise
    else:
        if "GIT_DIR" not in told or os.path.realpath(told["GIT_DIR"]) == str(repo.git_dir):
            return repo
    return Repository.discover(Path(), told)


def load_registry() -> Registry:
    """The migrations that come with Holdline; imported here and nowhere else in the engine."""
    from holdline_migrations.registry import REGISTRY

    return REGISTRY
