"""What the CI systems do around our recipes, played with a real origin: pull requests, checkouts, steps."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from holdline_runtime import get_env

PROJECT = Path(__file__).parents[2]
ACTION = yaml.safe_load((PROJECT / "action.yml").read_text())
OURS = "OWNER/holdline@"

OLD = "import os\n\nprint(os.environ['A'])\n"
NEW = "import os\n\nprint(os.environ['B'])\n"
CLEAN = "print('nothing')\n"
COMMITS = 25  # of the branch: more than GitLab fetches, and than two

_BLOCK = re.compile(r"^```yaml\n# (?P<name>[^\n]+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")


@pytest.fixture(scope="session")
def recipes() -> dict[str, str]:
    """The recipes of the documentation, by the name in their first line."""
    found = _BLOCK.findall((PROJECT / "docs" / "ci.md").read_text())
    assert len(dict(found)) == len(found)
    return dict(found)


@dataclass
class Job:
    """A run of a job: `exit_code` of the first step that failed, else 0; `log` what all steps wrote."""

    workspace: Path
    exit_code: int = 0
    log: str = ""
    uploads: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class Origin:
    """A bare repository with a change proposed: `main` has moved on, and brought a violation of its own."""

    path: Path
    parting: str
    main: str

    def checkout(self, workspace: Path, ref: str, depth: int) -> None:
        """Fetch as runners do: one ref and no more than `depth` commits, or with 0 everything."""
        refs = [f"+{ref}:{ref.replace('refs/', 'refs/remotes/', 1)}"]
        if depth:
            refs.insert(0, f"--depth={depth}")
        else:
            refs.append("+refs/heads/*:refs/remotes/origin/*")
        workspace.mkdir()
        for command in (
            ("init", "--quiet"),
            ("remote", "add", "origin", f"file://{self.path}"),
            ("fetch", "--quiet", "--no-tags", "origin", *refs),
            ("checkout", "--quiet", "--force", "--detach", ref.replace("refs/", "refs/remotes/", 1)),
        ):
            subprocess.run(["git", *command], cwd=workspace, check=True)


def propose(folder: Path, change: str) -> Origin:
    """Make the origin; the change puts a file with this text beside `old.py`.

    The branch itself is not in the origin, as with a change from a fork.
    """

    def git(*arguments: str | Path) -> str:
        done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(path: str, text: str, message: str) -> str:
        (folder / path).write_text(text)
        git("add", path)
        git("commit", "--quiet", "--message", message)
        return git("rev-parse", "HEAD")

    git("init", "--quiet")
    commit("old.py", OLD, "start")
    parting = commit("notes.txt", "notes\n", "notes")
    git("checkout", "--quiet", "-b", "topic")
    for number in range(COMMITS):
        git("commit", "--quiet", "--allow-empty", "--message", f"topic {number}")
    commit("change.py", change, "change")
    git("checkout", "--quiet", "main")
    main = commit("brought.py", OLD, "meanwhile")
    git("checkout", "--quiet", "--detach")
    git("merge", "--quiet", "--no-ff", "--message", "merge", "topic")
    origin = folder / "origin.git"
    git("init", "--quiet", "--bare", origin)
    merges = ("pull/1/merge", "merge-requests/1/merge")
    git("push", "--quiet", origin, "main", "topic:refs/merge-requests/1/head", *(f"HEAD:refs/{ref}" for ref in merges))
    return Origin(origin, parting, main)


@pytest.fixture(scope="session", params=[NEW, CLEAN], ids=["violation", "clean"])
def proposed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Origin, bool]:
    """An origin, and whether the change it has brings a violation."""
    return propose(tmp_path_factory.mktemp("proposed"), request.param), request.param == NEW


@pytest.fixture(scope="session")
def runner_temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's folder for temporary files, where the action's first step has installed Holdline."""
    folder = tmp_path_factory.mktemp("runner")
    install, _ = ACTION["runs"]["steps"]
    job = Job(folder)
    _run_step(install, job, {"RUNNER_TEMP": str(folder)}, {"inputs.python": sys.executable})
    assert job.exit_code == 0, job.log
    return folder


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """Where `pip` does nothing, and `holdline` is that of this environment."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "pip").write_text("#!/bin/sh\n")
    (folder / "pip").chmod(0o755)
    (folder / "holdline").symlink_to(Path(sysconfig.get_path("scripts"), "holdline"))
    return folder


@pytest.fixture
def on_github(tmp_path: Path, runner_temp: Path, bin_folder: Path) -> Callable[..., Job]:
    """`on_github(workflow, origin, ref, variables, context)` runs the only job of a workflow."""

    def run(
        workflow: Mapping[str, Any], origin: Origin, ref: str, variables: Mapping[str, str], context: Mapping[str, str]
    ) -> Job:
        (work,) = workflow["jobs"].values()
        job = Job(tmp_path / "workspace")
        environ = {**variables, "RUNNER_TEMP": str(runner_temp), "PATH": f"{bin_folder}{os.pathsep}{get_env()['PATH']}"}
        for step in work["steps"]:
            if job.exit_code and step.get("if") != "${{ !cancelled() }}":
                continue
            uses, given = step.get("uses", ""), step.get("with", {})
            if uses.startswith("actions/checkout@"):
                origin.checkout(job.workspace, ref, given.get("fetch-depth", 1))
            elif uses.startswith("github/codeql-action/upload-sarif@"):
                job.uploads.append(job.workspace / given["sarif_file"])
            elif uses.startswith(OURS):
                run_action(given, job, environ, context)
            elif uses:
                assert uses.startswith("actions/setup-python@"), uses
            else:
                _run_step(step, job, environ, context)
        return job

    return run


@pytest.fixture
def on_gitlab(tmp_path: Path, bin_folder: Path) -> Callable[..., Job]:
    """`on_gitlab(pipeline, origin, ref, variables)` runs the only job of a pipeline."""

    def run(pipeline: Mapping[str, Any], origin: Origin, ref: str, variables: Mapping[str, str]) -> Job:
        (work,) = pipeline.values()
        job = Job(tmp_path / "workspace")
        origin.checkout(job.workspace, ref, int(work.get("variables", {}).get("GIT_DEPTH", "20")))
        environ = {**variables, "PATH": f"{bin_folder}{os.pathsep}{get_env()['PATH']}"}
        _run_lines([*work["before_script"], *work["script"]], job, environ)
        _run_lines(work.get("after_script", []), Job(job.workspace), environ)
        reports = work.get("artifacts", {}).get("reports", {})
        job.uploads += [job.workspace / name for name in reports.values()]
        return job

    return run


def run_action(given: Mapping[str, object], job: Job, environ: Mapping[str, str], context: Mapping[str, str]) -> None:
    """The action's last step; the first one has run."""
    assert given.keys() <= ACTION["inputs"].keys()
    inputs = {name: str(given.get(name, spec["default"])) for name, spec in ACTION["inputs"].items()}
    values = {f"inputs.{name}": _fill(value, context) for name, value in inputs.items()}
    _, check = ACTION["runs"]["steps"]
    _run_step(check, job, environ, values)


def _run_step(step: Mapping[str, Any], job: Job, environ: Mapping[str, str], context: Mapping[str, str]) -> None:
    known = {"github.action_path": str(PROJECT), **context}
    own = {name: _fill(value, known) for name, value in step.get("env", {}).items()}
    # As documented: pipefail with `shell: bash`, and not without it.
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail"] if step.get("shell") == "bash" else ["bash", "-e"]
    _shell([*shell, "-c", _fill(step["run"], known)], job, {**environ, **own})


def _run_lines(lines: list[str], job: Job, environ: Mapping[str, str]) -> None:
    _shell(["bash", "-eo", "pipefail", "-c", "\n".join(lines)], job, environ)


def _shell(command: list[str], job: Job, environ: Mapping[str, str]) -> None:
    inherited = {name: value for name, value in get_env().items() if not name.startswith(("GITHUB_", "CI_", "RUNNER_"))}
    done = subprocess.run(
        command,
        cwd=job.workspace,
        env={**inherited, "CI": "true", **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    job.log += done.stdout
    job.exit_code = job.exit_code or done.returncode


def _fill(text: str, context: Mapping[str, str]) -> str:
    """Put in what expressions stand for; KeyError for one that these tests do not know."""
    return _EXPRESSION.sub(lambda match: context[match[1]], text)
