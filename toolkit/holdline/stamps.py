"""Which files have stayed as they were since they were last looked at, told without opening them.

A file's stamp is what the file system says of it: times of its last change of content and of anything else, size and
inode. A write changes the second of these times to that of the clock, and no program can set it back. Clocks have
ticks, though: a file that changed just before it was looked at may change again within the same tick. So what is
younger than any tick gets no stamp, and is looked at once more the next time.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdline.cache import ScanCache

#: The entry of the cache that holds the stamps; no content has such a key.
_ENTRY = "stamps"
#: Longer than a tick of any file system's clock, the two seconds of FAT among them.
_YOUNG_NS = 2_500_000_000

#: 64 bits, by which a file's states are told apart: there may be very many files, and numbers take little memory. 0 for
#: a file that is too young, or not there.
Stamp = int


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp of a file that was looked up just now."""
    changed, touched = status.st_mtime_ns, status.st_ctime_ns
    if max(changed, touched) > time.time_ns() - _YOUNG_NS:
        return 0
    return hash((changed, touched, status.st_size, status.st_ino))


class Stamps:
    """The stamps of files below a folder, `here`, as they were before any was read, beside those that were kept."""

    def __init__(self, root: Path, here: Mapping[str, Stamp], cache: ScanCache) -> None:
        self._root = os.fspath(root)
        self._here = here
        self._cache = cache
        #: Stamps alone are those of files without a violation.
        self._kept: dict[str, Stamp | list[Stamp | str]] = self._load()

    def key_of(self, path: str) -> str | None:
        """The key that a file was kept under, if it is as it was then; None where it is not."""
        stamp, kept = self._here.get(path, 0), self._kept.get(path)
        if not stamp or kept is None:
            return None
        if kept == stamp:
            return ""
        match kept:
            case [int(old), str(key)] if old == stamp:
                return key
        return None

    def keep(self, keys: Iterable[tuple[str, str | None]]) -> None:
        """Keep the stamps of files that were looked at, each with its key; with None, forget the file."""
        if not self._cache.enabled:
            return
        for path, key in keys:
            stamp = self._here.get(path, 0)
            if key is None or not stamp:
                self._kept.pop(path, None)
            else:
                self._kept[path] = [stamp, key] if key else stamp
        self._cache.put_many({self._entry: json.dumps(self._kept, separators=(",", ":")).encode()})

    @property
    def _entry(self) -> str:
        """Linked working trees share a cache, and have files of their own."""
        return f"{_ENTRY} {self._root!a}"

    def _load(self) -> dict[str, Stamp | list[Stamp | str]]:
        try:
            loaded = json.loads(self._cache.get_many([self._entry]).get(self._entry, b"{}"))
        except ValueError:
            return {}
        return loaded if isinstance(loaded, dict) else {}
