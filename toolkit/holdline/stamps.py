"""Which files have stayed as they were since they were last looked at, told without opening them.

A file's stamp is what the file system says of it: times of its last change of content and of anything else, size and
inode. A write changes the second of these times to that of the clock, and no program can set it back. Clocks have
ticks, though: a file that changed just before it was looked at may change again within the same tick. So stamps
younger than any tick are not kept, and such a file is looked at once more the next time.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdline.cache import ScanCache

#: The entry of the cache that holds the stamps; no content has such a key.
_ENTRY = "stamps"
#: Longer than a tick of any file system's clock, the two seconds of FAT among them.
_YOUNG_NS = 2_500_000_000

#: Times of the last changes of content and of anything, in nanoseconds; size; inode. Empty where there is no file.
Stamp = tuple[int, ...]


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp of a file that was looked up."""
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


class Stamps:
    """The stamps of files below a folder, `here`, as they were before any was read, beside those that were kept."""

    def __init__(self, root: Path, here: Mapping[str, Stamp], cache: ScanCache) -> None:
        self._root = os.fspath(root)
        self._here = here
        self._cache = cache
        self._kept = self._load()
        self._oldest_young = time.time_ns() - _YOUNG_NS

    def unchanged(self, paths: Sequence[str]) -> dict[str, str]:
        """Those of some files that are as they were, with the key each was kept under."""
        if not self._cache.enabled:
            return {}
        same = {}
        for path in paths:
            *stamp, key = self._kept.get(path, ("",))
            if stamp and tuple(stamp) == self._here.get(path):
                same[path] = key
        return same

    def keep(self, keys: Mapping[str, str | None]) -> None:
        """Keep the stamps of files that were looked at, each with a key; with None, forget the file."""
        if not keys or not self._cache.enabled:
            return
        for path, key in keys.items():
            stamp = self._here.get(path)
            if key is None or not stamp or max(stamp[:2]) > self._oldest_young:
                self._kept.pop(path, None)
            else:
                self._kept[path] = [*stamp, key]
        self._cache.put_many({self._entry: json.dumps(self._kept, separators=(",", ":")).encode()})

    @property
    def _entry(self) -> str:
        """Linked working trees share a cache, and have files of their own."""
        return f"{_ENTRY} {self._root!a}"

    def _load(self) -> dict[str, list[Any]]:
        try:
            loaded = json.loads(self._cache.get_many([self._entry]).get(self._entry, b"{}"))
        except ValueError:
            return {}
        sound = isinstance(loaded, dict) and all(isinstance(kept, list) and kept for kept in loaded.values())
        return loaded if sound else {}
