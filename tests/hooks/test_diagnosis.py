"""`holdline doctor`, and the three commands as a user runs them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline import __version__
from holdline.cli import main
from holdline.git import Repository
from holdline_hooks.diagnosis import examine
from holdline_hooks.installation import uninstall
from holdline_hooks.script import Hook, render

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

    from .conftest import Gate

Install = Callable[..., Any]
Take = Callable[[Path], Any]
Write = Callable[..., Path]

CONFIG = ".pre-commit-config.yaml"
TEXT = "repos:\n- repo: local\n  hooks:\n  - id: x\n    name: x\n    entry: 'true'\n    language: system\n"
AGAIN = "run `holdline install`"

pytestmark = pytest.mark.usefixtures("with_holdline_on_path")


@pytest.fixture(autouse=True)
def pre_commit_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo({"a.txt": "a\n"})


@pytest.fixture
def with_config(make_repo: MakeRepo) -> Repo:
    return make_repo({CONFIG: TEXT}, name="with config")


def hooks_of(repo: Repo) -> Path:
    return repo.root / ".git" / "hooks"


def to_do(repo: Repo) -> list[str]:
    """What the doctor finds wrong; it must not change anything, and install must put it right where it says so."""
    return [finding.text for finding in examine(Repository.discover(repo.root)) if not finding.fine]


def test_not_installed(repo: Repo, tree: Take) -> None:
    before = tree(repo.root)
    assert to_do(repo) == [f"Holdline is not installed here: {AGAIN}"]
    assert tree(repo.root) == before


def test_native_and_well(repo: Repo, installed: Install, tree: Take) -> None:
    installed(repo)
    before = tree(repo.root)
    findings = examine(Repository.discover(repo.root))
    assert tree(repo.root) == before
    assert [(f.fine, f.text) for f in findings] == [
        (True, f"{hook}: native, Holdline {__version__}, {hooks_of(repo) / hook}") for hook in Hook
    ]


def test_after_uninstall(repo: Repo, installed: Install) -> None:
    installed(repo)
    uninstall(Repository.discover(repo.root))
    assert to_do(repo) == [f"Holdline is not installed here: {AGAIN}"]


def old_version(hook: Path, patch: pytest.MonkeyPatch) -> None:
    with patch.context() as inner:
        inner.setattr("holdline_hooks.script.__version__", "0.0.1")
        hook.write_bytes(render(Hook.PRE_COMMIT, sys.executable))


def python_gone(hook: Path, patch: pytest.MonkeyPatch) -> None:
    hook.write_bytes(render(Hook.PRE_COMMIT, "/gone/bin/python"))


def no_holdline_in_it(hook: Path, patch: pytest.MonkeyPatch) -> None:
    python = hook.parents[2] / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -I "$@"\n')
    python.chmod(0o755)
    hook.write_bytes(render(Hook.PRE_COMMIT, str(python)))


def not_executable(hook: Path, patch: pytest.MonkeyPatch) -> None:
    hook.chmod(0o644)


def gone(hook: Path, patch: pytest.MonkeyPatch) -> None:
    hook.unlink()


STALE = [
    (old_version, f"native, Holdline 0.0.1, {{hook}}: this is {__version__}: {AGAIN}"),
    (python_gone, f"native, Holdline {__version__}, {{hook}}: Holdline is gone from /gone/bin/python: {AGAIN}"),
    (no_holdline_in_it, f"native, Holdline {__version__}, {{hook}}: Holdline is gone from {{root}}/python: {AGAIN}"),
    (not_executable, f"native, Holdline {__version__}, {{hook}}: not executable, so git does not run it: {AGAIN}"),
    (gone, f"Holdline's hook {{hook}} is gone: {AGAIN}"),
]


@pytest.mark.parametrize(("damage", "told"), STALE)
def test_stale_hooks_and_the_way_out(
    repo: Repo,
    installed: Install,
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[Path, pytest.MonkeyPatch], None],
    told: str,
) -> None:
    installed(repo)
    hook = hooks_of(repo) / "pre-commit"
    damage(hook, monkeypatch)
    assert to_do(repo) == [f"pre-commit: {told.format(hook=hook, root=repo.root)}"]
    installed(repo)
    assert to_do(repo) == []


def test_an_edited_hook(repo: Repo, installed: Install) -> None:
    installed(repo)
    hook = hooks_of(repo) / "pre-push"
    hook.write_bytes(hook.read_bytes() + b"true\n")
    (told,) = to_do(repo)
    assert told.endswith(f"edited since: move your part elsewhere, delete the hook, and {AGAIN}")
    hook.unlink()
    installed(repo)
    assert to_do(repo) == []


def test_a_hook_of_others_in_its_place(repo: Repo, installed: Install, write_script: Write) -> None:
    write_script(hooks_of(repo) / "pre-commit", "true")
    installed(repo)
    write_script(hooks_of(repo) / "pre-commit", "true")
    assert to_do(repo) == [
        f"pre-commit: Holdline's hook {hooks_of(repo) / 'pre-commit'} is replaced by something else: {AGAIN}",
        f"pre-commit: {hooks_of(repo) / 'pre-commit.holdline-original'} is not run any more: "
        f"{AGAIN}, or `holdline uninstall`",
    ]


def test_hooks_path_changed_since(repo: Repo, installed: Install) -> None:
    installed(repo)
    repo.git("config", "core.hooksPath", ".githooks")
    (told,) = to_do(repo)
    assert told == (
        f"pre-commit and pre-push: installed in {hooks_of(repo)}, but git runs hooks from {repo.root / '.githooks'} now: "
        f"`holdline uninstall`, then {AGAIN}"
    )
    uninstall(Repository.discover(repo.root))
    installed(repo)
    assert to_do(repo) == []


def test_through_pre_commit_and_well(with_config: Repo, installed: Install) -> None:
    installed(with_config)
    findings = examine(Repository.discover(with_config.root))
    assert [(f.fine, f.text) for f in findings] == [(True, f"{hook}: through pre-commit, in {CONFIG}") for hook in Hook]


def test_the_entry_is_gone(with_config: Repo, installed: Install) -> None:
    installed(with_config)
    with_config.write(CONFIG, TEXT)
    assert to_do(with_config) == [f"{hook}: {CONFIG} has no entry for it: {AGAIN}" for hook in Hook]
    (with_config.root / CONFIG).unlink()
    assert to_do(with_config) == [f"{hook}: {CONFIG} is gone: {AGAIN}" for hook in Hook]
    installed(with_config)  # natively, now
    assert [f.text.split(",")[0] for f in examine(Repository.discover(with_config.root)) if f.fine] == [
        "pre-commit: native",
        "pre-push: native",
    ]
    assert to_do(with_config) == []


def test_in_a_clone_where_nothing_is_installed(with_config: Repo, installed: Install) -> None:
    installed(with_config, Hook.PRE_COMMIT)
    shutil.rmtree(hooks_of(with_config))
    shutil.rmtree(with_config.root / ".git" / "holdline")
    told = f"pre-commit: through pre-commit, in {CONFIG}: pre-commit is not installed for it here: {AGAIN}"
    assert to_do(with_config) == [told]


def test_hooks_path_keeps_pre_commit_out(with_config: Repo, installed: Install) -> None:
    installed(with_config, Hook.PRE_COMMIT)
    with_config.git("config", "core.hooksPath", ".githooks")
    told = f"core.hooksPath is set, so git does not run pre-commit: {AGAIN}"
    assert to_do(with_config) == [f"pre-commit: through pre-commit, in {CONFIG}: {told}"]
    installed(with_config, Hook.PRE_COMMIT)
    assert to_do(with_config) == []


def test_pre_commit_or_holdline_is_missing(
    with_config: Repo, installed: Install, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(with_config, Hook.PRE_COMMIT)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    (told,) = to_do(with_config)
    assert "`holdline` is not on PATH" in told
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (told,) = to_do(with_config)
    assert told.endswith("pre-commit is missing: pip install pre-commit")


class TestCommands:
    def test_a_life(self, repo: Repo, gate: Gate, capsys: pytest.CaptureFixture[str], tree: Take) -> None:
        before = tree(repo.root)
        here = ["-C", str(repo.root)]
        assert main([*here, "doctor"]) == 1
        assert main([*here, "install"]) == 0
        assert main([*here, "doctor"]) == 0
        assert main([*here, "uninstall"]) == 0
        assert main([*here, "uninstall"]) == 0
        assert tree(repo.root) == before
        hooks = hooks_of(repo)
        out, err = capsys.readouterr()
        assert err == ""
        assert out.splitlines() == [
            f"to do: Holdline is not installed here: {AGAIN}",
            f"pre-commit: installed in {hooks}/pre-commit",
            f"pre-push: installed in {hooks}/pre-push",
            f"ok: pre-commit: native, Holdline {__version__}, {hooks}/pre-commit",
            f"ok: pre-push: native, Holdline {__version__}, {hooks}/pre-push",
            f"{hooks}/pre-commit removed",
            f"{hooks}/pre-push removed",
            "nothing of Holdline is installed here",
        ]

    def test_hooks_by_name(self, repo: Repo) -> None:
        assert main(["-C", str(repo.root), "install", "--hook", "pre-push"]) == 0
        assert not (hooks_of(repo) / "pre-commit").exists()
        with pytest.raises(SystemExit) as stop:
            main(["-C", str(repo.root), "install", "--hook", "commit-msg"])
        assert stop.value.code == 2

    def test_native_on_request(self, with_config: Repo) -> None:
        assert main(["-C", str(with_config.root), "install", "--native", "-q"]) == 0
        assert with_config.read(CONFIG) == TEXT.encode()
        assert (hooks_of(with_config) / "pre-commit").exists()

    def test_quiet_tells_what_is_to_do(self, repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["-C", str(repo.root), "doctor", "-q"]) == 1
        assert main(["-C", str(repo.root), "install", "-q"]) == 0
        assert main(["-C", str(repo.root), "doctor", "-q"]) == 0
        (hooks_of(repo) / "pre-commit").chmod(0o644)
        assert main(["-C", str(repo.root), "doctor", "-q"]) == 1
        out, err = capsys.readouterr()
        assert (out.count("\n"), err) == (2, "")

    def test_what_is_left_is_exit_code_1(
        self, repo: Repo, with_config: Repo, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        main(["-C", str(repo.root), "install", "-q"])
        with (hooks_of(repo) / "pre-push").open("a") as hook:
            hook.write("true\n")
        assert main(["-C", str(repo.root), "uninstall", "-q"]) == 1
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        assert main(["-C", str(with_config.root), "install", "-q"]) == 1
        out, err = capsys.readouterr()
        edited, not_on_path = err.splitlines()
        assert out == ""
        assert edited.startswith(f"holdline: {hooks_of(repo)}/pre-push was edited since")
        assert not_on_path.startswith("holdline: `holdline` is not on PATH")

    def test_names_are_made_safe_to_show(self, make_repo: MakeRepo, capsys: pytest.CaptureFixture[str]) -> None:
        repo = make_repo({"a": ""}, name="a\x1b[31mred")
        for command in ("install", "doctor", "uninstall"):
            main(["-C", str(repo.root), command])
        out, _ = capsys.readouterr()
        assert "\x1b" not in out
        assert "a\\x1b[31mred" in out

    def test_a_wrong_configuration_keeps_nobody_in(self, repo: Repo) -> None:
        repo.write("holdline.toml", "not toml")
        for command in ("install", "doctor", "uninstall"):
            assert main(["-C", str(repo.root), command]) == 0

    def test_outside_a_repository(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for command in ("install", "doctor", "uninstall"):
            assert main(["-C", str(tmp_path), command]) == 2
        assert capsys.readouterr().err.count("is not in a git repository") == 3
