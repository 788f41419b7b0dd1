"""Real sources: the running Python's standard library with its tests, and the packages installed beside it."""

from __future__ import annotations

import site
import sysconfig
from pathlib import Path


def real_sources() -> list[Path]:
    """All Python files there are, in a stable order, each once."""
    folders = [sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), *site.getsitepackages()]
    found = {path for folder in folders for path in Path(folder).resolve().rglob("*.py")}
    return sorted(path for path in found if path.is_file())
