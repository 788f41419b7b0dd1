"""Temporary worktrees: the checkout's files as they are on the disk, and nothing of them left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline.gitworktrees import remove_leftovers, temporary_worktree

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Snapshot = Callable[[Path], dict[str, tuple[int, bytes]]]


def files_below(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if ".git" not in path.parts and not path.is_dir())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def worktrees(repo: Repo) -> int:
    return repo.git("worktree", "list").count("\n") - 1


def test_the_files_are_those_on_the_disk(make_repo: MakeRepo) -> None:
    repo = make_repo(
        {
            ".gitignore": "*.log\nbuild/\n.venv/\nlocal.py\n",
            "a.py": "1\n",
            "gone.py": "1\n",
            "staged.py": "1\n",
            "dos.txt": b"1\r\n",
            "run.sh": "#!/bin/sh\n",
        }
    )
    repo.write("a.py", "2\n")
    repo.write("staged.py", "2\n")
    repo.git("add", "staged.py")
    repo.write("staged.py", "3\n")
    (repo.root / "gone.py").unlink()
    (repo.root / "run.sh").chmod(0o755)
    (repo.root / "link").symlink_to("a.py")
    repo.write("new/ü ber.py", "new\n")
    repo.write("local.py", "local\n")
    repo.write("build/big.py", "built\n")
    repo.write(".venv/pyvenv.cfg", "home\n")
    before = repo.git("status", "--porcelain"), repo.git("stash", "list"), (repo.root / ".git/index").read_bytes()
    with temporary_worktree(Repository.discover(repo.root)) as worktree:
        assert worktree.root.name == repo.root.name
        found = files_below(worktree.root)
        assert found.pop(".gitignore")
        assert found.pop(".venv/pyvenv.cfg", b"home\n")
        assert found == {
            "a.py": b"2\n",
            "staged.py": b"3\n",
            "dos.txt": b"1\r\n",
            "run.sh": b"#!/bin/sh\n",
            "link": b"2\n",
            "new/ü ber.py": b"new\n",
            "local.py": b"local\n",
        }
        assert os.access(worktree.root / "run.sh", os.X_OK)
        assert (worktree.root / "link").is_symlink()
        assert (worktree.root / ".venv").readlink() == repo.root / ".venv"
        inside = subprocess.run(
            ["git", "status", "--porcelain"], cwd=worktree.root, capture_output=True, text=True, check=True
        )
        assert " M a.py" in inside.stdout
        assert worktrees(repo) == 1
    assert not worktree.root.parent.exists()
    assert worktrees(repo) == 0
    assert (repo.git("status", "--porcelain"), repo.git("stash", "list")) == before[:2]
    assert (repo.root / ".venv/pyvenv.cfg").exists()


def test_submodules_come_along(make_repo: MakeRepo) -> None:
    inner = make_repo({"lib.py": "1\n"}, name="inner")
    repo = make_repo({"a.py": "1\n"})
    repo.git("submodule", "add", "--quiet", str(inner.root), "vendored")
    repo.commit()
    repo.write("vendored/lib.py", "2\n")
    with temporary_worktree(Repository.discover(repo.root)) as worktree:
        assert files_below(worktree.root)["vendored/lib.py"] == b"2\n"
    assert worktrees(repo) == 0


def test_the_digest_stands_for_the_contents(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "1\n", "b.py": "2\n"})

    def digest() -> str:
        with temporary_worktree(Repository.discover(repo.root)) as worktree:
            return worktree.digest

    first = digest()
    assert digest() == first
    repo.write("c.py", "3\n")
    assert digest() != first
    (repo.root / "c.py").unlink()
    assert digest() == first
    repo.write("b.py", "3\n")
    assert digest() != first


def test_a_folder_that_nobody_may_write_is_removed_too(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "1\n"})
    with temporary_worktree(Repository.discover(repo.root)) as worktree:
        closed = worktree.root / "closed"
        closed.mkdir()
        (closed / "file").write_text("")
        closed.chmod(0o500)
    assert not worktree.root.parent.exists()


def test_two_at_a_time_leave_each_other_alone(make_repo: MakeRepo) -> None:
    repo = Repository.discover(make_repo({"a.py": "1\n"}).root)
    with temporary_worktree(repo) as one, temporary_worktree(repo) as other:
        assert one.root.exists()
        assert other.root.exists()
        remove_leftovers(repo)
        assert (one.root / "a.py").exists()


def test_what_a_killed_run_left_is_removed_by_the_next(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "1\n"})
    other = repo.root.parent / "other"
    repo.git("worktree", "add", "--quiet", "--detach", str(other))
    code = (
        "import os, signal, sys, pathlib\n"
        "from holdline.git import Repository\n"
        "from holdline.gitworktrees import temporary_worktree\n"
        "with temporary_worktree(Repository.discover(pathlib.Path(sys.argv[1]))) as worktree:\n"
        "    print(worktree.root, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(repo.root)], capture_output=True, text=True, check=False)
    left = Path(done.stdout.strip())
    assert left.is_dir()
    assert worktrees(repo) == 2
    remove_leftovers(Repository.discover(repo.root))
    assert not left.parent.exists()
    assert other.is_dir()
    assert worktrees(repo) == 1


def test_without_a_commit_there_is_nothing_to_work_on(make_repo: MakeRepo) -> None:
    repo = make_repo()
    with (
        pytest.raises(HoldlineError, match="commit something first"),
        temporary_worktree(Repository.discover(repo.root)),
    ):
        pass
