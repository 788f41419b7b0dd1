"""Installing through the real pre-commit, offline: `repo: local`, `language: system`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline_hooks import native
from holdline_hooks.installation import install, uninstall
from holdline_hooks.script import Hook

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

    from .conftest import Gate

Install = Callable[..., Any]
Take = Callable[[Path], Any]
Write = Callable[..., Path]

BOTH = tuple(Hook)
CONFIG = ".pre-commit-config.yaml"
TEXT = """\
# ours
repos:
-   repo: local
    hooks:
    -   id: note   # a hook that was there
        name: note
        entry: sh -c 'echo noted >> ran'
        language: system
        always_run: true
        pass_filenames: false
        stages: [pre-commit]
"""

pytestmark = pytest.mark.usefixtures("with_holdline_on_path", "pre_commit_home")


@pytest.fixture
def pre_commit_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo({"a.txt": "a\n", CONFIG: TEXT, ".gitignore": "ran\n"}, name="a repo")


@pytest.fixture
def no_pre_commit(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in this Python nor on PATH."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", f"{gate.folder / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")


def open_repo(repo: Repo) -> Repository:
    return Repository.discover(repo.root)


def hooks_of(repo: Repo) -> Path:
    return repo.root / ".git" / "hooks"


def remove(repo: Repo) -> list[str]:
    report = uninstall(open_repo(repo))
    assert report.left == []
    return report.done


def stage(repo: Repo) -> None:
    repo.write("a.txt", repo.read("a.txt") + b"more\n")
    repo.git("add", "--all")


def pre_commit(repo: Repo, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pre_commit", *arguments], cwd=repo.root, check=True, capture_output=True)


def test_a_commit_runs_all_hooks(repo: Repo, gate: Gate, installed: Install) -> None:
    report = installed(repo)
    assert report.done == [
        "pre-commit: added to .pre-commit-config.yaml",
        "pre-push: added to .pre-commit-config.yaml",
        "pre-commit installed for pre-commit and pre-push",
    ]
    assert repo.read(CONFIG).startswith(TEXT.encode())
    stage(repo)
    done = gate.commit(repo.root)
    assert done.returncode == 0, done.stderr
    assert repo.read("ran") == b"noted\n"
    (call,) = gate.calls
    assert (call["arguments"], call["folder"]) == (["check"], str(repo.root))


def test_a_blocked_commit(repo: Repo, gate: Gate, installed: Install) -> None:
    installed(repo)
    stage(repo)
    gate.verdict = 1
    assert gate.commit(repo.root).returncode == 1
    assert "?? " not in repo.git("status", "--porcelain")


def test_a_commit_that_only_deletes_is_judged_too(repo: Repo, gate: Gate, installed: Install) -> None:
    installed(repo)
    repo.git("add", CONFIG)
    repo.git("rm", "--quiet", "a.txt")
    assert gate.commit(repo.root).returncode == 0
    assert len(gate.calls) == 1


def test_a_push(repo: Repo, gate: Gate, installed: Install, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "remote"], check=True)
    repo.git("remote", "add", "origin", tmp_path / "remote")
    installed(repo)
    stage(repo)
    gate.commit(repo.root)
    gate.verdict = 1
    assert gate.git(repo.root, "push", "origin", "main").returncode != 0
    call = gate.calls[-1]
    assert call["arguments"] == ["check", "--pre-push"]
    assert call["environ"]["PRE_COMMIT_REMOTE_NAME"] == "origin"
    gate.verdict = 0
    assert gate.git(repo.root, "push", "origin", "main").returncode == 0


def test_uninstall_puts_everything_back(repo: Repo, installed: Install, tree: Take) -> None:
    before = tree(repo.root)
    installed(repo)
    assert tree(repo.root) != before
    assert remove(repo) == [
        "pre-commit, pre-push: taken out of .pre-commit-config.yaml",
        "pre-commit uninstalled for pre-commit and pre-push",
    ]
    assert tree(repo.root) == before
    assert remove(repo) == []


def test_again_changes_nothing(repo: Repo, installed: Install, tree: Take, times: Take) -> None:
    installed(repo)
    before, then = tree(repo.root), times(repo.root)
    assert installed(repo).done == [
        "pre-commit: already in .pre-commit-config.yaml",
        "pre-push: already in .pre-commit-config.yaml",
    ]
    assert (tree(repo.root), times(repo.root)) == (before, then)


def test_what_was_installed_before_stays(repo: Repo, installed: Install, tree: Take) -> None:
    pre_commit(repo, "install")
    before = tree(repo.root)
    assert installed(repo).done[-1] == "pre-commit installed for pre-push"
    remove(repo)
    assert tree(repo.root) == before


def test_an_existing_hook_is_kept_by_pre_commit(
    repo: Repo, gate: Gate, installed: Install, tree: Take, write_script: Write
) -> None:
    write_script(hooks_of(repo) / "pre-commit", "echo old >> ran")
    before = tree(repo.root)
    installed(repo)
    stage(repo)
    gate.commit(repo.root)
    assert repo.read("ran") == b"old\nnoted\n"
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    remove(repo)
    hooks = {k: v for k, v in before.items() if "hooks" in k}
    assert {k: v for k, v in tree(repo.root).items() if "hooks" in k} == hooks


def test_no_hooks_folder(repo: Repo, installed: Install, tree: Take) -> None:
    shutil.rmtree(hooks_of(repo))
    before = tree(repo.root)
    installed(repo)
    remove(repo)
    assert tree(repo.root) == before


def test_the_second_hook_joins_the_first(repo: Repo, installed: Install) -> None:
    installed(repo, Hook.PRE_PUSH)
    assert repo.read(CONFIG).count(b"holdline-") == 1
    installed(repo, Hook.PRE_COMMIT)
    assert repo.read(CONFIG).count(b"repo: local") == 2
    both = repo.read(CONFIG)
    remove(repo)
    assert repo.read(CONFIG) == TEXT.encode()
    installed(repo)
    assert repo.read(CONFIG) == both


def test_an_entry_that_a_colleague_added_stays(repo: Repo, installed: Install, gate: Gate) -> None:
    entry = TEXT + "-   repo: https://example.org/x\n    rev: v1\n    hooks: [{id: holdline-check}]\n"
    repo.write(CONFIG, entry)
    assert installed(repo, Hook.PRE_COMMIT).done[0] == "pre-commit: already in .pre-commit-config.yaml"
    assert repo.read(CONFIG) == entry.encode()
    assert remove(repo) == [
        "pre-commit uninstalled for pre-commit",
        ".pre-commit-config.yaml has an entry for Holdline that was not put in from here: it stays",
    ]
    assert repo.read(CONFIG) == entry.encode()


def test_other_edits_stay(repo: Repo, installed: Install) -> None:
    installed(repo)
    more = b"-   repo: meta\n    hooks: [{id: identity}]\n"
    repo.write(CONFIG, repo.read(CONFIG).replace(b"# ours", b"# yours") + more)
    remove(repo)
    assert repo.read(CONFIG) == TEXT.replace("# ours", "# yours").encode() + more


def test_an_edited_entry_is_left_and_told(repo: Repo, installed: Install) -> None:
    installed(repo)
    edited = repo.read(CONFIG).replace(b"name: holdline check\n", b"name: gate\n")
    repo.write(CONFIG, edited)
    report = uninstall(open_repo(repo))
    assert report.left == [
        ".pre-commit-config.yaml: Holdline's entry was edited since it was put in: take it out yourself"
    ]
    assert repo.read(CONFIG) == edited
    repo.write(CONFIG, TEXT)
    remove(repo)
    assert not (repo.root / ".git" / "holdline").exists()


def test_mode_and_link_of_the_file_are_kept(repo: Repo, installed: Install) -> None:
    (repo.root / "config").mkdir()
    real = (repo.root / CONFIG).rename(repo.root / "config" / "hooks.yaml")
    (repo.root / CONFIG).symlink_to("config/hooks.yaml")
    real.chmod(0o600)
    installed(repo)
    assert (repo.root / CONFIG).is_symlink()
    assert b"holdline-check" in real.read_bytes()
    assert real.stat().st_mode & 0o777 == 0o600
    remove(repo)
    assert real.read_bytes() == TEXT.encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("repos: []\n", "add this entry to `repos` yourself, and run again: - {repo: local"),
        ("repos: [\n", "not valid YAML"),
        (b"# caf\xe9\nrepos:\n- repo: meta\n  hooks: []\n", "is not UTF-8"),
    ],
)
def test_nothing_happens_where_the_file_is_not_understood(
    repo: Repo, tree: Take, content: bytes | str, message: str
) -> None:
    repo.write(CONFIG, content)
    before = tree(repo.root)
    with pytest.raises(HoldlineError) as caught:
        install(open_repo(repo), BOTH)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert tree(repo.root) == before


def test_pasting_the_entry_is_enough(repo: Repo, installed: Install, gate: Gate) -> None:
    repo.write(CONFIG, "repos: []\n")
    with pytest.raises(HoldlineError) as caught:
        install(open_repo(repo), [Hook.PRE_COMMIT])
    entry = str(caught.value).partition("run again: ")[2]
    repo.write(CONFIG, f"repos:\n{entry}\n")
    installed(repo, Hook.PRE_COMMIT)
    stage(repo)
    gate.commit(repo.root)
    assert len(gate.calls) == 1


@pytest.mark.usefixtures("no_pre_commit")
def test_without_pre_commit_it_says_what_to_run(repo: Repo) -> None:
    report = install(open_repo(repo), BOTH)
    assert b"holdline-check" in repo.read(CONFIG)
    assert report.left == [
        "pre-commit is not installed: run `pip install pre-commit` and "
        "`pre-commit install --hook-type pre-commit --hook-type pre-push`"
    ]
    remove(repo)
    assert repo.read(CONFIG) == TEXT.encode()


def test_pre_commit_gone_meanwhile(repo: Repo, installed: Install, request: pytest.FixtureRequest) -> None:
    installed(repo)
    request.getfixturevalue("no_pre_commit")
    assert uninstall(open_repo(repo)).left == [
        "pre-commit is gone: install it again and run `pre-commit uninstall --hook-type pre-commit --hook-type pre-push`"
    ]


def test_without_holdline_on_path_it_says_so(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    (told,) = install(open_repo(repo), BOTH).left
    assert "`holdline` is not on PATH" in told


def test_a_failing_pre_commit_is_quoted(
    repo: Repo, write_script: Write, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    write_script(gate.folder / "bin" / "pre-commit", "echo 'An error has occurred: x'; echo more; exit 3")
    with pytest.raises(HoldlineError, match=r"`pre-commit install` failed in .*: An error has occurred: x$"):
        install(open_repo(repo), BOTH)
    assert repo.read(CONFIG) == TEXT.encode()
    shutil.copy("/bin/true", gate.folder / "bin" / "pre-commit")
    remove(repo)


def test_with_hooks_path_the_hooks_are_native(repo: Repo, gate: Gate, installed: Install) -> None:
    repo.git("config", "core.hooksPath", ".githooks")
    report = installed(repo)
    assert report.done[0].startswith("core.hooksPath is set, so pre-commit installs nothing: native hooks")
    assert repo.read(CONFIG) == TEXT.encode()
    gate.commit(repo.root)
    assert len(gate.calls) == 1


def test_native_beside_pre_commit(repo: Repo, gate: Gate, installed: Install, tree: Take) -> None:
    pre_commit(repo, "install")
    before = tree(repo.root)
    installed(repo, native_only=True)
    stage(repo)
    gate.commit(repo.root)
    assert (repo.read("ran"), len(gate.calls)) == (b"noted\n", 1)

    pre_commit(repo, "install")  # in front of ours, which has pre-commit's behind it
    stage(repo)
    done = gate.commit(repo.root)
    assert done.returncode == 0, done.stderr
    assert (repo.read("ran"), len(gate.calls)) == (b"noted\n" * 2, 2)
    assert "already installed" in installed(repo, native_only=True).done[0]

    remove(repo)
    repo.git("reset", "--quiet", "--hard", "HEAD~2")
    repo.write("ran", "")
    stage(repo)
    gate.commit(repo.root)
    assert (repo.read("ran"), len(gate.calls)) == (b"noted\n", 2)
    hooks = {k: v for k, v in before.items() if "hooks" in k}
    assert {k: v for k, v in tree(repo.root).items() if "hooks" in k} == hooks


def test_from_native_to_pre_commit(repo: Repo, gate: Gate, installed: Install, tree: Take, write_script: Write) -> None:
    write_script(hooks_of(repo) / "pre-commit", "echo old >> ran")
    before = tree(repo.root)
    installed(repo, native_only=True)
    installed(repo)
    assert native.find(hooks_of(repo), Hook.PRE_COMMIT) is None
    stage(repo)
    gate.commit(repo.root)
    assert (repo.read("ran"), len(gate.calls)) == (b"old\nnoted\n", 1)
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    (repo.root / "ran").unlink()
    repo.write(CONFIG, TEXT)
    remove(repo)
    hooks = {k: v for k, v in before.items() if "hooks" in k}
    assert {k: v for k, v in tree(repo.root).items() if "hooks" in k} == hooks


def test_one_hook_to_native(repo: Repo, gate: Gate, installed: Install, tree: Take) -> None:
    before = tree(repo.root)
    installed(repo)
    report = installed(repo, Hook.PRE_PUSH, native_only=True)
    assert report.done[0] == "pre-push: taken out of .pre-commit-config.yaml"
    assert repo.read(CONFIG).count(b"id: holdline-") == 1
    assert native.find(hooks_of(repo), Hook.PRE_PUSH) is not None
    stage(repo)
    gate.commit(repo.root)
    assert len(gate.calls) == 1
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    installed(repo)  # and back, both
    assert native.find(hooks_of(repo), Hook.PRE_PUSH) is None
    remove(repo)
    assert {k: v for k, v in tree(repo.root).items() if "hooks" in k} == {
        k: v for k, v in before.items() if "hooks" in k
    }
