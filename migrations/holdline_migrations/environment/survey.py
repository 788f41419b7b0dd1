"""What other files do that decides whether an environment access may be rewritten.

`get_env()` looks up `os.environ` on every use. That is the same object as the one a file imported or a decorator
captured only as long as nobody puts another one in its place; and `os.getenv(…)` is the same as `get_env().get(…)`
only as long as nobody patches the function. So files that do such things are noted.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from holdline.migration import Fact
from holdline.origins import Origins
from holdline.source import SourceError, parse
from holdline_migrations.environment.names import OS_NAMES

_NAMES = rb"(?:os|environb?|getenvb?|putenv|unsetenv)"
_MAY_REPLACE = re.compile(rb"""["'][\w.]*\b""" + _NAMES + rb"""["']|\benvironb?\s*=(?!=)|\bdel\s[^\n]*environ""")
_IMPORTS_OS = re.compile(rb"^import[ \t]+(?:[\w.]+[ \t]*,[ \t]*)*os[ \t]*(?:[,#;\r\n]|\Z)", re.MULTILINE)
_REBINDS_OS = re.compile(rb"^os[ \t]*[:=]|^(?:import|from)\b[^\n]*\bas[ \t]+os\b", re.MULTILINE)
_PATCHERS = frozenset({"patch", "object", "setattr", "delattr", "replace", "multiple"})

REPLACES_ENVIRON = "replaces os.environ"
PATCHES_FUNCTION = "patches a function of os"
REPLACES_NAME = "replaces a module's name"
EXPOSES_OS = "exposes os"


def survey(path: str, data: bytes) -> Iterator[Fact]:
    """The facts of one file. A file that does not parse contributes none."""
    if _IMPORTS_OS.search(data) and not _REBINDS_OS.search(data):
        yield (EXPOSES_OS, path)
    if not _MAY_REPLACE.search(data):
        return
    try:
        source = parse(path, data)
    except SourceError:
        return
    origins = Origins(source.scopes, source.parents)
    for node in source.parents:
        if isinstance(node, ast.Call):
            yield from _from_call(path, node, origins)
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            parent = source.parents[node]
            origin = origins.of(node)
            if origin and _tail(origin.path) == "environ" and not isinstance(parent, ast.AugAssign):
                yield (REPLACES_ENVIRON, path)


def _from_call(path: str, call: ast.Call, origins: Origins) -> Iterator[Fact]:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if function not in _PATCHERS or not call.args:
        return
    first = call.args[0]
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        yield from _from_target(path, first.value)
    elif len(call.args) > 1 and isinstance(call.args[1], ast.Constant) and isinstance(call.args[1].value, str):
        origin = origins.of(first) if isinstance(first, ast.Name | ast.Attribute) else None
        owner = origin.path if origin else ast.unparse(first)
        yield from _from_target(path, f"{owner}.{call.args[1].value}")


def _from_target(path: str, target: str) -> Iterator[Fact]:
    owner, _, name = target.rpartition(".")
    if name not in OS_NAMES and name != "os":
        return
    if owner.rpartition(".")[2] == "os":
        yield (REPLACES_ENVIRON, path) if name == "environ" else (PATCHES_FUNCTION, name, path)
    else:
        yield (REPLACES_NAME, owner, name)


def _tail(path: str) -> str:
    """The name of an attribute of module os that a path ends in, also through another module: `mod.os.environ`."""
    head, _, name = path.rpartition(".")
    return name if head == "os" or head.endswith(".os") else ""


class EnvironmentFacts:
    """Questions about the facts, seen from one file."""

    def __init__(self, path: str, facts: Iterable[Fact]) -> None:
        self._path = path
        self._facts = frozenset(facts)

    def replaces_environ(self) -> str:
        """A file that puts another object in place of os.environ while this file's code may run; "" for none."""
        return self._nearest(f[1] for f in self._facts if f[0] == REPLACES_ENVIRON)

    def patches(self, function: str) -> str:
        """A file that patches `os.<function>` while this file's code may run; "" for none."""
        return self._nearest(f[2] for f in self._facts if f[:2] == (PATCHES_FUNCTION, function))

    def replaces_name(self, name: str) -> bool:
        """Whether some file replaces this module's own global `name`."""
        owners = (str(f[1]) for f in self._facts if f[0] == REPLACES_NAME and f[2] == name)
        return any(may_be_module(self._path, owner) for owner in owners)

    def exposes_os(self, module: str) -> bool:
        """Whether the repository's module of this dotted name has `os` as a plain global."""
        tail = module.replace(".", "/")
        suffixes = (f"/{tail}.py", f"/{tail}/__init__.py")
        return any(f[0] == EXPOSES_OS and f"/{f[1]}".endswith(suffixes) for f in self._facts)

    def _nearest(self, paths: Iterable[object]) -> str:
        others = sorted(map(str, paths))
        if self._path in others:
            return self._path
        # one test module's patch is over before another test module's code runs; shared code runs inside either
        relevant = [p for p in others if not (is_test_module(p) and is_test_module(self._path))]
        return relevant[0] if relevant else ""


def may_be_module(path: str, name: str) -> bool:
    """Whether a file can be the module of a dotted name, wherever the import path begins.

    >>> may_be_module("src/pkg/mod.py", "pkg.mod"), may_be_module("tests/mod.py", "pkg.mod")
    (True, False)
    """
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    wanted = name.split(".")
    length = min(len(parts), len(wanted))
    return parts[-length:] == wanted[-length:]


def is_test_module(path: str) -> bool:
    """Whether nobody but the test runner imports the file, going by its name."""
    name = path.rpartition("/")[2]
    return name.startswith("test_") or name.endswith("_test.py")
