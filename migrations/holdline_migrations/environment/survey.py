"""What other files do that decides whether an environment access may be rewritten.

`get_env()` looks up `os.environ` on every use. That is the same object as the one a file imported or a decorator
captured only as long as nobody puts another one in its place; and `os.getenv(…)` is the same as `get_env().get(…)`
only as long as nobody patches the function. So files that do such things are noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from holdline.migration import Fact
from holdline.origins import canonical
from holdline.references import module_stem
from holdline.source import SourceError, parse
from holdline_migrations.environment.replacement_filter import may_replace
from holdline_migrations.environment.replacements import (
    PATCHES_FUNCTION,
    REPLACES_ENVIRON,
    REPLACES_NAME,
    UNKNOWN,
    find_replacements,
)

_IMPORTS_OS = re.compile(rb"^import[ \t]+(?:[\w.]+[ \t]*,[ \t]*)*os[ \t]*(?:[,#;\r\n]|\Z)", re.MULTILINE)
_REBINDS_OS = re.compile(rb"^os[ \t]*[:=]|^(?:import|from)\b[^\n]*\bas[ \t]+os\b", re.MULTILINE)

EXPOSES_OS = "exposes os"
EXPORTS = "exports"

#: What test helpers import for others to import from them, under its own name.
_MOCK_NAMES = {("unittest", "mock"): "unittest.mock", ("unittest.mock", "patch"): "unittest.mock.patch"}
_FROM_MOCK = re.compile(
    rb"^[ \t]*from[ \t]+(unittest|(?:unittest\.)?mock)[ \t]+import[ \t]*(\([^)]*\)|[^\r\n#;]*)", re.MULTILINE
)
_IMPORTS_MOCK = re.compile(rb"^[ \t]*import[ \t]+(?:unittest\.mock[ \t]+as[ \t]+)?mock[ \t]*[#;\r\n]", re.MULTILINE)
_DEFINES_MOCK = re.compile(rb"^(?:def[ \t]+|class[ \t]+|async[ \t]+def[ \t]+)?(mock|patch)[ \t]*[(:=]", re.MULTILINE)


def survey(path: str, data: bytes) -> Iterator[Fact]:
    """The facts of one file. A file that does not parse contributes none."""
    if _IMPORTS_OS.search(data) and not _REBINDS_OS.search(data):
        yield (EXPOSES_OS, path)
    yield from _exports(path, data)
    if not may_replace(data):
        return
    try:
        yield from find_replacements(parse(path, data))
    except SourceError:
        return


def _exports(path: str, data: bytes) -> Iterator[Fact]:
    """Where the module's own `mock` and `patch` come from; "" where it defines them itself."""
    if b"mock" not in data and b"patch" not in data:
        return
    for module, imported in _FROM_MOCK.findall(data):
        canonical_module = canonical(module.decode())
        for item in re.split(rb"[,()\s]*[,(\n)][,()\s]*", b"," + imported + b","):
            origin = _MOCK_NAMES.get((canonical_module, item.strip().decode(errors="replace")))
            if origin:
                yield (EXPORTS, path, origin.rpartition(".")[2], origin)
    if _IMPORTS_MOCK.search(data):
        yield (EXPORTS, path, "mock", "unittest.mock")
    for name in _DEFINES_MOCK.findall(data):
        yield (EXPORTS, path, name.decode(), "")


class EnvironmentFacts:
    """Questions about the facts, seen from one file."""

    def __init__(self, path: str, facts: Iterable[Fact]) -> None:
        self._path = path
        self._index = _indexed(frozenset(facts))

    def replaces_environ(self) -> str:
        """A file that puts another object in place of os.environ while this file's code may run; "" for none."""
        return self._nearest(f[1] for f in self._about(REPLACES_ENVIRON))

    def patches(self, function: str) -> str:
        """A file that patches `os.<function>` while this file's code may run; "" for none."""
        return self._nearest(f[2] for f in self._about(PATCHES_FUNCTION) if f[1] == function)

    def replaces_name(self, name: str) -> bool:
        """Whether some file replaces this module's own global `name`."""
        facts = [f for f in self._about(REPLACES_NAME) if f[2] == name]
        return any(self._may_be(str(f[1])) and (f[1] != UNKNOWN or self._nearest(f[3:])) for f in facts)

    def follow(self, path: str) -> str:
        """What an imported path is: mock or its patch, if that is what the module passes on; else the path itself."""
        module, _, name = path.rpartition(".")
        found = self._about(EXPORTS, name, module.rpartition(".")[2])
        origins = {str(f[3]) for f in found if may_be_module(str(f[1]), module)}
        return origins.pop() or path if len(origins) == 1 else path

    def exposes_os(self, module: str) -> bool:
        """Whether the repository's module of this dotted name has `os` as a plain global."""
        tail = module.replace(".", "/")
        suffixes = (f"/{tail}.py", f"/{tail}/__init__.py")
        return any(f"/{f[1]}".endswith(suffixes) for f in self._about(EXPOSES_OS))

    def _about(self, *topic: str) -> Sequence[Fact]:
        return self._index.get(topic, ())

    def _may_be(self, owner: str) -> bool:
        return owner == UNKNOWN or may_be_module(self._path, owner)

    def _nearest(self, paths: Iterable[object]) -> str:
        others = sorted(map(str, paths))
        if self._path in others:
            return self._path
        # one test module's patch is over before another test module's code runs; shared code runs inside either
        relevant = [p for p in others if not (is_test_module(p) and is_test_module(self._path))]
        return relevant[0] if relevant else ""


@lru_cache(maxsize=2)
def _indexed(facts: frozenset[Fact]) -> Mapping[tuple[str, ...], Sequence[Fact]]:
    """Facts by topic: their kind, and for what modules pass on also the name and the module's last name."""
    index: dict[tuple[str, ...], list[Fact]] = {}
    for fact in facts:
        kind, where = str(fact[0]), str(fact[1])
        topic = (kind, str(fact[2]), module_stem(where)) if kind == EXPORTS else (kind,)
        index.setdefault(topic, []).append(fact)
    return index


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
