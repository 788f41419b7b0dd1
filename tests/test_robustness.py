"""The short forms of what docs/robustness.md gives figures of: kills at random moments, and hostile files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def run(script: str, *arguments: str) -> str:
    """Run a script that checks what it does itself; what it prints."""
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *arguments], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_killed_at_random_moments(tmp_path: Path) -> None:
    told = run("kill.py", "--kills", "12", "--files", "80", "--work", str(tmp_path))
    assert "12 rounds, nothing torn, nothing lost, nothing left behind" in told
    assert "migrate: killed between two files" in told


def test_hostile_files() -> None:
    told = run("hostile.py", "--quick", "--tiny", "300", "--seconds", "200", "--megabytes", "1200")
    assert told.count("  holdline ") == 4
