"""`holdline ci-guard -- CMD`: CMD in this process's place, or nothing."""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

JOBS: Any = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[2] / "runtime" / "ci_guard" / "jobs.py")))
SHOP = ("--repository", "acme/shop", "--ref", "main")
SIGNED = (*SHOP, "--provider", "github")

Run = Callable[..., SimpleNamespace]


@pytest.fixture
def guard(scripts: Path, tmp_path: Path) -> Run:
    """Run `holdline ci-guard …` with these variables and no others."""

    def run(*arguments: str, environ: dict[str, str] | None = None, code: int = 0) -> SimpleNamespace:
        done = subprocess.run(
            [scripts / "holdline", "ci-guard", *arguments],
            env={"PATH": os.defpath, **(JOBS.GITHUB if environ is None else environ)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return SimpleNamespace(out=done.stdout, err=done.stderr)

    return run


def test_a_command_runs_with_its_arguments_untouched(guard: Run) -> None:
    words = ["-x", "--level", "--", "a b", "", "--", "*"]
    assert guard("--", "printf", "[%s]", *words).out == "".join(f"[{word}]" for word in words)
    assert guard(*SHOP, "--", "printf", "%s", "--help").out == "--help"
    assert guard(*SHOP, "printf", "%s", "-v").out == "-v"  # the -- may be left out


@pytest.mark.parametrize("arguments", [(), SHOP, (*SIGNED, "--production"), (*SIGNED, "--level", "attested")])
def test_outside_nothing_is_run(guard: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = guard(*arguments, "--", "touch", "here", environ={}, code=1)
    assert done.err.startswith("holdline: refused: CI was not set")
    assert (done.out, done.err.count("\n"), list(tmp_path.iterdir())) == ("", 1, [])


def test_the_exit_code_is_the_commands(guard: Run) -> None:
    guard("--", "sh", "-c", "exit 42", code=42)


@pytest.mark.parametrize("name", ["TERM", "PIPE", "KILL", "INT"])
def test_so_is_the_signal_that_ends_it(guard: Run, name: str) -> None:
    """SIGPIPE too, which Python ignores and would have handed down."""
    guard("--", "sh", "-c", f"kill -{name} $$", code=-signal.Signals[f"SIG{name}"])


def test_signals_reach_the_command(scripts: Path, tmp_path: Path) -> None:
    """There is one process, which is the command: no parent in between that would have to pass anything on."""
    script = "trap 'echo got; exit 7' TERM; touch ready; while :; do sleep 0.02; done"
    command = [str(scripts / "holdline"), "ci-guard", "--", "sh", "-c", script]
    environ = {"PATH": os.defpath, "CI": "true"}
    with subprocess.Popen(command, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(500):
            if (tmp_path / "ready").exists():
                break
            time.sleep(0.02)
        process.terminate()
        out, _ = process.communicate(timeout=10)
    assert (out, process.returncode) == ("got\n", 7)


def test_the_command_gets_the_environment_that_was_judged(guard: Run) -> None:
    variables = {"PATH": os.defpath, **JOBS.GITHUB, "ODD": "a=b\nc", "EMPTY": ""}
    lines = set(guard("--", "env", "-0", environ=variables).out.rstrip("\0").split("\0"))
    assert lines == {f"{name}={value}" for name, value in variables.items()}


def test_standard_input_is_the_commands(scripts: Path) -> None:
    command = [str(scripts / "holdline"), "ci-guard", "--", "cat"]
    environ = {"PATH": os.defpath, "CI": "1"}
    done = subprocess.run(command, env=environ, input=b"\x00data", capture_output=True, check=True)
    assert done.stdout == b"\x00data"


def test_another_repository_or_branch(guard: Run) -> None:
    assert "'acme/shop'" in guard("--repository", "acme/x", "--ref", "main", "--", "true", code=1).err
    assert "'refs/heads/main'" in guard("--repository", "acme/shop", "--ref", "x", "--", "true", code=1).err
    guard("--repository", "acme/shop", "--ref", "x", "--ref", "main", "--", "true")


def test_production(guard: Run) -> None:
    assert "ACTIONS_ID_TOKEN_REQUEST_URL" in guard(*SIGNED, "--production", "--", "true", code=1).err
    assert "KEY" in guard(*SHOP, "--production", "--credential", "KEY", "--", "true", code=1).err
    guard(*SHOP, "--production", "--credential", "KEY", "--", "true", environ={**JOBS.GITHUB, "KEY": "k"})


DATABASE = (*SHOP, "--credential", "KEY", "--database-url", "DATABASE_URL", "--production-host", "*.prod.example")


def test_a_database_of_productions_in_ci_alone(guard: Run) -> None:
    local = {"DATABASE_URL": "postgresql://u:hunter2@localhost/shop"}
    production = {"DATABASE_URL": "postgresql://u:hunter2@db.prod.example/shop"}
    guard(*DATABASE, "--", "true", environ=local)
    assert "hunter2" not in guard(*DATABASE, "--", "true", environ=production, code=1).err
    guard(*DATABASE, "--", "true", environ={**JOBS.GITHUB, **production, "KEY": "k"})
    assert "no database URL" in guard(*DATABASE, "--", "true", environ={}, code=1).err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no command"),
        (("--",), "no command"),
        (("--", ""), "no command"),
        (("--", "no-such-command"), "no-such-command: No such file"),
        (("--", "/"), "/: Permission denied"),
        (("-C", "nowhere", "--", "true"), "nowhere"),
        (("--level", "sure", "--", "true"), "--level"),
        (("--level", "attested", "--", "true"), "named together"),
        (("--production", "--", "true"), "named together"),
        ((*SHOP, "--production", "--", "true"), "wants the provider"),
        ((*SHOP, "--issuer", "http://localhost", "--", "true"), "https://"),
        ((*SHOP, "--database-url", "X", "--", "true"), "go together"),
        ((*SHOP, "--production-host", "X", "--", "true"), "go together"),
        ((*DATABASE, "--production", "--", "true"), "leave --level and --production out"),
    ],
)
def test_mistakes_are_told_in_one_line(guard: Run, arguments: tuple[str, ...], said: str) -> None:
    done = guard(*arguments, code=2)
    assert said in done.err
    assert done.err.startswith("holdline")
    assert (done.out, done.err.count("\n")) == ("", 1)


def test_in_another_folder(guard: Run, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    assert guard("-C", "below", "--", "pwd", "-P").out == f"{(tmp_path / 'below').resolve()}\n"


def test_a_script_in_another_language(guard: Run, tmp_path: Path) -> None:
    (tmp_path / "deploy.sh").write_text('#!/bin/sh\necho "deploying $1"\n')
    (tmp_path / "deploy.sh").chmod(0o755)
    assert guard(*SHOP, "--", "./deploy.sh", "shop").out == "deploying shop\n"
    assert guard(*SHOP, "--", "./deploy.sh", "shop", environ={"CI": "true"}, code=1).out == ""
