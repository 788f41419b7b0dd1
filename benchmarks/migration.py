"""What `migrate` does to the tests of a real repository: to Holdline's runtime, and to a module of its own.

    python benchmarks/migration.py REPOSITORY [--get MODULE:NAME [--snapshot METHOD]]

It works on copies, migrates for real, and counts: files that parsed and no longer do (none may), accesses that were
asked for, gone and left, with the reasons, what a second run changes (nothing may), and what differs after `holdline
undo` (nothing may, modes included). It ends with 1 where one of these is not as it must be. See
docs/large-repositories.md.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from racing import tell

_TARGET_PERCENT = 95.0
_HOLDLINE = (sys.executable, "-m", "holdline")
#: What tells reasons of one kind apart: names, files and lines.
_PARTICULARS = (
    (re.compile(r"`[^`]*`"), "`…`"),
    (re.compile(r"\bline \d+"), "line …"),
    (re.compile(r"^\S+\.py "), "… "),
)

Tree = dict[str, tuple[int, str]]
"""Mode and digest of each file outside `.git`, by path."""


def main() -> int:
    """Migrate each way, print the figures; 1 where something is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path, help="any git repository; it is copied")
    parser.add_argument("--get", help="where its own get_env() is: MODULE:NAME")
    parser.add_argument("--snapshot", help="the method of its own module that returns all variables as a new dict")
    arguments = parser.parse_args()
    ways = {"to holdline_runtime": ""}
    if arguments.get:
        snapshot = f'snapshot = "{arguments.snapshot}"\n' if arguments.snapshot else ""
        ways[f"to {arguments.get}, methods"] = f'[env]\nget = "{arguments.get}"\napi = "methods"\n{snapshot}'
    with tempfile.TemporaryDirectory() as folder:
        results = [_migrate(name, arguments.repository, Path(folder), settings) for name, settings in ways.items()]
    return int(not all(results))


def _migrate(name: str, repository: Path, folder: Path, settings: str) -> bool:
    copy, config = folder / "copy", folder / "holdline.toml"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(repository, copy, symlinks=True)
    config.write_text(settings)
    before, parsed = _tree(copy), _parsing(copy)
    start = time.perf_counter()
    report = _holdline(copy, "migrate", "--config", str(config), "--format", "json")
    seconds = time.perf_counter() - start
    broken = parsed - _parsing(copy)
    migrated = _tree(copy)
    left = [v["refusal"] for f in report["files"] for v in f["remaining"]]
    gone = report["totals"]["fixed"]
    percent = 100 * gone / (gone + len(left)) if gone + len(left) else 100.0
    again = _holdline(copy, "migrate", "--config", str(config), "--format", "json")
    twice = _different(migrated, _tree(copy))
    subprocess.run([*_HOLDLINE, "-q", "undo"], cwd=copy, check=True, stdout=subprocess.DEVNULL)
    undone = _different(before, _tree(copy))
    tell(f"\n{name}: {seconds:.1f} s")
    checked, changed = sum(report["totals"]["checked"].values()), len(_different(before, migrated))
    tell(f"  files checked, changed                   {checked:,}, {changed:,}")
    tell(f"  files that parsed, and no longer do      {len(parsed):,}, {len(broken)}")
    tell(
        f"  accesses asked for, gone, left           {gone + len(left):,}, {gone:,}, {len(left)} ({percent:.1f} % gone)"
    )
    tell(f"  files a second run changes               {len(twice)} ({again['totals']['fixed']} fixes)")
    tell(f"  files that differ after undo             {len(undone)} of {len(before):,}")
    for reason, count in Counter(map(_kind, left)).most_common():
        tell(f"  {count:4} left: {reason}")
    return percent >= _TARGET_PERCENT and not (broken or twice or undone)


def _holdline(copy: Path, *arguments: str) -> dict[str, Any]:
    done = subprocess.run([*_HOLDLINE, *arguments], cwd=copy, stdout=subprocess.PIPE, check=True)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _tree(root: Path) -> Tree:
    files = (p for p in root.rglob("*") if p.relative_to(root).parts[0] != ".git" and not p.is_dir())
    return {str(p.relative_to(root)): (p.lstat().st_mode, _digest(p)) for p in files}


def _digest(path: Path) -> str:
    content = bytes(path.readlink()) if path.is_symlink() else path.read_bytes()
    return hashlib.sha256(content).hexdigest()


def _parsing(root: Path) -> set[str]:
    """The Python files that parse."""
    return {path for path in _tree(root) if path.endswith(".py") and _parses(root / path)}


def _parses(path: Path) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def _different(one: Tree, other: Tree) -> set[str]:
    return {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}


def _kind(reason: str) -> str:
    for pattern, text in _PARTICULARS:
        reason = pattern.sub(text, reason)
    return reason


if __name__ == "__main__":
    sys.exit(main())
