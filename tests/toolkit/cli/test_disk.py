"""Disks and folders that fail, and files that others change while a run goes on: one line, exit code 2, nothing lost.

The disks are real: small tmpfs mounts, which only root can make.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline.journal import Journal

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]
Mount = Callable[..., None]

READ = b'import os\n\nX = os.environ["X"]\n'
DONE = b'from holdline_runtime import get_env\n\nX = get_env()["X"]\n'
LARGE = b"# filler\n" * 50_000
FILES = {
    "tests/conftest.py": READ,
    "tests/test_a.py": READ,
    "tests/test_large.py": READ + LARGE,
    "tests/sub/test_b.py": READ,
    "tests/test_c.py": READ,
}


@pytest.fixture
def mount() -> Iterator[Mount]:
    """`mount(folder, *arguments of mount)`, undone at the end; skips where it is not allowed."""
    mounted: list[Path] = []

    def do(folder: Path, *arguments: str) -> None:
        if os.geteuid() != 0 or not shutil.which("mount"):
            pytest.skip("only root can mount")
        done = subprocess.run(["mount", *arguments, str(folder)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"this machine does not let us mount: {done.stderr.strip()}")
        mounted.append(folder)

    yield do
    for folder in dict.fromkeys(reversed(mounted)):
        subprocess.run(["umount", "--recursive", str(folder)], check=True)


@pytest.fixture
def repo(make_repo: MakeRepo, mount: Mount, tmp_path: Path) -> Repo:
    """A repository on a disk of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount(disk, "-t", "tmpfs", "-o", "size=4m", "tmpfs")
    return make_repo(FILES, name="disk/repo")


def fill(repo: Repo, free: int) -> Path:
    """Fill the repository's disk but for some bytes; the file that does it."""
    filler = repo.root.parent / "filler"
    status = os.statvfs(repo.root)
    filler.write_bytes(bytes(status.f_bavail * status.f_bsize - free))
    return filler


def contents(repo: Repo) -> dict[str, bytes]:
    return {name: repo.read(name) for name in FILES}


def rewritten(content: bytes) -> bytes:
    return content.replace(READ, DONE)


def leftovers(repo: Repo) -> list[Path]:
    return [*repo.root.rglob(".holdline-*"), *repo.root.rglob("*.lock"), *repo.root.rglob("tmp_*")]


class TestFull:
    @pytest.mark.parametrize("free", [0, *range(4096, 200_000, 24_576), 262_144])
    def test_migrate(self, repo: Repo, call: Run, free: int) -> None:
        """From no room at all, to room for the journal but not for a large file, to just enough."""
        filler = fill(repo, free)
        done = call(repo.root, "migrate", "-q")
        assert done.code in (0, 2)
        if done.code:
            assert done.complaint.startswith("holdline: ")
            assert " is full" in done.complaint or "No space left on device" in done.complaint
        now = contents(repo)
        assert all(now[name] in (old, rewritten(old)) for name, old in FILES.items())
        if now != FILES and done.code:
            assert "each file of run 1 is either as it was or rewritten in full; `holdline undo`" in done.complaint
        filler.unlink()
        assert call(repo.root, "migrate", "-q").code == 0
        assert contents(repo) == {name: rewritten(old) for name, old in FILES.items()}
        assert leftovers(repo) == []
        while call(repo.root, "undo").code == 0:
            pass
        assert contents(repo) == FILES
        assert repo.git("status", "--porcelain") == ""

    @pytest.mark.parametrize("free", [0, 40_960, 262_144])
    def test_undo(self, repo: Repo, call: Run, free: int) -> None:
        assert call(repo.root, "migrate", "-q").code == 0
        filler = fill(repo, free)
        done = call(repo.root, "undo")
        assert done.code == 2
        assert " is full" in done.complaint or "No space left on device" in done.complaint
        assert all(now in (FILES[name], rewritten(FILES[name])) for name, now in contents(repo).items())
        filler.unlink()
        assert call(repo.root, "undo").code == 0
        assert contents(repo) == FILES
        assert leftovers(repo) == []

    def test_scan_and_dry_run_need_no_room(self, repo: Repo, call: Run) -> None:
        fill(repo, 0)
        assert call(repo.root, "scan").code == 0
        assert call(repo.root, "migrate", "--dry-run").code == 0

    def test_a_report_that_does_not_fit(self, repo: Repo, call: Run) -> None:
        fill(repo, 0)
        done = call(repo.root, "scan", "-o", "report.txt")
        assert (done.code, done.complaint) == (2, "holdline: -o report.txt cannot be written: No space left on device")


class TestReadOnly:
    def test_a_folder(self, repo: Repo, call: Run, mount: Mount) -> None:
        sub = repo.root / "tests" / "sub"
        mount(sub, "--bind", str(sub))
        mount(sub, "-o", "remount,bind,ro")
        done = call(repo.root, "migrate", "-q")
        assert done.code == 2
        assert done.complaint == "holdline: tests/sub/test_b.py: cannot be written: Read-only file system"
        expected = {name: rewritten(old) for name, old in FILES.items()} | {"tests/sub/test_b.py": READ}
        assert contents(repo) == expected
        assert call(repo.root, "undo").code == 0
        assert contents(repo) == FILES

    def test_the_whole_repository(self, repo: Repo, call: Run, mount: Mount) -> None:
        disk = repo.root.parent
        mount(disk, "-o", "remount,ro")
        assert call(repo.root, "scan").code == 0
        assert call(repo.root, "migrate", "--dry-run").code == 0
        for command in ("migrate", "undo"):
            done = call(repo.root, command)
            assert (done.code, ".git/holdline cannot be used: Read-only file system" in done.complaint) == (2, True)
        assert contents(repo) == FILES

    def test_between_a_run_and_its_undo(self, repo: Repo, call: Run, mount: Mount) -> None:
        assert call(repo.root, "migrate", "-q").code == 0
        mount(repo.root.parent, "-o", "remount,ro")
        done = call(repo.root, "undo")
        assert (done.code, "cannot be used: " in done.complaint) == (2, True)
        mount(repo.root.parent, "-o", "remount,rw")
        assert call(repo.root, "undo").code == 0
        assert contents(repo) == FILES


@pytest.mark.parametrize("damaged", [False, True])
def test_a_run_with_nothing_to_do_puts_right_what_a_killed_one_left(
    make_repo: MakeRepo, call: Run, monkeypatch: pytest.MonkeyPatch, damaged: bool
) -> None:
    repo = make_repo(FILES)
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "finish", lambda *_: None)
        patch.setattr(Journal, "_settle", lambda *_: None)
        assert call(repo.root, "migrate", "-q").code == 0
    left = repo.write("tests/.holdline-write-x.tmp", b"half")
    if damaged:
        repo.write(".git/holdline/runs.sqlite3", b"rubbish" * 999)
    assert call(repo.root, "migrate", "-q").code == 0
    assert left.exists() == damaged, "what cannot be done now is no reason to fail"
    if not damaged:
        assert "  interrupted " in call(repo.root, "status").text


def delete(path: Path) -> None:
    path.unlink()


def delete_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def edit(path: Path) -> None:
    path.write_bytes(READ + b"# mine\n")


def save_as_editors_do(path: Path) -> None:
    path.with_name("new").write_bytes(b"MINE = 1\n")
    path.with_name("new").replace(path)


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link_elsewhere(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def link_in_a_circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


CHANGES = [delete, delete_folder, edit, save_as_editors_do, make_folder, make_pipe, link_elsewhere, link_in_a_circle]


def look(path: Path) -> object:
    """What is there, links not followed."""
    if path.is_symlink():
        return path.readlink()
    return path.read_bytes() if path.is_file() else path.exists()


@pytest.mark.parametrize("change", CHANGES)
def test_changed_between_scan_and_write(
    make_repo: MakeRepo, call: Run, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    repo = make_repo(FILES)
    path = repo.root / "tests/sub/test_b.py"
    found: list[object] = []
    begin = Journal.begin

    def change_first(*arguments: Any) -> int:
        change(path)
        found.append(look(path))
        return begin(*arguments)

    monkeypatch.setattr(Journal, "begin", change_first)
    done = call(repo.root, "migrate", "-q")
    assert done.code == 2
    assert done.complaint.startswith("holdline: tests/sub/test_b.py: ")
    assert done.complaint.endswith(("changed meanwhile: left alone, run again", "no longer a plain file: left alone"))
    assert look(path) == found[0], "what somebody else put there stays"
    assert call(repo.root, "undo").code == 0
    assert look(path) == found[0]
    rest = [name for name in FILES if name != "tests/sub/test_b.py"]
    assert [repo.read(name) for name in rest] == [FILES[name] for name in rest]


@pytest.mark.parametrize("change", CHANGES)
def test_changed_between_run_and_undo(make_repo: MakeRepo, call: Run, change: Callable[[Path], None]) -> None:
    repo = make_repo(FILES)
    assert call(repo.root, "migrate", "-q").code == 0
    path = repo.root / "tests/sub/test_b.py"
    change(path)
    found = look(path)
    done = call(repo.root, "undo")
    assert done.code == 1
    assert done.err.startswith("holdline: tests/sub/test_b.py: ")
    assert done.err.count("\n") == 1
    assert look(path) == found
    assert repo.read("tests/test_a.py") == READ
