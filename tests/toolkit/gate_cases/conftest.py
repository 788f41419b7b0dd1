"""The gate on real repositories: `judge` runs `holdline check` and sees to it that nothing is touched."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .gates import Hook, Judge, State, Verdict, run_check, state

if TYPE_CHECKING:
    from conftest import Repo


def without_trees(folder: Path, before: State) -> State:
    """What is there now. While an index is sparse, `git diff-index` itself stores the trees that it folds up in it."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True).stdout.strip()

    now = state(folder)
    if git("config", "index.sparse") == "true":
        for path in now.keys() - before.keys():
            *_, begin, rest = Path(path).parts
            assert git("cat-file", "-t", begin + rest) == "tree"
            del now[path]
    return now


@pytest.fixture
def judge() -> Judge:
    """`judge(repo, *arguments)`: the verdict; index, working tree, stash and all else must stay as they are."""

    def run(repo: Repo | Path, *arguments: str) -> Verdict:
        folder = repo if isinstance(repo, Path) else repo.root
        before = state(folder)
        code, out, err = run_check(folder, *arguments, "--format", "json")
        assert without_trees(folder, before) == before
        verdict = Verdict(code, err, json.loads(out) if out else None)
        if out:
            assert verdict.report["passes"] == (code == 0)
            assert code in (0, 1)
        else:
            assert code == 2
            assert err.count("\n") == 1
        return verdict

    return run


@pytest.fixture
def hooked(tmp_path: Path) -> Callable[..., Hook]:
    """`hooked(repo, "--fix")` installs a hook that runs `python -m holdline check`, its report kept beside."""

    def install(repo: Repo, *arguments: str, hooks: Path | None = None, name: str = "pre-commit") -> Hook:
        output = tmp_path / "verdict.json"
        folder = hooks or repo.root / ".git" / "hooks"
        folder.mkdir(parents=True, exist_ok=True)
        script = folder / name
        command = shlex.join([sys.executable, "-m", "holdline", "check", "--format", "json", *arguments])
        script.write_text(f"#!/bin/sh\nexec {command} > {shlex.quote(str(output))}\n")
        script.chmod(0o755)
        return Hook(repo, output)

    return install
