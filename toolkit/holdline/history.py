"""Counting violations in a repository's past: each content is judged once, however many commits have it.

All is judged by today's configuration and on today's date, as a scan would judge it. What was found is kept beside the
scan's cache, so that an interrupted walk goes on where it was, and the next one looks at new content alone.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from holdline.burndown import Burndown, Origin, Point
from holdline.cache import ScanCache
from holdline.categories import Categorizer
from holdline.git import Repository
from holdline.githistory import HistoryCommit
from holdline.judging import Judge
from holdline.model import Category
from holdline.workers import map_in_order

#: What stands for a content that cannot be judged.
UNJUDGED = -1

_PYTHON = ".py"
#: Commits that are looked at together, and as many contents, or bytes of them, as are judged together.
_COMMITS = 500
_CONTENTS = 4_000
_BYTES = 64_000_000

#: A path and the id of the blob there.
File = tuple[str, str]


@dataclass
class Counting:
    """How many violations contents hold. A content's path counts as well: relative imports are resolved against it."""

    repo: Repository
    judge: Judge
    cache: ScanCache
    jobs: int = 1
    _known: dict[str, int] = field(default_factory=dict)
    _missing: set[str] = field(default_factory=set)

    @property
    def missing(self) -> int:
        """How many contents are not in this clone."""
        return len(self._missing)

    def count(self, file: File) -> int:
        """The violations of a file that `learn` was told of, or `UNJUDGED`."""
        path, blob = file
        return self._known[blob] if blob in self._known else self._known[_key(path, blob)]

    def learn(self, files: Iterable[File]) -> None:
        """Judge those of some files that are not known yet."""
        new = [f for f in dict.fromkeys(files) if f[1] not in self._known and _key(*f) not in self._known]
        keys = dict.fromkeys(key for path, blob in new for key in (blob, _key(path, blob)))
        self._known.update((key, int(value)) for key, value in self.cache.get_many(keys).items())
        unknown = [f for f in new if f[1] not in self._known and _key(*f) not in self._known]
        for part in self._read(unknown):
            self._judge(part)

    def _read(self, files: Sequence[File]) -> Iterator[list[tuple[str, str, bytes]]]:
        """The files that may hold violations with their bytes, in parts that fit in memory; the others are clean."""
        found: list[tuple[str, str, bytes]] = []
        clean: dict[str, int] = {}
        size = 0
        with self.repo.reading() as reader:
            for path, blob in sorted(files, key=lambda file: file[1]):
                if blob in clean or blob in self._missing:
                    continue
                content = reader.ask(blob)
                if content is None:
                    self._missing.add(blob)
                    self._known[blob] = UNJUDGED
                elif not self.judge.may_find(content.content):
                    clean[blob] = 0
                else:
                    found.append((path, blob, content.content))
                    size += len(content.content)
                if len(found) >= _CONTENTS or size >= _BYTES:
                    yield found
                    found, size = [], 0
        self._known.update(clean)
        self.cache.put_many(dict.fromkeys(clean, b"0"))
        yield found

    def _judge(self, files: Sequence[tuple[str, str, bytes]]) -> None:
        counts = map_in_order(functools.partial(_count, self.judge), files, self.jobs)
        values = {}
        for (path, blob, data), count in zip(files, counts, strict=True):
            key = _key(path, blob)
            self._known[key] = count
            if b"holdline:" not in data:  # a suppression with a date depends on the day
                values[key] = b"%d" % count
        self.cache.put_many(values)


@dataclass
class _Tally:
    """The violations of the files of one commit after another, with their groups'."""

    group: Callable[[str], str]
    total: int = 0
    unjudged: int = 0
    _counts: dict[str, int] = field(default_factory=dict)
    _groups: Counter[str] = field(default_factory=Counter)
    series: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def apply(self, changes: Iterable[tuple[str, int]]) -> tuple[int, int, set[str]]:
        """Take over the new counts of files; how many violations went, how many came, and in which groups."""
        fixed = added = 0
        changed = set()
        for path, count in changes:
            before = self._counts.pop(path, 0)
            if count:
                self._counts[path] = count
            self.unjudged += (count == UNJUDGED) - (before == UNJUDGED)
            grown = max(count, 0) - max(before, 0)
            if grown:
                fixed, added = fixed + max(-grown, 0), added + max(grown, 0)
                name = self.group(path)
                self._groups[name] += grown
                changed.add(name)
        self.total += added - fixed
        return fixed, added, changed

    def record(self, at: int, groups: Iterable[str]) -> None:
        """Note what groups have at the point of this number."""
        for name in groups:
            self.series.setdefault(name, []).append((at, self._groups[name]))


def burn_down(
    commits: Iterable[HistoryCommit], counting: Counting, categorizer: Categorizer, group: Callable[[str], str]
) -> Burndown:
    """The violations at each commit that changed their number, and at the first and the last one.

    `group` names what a path belongs to: its directory, or its owner. A file that cannot be judged counts for nothing,
    as in a scan.
    """
    points: list[Point] = []
    tally = _Tally(group)
    last: HistoryCommit | None = None
    for commit, changes in _counted(commits, counting, categorizer):
        unjudged = tally.unjudged
        fixed, added, groups = tally.apply(changes)
        if fixed or added or tally.unjudged != unjudged or not points:
            tally.record(len(points), groups)
            points.append(Point(commit.at, commit.id, tally.total, fixed, added, tally.unjudged))
        last = commit
    if last is not None and points[-1].name != last.id:
        points.append(Point(last.at, last.id, tally.total, unjudged=tally.unjudged))
    return Burndown(Origin.HISTORY, tuple(points), {name: tuple(found) for name, found in tally.series.items()})


def _counted(
    commits: Iterable[HistoryCommit], counting: Counting, categorizer: Categorizer
) -> Iterator[tuple[HistoryCommit, list[tuple[str, int]]]]:
    """Each commit with the counts of the Python files it changed; learned for many commits at once."""
    wanted = functools.cache(lambda path: path.endswith(_PYTHON) and not categorizer.excluded(path))
    waiting: list[tuple[HistoryCommit, list[File]]] = []
    changed = 0
    for commit in commits:
        files = [file for file in commit.changes if wanted(file[0])]
        waiting.append((commit._replace(changes=()), files))
        changed += len(files)
        if len(waiting) >= _COMMITS or changed >= _CONTENTS:
            yield from _learned(waiting, counting)
            waiting, changed = [], 0
    yield from _learned(waiting, counting)


def _learned(
    waiting: Sequence[tuple[HistoryCommit, Sequence[File]]], counting: Counting
) -> Iterator[tuple[HistoryCommit, list[tuple[str, int]]]]:
    counting.learn(file for _, files in waiting for file in files if file[1])
    for commit, files in waiting:
        yield commit, [(path, counting.count((path, blob)) if blob else 0) for path, blob in files]


def _key(path: str, blob: str) -> str:
    return f"{blob} {path!a}"


def _count(judge: Judge, file: tuple[str, str, bytes]) -> int:
    """The violations of one file; called in the workers."""
    path, _, data = file
    result = judge.judge(path, data, Category.SOURCE)
    return UNJUDGED if result.problem else len(result.violations)
