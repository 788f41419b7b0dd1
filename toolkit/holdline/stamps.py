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

from holdline.cache import ScanCache

#: The entry of the cache that holds the stamps; no content has such a key.
_ENTRY = "stamps"
#: Longer than a tick of any file system's clock, the two seconds of FAT among them.
_YOUNG_NS = 2_500_000_000

Stamp = list[int]


class Stamps:
    """The stamps of files below a folder. Made before the files are read, kept after."""

    def __init__(self, root: Path, cache: ScanCache) -> None:
        self._root = os.fspath(root)
        self._cache = cache
        self._now = time.time_ns()
        self._here: dict[str, Stamp] = {}
        self._kept = self._load()

    def unchanged(self, paths: Sequence[str]) -> dict[str, str]:
        """Those of some files that are as they were, with the key each was kept under."""
        if not self._cache.enabled:
            return {}
        kept, same = self._kept, {}
        for path in paths:
            stamp = self._stamp(path)
            known = kept.get(path)
            if known is not None and known[0] == stamp:
                same[path] = known[1]
        return same

    def keep(self, keys: Mapping[str, str | None]) -> None:
        """Keep the stamps of files that were looked at, each with a key; with None, forget the file."""
        if not keys or not self._cache.enabled:
            return
        for path, key in keys.items():
            stamp = self._here.get(path)
            if key is None or not stamp or max(stamp[:2]) > self._now - _YOUNG_NS:
                self._kept.pop(path, None)
            else:
                self._kept[path] = (stamp, key)
        self._cache.put_many({self._entry: json.dumps(self._kept, separators=(",", ":")).encode()})

    @property
    def _entry(self) -> str:
        """Linked working trees share a cache, and have files of their own."""
        return f"{_ENTRY} {self._root!a}"

    def _load(self) -> dict[str, tuple[Stamp, str]]:
        try:
            loaded = json.loads(self._cache.get_many([self._entry]).get(self._entry, b"{}"))
        except ValueError:
            return {}
        return loaded if isinstance(loaded, dict) else {}

    def _stamp(self, path: str) -> Stamp:
        try:
            status = os.lstat(f"{self._root}/{path}")
        except OSError:
            return []
        stamp = [status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino]
        self._here[path] = stamp
        return stamp
