"""Importing the runtime loads the standard library only, and little of that."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import holdline_runtime

HEAVY = {
    *(
        "argparse",
        "ast",
        "asyncio",
        "concurrent",
        "contextlib",
        "dataclasses",
        "dis",
        "enum",
        "functools",
        "inspect",
    ),
    *(
        "json",
        "logging",
        "pathlib",
        "pickle",
        "pkgutil",
        "pytest",
        "re",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
    ),
    *("tempfile", "threading", "traceback", "typing", "unittest", "urllib"),
}


def loaded_by(code: str) -> set[str]:
    """The modules a bare interpreter (no site, no user folder, no variables) has loaded after the code."""
    source = Path(holdline_runtime.__file__).parents[1]
    program = f"import sys; sys.path.append({str(source)!r}); {code}; names = list(sys.modules)"
    program += "; import json; sys.stdout.write(json.dumps(names))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_import_loads_the_standard_library_only_and_none_of_the_heavy_modules() -> None:
    new = loaded_by("import holdline_runtime") - loaded_by("import os")
    own = {name for name in new if name.split(".")[0] == "holdline_runtime"}
    assert "holdline_runtime.patching" in own
    assert {name for name in new - own if name.split(".")[0] not in sys.stdlib_module_names} == set()
    assert {name for name in new if name.split(".")[0] in HEAVY} == set()


def test_import_takes_a_few_milliseconds() -> None:
    """The best of some runs, on a machine that may be busy; 5 ms is usual. It bounds what a script start may cost."""
    source = Path(holdline_runtime.__file__).parents[1]
    program = f"import os, sys, time; sys.path.append({str(source)!r}); start = time.perf_counter()"
    program += "; import holdline_runtime; sys.stdout.write(str(time.perf_counter() - start))"
    command = [sys.executable, "-I", "-S", "-c", program]
    times = [float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(7)]
    assert min(times) < 0.05


def test_what_the_work_needs_is_imported_when_it_is_needed() -> None:
    use = "import holdline_runtime as h; p = h.patch_env(A='1'); p.start(); h.get_env().require('A')"
    assert {name for name in loaded_by(use) if name.split(".")[0] in HEAVY} == set()
    assert "unittest" not in loaded_by("import holdline_runtime as h; h.patch_env()(type('T', (), {}))")
