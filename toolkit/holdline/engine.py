"""The pipeline from a selection of files to a scan report or a migration plan."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from holdline.cache import ScanCache
from holdline.categories import Categorizer
from holdline.config import Config
from holdline.judging import Judge, Level
from holdline.migration import Context, Fact, Migration
from holdline.model import Category, FileResult, Plan, Problem, Ranked, ScanReport, score_files
from holdline.priority import rank
from holdline.references import ReferenceFinder, References
from holdline.remembering import cache_key, recall
from holdline.samples import SAMPLE_REFUSAL, sample_project
from holdline.scanning import Memory, Scanner, read, unreadable
from holdline.stamps import Stamp, Stamps
from holdline.workers import map_in_order

#: Wraps an iteration to show its progress: (items, how many, label).
Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]


class Task(NamedTuple):
    """What to look at: the root, the selected paths, the settings and the migrations.

    `stamps` are those of the files; a file without one is taken to have changed.
    """

    root: Path
    paths: tuple[str, ...]
    config: Config
    migrations: tuple[Migration, ...]
    jobs: int = 1
    today: date | None = None
    stamps: Mapping[str, Stamp] = MappingProxyType({})

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the rules that are on."""
        rules = [r for m in self.migrations for r in m.rules]
        return frozenset(r.code for r in rules if self.config.selected(r.code, r.default_on))


class Candidate(NamedTuple):
    """A file that may hold a violation, its cache key, and the names whose imports its rewrite may take out."""

    path: str
    key: str = ""
    watched: frozenset[str] = frozenset()
    problem: Problem | None = None


class Planned(NamedTuple):
    """A plan, and the judge that made it: what it takes to plan a file again with fewer of its fixes."""

    plan: Plan
    judge: Judge


def scan(task: Task, progress: Progress, cache: ScanCache) -> ScanReport:
    """The compliance report of the selection; nothing is planned or fixed. What the cache knows is not judged again."""
    categorizer = Categorizer(task.config)
    judge = scanning_judge(task)
    memory = Memory(cache, Stamps(task.root, task.stamps, cache), categorizer)
    results, fresh = memory.recall(task.paths)
    scanner = Scanner(task.root, judge, categorizer, memory.known_keys() if fresh else frozenset(), cache.enabled)
    seen = [s for s in progress(map_in_order(scanner.look, fresh, task.jobs), len(fresh), "scanning") if s is not None]
    results |= memory.complete(seen)
    if fresh:
        memory.keep(fresh, seen)
    return score_files([r for path in task.paths if (r := results.get(path)) is not None], _listed(task))


def scanning_judge(task: Task) -> Judge:
    """The judge of a plain scan."""
    context = Context(task.config, task.codes)
    return Judge(task.migrations, context, Level.NONE, task.today or date.today(), skims=True)


def plan(
    task: Task,
    everything: Sequence[str],
    level: Level,
    churn: Callable[[], dict[str, int]],
    progress: Progress,
    cache: ScanCache,
) -> Plan:
    """The rewrite of the selection, in priority order, each file proved.

    `everything` are all Python files of the repository: what they say decides which fixes are safe. Files that the
    cache knows to hold no violation are passed over.
    """
    return plan_and_judge(task, everything, level, churn, progress, cache).plan


def plan_and_judge(
    task: Task,
    everything: Sequence[str],
    level: Level,
    churn: Callable[[], dict[str, int]],
    progress: Progress,
    cache: ScanCache,
) -> Planned:
    """The same, with the judge beside it."""
    candidates = screen(task)
    known = recall(cache, [(c.path, c.key) for c in candidates], Categorizer(task.config))
    clean = {path for path, result in known.items() if not result.violations and not result.problem}
    candidates = [c for c in candidates if c.path not in clean]
    watched = frozenset[str]().union(*(c.watched for c in candidates))
    facts, references = survey(task, everything, watched)
    context = Context(task.config, task.codes, facts, references.pairs, references.stars)
    judge = Judge(task.migrations, context, level, task.today or date.today())
    judged = progress(_judge_all(task, judge, candidates), len(candidates), "planning")
    results = {r.path: r for r in judged if r.violations or r.problem}
    ranks = rank({path: len(r.violations) for path, r in results.items()}, task.config, churn)
    plan = Plan(tuple(results[r.path] for r in ranks), {r.path: r for r in ranks}, _listed(task))
    return Planned(plan, judge)


def screen(task: Task) -> list[Candidate]:
    """The files of the selection that may hold a violation, going by their bytes."""
    look = functools.partial(_screen_one, task.root, task.migrations)
    return [c for c in map_in_order(look, task.paths, task.jobs) if c is not None]


def survey(task: Task, everything: Sequence[str], watched: frozenset[str]) -> tuple[frozenset[Fact], References]:
    """What the whole repository's files say about each other."""
    finder = ReferenceFinder(watched)
    look = functools.partial(_survey_one, task.root, task.migrations, finder)
    facts: set[Fact] = set()
    pairs: set[tuple[str, str]] = set()
    stars: set[str] = set()
    for mine, references in map_in_order(look, everything, task.jobs):
        facts |= mine
        pairs |= references.pairs
        stars |= references.stars
    return frozenset(facts), References(frozenset(pairs), frozenset(stars))


def limit(plan: Plan, keep: Callable[[Ranked], bool], max_files: int | None) -> Plan:
    """The plan with just the files whose rank is kept, at most `max_files` of those that change."""
    results: list[FileResult] = []
    changing = 0
    for result in plan.results:
        if not keep(plan.ranks[result.path]):
            continue
        if result.changes:
            changing += 1
            if max_files is not None and changing > max_files:
                continue
        results.append(result)
    return plan._replace(results=tuple(results))


def _judge_all(task: Task, judge: Judge, candidates: Sequence[Candidate]) -> Iterator[FileResult]:
    categorizer = Categorizer(task.config)
    look = functools.partial(_judge_one, task.root, judge, categorizer)
    return map_in_order(look, candidates, task.jobs, lambda candidate: candidate.path)


def _listed(task: Task) -> dict[Category, int]:
    categorizer = Categorizer(task.config)
    return dict(Counter(categorizer.category(path) for path in task.paths))


# one file each, called in the workers


def _screen_one(root: Path, migrations: Sequence[Migration], path: str) -> Candidate | None:
    try:
        data = read(root, path)
    except OSError as error:
        return Candidate(path, problem=unreadable(path, error))
    matching = [m for m in migrations if m.may_match(data)]
    if not matching and b"holdline:" not in data:
        return None
    watched = frozenset(n for m in matching for n in m.watched_names(data))
    return Candidate(path, cache_key(path, data), watched)


def _survey_one(
    root: Path, migrations: Sequence[Migration], finder: ReferenceFinder, path: str
) -> tuple[frozenset[Fact], References]:
    try:
        data = read(root, path)
    except OSError:
        return frozenset(), References()  # if it matters, the scan of the selection names it
    return frozenset(f for m in migrations for f in m.survey(path, data)), finder.find(data)


def _judge_one(root: Path, judge: Judge, categorizer: Categorizer, candidate: Candidate) -> FileResult:
    path, category = candidate.path, categorizer.category(candidate.path)
    if candidate.problem is not None:
        return FileResult(path, category, problem=candidate.problem)
    try:
        data = read(root, path)
    except OSError as error:
        return FileResult(path, category, problem=unreadable(path, error))
    sample = sample_project(root, path, categorizer) if judge.level is not Level.NONE else ""
    if not sample:
        return judge.judge(path, data, category)
    result = judge._replace(level=Level.NONE).judge(path, data, category)
    refusal = SAMPLE_REFUSAL.format(sample)
    return result._replace(remaining=tuple(v._replace(fix=None, refusal=refusal) for v in result.remaining))
