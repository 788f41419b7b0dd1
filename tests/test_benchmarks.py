"""What `make bench` measures is what it says: without the peers, which it downloads."""

from __future__ import annotations

import importlib
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).parents[1]


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """benchmarks/check.py; it finds its neighbours beside itself, as a script does."""
    monkeypatch.syspath_prepend(PROJECT / "benchmarks")
    return importlib.import_module("check")


def test_the_commit_passes_and_every_file_has_an_old_violation(benchmark: ModuleType, tmp_path: Path) -> None:
    repository = benchmark.build(tmp_path / "repo", 50, 10)
    assert len(list(repository.root.rglob("module_*.py"))) == 50
    holdline = Path(sysconfig.get_path("scripts"), "holdline")
    done = subprocess.run([holdline, "check"], cwd=repository.root, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("holdline: no new violation in 10 changed files, 10 old hidden")
    assert benchmark.build(tmp_path / "repo", 50, 10) == repository


def test_a_command_that_does_not_do_its_work_stops_the_benchmark(benchmark: ModuleType, tmp_path: Path) -> None:
    repository = benchmark.build(tmp_path / "repo", 10, 2)
    python = (sys.executable, "-c")
    counting = benchmark.Contestant("counts", (*python, "import sys; sys.exit(len(sys.argv[1:]))", "{files}"), 2)
    assert benchmark.run(counting, repository) > 0
    failing = benchmark.Contestant("fails", (*python, "raise SystemExit('no such option')"), 0)
    with pytest.raises(SystemExit, match="fails exits with 1:\nno such option"):
        benchmark.run(failing, repository)


def test_every_command_is_run_in_both_repositories(benchmark: ModuleType, tmp_path: Path) -> None:
    repositories = [benchmark.build(tmp_path / str(files), files, 2) for files in (10, 20)]
    contestants = [benchmark.Contestant(name, ("git", "--version"), 0) for name in ("one", "two")]
    times = benchmark.measure(contestants, repositories, 3)
    assert {key: len(runs) for key, runs in times.items()} == {(n, f): 3 for n in ("one", "two") for f in (10, 20)}


def test_the_table_compares_medians(benchmark: ModuleType) -> None:
    contestants = [benchmark.Contestant("ours", (), 0, True), benchmark.Contestant("theirs", (), 0)]
    small, large = benchmark.FILES
    times = {
        ("ours", small): [100.0, 90.0, 300.0],
        ("ours", large): [120.0, 120.0, 120.0],
        ("theirs", small): [250.0],
        ("theirs", large): [500.0],
    }
    _, ours, theirs = benchmark.table(contestants, times).splitlines()
    assert ours.split() == ["ours", "100", "(90–300)", "120", "(120–120)", "1.20", "1.00", "yes"]
    assert theirs.split() == ["theirs", "250", "(250–250)", "500", "(500–500)", "2.00", "2.50"]


def test_a_run_without_end_is_stopped_with_all_it_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(PROJECT / "benchmarks")
    racing = importlib.import_module("racing")
    line = f"sleep 60 & echo $! > {tmp_path}/child; sleep 60"
    seconds, _ = racing.watch(racing.Racer("forever", ("sh", "-c", line), frozenset({0})), tmp_path, limit=0.5)
    assert 0.5 < seconds < 30
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 30
    while is_alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
