"""Which files a command is about: tracked Python files, narrowed by the PATH arguments and `--directory`."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from holdline.errors import HoldlineError
from holdline.git import FileKind, Repository, TrackedFile
from holdline.model import Problem, ProblemKind
from holdline.stamps import Stamp, stamp_of

_PYTHON = ".py"


class Selection(NamedTuple):
    """The files to work on: `/`-separated paths relative to the repository's root, in byte order.

    `problems` are files that the arguments asked for and that cannot be reached safely. `stamps` are the files'
    as they were listed, if they were asked for. It is `whole` where nothing was narrowed.
    """

    paths: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    stamps: Mapping[str, Stamp] = MappingProxyType({})
    whole: bool = False


class _Named(NamedTuple):
    """The PATH arguments, resolved: folders to look in, and files named themselves."""

    folders: frozenset[str]
    files: frozenset[str]


def select_files(
    repo: Repository, *, paths: Sequence[str] = (), cwd: Path, directories: Sequence[str] = (), stamped: bool = False
) -> Selection:
    """The Python files that git tracks and the working tree has, and any file that `paths` names itself.

    `paths` are files or folders, relative to `cwd` or absolute; none means the whole repository.
    `directories` (relative to `cwd`, else to the root) narrow that further. Raises HoldlineError for an
    argument that does not exist, lies outside the repository or in one of its submodules.
    """
    submodules = _submodules(repo) if paths or directories else []
    named = _resolve_all(repo.root, paths, cwd, submodules)
    within = frozenset(_resolve_folder(repo.root, name, cwd, submodules) for name in directories)
    chosen: list[str] = []
    stamps: dict[str, Stamp] = {}
    problems: list[Problem] = []
    root = os.fspath(repo.root)
    seen_links: dict[str, str] = {}
    for path in _wanted(repo.each_tracked(), named, within):
        mode, stamp = _status(f"{root}/{path}")
        if link := _symlinked_parent(root, path, seen_links):
            message = f"reached through the symbolic link {link}: left out"
            problems.append(Problem(path, ProblemKind.UNREADABLE, message))
        elif stat.S_ISLNK(mode):
            problems.append(Problem(path, ProblemKind.UNREADABLE, "now a symbolic link: left out"))
        elif stat.S_ISREG(mode):
            chosen.append(path)
            if stamp and stamped:
                stamps[path] = stamp
    if named.files:  # else they are in the order in which git lists them
        chosen.sort(key=os.fsencode)
    return Selection(tuple(chosen), tuple(problems), stamps, whole=not (paths or directories))


def _submodules(repo: Repository) -> list[str]:
    return [entry.path for entry in repo.each_tracked() if entry.kind is FileKind.SUBMODULE]


def _wanted(tracked: Iterable[TrackedFile], named: _Named, within: frozenset[str]) -> Iterable[str]:
    """The path of each file asked for."""
    unlisted = set(named.files)
    for path, kind, _ in tracked:
        unlisted.discard(path)
        if kind is FileKind.SYMLINK or kind is FileKind.SUBMODULE:
            continue
        asked = path in named.files or (path.endswith(_PYTHON) and _is_under(path, named.folders))
        if asked and (not within or _is_under(path, within)):
            yield path
    for path in sorted(unlisted):
        if not within or _is_under(path, within):
            yield path


def _is_under(path: str, folders: frozenset[str]) -> bool:
    """Whether one of `folders` ("" is the root) holds `path`, at any depth."""
    if "" in folders:
        return True
    end = path.rfind("/")
    while end > 0:
        if path[:end] in folders:
            return True
        end = path.rfind("/", 0, end)
    return False


def _resolve_all(root: Path, names: Sequence[str], cwd: Path, submodules: Sequence[str]) -> _Named:
    if not names:
        return _Named(frozenset({""}), frozenset())
    folders, files = set(), set()
    for name in names:
        relative, mode = _resolve(root, name, cwd, submodules)
        if stat.S_ISDIR(mode):
            folders.add(relative)
        elif stat.S_ISREG(mode):
            files.add(relative)
        else:
            raise HoldlineError(f"{name} is neither a file nor a folder: name one of those")
    return _Named(frozenset(folders), frozenset(files))


def _resolve_folder(root: Path, name: str, cwd: Path, submodules: Sequence[str]) -> str:
    base = cwd if (cwd / name).exists() else root
    relative, mode = _resolve(root, name, base, submodules)
    if not stat.S_ISDIR(mode):
        raise HoldlineError(f"--directory {name} is not a folder: name a file as a PATH instead")
    return relative


def _resolve(root: Path, name: str, base: Path, submodules: Sequence[str]) -> tuple[str, int]:
    """An argument as a path relative to `root` ("" is the root itself) and its mode; links are resolved."""
    try:
        real = Path(os.path.realpath(base / name, strict=True))
        mode = real.stat().st_mode
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise HoldlineError(f"{name} does not exist (looked in {base})") from None
        raise HoldlineError(f"{name} cannot be read: {error.strerror}") from None
    if not real.is_relative_to(root):
        raise HoldlineError(f"{name} is outside the repository {root}: point -C at its own repository")
    relative = "" if real == root else real.relative_to(root).as_posix()
    if relative.split("/", 1)[0] == ".git":
        raise HoldlineError(f"{name} is git's own data: name a file of the working tree")
    for submodule in submodules:
        if relative == submodule or relative.startswith(f"{submodule}/"):
            raise HoldlineError(
                f"{name} is in the submodule {submodule}: run holdline inside it (-C {root / submodule})"
            )
    return relative, mode


def _symlinked_parent(root: str, path: str, seen: dict[str, str]) -> str:
    """The outermost folder on the way to `path` that is a symbolic link, else ""; `seen` is its memory."""
    folder = path.rpartition("/")[0]
    if not folder:
        return ""
    if folder not in seen:
        outer = _symlinked_parent(root, folder, seen)
        seen[folder] = outer or (folder if stat.S_ISLNK(_status(f"{root}/{folder}")[0]) else "")
    return seen[folder]


def _status(path: str) -> tuple[int, Stamp]:
    """The mode and the stamp of what the working tree has at `path`, links not followed; 0 where it has nothing.

    Tracked files may be missing: deleted, or left out by a sparse checkout.
    """
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return 0, 0
    except OSError:
        return stat.S_IFREG, 0  # behind a closed folder: whoever tries to read it reports so
    return status.st_mode, stamp_of(status)
