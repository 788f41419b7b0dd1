"""Native hooks in real repositories, with real commits and pushes."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline.cli import main
from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline_hooks import native
from holdline_hooks.installation import install, uninstall
from holdline_hooks.script import Hook, parse, render

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

    from .conftest import Gate

Install = Callable[..., Any]
Take = Callable[[Path], Any]
Write = Callable[..., Path]

BOTH = tuple(Hook)
HUSKY_8 = '#!/usr/bin/env sh\n. "$(dirname -- "$0")/_/husky.sh"\n\necho husky >> ran\n'
HUSKY_8_SHARED = """\
if [ -z "$husky_skip_init" ]; then
  readonly hook_name="$(basename -- "$0")"
  export readonly husky_skip_init=1
  sh -e "$0" "$@"
  exit $?
fi
"""


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo({"a.txt": "a\n"}, name="a repo with 'quotes' and spaces")


def open_repo(repo: Repo) -> Repository:
    return Repository.discover(repo.root)


def hooks_of(repo: Repo) -> Path:
    return repo.root / ".git" / "hooks"


def remove(repo: Repo) -> list[str]:
    report = uninstall(open_repo(repo))
    assert report.left == []
    return report.done


def add_remote(repo: Repo, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "remote.git"], check=True)
    repo.git("remote", "add", "origin", tmp_path / "remote.git")


class TestRunning:
    def test_a_commit(self, repo: Repo, gate: Gate, installed: Install) -> None:
        installed(repo)
        assert gate.commit(repo.root).returncode == 0
        (call,) = gate.calls
        assert call["arguments"] == ["check"]
        assert call["folder"] == str(repo.root)
        assert call["environ"]["GIT_INDEX_FILE"]

    def test_a_blocked_commit(self, repo: Repo, gate: Gate, installed: Install) -> None:
        installed(repo)
        gate.verdict = 1
        head = repo.git("rev-parse", "HEAD")
        assert gate.commit(repo.root).returncode == 1
        assert repo.git("rev-parse", "HEAD") == head

    def test_from_a_subfolder(self, repo: Repo, gate: Gate, installed: Install) -> None:
        installed(repo)
        repo.write("deep/er/b.txt", "b\n")
        assert gate.commit(repo.root / "deep" / "er").returncode == 0
        assert gate.calls[0]["folder"] == str(repo.root)

    def test_part_of_what_is_staged(self, repo: Repo, gate: Gate, installed: Install) -> None:
        installed(repo)
        repo.write("a.txt", "changed\n")
        done = gate.git(repo.root, "commit", "--quiet", "--message", "part", "a.txt")
        assert done.returncode == 0
        assert "next-index" in gate.calls[0]["environ"]["GIT_INDEX_FILE"]

    def test_a_push(self, repo: Repo, gate: Gate, installed: Install, tmp_path: Path) -> None:
        add_remote(repo, tmp_path)
        installed(repo)
        assert gate.git(repo.root, "push", "--quiet", "origin", "main").returncode == 0
        head = repo.git("rev-parse", "HEAD").strip()
        (call,) = gate.calls
        assert call["arguments"] == ["check", "--pre-push=origin"]
        assert call["lines"] == f"refs/heads/main {head} refs/heads/main {'0' * 40}\n"

    def test_a_blocked_push(self, repo: Repo, gate: Gate, installed: Install, tmp_path: Path) -> None:
        add_remote(repo, tmp_path)
        installed(repo)
        gate.verdict = 1
        assert gate.git(repo.root, "push", "origin", "main").returncode != 0
        assert repo.git("ls-remote", "origin") == ""

    def test_one_hook_only(self, repo: Repo, installed: Install) -> None:
        installed(repo, Hook.PRE_PUSH)
        assert (hooks_of(repo) / "pre-push").exists()
        assert not (hooks_of(repo) / "pre-commit").exists()
        installed(repo, Hook.PRE_COMMIT)
        assert (hooks_of(repo) / "pre-commit").exists()
        remove(repo)
        assert not (hooks_of(repo) / "pre-push").exists()

    def test_another_folder_as_python(self, repo: Repo, installed: Install) -> None:
        installed(repo)
        found = native.find(hooks_of(repo), Hook.PRE_COMMIT)
        assert found is not None
        assert found.script.python == sys.executable

    def test_a_group_may_read_what_the_umask_lets_it(self, repo: Repo, installed: Install) -> None:
        before = os.umask(0o027)
        try:
            installed(repo)
        finally:
            os.umask(before)
        assert stat.S_IMODE((hooks_of(repo) / "pre-commit").stat().st_mode) == 0o750


def shell_hook(path: Path) -> None:
    path.write_text("#!/bin/sh\necho sh >> ran\n")
    path.chmod(0o755)


def python_hook(path: Path) -> None:
    path.write_text(f"#!{sys.executable}\nopen('ran', 'a').write('python\\n')\n")
    path.chmod(0o700)


def binary_hook(path: Path) -> None:
    shutil.copy("/bin/true", path)
    path.chmod(0o755)


def linked_hook(path: Path) -> None:
    (path.parents[2] / "scripts").mkdir()
    shell_hook(path.parents[2] / "scripts" / "hook.sh")
    path.symlink_to("../../scripts/hook.sh")


def husky_hook(path: Path) -> None:
    (path.parent / "_").mkdir()
    (path.parent / "_" / "husky.sh").write_text(HUSKY_8_SHARED)
    path.write_text(HUSKY_8)
    path.chmod(0o755)


def hook_of_no_text(path: Path) -> None:
    path.write_bytes(b"#!/bin/sh\r\n\xff\xfe\0")
    path.chmod(0o644)  # git would not run it


KINDS = [shell_hook, python_hook, binary_hook, linked_hook, husky_hook, hook_of_no_text]


class TestKeeping:
    @pytest.mark.parametrize("make", KINDS)
    def test_what_was_there_runs_first_and_comes_back(
        self, repo: Repo, gate: Gate, installed: Install, tree: Take, make: Callable[[Path], None]
    ) -> None:
        hook = hooks_of(repo) / "pre-commit"
        make(hook)
        before = tree(repo.root)
        report = installed(repo)
        assert f"pre-commit: installed in {hook}, what was there before runs first" in report.done
        assert gate.commit(repo.root).returncode == 0
        assert len(gate.calls) == 1
        ran = repo.root / "ran"
        assert ran.exists() == (make not in (binary_hook, hook_of_no_text))
        if ran.exists():
            assert ran.read_text().count("\n") == 1
            ran.unlink()
        repo.git("reset", "--quiet", "HEAD~1")
        remove(repo)
        after = tree(repo.root)
        assert {k: v for k, v in after.items() if k in before and k.startswith(".git/hooks")} == {
            k: v for k, v in before.items() if k.startswith(".git/hooks")
        }
        assert {k for k in after if k.startswith((".git/hooks", ".git/holdline"))} == {
            k for k in before if k.startswith(".git/hooks")
        }

    def test_times_too(self, repo: Repo, installed: Install) -> None:
        hook = hooks_of(repo) / "pre-commit"
        shell_hook(hook)
        os.utime(hook, ns=(1, 1_000_000_001))
        installed(repo)
        remove(repo)
        assert hook.stat().st_mtime_ns == 1_000_000_001

    def test_its_failure_blocks(self, repo: Repo, gate: Gate, installed: Install, write_script: Write) -> None:
        write_script(hooks_of(repo) / "pre-commit", "echo not today >&2; exit 4")
        installed(repo)
        done = gate.commit(repo.root)
        assert (done.returncode, done.stderr, gate.calls) == (1, "not today\n", [])

    def test_it_sees_what_git_gives(
        self, repo: Repo, gate: Gate, installed: Install, write_script: Write, tmp_path: Path
    ) -> None:
        add_remote(repo, tmp_path)
        write_script(hooks_of(repo) / "pre-push", 'echo "$1 $2" > seen; cat >> seen; env | grep ^GIT_ | sort >> seen')
        gate.git(repo.root, "push", "--quiet", "--dry-run", "origin", "main")
        alone = repo.read("seen")
        assert b"refs/heads/main" in alone
        installed(repo)
        gate.git(repo.root, "push", "--quiet", "origin", "main")
        assert repo.read("seen") == alone

    def test_hooks_that_go_by_their_name_are_not_moved(self, repo: Repo, tree: Take, write_script: Write) -> None:
        hook = write_script(hooks_of(repo) / "pre-push", 'exec run-hook "$(basename -- "$0")" "$@"')
        before = tree(hooks_of(repo))
        with pytest.raises(HoldlineError, match=r"pre-push goes by its own file name, .* `holdline check --pre-push="):
            install(open_repo(repo), BOTH)
        assert tree(hooks_of(repo)) == before
        assert not (hooks_of(repo) / "pre-commit").exists()
        assert hook.exists()

    def test_a_folder_in_its_place(self, repo: Repo) -> None:
        (hooks_of(repo) / "pre-commit").mkdir()
        with pytest.raises(HoldlineError, match="pre-commit is a folder"):
            install(open_repo(repo), BOTH)

    def test_a_name_that_is_taken(self, repo: Repo, tree: Take) -> None:
        shell_hook(hooks_of(repo) / "pre-commit")
        shell_hook(hooks_of(repo) / "pre-commit.holdline-original")
        before = tree(repo.root)
        with pytest.raises(HoldlineError, match=r"pre-commit.holdline-original is taken: move one of the two away"):
            install(open_repo(repo), BOTH)
        assert tree(repo.root) == before

    def test_a_write_that_fails_leaves_the_original(
        self, repo: Repo, tree: Take, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shell_hook(hooks_of(repo) / "pre-commit")
        before = tree(hooks_of(repo))

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(HoldlineError, match="pre-commit cannot be changed: No space left on device"):
            install(open_repo(repo), [Hook.PRE_COMMIT])
        assert tree(hooks_of(repo)) == before

    @pytest.mark.parametrize("interrupted", ["before our hook", "before the state"])
    def test_after_a_crash(self, repo: Repo, gate: Gate, installed: Install, tree: Take, interrupted: str) -> None:
        shell_hook(hooks_of(repo) / "pre-commit")
        before = tree(hooks_of(repo))
        if interrupted == "before our hook":
            (hooks_of(repo) / "pre-commit").rename(hooks_of(repo) / "pre-commit.holdline-original")
        else:
            installed(repo)
            shutil.rmtree(repo.root / ".git" / "holdline")
        installed(repo)
        gate.commit(repo.root)
        assert repo.read("ran") == b"sh\n"
        remove(repo)
        assert tree(hooks_of(repo)) == before


class TestAgain:
    def test_changes_nothing(self, repo: Repo, installed: Install, tree: Take, times: Take) -> None:
        shell_hook(hooks_of(repo) / "pre-commit")
        installed(repo)
        before, then = tree(repo.root), times(repo.root)
        report = installed(repo)
        assert "pre-commit: already installed in" in report.done[0]
        assert (tree(repo.root), times(repo.root)) == (before, then)

    def test_upgrades_an_older_hook(
        self, repo: Repo, gate: Gate, installed: Install, tree: Take, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shell_hook(hooks_of(repo) / "pre-commit")
        before = tree(hooks_of(repo))
        with monkeypatch.context() as patch:
            patch.setattr("holdline_hooks.script.__version__", "0.0.1")
            installed(repo)
            old = render(Hook.PRE_COMMIT, sys.executable)
        assert (hooks_of(repo) / "pre-commit").read_bytes() == old
        report = installed(repo)
        assert report.done[0] == f"pre-commit: upgraded in {hooks_of(repo) / 'pre-commit'}"
        assert (hooks_of(repo) / "pre-commit").read_bytes() == render(Hook.PRE_COMMIT, sys.executable)
        assert gate.commit(repo.root).returncode == 0
        assert repo.read("ran") == b"sh\n"
        remove(repo)
        assert tree(hooks_of(repo)) == before

    def test_makes_it_executable_again(self, repo: Repo, gate: Gate, installed: Install) -> None:
        installed(repo)
        (hooks_of(repo) / "pre-commit").chmod(0o644)
        assert "upgraded" in installed(repo).done[0]
        gate.commit(repo.root)
        assert len(gate.calls) == 1

    def test_refuses_one_that_was_edited(self, repo: Repo, installed: Install) -> None:
        installed(repo)
        hook = hooks_of(repo) / "pre-commit"
        edited = hook.read_bytes() + b"echo mine\n"
        hook.write_bytes(edited)
        installed(repo, Hook.PRE_PUSH)
        with pytest.raises(HoldlineError, match="pre-commit was edited since it was installed") as caught:
            install(open_repo(repo), [Hook.PRE_COMMIT])
        assert "\n" not in str(caught.value)
        report = uninstall(open_repo(repo))
        assert len(report.left) == 1
        assert "pre-commit was edited since it was installed" in report.left[0]
        assert hook.read_bytes() == edited
        assert not (hooks_of(repo) / "pre-push").exists()

    def test_something_else_in_its_place(self, repo: Repo, installed: Install, write_script: Write) -> None:
        shell_hook(hooks_of(repo) / "pre-commit")
        installed(repo, Hook.PRE_COMMIT)
        write_script(hooks_of(repo) / "pre-commit", "true")
        report = uninstall(open_repo(repo))
        assert "pre-commit is not Holdline's any more" in report.left[0]
        (hooks_of(repo) / "pre-commit").unlink()
        assert remove(repo) == [f"{hooks_of(repo) / 'pre-commit'}: what was there before is back"]

    def test_uninstall_twice(self, repo: Repo, installed: Install) -> None:
        installed(repo)
        assert len(remove(repo)) == 2
        assert remove(repo) == []


class TestWhere:
    def test_no_hooks_folder(self, repo: Repo, gate: Gate, installed: Install, tree: Take) -> None:
        shutil.rmtree(hooks_of(repo))
        before = tree(repo.root)
        installed(repo)
        remove(repo)
        assert tree(repo.root) == before

    @pytest.mark.parametrize("how", ["relative", "absolute", "home", "global", "trailing slash"])
    def test_hooks_path(
        self,
        repo: Repo,
        gate: Gate,
        installed: Install,
        tree: Take,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        how: str,
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path / "my home"))
        folder, setting = {
            "relative": (repo.root / "tools/git hooks", "tools/git hooks"),
            "absolute": (tmp_path / "shared hooks", str(tmp_path / "shared hooks")),
            "home": (tmp_path / "my home/.githooks", "~/.githooks"),
            "global": (tmp_path / "global hooks", str(tmp_path / "global hooks")),
            "trailing slash": (repo.root / "hooks", "hooks/"),
        }[how]
        if how == "global":
            monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
            monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.hooksPath")
            monkeypatch.setenv("GIT_CONFIG_VALUE_0", setting)
        else:
            repo.git("config", "core.hooksPath", setting)
        before = tree(tmp_path)
        report = installed(repo)
        assert (folder / "pre-commit").is_file()
        assert report.done[-1].startswith(f"core.hooksPath is {folder}, ")
        assert gate.commit(repo.root).returncode == 0
        assert len(gate.calls) == 1
        remove(repo)
        after = tree(tmp_path)
        assert not folder.exists()
        assert not (set(after) - set(before)) & {k for k in after if "hook" in k}

    def test_a_folder_that_git_tracks(self, make_repo: MakeRepo, gate: Gate, installed: Install) -> None:
        repo = make_repo({".githooks/pre-commit": "#!/bin/sh\necho team >> ran\n"})
        (repo.root / ".githooks/pre-commit").chmod(0o755)
        repo.commit("executable")
        repo.git("config", "core.hooksPath", ".githooks")
        report = installed(repo)
        assert "which git tracks: commit them for everyone" in report.done[-1]
        assert gate.commit(repo.root).returncode == 0
        assert (repo.read("ran"), len(gate.calls)) == (b"team\n", 1)
        (repo.root / "ran").unlink()
        remove(repo)
        assert repo.git("status", "--porcelain") == ""

    def test_husky_8(self, make_repo: MakeRepo, gate: Gate, installed: Install) -> None:
        repo = make_repo({".husky/pre-commit": HUSKY_8, ".husky/_/husky.sh": HUSKY_8_SHARED})
        (repo.root / ".husky/pre-commit").chmod(0o755)
        repo.git("config", "core.hooksPath", ".husky")
        installed(repo)
        assert gate.commit(repo.root).returncode == 0
        assert (repo.read("ran"), len(gate.calls)) == (b"husky\n", 1)

    def test_husky_9_is_told_what_to_add(self, repo: Repo, tree: Take) -> None:
        repo.write(".husky/_/h", "")
        repo.git("config", "core.hooksPath", ".husky/_")
        before = tree(repo.root)
        with pytest.raises(
            HoldlineError, match=r"\.husky/_ belongs to husky, .*: add `holdline check` to \.husky/pre-commit"
        ):
            install(open_repo(repo), BOTH)
        assert tree(repo.root) == before

    @pytest.mark.parametrize("where", ["/dev/null", "a.txt"])
    def test_hooks_switched_off(self, repo: Repo, tree: Take, where: str) -> None:
        repo.git("config", "core.hooksPath", where)
        before = tree(repo.root)
        with pytest.raises(HoldlineError, match="hooks are switched off here"):
            install(open_repo(repo), BOTH)
        assert tree(repo.root) == before

    def test_a_linked_worktree(self, repo: Repo, gate: Gate, installed: Install, tmp_path: Path) -> None:
        linked = type(repo)(tmp_path / "linked tree")
        repo.git("worktree", "add", "--quiet", "-b", "linked", linked.root)
        installed(linked)
        assert (hooks_of(repo) / "pre-commit").is_file()
        assert gate.commit(linked.root).returncode == 0
        assert gate.commit(repo.root).returncode == 0
        assert [call["folder"] for call in gate.calls] == [str(linked.root), str(repo.root)]
        remove(repo)
        assert not (hooks_of(repo) / "pre-commit").exists()

    def test_a_linked_worktree_with_a_hooks_folder_of_its_own(
        self, repo: Repo, gate: Gate, installed: Install, tmp_path: Path
    ) -> None:
        repo.git("config", "core.hooksPath", ".githooks")
        linked = type(repo)(tmp_path / "linked")
        repo.git("worktree", "add", "--quiet", "-b", "linked", linked.root)
        installed(linked)
        assert (linked.root / ".githooks/pre-commit").is_file()
        assert not (repo.root / ".githooks").exists()
        remove(repo)
        assert not (linked.root / ".githooks").exists()

    def test_a_submodule(self, repo: Repo, make_repo: MakeRepo, gate: Gate, installed: Install) -> None:
        repo.git("submodule", "--quiet", "add", make_repo({"in.txt": "in"}, name="inner").root, "sub")
        installed(type(repo)(repo.root / "sub"))
        assert (repo.root / ".git/modules/sub/hooks/pre-commit").is_file()
        assert gate.commit(repo.root / "sub").returncode == 0
        assert gate.calls[0]["folder"] == str(repo.root / "sub")

    def test_the_setting_changed_since(self, repo: Repo, installed: Install, tree: Take) -> None:
        before = tree(hooks_of(repo))
        installed(repo)
        repo.git("config", "core.hooksPath", "elsewhere")
        installed(repo)
        remove(repo)
        assert tree(hooks_of(repo)) == before
        assert not (repo.root / "elsewhere").exists()

    @pytest.mark.parametrize("existing", [True, False])
    def test_a_folder_that_nobody_may_write(
        self, repo: Repo, capfd: pytest.CaptureFixture[str], existing: bool, tree: Take
    ) -> None:
        """With /proc, where not even root may; a chmod would not stop the tests that run as root."""
        repo.git("config", "core.hooksPath", f"/proc/{os.getpid()}/{'fdinfo' if existing else 'hooks'}")
        assert main(["-C", str(repo.root), "install"]) == 2
        out, err = capfd.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert "cannot be changed: " in err
        assert "core.hooksPath" in err

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_read_only_folder(self, repo: Repo, tree: Take) -> None:
        before = tree(hooks_of(repo))
        hooks_of(repo).chmod(0o555)
        try:
            with pytest.raises(HoldlineError, match="pre-commit cannot be changed: Permission denied"):
                install(open_repo(repo), BOTH)
        finally:
            hooks_of(repo).chmod(0o755)
        assert tree(hooks_of(repo)) == before


def test_other_hooks_are_not_touched(repo: Repo, installed: Install) -> None:
    shell_hook(hooks_of(repo) / "commit-msg")
    installed(repo)
    assert parse((hooks_of(repo) / "commit-msg").read_bytes()) is None
