"""The text of a native hook, under the shells that run it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline import __version__
from holdline_hooks.script import Hook, Script, parse, render

if TYPE_CHECKING:
    from .conftest import Gate

SHELLS = [shell for shell in ("dash", "bash", "busybox") if shutil.which(shell)]
LINES = "refs/heads/a b 1 refs/heads/x 2\nrefs/heads/c 3 refs/heads/y 4\n"

Write = Callable[..., Path]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> list[str]:
    return ["busybox", "sh"] if request.param == "busybox" else [request.param]


def run(
    gate: Gate, shell: list[str], hook: Path, *arguments: str, lines: str = "", **env: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*shell, hook, *arguments],
        env=gate.environ() | env,
        input=lines,
        capture_output=True,
        text=True,
        check=False,
    )


def write(folder: Path, hook: Hook, python: str = sys.executable, *, beside_pre_commit: bool = False) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / hook
    path.write_bytes(render(hook, python, beside_pre_commit=beside_pre_commit))
    return path


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1))
def test_reads_back_what_it_says(python: str) -> None:
    for hook in Hook:
        assert parse(render(hook, python)) == Script(__version__, python, True)


def test_paths_that_are_no_text() -> None:
    python = os.fsdecode(b"/caf\xe9/bin/python")
    assert parse(render(Hook.PRE_PUSH, python)) == Script(__version__, python, True)


def test_an_edit_shows() -> None:
    content = render(Hook.PRE_COMMIT, "/python")
    found = parse(content + b"git lfs pre-push\n")
    assert found is not None
    assert not found.pristine


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\nholdline check\n", b"# holdline-hook 1 " + b"0" * 64])
def test_others_are_not_ours(content: bytes) -> None:
    assert parse(content) is None


@pytest.mark.parametrize("verdict", [0, 1, 2, 3, 130])
def test_runs_the_gate(gate: Gate, shell: list[str], tmp_path: Path, verdict: int) -> None:
    gate.verdict = verdict
    hook = write(tmp_path / "hooks", Hook.PRE_COMMIT)
    assert run(gate, shell, hook).returncode == verdict
    (call,) = gate.calls
    assert call["arguments"] == ["check"]


def test_pushes_with_gits_lines(gate: Gate, shell: list[str], tmp_path: Path) -> None:
    hook = write(tmp_path / "hooks", Hook.PRE_PUSH)
    assert run(gate, shell, hook, "the remote", "https://x", lines=LINES).returncode == 0
    (call,) = gate.calls
    assert (call["arguments"], call["lines"]) == (["check", "--pre-push=the remote"], LINES)


def test_the_original_goes_first_and_gets_the_same(
    gate: Gate, shell: list[str], tmp_path: Path, write_script: Write
) -> None:
    hook = write(tmp_path / "hooks", Hook.PRE_PUSH)
    original = hook.with_name("pre-push.holdline-original")
    write_script(original, 'printf "%s|" "$#" "$1" "$2" "$MINE" > "$0.seen"; cat >> "$0.seen"; [ ! -e "$GATE_LOG" ]')
    assert run(gate, shell, hook, "-r", "a  b", lines=LINES, MINE="x y").returncode == 0
    assert original.with_name(f"{original.name}.seen").read_text() == f"2|-r|a  b|x y|{LINES}"
    assert gate.calls[0]["lines"] == LINES


@pytest.mark.parametrize("hook_type", list(Hook))
def test_the_originals_failure_blocks(
    gate: Gate, shell: list[str], tmp_path: Path, write_script: Write, hook_type: Hook
) -> None:
    hook = write(tmp_path / "hooks", hook_type)
    write_script(hook.with_name(hook_type.original), "echo no >&2; exit 7")
    done = run(gate, shell, hook, "origin", "url", lines=LINES)
    assert (done.returncode, done.stderr, gate.calls) == (7, "no\n", [])


def test_an_original_that_does_not_read_the_lines(
    gate: Gate, shell: list[str], tmp_path: Path, write_script: Write
) -> None:
    hook = write(tmp_path / "hooks", Hook.PRE_PUSH)
    write_script(hook.with_name(Hook.PRE_PUSH.original), "exec <&-; sleep 0.1")
    many = LINES * 5_000  # more than a pipe holds
    done = subprocess.run(
        ["sh", "-c", "trap '' PIPE; exec \"$@\"", "sh", *shell, hook, "origin", "url"],  # as git leaves it
        env=gate.environ(),
        input=many,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert gate.calls[0]["lines"] == many


def test_an_original_that_git_would_not_run(gate: Gate, shell: list[str], tmp_path: Path, write_script: Write) -> None:
    hook = write(tmp_path / "hooks", Hook.PRE_COMMIT)
    write_script(hook.with_name(Hook.PRE_COMMIT.original), "exit 7", mode=0o644)
    assert run(gate, shell, hook).returncode == 0


def test_variables_of_the_caller_stay_theirs(gate: Gate, shell: list[str], tmp_path: Path, write_script: Write) -> None:
    hook = write(tmp_path / "hooks", Hook.PRE_COMMIT)
    write_script(hook.with_name(Hook.PRE_COMMIT.original), 'test "$python/$original/$GIT_INDEX_FILE" = a/b/c')
    assert run(gate, shell, hook, python="a", original="b", GIT_INDEX_FILE="c").returncode == 0
    assert gate.calls[0]["environ"]["GIT_INDEX_FILE"] == "c"


def test_by_its_bare_name(gate: Gate, shell: list[str], tmp_path: Path, write_script: Write) -> None:
    hook = write(tmp_path / "hooks", Hook.PRE_COMMIT)
    write_script(hook.with_name(Hook.PRE_COMMIT.original), "exit 7")
    done = subprocess.run([*shell, hook.name], cwd=hook.parent, env=gate.environ(), check=False)
    assert done.returncode == 7


@pytest.mark.parametrize("folder", ["with space", 'it\'s "quoted" $HOME `id`', "new\nline"])
def test_folders_with_odd_names(gate: Gate, shell: list[str], tmp_path: Path, write_script: Write, folder: str) -> None:
    python = tmp_path / folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    write_script(python, f'exec "{sys.executable}" "$@"')
    hook = write(tmp_path / folder / "hooks", Hook.PRE_COMMIT, str(python))
    write_script(hook.with_name(Hook.PRE_COMMIT.original), 'echo ran > "$0.seen"')
    assert run(gate, shell, hook).returncode == 0
    assert len(gate.calls) == 1
    assert (hook.parent / "pre-commit.holdline-original.seen").exists()


@pytest.mark.parametrize("hook_type", list(Hook))
def test_without_its_python_it_takes_holdline_from_path(
    gate: Gate, shell: list[str], tmp_path: Path, hook_type: Hook
) -> None:
    gate.verdict = 1
    hook = write(tmp_path / "hooks", hook_type, "/gone/bin/python")
    done = run(gate, shell, hook, "origin", "url", lines=LINES)
    assert (done.returncode, done.stderr) == (1, "")
    assert gate.calls[0]["lines"] == (LINES if hook_type is Hook.PRE_PUSH else "")


def no_holdline(tmp_path: Path, write_script: Write) -> Path:
    """A Python without Holdline, and nothing else."""
    return write_script(tmp_path / "bare python", f'exec "{sys.executable}" -S -I "$@"')


@pytest.mark.parametrize("hook_type", list(Hook))
@pytest.mark.parametrize("python", ["/gone/bin/python", "bare"])
def test_without_holdline_nothing_passes(
    gate: Gate, shell: list[str], tmp_path: Path, write_script: Write, hook_type: Hook, python: str
) -> None:
    if python == "bare":
        python = str(no_holdline(tmp_path, write_script))
    hook = write(tmp_path / "hooks", hook_type, python)
    shell = [shutil.which(shell[0]) or "", *shell[1:]]
    done = run(gate, shell, hook, "origin", "url", lines=LINES, PATH="/bin:/usr/bin")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"holdline: {hook_type} stopped: Holdline is gone from the Python it was installed with, and not on PATH: "
        "install it and run `holdline install` again, or `holdline uninstall` to do without\n"
    )


def test_a_python_without_holdline_leaves_it_to_path(
    gate: Gate, shell: list[str], tmp_path: Path, write_script: Write
) -> None:
    hook = write(tmp_path / "hooks", Hook.PRE_COMMIT, str(no_holdline(tmp_path, write_script)))
    assert run(gate, shell, hook).returncode == 0
    assert len(gate.calls) == 1


def test_imports_nothing_of_the_repository(gate: Gate, shell: list[str], tmp_path: Path) -> None:
    hook = write(tmp_path / "hooks", Hook.PRE_COMMIT)
    for name in ("holdline", "json", "sys", "argparse"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')\n")
    done = subprocess.run([*shell, hook], cwd=tmp_path, env=gate.environ(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, len(gate.calls)) == (0, "", 1)


def test_a_failing_import_of_ours_is_shown(gate: Gate, shell: list[str], tmp_path: Path) -> None:
    (gate.folder / "modules" / "holdline" / "cli.py").write_text("import no_such_module\n")
    done = run(gate, shell, write(tmp_path / "hooks", Hook.PRE_COMMIT))
    assert done.returncode == 1
    assert "No module named 'no_such_module'" in done.stderr


def test_pre_commits_own_script_does_not_run_twice(
    gate: Gate, shell: list[str], tmp_path: Path, write_script: Write
) -> None:
    hook = write(tmp_path / "hooks", Hook.PRE_COMMIT, beside_pre_commit=True)
    write_script(hook.with_name(Hook.PRE_COMMIT.original), "exit 7")
    assert run(gate, shell, hook).returncode == 7
    assert run(gate, shell, hook, PRE_COMMIT_RUNNING_LEGACY="1").returncode == 0
    assert len(gate.calls) == 1
