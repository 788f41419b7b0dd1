"""Which tests a change of files can affect, and the command line that runs just those. Where in doubt: all of them."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

_SHELL = re.compile(r"[;&|<>()$`\n*?\[\]{}~#!\\]")
_PYTHON = re.compile(r"(?:.*/)?python[0-9.]*")
_RUNNERS = (("uv", "run"), ("poetry", "run"), ("pipenv", "run"), ("hatch", "run"), ("pdm", "run"), ("rye", "run"))
_FLAGS = re.compile(
    r"-[qvsxl]+|-r\w+|-n\d+|-n=?auto|--(?:no-header|no-summary|lf|ff|nf|sw|exitfirst|quiet|verbose|no-cov|showlocals|"
    r"strict-markers|strict-config|disable-warnings|full-trace|no-showlocals|runslow|doctest-modules)|--[\w-]+=.*"
)
_VALUED = re.compile(
    r"-[kmnpcoWr]|--(?:ignore|ignore-glob|deselect|rootdir|tb|confcutdir|maxfail|durations|basetemp|color|import-mode|"
    r"numprocesses|dist)"
)
_TEST = re.compile(r"test_[^/]*\.py|[^/]*_test\.py")
#: Settings by which pytest looks into other files than it seems to, or for other things than tests in them.
_SETTING = re.compile(rb"python_files|norecursedirs|--ignore|--pyargs|doctest")
_SETTINGS = ("pytest.ini", ".pytest.ini", "pytest.toml", "pyproject.toml", "tox.ini", "setup.cfg")
_IMPORT = re.compile(rb"^[ \t]*(?:from|import)\b((?:\\\r?\n|[^\n(])*(?:\([^)]*\))?)", re.MULTILINE)
_DYNAMIC = (b"pytest_plugins", b"import_module", b"__import__", b"importorskip", b"runpy", b"subprocess")
_WORD = re.compile(rb"\w+")


class Narrowing(NamedTuple):
    """A pytest command line in two: the `head` with all options, and the files or folders it is to look in."""

    head: tuple[str, ...]
    paths: tuple[str, ...]

    def line(self, files: Iterable[str], below: str) -> str:
        """The command line for some test files (from the root), to be run in the folder `below` it."""
        names = [os.path.relpath(file, below or ".") for file in files]
        return shlex.join([*self.head, *names])

    def holds(self, file: str) -> bool:
        """Whether the command as it was given looks into a file."""
        return any(path in (".", file) or file.startswith(f"{path}/") for path in self.paths)


def narrow(line: str, root: Path, below: str) -> Narrowing | None:
    """How a command line can be narrowed to some test files; None where that cannot be told."""
    if _SHELL.search(line):
        return None
    try:
        words = shlex.split(line)
    except ValueError:
        return None
    first = _pytest_ends(words)
    if first is None:
        return None
    options: list[str] = []
    paths: list[str] = []
    valued: bool | None = False
    for word in words[first:]:
        if word.startswith("-"):
            options.append(word)
            valued = bool(_VALUED.fullmatch(word)) if _VALUED.fullmatch(word) or _FLAGS.fullmatch(word) else None
            continue
        exists = (root / below / word).exists()
        if (valued is None and exists) or (valued is False and not exists):
            return None  # the option's value, or a path? or a test's id, or a file of arguments
        (options if valued is not False else paths).append(word)
        valued = False
    if _collects_otherwise(root, below, bool(paths)):
        return None
    resolved = [os.path.normpath(os.path.join(below or ".", path)) for path in paths or ["."]]  # noqa: PTH118
    return Narrowing((*words[:first], *options), tuple(resolved))


class Importers:
    """Who imports a module, going by words. `files` are all Python files by their path from the root."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._by_word: dict[bytes, list[str]] = {}
        for path, data in files.items():
            everything = any(mark in data for mark in _DYNAMIC)
            texts = [data] if everything else _IMPORT.findall(data)
            for word in {word for text in texts for word in _WORD.findall(text)}:
                self._by_word.setdefault(word, []).append(path)

    def of(self, path: str) -> list[str]:
        """The files that import a file, and perhaps some more."""
        module = PurePosixPath(path)
        stem = module.parent.name if module.name == "__init__.py" else module.stem
        return [other for other in self._by_word.get(stem.encode(), ()) if other != path]

    def affected_tests(self, changed: str) -> frozenset[str] | None:
        """The test files that a change of one file can affect; None where that cannot be told.

        Affected are the file itself, if it has tests; those below it, if it is a conftest.py; those that import what
        is affected, by the last part of its name, at any remove. A file that nobody imports by name has its effect
        in some other way.
        """
        if not self.of(changed) and not is_test(changed) and PurePosixPath(changed).name != "conftest.py":
            return None
        found: set[str] = set()
        reached: set[str] = set()
        todo = [changed]
        while todo:
            path = todo.pop()
            if path in reached:
                continue
            reached.add(path)
            folder, name = os.path.split(path)
            if is_test(path):
                found.add(path)
            if name in ("conftest.py", "__init__.py"):
                found.update(f for f in self._files if is_test(f) and (not folder or f.startswith(f"{folder}/")))
            todo += self.of(path)
        return frozenset(found)


def _pytest_ends(words: list[str]) -> int | None:
    """Where the words end that start pytest, and its arguments begin."""
    at = 2 if tuple(words[:2]) in _RUNNERS else 0
    rest = words[at:]
    if rest and PurePosixPath(rest[0]).name in ("pytest", "py.test"):
        return at + 1
    if len(rest) > 2 and _PYTHON.fullmatch(rest[0]) and rest[1:3] == ["-m", "pytest"]:
        return at + 3
    return None


def _collects_otherwise(root: Path, below: str, named: bool) -> bool:
    """Whether some setting has a say in which files tests are looked for; `named` if the command line names some."""
    for folder in {root, root / below}:
        for name in _SETTINGS:
            with contextlib.suppress(OSError):
                settings = (folder / name).read_bytes()
                if _SETTING.search(settings) or (not named and b"testpaths" in settings):
                    return True
    return False


def is_test(path: str) -> bool:
    """Whether pytest, left to itself, looks for tests in a file of this name."""
    return _TEST.fullmatch(PurePosixPath(path).name) is not None
