"""`holdline fleet --scheduler`: on a real Dask cluster, each of its parts a process; workers are killed."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline_runtime import get_env

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

READ = 'import os\n\nX = os.environ["X"]\n'


class Cluster:
    """A scheduler, and workers with one thread each, of whose death nobody takes care."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self.address = ""

    def start(self, variables: Mapping[str, str] | None = None) -> None:
        """Start the scheduler on a free port."""
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", variables=variables)
        log = self._folder / "scheduler-0.log"
        while not (told := re.search(r"Scheduler at: +(tcp://\S+)", log.read_text())):
            assert self._processes[0].poll() is None, log.read_text()
        self.address = told[1]

    def add_worker(self, variables: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a worker."""
        return self._start("worker", self.address, "--nthreads", "1", "--no-nanny", variables=variables)

    @property
    def scheduler(self) -> subprocess.Popen[bytes]:
        """The scheduler's process."""
        return self._processes[0]

    def stop(self) -> None:
        """Kill everything: asked politely, a worker waits for a scheduler that is gone."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()

    def _start(self, role: str, *options: str, variables: Mapping[str, str] | None) -> subprocess.Popen[bytes]:
        with (self._folder / f"{role}-{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{role}", *options, "--dashboard-address", "127.0.0.1:0"],
                env={**get_env(), "DASK_TEMPORARY_DIRECTORY": str(self._folder), **(variables or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster that is not started yet."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    made = Cluster(folder)
    yield made
    made.stop()


@pytest.fixture
def started(scripts: Path, tmp_path: Path, cluster: Cluster) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`started(*arguments)` starts a scan of `fleet.toml` on the cluster."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        options = ("--work", "work", "--format", "json", "--scheduler", cluster.address, *arguments)
        command = [str(scripts / "holdline"), "fleet", *options, "fleet.toml", "scan"]
        running.append(
            subprocess.Popen(
                command,
                cwd=tmp_path,
                env={**get_env()},
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        )
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def rows_of(process: subprocess.Popen[str], code: int) -> dict[str, Any]:
    """The rows of the report that a fleet ends with."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    return {row["name"]: row for row in json.loads(out)["repositories"]}


@pytest.fixture
def repos(make_repo: MakeRepo, tmp_path: Path) -> dict[str, Repo]:
    """Three repositories, of which the list names one as a remote."""
    made = {name: make_repo({"a.py": READ * count}, name=name) for count, name in enumerate(("slow", "b", "c"), 1)}
    (tmp_path / "fleet.toml").write_text(
        f"[[repositories]]\npath = '{made['slow'].root}'\n"
        f"[[repositories]]\npath = '{made['b'].root}'\n"
        f"[[repositories]]\nurl = '{made['c'].root}'\n"
        "[[repositories]]\npath = 'nowhere'\n"
    )
    return made


def test_a_worker_is_killed(cluster: Cluster, started: Run, repos: dict[str, Repo], stall: Run) -> None:
    hung = stall(repos["slow"].root)
    cluster.start()
    first = cluster.add_worker()
    process = started()
    hung.wait_until_reached()
    first.kill()
    hung.wait_until_left()  # the command does not outlive its worker
    hung.end()
    cluster.add_worker()
    cluster.add_worker()
    rows = rows_of(process, 2)
    assert [rows[name]["figures"]["violations"] for name in ("slow", "b", "c")] == [1, 2, 3]
    assert rows["nowhere"]["message"].startswith("there is no folder ")
    assert list(rows) == ["slow", "b", "c", "nowhere"]
    again = rows_of(started(), 2)
    assert [row["resumed"] for row in again.values()] == [True, True, True, False]
    assert again["c"] == {**rows["c"], "resumed": True}


def test_what_kills_its_workers_fails_alone(cluster: Cluster, started: Run, repos: dict[str, Repo], stall: Run) -> None:
    hung = stall(repos["slow"].root)
    cluster.start({"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"})
    first = cluster.add_worker()
    process = started()
    hung.wait_until_reached()
    cluster.add_worker()  # the rest goes there
    for line in process.stderr:
        if "[3/4]" in line:
            break
    first.kill()
    rows = rows_of(process, 2)
    assert (rows["slow"]["outcome"], rows["slow"]["message"]) == ("failed", "1 worker died over it")
    assert [rows[name]["figures"]["violations"] for name in ("b", "c")] == [2, 3]


def test_nothing_goes_on_that_nobody_waits_for(
    cluster: Cluster, started: Run, repos: dict[str, Repo], stall: Run
) -> None:
    hung = stall(repos["slow"].root)
    cluster.start()
    worker = cluster.add_worker()

    process = started()
    hung.wait_until_reached()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err == "holdline: interrupted: 0 of 4 repositories done; the same command goes on with the rest\n"
    hung.wait_until_left()

    process = started()
    hung.wait_until_reached()
    process.kill()
    hung.wait_until_left()
    assert worker.poll() is None

    process = started()
    hung.wait_until_reached()
    cluster.scheduler.kill()
    hung.wait_until_left()
    rows = rows_of(process, 2)
    assert {row["message"] for row in rows.values()} == {"the connection to the scheduler was lost"}


def test_a_worker_without_holdline(cluster: Cluster, started: Run, repos: dict[str, Repo], without: Run) -> None:
    cluster.start()
    cluster.add_worker(without("holdline"))
    process = started()
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (2, "")
    assert re.fullmatch(
        r"holdline: --scheduler \S+: the worker \S+ has no Holdline that can be used \(.*holdline.*\): "
        r"install Holdline \S+ there\n",
        err,
    )


def test_without_the_extra(shell: Run, without: Run, repos: dict[str, Repo], tmp_path: Path) -> None:
    options = ("--work", "work", "--scheduler", "tcp://127.0.0.1:1", "fleet.toml", "scan")
    done = shell(tmp_path, "fleet", *options, env=without("distributed", "dask"))
    assert done.code == 2
    assert done.complaint.startswith(
        "holdline: --scheduler needs the package distributed: install Holdline with its ext"
    )


def test_nobody_there(call: Run, repos: dict[str, Repo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from holdline.fleet import cluster

    monkeypatch.setattr(cluster, "_CONNECT", 0.5)
    done = call(tmp_path, "fleet", "--work", "work", "--scheduler", "tcp://127.0.0.1:1", "fleet.toml", "scan")
    assert done.complaint == "holdline: --scheduler tcp://127.0.0.1:1: no Dask scheduler answers there"
