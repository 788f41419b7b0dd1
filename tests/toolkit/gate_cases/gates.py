"""What the tests of the gate share: sample modules, verdicts, and running the command."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline.cli import main

if TYPE_CHECKING:
    from conftest import Repo


def reads(*names: str, head: str = "import os\n") -> str:
    """A module with a function for each variable that it reads: three lines each, the violation on the third."""
    return head + "".join(f'\ndef read_{name.lower()}():\n    return os.environ["{name}"]\n' for name in names)


@dataclass(frozen=True)
class Verdict:
    """What `holdline check` said."""

    code: int
    err: str
    report: Any = field(repr=False)

    @property
    def new(self) -> list[str]:
        """The new violations as `path:line CODE`."""
        return [f"{v['path']}:{v['line']} {v['code']}" for v in self.report["new"]]

    @property
    def causes(self) -> list[int | None]:
        """Where the change is that made each of them."""
        return [v["cause_line"] for v in self.report["new"]]

    @property
    def old(self) -> int:
        """How many old violations the changed files hold."""
        return int(self.report["totals"]["old"])

    @property
    def unjudged(self) -> list[str]:
        """The files that could not be judged."""
        return [u["path"] for u in self.report["unjudged"]]

    @property
    def suppressions(self) -> list[str]:
        """The new suppressions as `path:line`."""
        return [f"{s['path']}:{s['line']}" for s in self.report["new_suppressions"]]


Judge = Callable[..., Verdict]


State = dict[str, tuple[int, bytes]]


def state(root: Path) -> State:
    """Every file below a folder, git's own included, by its time of change and bytes.

    Of git's objects just the bytes: git itself renews the time of one that it would write anew.
    """
    files = [p for p in sorted(root.rglob("*")) if p.is_file() and not p.is_symlink()]
    objects = root / ".git" / "objects"
    return {str(p): (0 if p.is_relative_to(objects) else p.stat().st_mtime_ns, p.read_bytes()) for p in files}


def run_check(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Run `holdline -C folder check …` in this process: exit code, standard output, standard error."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        code = main(["-C", str(folder), "check", *arguments])
        out.flush()
        err.flush()
    assert isinstance(out.buffer, io.BytesIO)
    assert isinstance(err.buffer, io.BytesIO)
    return code, out.buffer.getvalue().decode(), err.buffer.getvalue().decode()


@dataclass(frozen=True)
class Hook:
    """A pre-commit hook that runs `holdline check`, and what the last commit's one said."""

    repo: Repo
    output: Path

    def commit(self, *arguments: str | os.PathLike[str], cwd: Path | None = None, git: Sequence[str] = ()) -> bool:
        """Run `git commit …`; whether it went through."""
        self.output.unlink(missing_ok=True)
        command = ["git", *git, "commit", "--quiet", "--message", "change", *arguments]
        done = subprocess.run(command, cwd=cwd or self.repo.root, capture_output=True, check=False)
        assert self.output.exists(), done.stderr
        return done.returncode == 0

    @property
    def verdict(self) -> Verdict:
        """What the hook said last."""
        report = json.loads(self.output.read_text())
        return Verdict(0 if report["passes"] else 1, "", report)


def stage(repo: Repo, path: str, content: str | bytes) -> None:
    """Put content into the index alone, as `git add -p` does; the working tree stays."""
    data = content.encode() if isinstance(content, str) else content
    done = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=repo.root, input=data, capture_output=True, check=True
    )
    repo.git("update-index", "--add", "--cacheinfo", f"100644,{done.stdout.decode().strip()},{path}")
