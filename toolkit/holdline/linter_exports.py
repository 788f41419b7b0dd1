"""What a linter gets to see: copies of one side's files, laid out as in the repository, in a folder of their own.

The files are those of that side. The configuration is the judged snapshot's on both sides, so that a stricter setting
does not charge anyone for old code; only folders that the snapshot has no more keep the one they had.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from holdline.config import LinterConfig
from holdline.exports import Tree, write_files
from holdline.git import Repository
from holdline.globs import GlobSet

#: Where linters look for their settings: in the folders of the files they are given, and in those above.
CONFIGURATION = frozenset(
    {
        ".bandit",
        ".editorconfig",
        ".flake8",
        ".isort.cfg",
        ".mypy.ini",
        ".pycodestyle",
        ".pydocstyle",
        ".pydocstyle.ini",
        ".pylintrc",
        ".pylintrc.toml",
        ".ruff.toml",
        "mypy.ini",
        "pylintrc",
        "pylintrc.toml",
        "pyproject.toml",
        "pyrightconfig.json",
        "ruff.toml",
        "setup.cfg",
        "tox.ini",
    }
)
#: What makes a folder a package, by which linters tell the names of modules.
_PACKAGE = frozenset({"__init__.py", "__init__.pyi", "py.typed"})


@dataclass(frozen=True)
class Export:
    """The files of one side that a linter sees, by path; `listed` are those that it is to judge."""

    files: Tree
    listed: frozenset[str]

    @property
    def digest(self) -> str:
        """The same for the same files at the same paths."""
        entries = sorted((path, f.kind.value, f.blob, path in self.listed) for path, f in self.files.items())
        return hashlib.sha256(repr(entries).encode("utf-8", "backslashreplace")).hexdigest()

    def write(self, repo: Repository, folder: Path) -> None:
        """Put the files into an empty folder. HoldlineError for a path that the file system does not take."""
        write_files(repo, self.files.values(), folder)


class Exporter:
    """Chooses what a linter sees. `snapshot` is the tree that is judged, whose configuration holds."""

    def __init__(self, linter: LinterConfig, snapshot: Tree) -> None:
        self._snapshot = snapshot
        self._folders = folders_of(snapshot)
        self._everything = linter.export == "all"
        self._own = GlobSet(linter.files)
        self._configuration = GlobSet(linter.configuration)

    def export(self, tree: Tree, listed: Iterable[str]) -> Export:
        """What the linter sees of one side, whose tree is given; `listed` are the paths there that it judges."""
        judged = {path: tree[path] for path in listed}
        files = judged
        if self._everything:
            files = {path: file for path, file in tree.items() if self._own.matches(path)} | judged
        around = folders_of(files)
        packages = {p: f for p, f in tree.items() if _name(p) in _PACKAGE and _folder(p) in around}
        settings = {p: f for p, f in self._snapshot.items() if self._configures(p, around)}
        gone = {p: f for p, f in tree.items() if _folder(p) not in self._folders and self._configures(p, around)}
        return Export({**settings, **gone, **packages, **files}, frozenset(judged))

    def _configures(self, path: str, around: frozenset[str]) -> bool:
        if _name(path) in CONFIGURATION and _folder(path) in around:
            return True
        return self._configuration.matches(path)


def folders_of(paths: Iterable[str]) -> frozenset[str]:
    """All folders, at any depth, that hold some paths; "" is the root."""
    folders = {""}
    for path in paths:
        folder = _folder(path)
        while folder not in folders:
            folders.add(folder)
            folder = _folder(folder)
    return frozenset(folders)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]
