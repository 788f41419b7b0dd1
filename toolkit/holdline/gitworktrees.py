"""Temporary linked worktrees, in which commands run on the files of the checkout without touching it.

It belongs to the gateway `holdline.git`. A worktree is known as ours by its folder's name, and as in use by the lock on
a file beside it, which dies with the process: what a killed run left is removed by the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from holdline.errors import HoldlineError, RepositoryError
from holdline.git import Repository
from holdline.gitprocess import complaint, run_git

_PREFIX = "holdline-verify-"
_LOCK = "lock"
_LARGEST_IGNORED = 10_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Worktree:
    """A copy of the checkout: `root` is its folder, `digest` stands for the contents of its files."""

    root: Path
    digest: str


@contextlib.contextmanager
def temporary_worktree(repo: Repository, commit: str = "") -> Iterator[Worktree]:
    """A worktree with the files of the checkout as they are on the disk, or with those of a commit; removed in the end.

    Of the checkout it holds the tracked files and the untracked ones that are not ignored, and those of submodules
    that are checked out; in both cases the checkout's ignored files that stand outside ignored folders, up to 10 MB
    each, with its virtual environments linked. Its folder is called as the checkout's. Raises HoldlineError where
    there is no commit yet, or no room.
    """
    if not commit and repo.head() is None:
        raise HoldlineError(f"{repo.root} has no commit to make a worktree of: commit something first")
    remove_leftovers(repo)
    folder = Path(os.path.realpath(tempfile.mkdtemp(prefix=_PREFIX)))
    lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    root = folder / (repo.root.name or "root")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield _make(repo, root, commit)
    finally:
        _remove(repo, root)
        os.close(lock)


def remove_leftovers(repo: Repository) -> None:
    """Remove the worktrees of runs that were killed."""
    listed = os.fsdecode(_git(repo.root, "worktree", "list", "--porcelain", "-z"))
    roots = [Path(line.removeprefix("worktree ")) for line in listed.split("\0") if line.startswith("worktree ")]
    for root in roots:
        if root.parent.name.startswith(_PREFIX) and not _is_in_use(root.parent / _LOCK):
            _remove(repo, root)


def _is_in_use(path: Path) -> bool:
    try:
        lock = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def _make(repo: Repository, root: Path, commit: str) -> Worktree:
    try:
        _git(repo.root, "worktree", "add", "--quiet", "--detach", "--no-checkout", os.fspath(root), commit or "HEAD")
        if commit:
            _git(root, "read-tree", "--reset", "-u", "HEAD")  # as a checkout, which would run the user's hook
            digest = os.fsdecode(_git(root, "rev-parse", "HEAD^{tree}")).strip()
        else:
            _git(root, "read-tree", "HEAD")
            digest = _lay(repo, root)
        _lay_ignored(repo, root)
        return Worktree(root, digest)
    except OSError as error:
        what = f"the worktree {root} cannot be made: {error.strerror}"
        raise HoldlineError(f"{what}: TMPDIR names the folder for such things") from error


def _remove(repo: Repository, root: Path) -> None:
    """Remove a worktree, the folder around it, and what git knows of it; what cannot be removed now stays."""
    for folder, names, _ in os.walk(root):  # tests leave folders that nobody may write
        for path in (Path(folder, name) for name in names):
            if not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.chmod(stat.S_IRWXU)
    shutil.rmtree(root, ignore_errors=True)
    run_git(repo.root, ["worktree", "remove", "--force", os.fspath(root)], to_the_end=True)
    shutil.rmtree(root.parent, ignore_errors=True)  # last, for the lock inside says whose this is


def _lay(repo: Repository, root: Path) -> str:
    """Copy the checkout's files; a digest of their names, modes and contents."""
    digest = hashlib.sha256()
    ours = {*_listed(repo, "--cached", "--recurse-submodules"), *_listed(repo, "--others", "--exclude-standard")}
    for path in sorted(ours):
        digest.update(_copy(repo.root, root, path))
    return digest.hexdigest()


def _lay_ignored(repo: Repository, root: Path) -> None:
    """Copy what is ignored in the checkout, and may be needed to run the tests; nothing that is there is replaced."""
    for path in _listed(repo, "--others", "--ignored", "--exclude-standard", "--directory"):
        source, target = repo.root / path, root / path.rstrip("/")
        if os.path.lexists(target):
            continue
        if not path.endswith("/"):
            if not path.endswith(".pyc") and source.is_file() and source.lstat().st_size <= _LARGEST_IGNORED:
                _copy(repo.root, root, path)
        elif (source / "pyvenv.cfg").is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(source)


def _copy(source_root: Path, target_root: Path, path: str) -> bytes:
    """Copy a file or a symbolic link, nothing else; what tells it from others."""
    source, target = source_root / path, target_root / path
    try:
        status = source.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return b""  # deleted in the checkout
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISLNK(status.st_mode):
        return b""
    target.parent.mkdir(parents=True, exist_ok=True)
    if stat.S_ISLNK(status.st_mode):
        link = os.readlink(source)  # noqa: PTH115  # bytes that are no text stay what they are
        target.symlink_to(link)
        content = os.fsencode(link)
    else:
        content = source.read_bytes()
        target.write_bytes(content)
        shutil.copystat(source, target)
    head = f"{path}\0{stat.S_IFMT(status.st_mode) | status.st_mode & 0o111:o}\0{len(content)}\0"
    return os.fsencode(head) + hashlib.sha256(content).digest()


def _listed(repo: Repository, *arguments: str) -> Iterable[str]:
    listed = _git(repo.root, "ls-files", "-z", *arguments)
    return [os.fsdecode(path) for path in listed.split(b"\0")[:-1]]


def _git(folder: Path, *arguments: str) -> bytes:
    done = run_git(folder, arguments)
    if done.returncode:
        raise RepositoryError(f"git {arguments[0]} failed in {folder}: {complaint(done)}")
    return done.stdout
