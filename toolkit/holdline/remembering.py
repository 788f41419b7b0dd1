"""What earlier scans found, so that an unchanged file is not judged again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from holdline.cache import ScanCache, code_fingerprint, content_key
from holdline.categories import Categorizer
from holdline.config import Config
from holdline.migration import Migration
from holdline.model import FileResult, Problem, ProblemKind, Violation

_VIOLATION_FIELDS = [name for name in Violation._fields if name not in ("path", "fix")]


def cache_key(path: str, data: bytes) -> str:
    """The key of a file's findings; "" where they depend on the day, as those of a suppression with a date do.

    The path belongs to it: relative imports are resolved against it. It may hold bytes that are no text, which the
    cache could not take.
    """
    return "" if b"holdline:" in data else f"{content_key(data)} {path!a}"


def open_cache(
    directory: Path, config: Config, migrations: Sequence[Migration], *, of_history: bool = False
) -> ScanCache:
    """The cache below `directory` for these settings and this version of the code; see `ScanCache.open`."""
    import sys

    modules = {__name__, *(type(m).__module__ for m in migrations)}
    packages = sorted({Path(sys.modules[m].__file__ or "").parent for m in modules})
    return ScanCache.open(directory, code_fingerprint([config.fingerprint()], packages), of_history=of_history)


def recall(cache: ScanCache, keys: Iterable[tuple[str, str]], categorizer: Categorizer) -> dict[str, FileResult]:
    """The known results of files, given (path, key) pairs; what cannot be read back is not known."""
    paths = {key: path for path, key in keys if key}
    known = {}
    for key, value in cache.get_many(paths).items():
        path = paths[key]
        try:
            found, problem = json.loads(value)
            violations = tuple(_violation(path, row) for row in found)
            trouble = Problem(path, ProblemKind(problem[0]), problem[1], problem[2]) if problem else None
        except (ValueError, TypeError, IndexError):
            continue
        known[path] = FileResult(path, categorizer.category(path), violations, problem=trouble)
    return known


def remember(cache: ScanCache, keys: Iterable[tuple[str, str]], results: Iterable[FileResult]) -> None:
    """Keep results for later. Unreadable files are judged anew each time: that may change without their content."""
    by_path = {path: key for path, key in keys if key}
    values = {}
    for result in results:
        key = by_path.get(result.path)
        if key is None or (result.problem and result.problem.kind is not ProblemKind.UNPARSABLE):
            continue
        found = [[getattr(v, name) for name in _VIOLATION_FIELDS] for v in result.remaining]
        problem = result.problem[1:] if result.problem else None
        values[key] = json.dumps([found, problem]).encode()
    cache.put_many(values)


def _violation(path: str, row: list[str | int]) -> Violation:
    return Violation(path=path, **dict(zip(_VIOLATION_FIELDS, row, strict=True)))  # type: ignore[arg-type]
