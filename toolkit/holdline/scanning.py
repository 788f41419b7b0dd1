"""A plain scan: each file is read once, screened by its bytes and, where it may hold a violation, judged.

What is known is not looked at again. A file whose stamp is that of the last scan is not even opened; one that has
another stamp, but content that was judged before, is not parsed.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import holdline.masking  # noqa: F401  # what every worker would have to import for itself
from holdline.cache import ScanCache
from holdline.categories import Categorizer
from holdline.judging import Judge
from holdline.model import FileResult, Problem, ProblemKind
from holdline.remembering import cache_key, recall, remember
from holdline.stamps import Stamps

#: Most files are read whole at once (bytes).
_BLOCK = 1 << 17
#: Bytes of a file that is looked into. Far smaller ones are too large to be judged, if they hold anything to judge.
_MOST = 100_000_000


class Seen(NamedTuple):
    """What looking at a file gave: its cache key ("" for none), and its result where that is not known already."""

    path: str
    key: str
    result: FileResult | None


class Scanner(NamedTuple):
    """Looks at one file after another; called in the workers.

    `known` are the cache keys of judged content; files are not `keyed` where nobody would remember them.
    """

    root: Path
    judge: Judge
    categorizer: Categorizer
    known: frozenset[str] = frozenset()
    keyed: bool = True

    def look(self, path: str) -> Seen | None:
        """None for a file that, going by its bytes, holds no violation."""
        try:
            data = read(self.root, path)
        except OSError as error:
            return Seen(path, "", FileResult(path, self.categorizer.category(path), problem=unreadable(path, error)))
        if not self.judge.may_find(data):
            return None
        key = cache_key(path, data) if self.keyed else ""
        if key and key in self.known:
            return Seen(path, key, None)
        return Seen(path, key, self.judge.judge(path, data, self.categorizer.category(path)))


class Memory(NamedTuple):
    """What earlier scans found, and which files have stayed as they were since."""

    cache: ScanCache
    stamps: Stamps
    categorizer: Categorizer

    def recall(self, paths: Iterable[str]) -> tuple[dict[str, FileResult], list[str]]:
        """The results of files that did not change, but for those without a violation; and the files that did."""
        keys: dict[str, str] = {}
        changed: list[str] = []
        for path in paths:
            key = self.stamps.key_of(path)
            if key is None:
                changed.append(path)
            elif key:
                keys[path] = key
        results = recall(self.cache, keys.items(), self.categorizer)
        return results, changed + [path for path in keys if path not in results]

    def known_keys(self) -> frozenset[str]:
        """The keys of all content that was judged before."""
        return frozenset(self.cache.keys())

    def complete(self, seen: Sequence[Seen]) -> dict[str, FileResult]:
        """All results of files that were looked at, those that were known before among them."""
        known = recall(self.cache, [(s.path, s.key) for s in seen if s.result is None], self.categorizer)
        return {**known, **{s.path: s.result for s in seen if s.result is not None}}

    def keep(self, paths: Sequence[str], seen: Sequence[Seen]) -> None:
        """Remember what was found in files that were looked at."""
        remember(self.cache, [(s.path, s.key) for s in seen], [s.result for s in seen if s.result is not None])
        keys: Mapping[str, str | None] = {s.path: s.key or None for s in seen}
        self.stamps.keep((path, keys.get(path, "")) for path in paths)


def read(root: Path, path: str) -> bytes:
    """A file's bytes, with as few system calls as can be.

    It was a plain file of bearable size when it was listed, and must not be anything else by now: a pipe, a link to a
    device or a file of gigabytes would never end.
    """
    descriptor = os.open(f"{root}/{path}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a plain file any more")
        if status.st_size > _MOST:
            raise OSError(errno.EFBIG, f"{status.st_size:,} bytes, the most is {_MOST:,}: exclude it")
        data = part = os.read(descriptor, _BLOCK)
        while part:
            part = os.read(descriptor, _BLOCK)
            data += part
    finally:
        os.close(descriptor)
    return data


def unreadable(path: str, error: OSError) -> Problem:
    """The problem of a file that cannot be read."""
    return Problem(path, ProblemKind.UNREADABLE, f"cannot be read: {error.strerror}")
