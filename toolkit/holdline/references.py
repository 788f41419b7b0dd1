"""Which names of a module other files use: what keeps an import that its own file no longer needs.

Found in the text, not in the tree: strings (`patch("helpers.os.environ")`) and `getattr` count as well, and too many
references only keep an import that could have gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

# A blank or a line continuation, and what follows `import`: names in parentheses or up to the end of the line.
_GAP = rb"(?:[ \t\f]|\\\r?\n)"
_NAMES = rb"(\((?:[^)#]|#[^\r\n]*)*\)|(?:\\\r?\n|[^\r\n])*)"
_FROM = re.compile(rb"(?:^|[;:\r])[ \t\f]*from%b+([.\w]+)%b+import\b%b*%b" % (_GAP, _GAP, _GAP, _NAMES), re.MULTILINE)
_ALIAS = re.compile(rb"\b(\w+)[ \t]+as[ \t]+(\w+)")
_WORD = re.compile(rb"\w+")


class References(NamedTuple):
    """`pairs` of (module's last name, name used), "*" where the module cannot be told; `stars` are the last names of
    star-imported modules.
    """

    pairs: frozenset[tuple[str, str]] = frozenset()
    stars: frozenset[str] = frozenset()


class ReferenceFinder:
    """Looks for uses of some names; built once per run."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(n.encode() for n in names)
        alternatives = b"|".join(sorted(map(re.escape, self._names))) or b"(?!)"
        self._marks = tuple(b"." + n for n in self._names)
        self._attribute = re.compile(rb"\.(" + alternatives + rb")\b")
        self._pieced = re.compile(rb"""["'}]\.(""" + alternatives + rb""")\b""")
        self._named = re.compile(rb"""["'](""" + alternatives + rb""")["']""")

    def find(self, data: bytes) -> References:
        """The references one file makes."""
        pairs: set[tuple[bytes, bytes]] = set()
        stars: set[bytes] = set()
        if any(mark in data for mark in self._marks):
            pairs.update(
                (owner, m[1]) for m in self._attribute.finditer(data) if (owner := _word_before(data, m.start()))
            )
            pairs.update((b"*", name) for name in self._pieced.findall(data))  # f"{module}.os", module + ".os"
        pairs.update((owner, m[1]) for m in self._named.finditer(data) if (owner := _listed_before(data, m.start())))
        for module, imported in _FROM.findall(data):
            stem = module.rpartition(b".")[2]
            if imported.startswith(b"*"):
                stars.add(stem)
            else:
                pairs.update((stem, name) for name in self._names.intersection(_WORD.findall(imported)))
        if pairs:
            modules = {alias: module for module, alias in _ALIAS.findall(data)}
            pairs.update((modules[owner], name) for owner, name in list(pairs) if owner in modules)
        decoded = frozenset((a.decode(errors="replace"), b.decode(errors="replace")) for a, b in pairs)
        return References(decoded, frozenset(s.decode(errors="replace") for s in stars))


def _word_before(data: bytes, end: int) -> bytes:
    """The word that ends where something else begins; looked for from there, for most words are followed by neither."""
    start = end
    while start and (data[start - 1 : start].isalnum() or data[start - 1 : start] == b"_"):
        start -= 1
    return data[start:end]


def _listed_before(data: bytes, end: int) -> bytes:
    """The word before a comma before something, with any space around it."""
    while end and data[end - 1 : end].isspace():
        end -= 1
    if data[end - 1 : end] != b",":
        return b""
    end -= 1
    while end and data[end - 1 : end].isspace():
        end -= 1
    return _word_before(data, end)


def module_stem(path: str) -> str:
    """The last component of the module name a file has.

    >>> module_stem("tests/helpers.py"), module_stem("pkg/__init__.py")
    ('helpers', 'pkg')
    """
    return path.removesuffix(".py").removesuffix("/__init__").rpartition("/")[2]
