"""Sample projects inside a test suite: they are run, but not necessarily where the suite's own requirements are
installed.

A test may build, install or run such a project in an environment of its own, where the module that rewritten code
imports is missing. Its files are reported and left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from holdline.categories import Categorizer
from holdline.model import Category

#: Why nothing is fixed in such a project; takes its folder.
SAMPLE_REFUSAL = "it belongs to the project in {}, which may be run where the module it would import is missing"

_TABLES = (b"[build-system]", b"[project]", b"[tool.poetry]")


def sample_project(root: Path, path: str, categorizer: Categorizer) -> str:
    """The folder of the sample project that a test file belongs to; "" for the suite's own files.

    A project counts if it lies below a tests folder: a package's own `pyproject.toml` stands above its tests.
    """
    return sample_folder(path, categorizer, lambda folder: _is_project(root / folder))


def sample_folder(path: str, categorizer: Categorizer, is_project: Callable[[str], bool]) -> str:
    """The same, wherever the files are: `is_project` says whether a folder holds a project of its own."""
    folders = path.split("/")[:-1]
    parents = ["/".join(folders[: n + 1]) for n in range(len(folders))]
    tests = [f for f in parents if categorizer.category(f"{f}/module.py") is Category.TESTS]
    return next((f for f in reversed(tests[1:]) if is_project(f)), "")


@lru_cache(maxsize=4096)
def _is_project(folder: Path) -> bool:
    if (folder / "setup.py").is_file() and not (folder / "__init__.py").is_file():
        return True  # within a package it is a module like any other
    try:
        settings = (folder / "pyproject.toml").read_bytes()
    except OSError:
        return False
    return looks_like_project(settings)


def looks_like_project(settings: bytes) -> bool:
    """Whether the content of a `pyproject.toml` makes a project, not just settings of tools."""
    return any(table in settings for table in _TABLES)
