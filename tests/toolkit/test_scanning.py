"""A scan opens what changed, parses what it has not judged before, and says the same as one that looks at everything."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from holdline import scanning
from holdline.cache import ScanCache
from holdline.config import Config
from holdline.engine import Task, scan
from holdline.model import ScanReport
from holdline.stamps import stamp_of
from holdline_migrations.registry import REGISTRY

READ = "import os\nos.environ['A']\n"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScanCache]:
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 60_000_000_000)
    with ScanCache.open(tmp_path / "cache", "print") as cache:
        yield cache


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were opened."""
    paths: list[str] = []
    read = scanning.read

    def note(root: Path, path: str) -> bytes:
        paths.append(path)
        return read(root, path)

    monkeypatch.setattr(scanning, "read", note)
    return paths


def run(root: Path, cache: ScanCache) -> ScanReport:
    paths = tuple(sorted(p.name for p in root.glob("*.py")))
    stamps = {p: stamp_of((root / p).lstat()) for p in paths}
    task = Task(root, paths, Config(), REGISTRY.migrations, today=date(2026, 1, 5), stamps=stamps)
    return scan(task, lambda items, count, label: items, cache)


def test_what_did_not_change_is_not_opened(tmp_path: Path, cache: ScanCache, opened: list[str]) -> None:
    for name, text in {"a.py": READ, "b.py": "x = 1\n", "c.py": "import os\nos.environ[\n", "d.py": READ}.items():
        (tmp_path / name).write_text(text)
    first = run(tmp_path, cache)
    assert opened == ["a.py", "b.py", "c.py", "d.py"]
    assert run(tmp_path, cache) == first == run(tmp_path, ScanCache.disabled())
    opened.clear()
    time.sleep(0.02)
    (tmp_path / "d.py").write_text("\n" + READ)
    (tmp_path / "b.py").write_text(READ)
    again = run(tmp_path, cache)
    assert opened == ["b.py", "d.py"]
    assert [(v.path, v.line) for v in again.violations] == [("a.py", 2), ("b.py", 2), ("d.py", 3)]
    assert [p.path for p in again.problems] == ["c.py"]


def test_content_that_was_judged_is_not_judged_again(
    tmp_path: Path, cache: ScanCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.py").write_text(READ)
    first = run(tmp_path, cache)
    (tmp_path / "new").write_text(READ)
    (tmp_path / "new").replace(tmp_path / "a.py")
    monkeypatch.setattr(type(REGISTRY.migrations[0]), "check", None)
    assert run(tmp_path, cache) == first


def test_what_depends_on_the_day_is_looked_at_each_time(tmp_path: Path, cache: ScanCache, opened: list[str]) -> None:
    (tmp_path / "a.py").write_text("import os\nos.environ['A']  # holdline: allow[HL101] why — until 2026-01-05\n")
    for _ in range(2):
        assert not run(tmp_path, cache).violations
    assert opened == ["a.py", "a.py"]
