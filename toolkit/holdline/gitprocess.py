"""Running git, for the gateway `holdline.git` alone.

Git runs with a sealed environment and fixed flags, so that neither the caller's variables nor the
repository's own configuration (hooks, fsmonitor, pagers, external diffs, colours) change what it prints or
make it run anything.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from holdline.errors import RepositoryError
from holdline_runtime import get_env

NO_GIT = "git is not installed or not on PATH: install it and run again"

_FLAGS = (
    "--literal-pathspecs",
    "--no-pager",
    *("-c", "core.quotePath=false"),
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "color.ui=false"),
    *("-c", "log.showSignature=false"),
    *("-c", "log.showRoot=false"),
    # what it writes outlives a power cut: by itself it flushes packs and references, but no loose objects
    *("-c", "core.fsync=committed"),
)

# Of git's own variables only these pass: where its configuration and programs are, and where discovery stops.
# GIT_DIR, GIT_INDEX_FILE and the like, which git sets around hooks, would point us at another repository.
_ALLOWED = frozenset(
    {
        "GIT_CEILING_DIRECTORIES",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CONFIG_SYSTEM",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM",
        "GIT_EXEC_PATH",
    }
)
_ALLOWED_PREFIXES = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")
_FIXED = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
}

#: Bytes of a stream that are read at once.
_PART = 1 << 16
#: Variables that lead git to another repository, as they are set in hooks (`git rev-parse --local-env-vars`).
_LOCAL = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)

Done = subprocess.CompletedProcess[bytes]


def run_git(
    folder: Path,
    arguments: Sequence[str],
    stdin: bytes = b"",
    variables: Mapping[str, str] | None = None,
    *,
    to_the_end: bool = False,
) -> Done:
    """Run git in a folder; `variables` are set beside those that are sealed.

    With `to_the_end`, what kills our process group (a runner that is out of patience) leaves git to finish: killed, it
    would leave the locks of its files behind, which nobody but the user could remove.

    Raises RepositoryError where git cannot be started; what it exits with is the caller's to judge.
    """
    try:
        return subprocess.run(
            ["git", *_FLAGS, *arguments],
            cwd=folder,
            env=_environment(variables),
            input=stdin,
            capture_output=True,
            check=False,
            start_new_session=to_the_end,
        )
    except OSError as error:
        raise _cannot_start(folder, error) from error


def run_git_online(folder: Path, arguments: Sequence[str], variables: Mapping[str, str] | None = None) -> Done:
    """Run git as the user would, for what goes to another machine: with credentials, proxies and hooks.

    It may ask for a password on the terminal, if there is one. Raises RepositoryError where git cannot be started.
    """
    environ = {name: value for name, value in get_env().items() if name not in _LOCAL}
    try:
        return subprocess.run(
            ["git", "--no-pager", "-c", "color.ui=false", *arguments],
            cwd=folder,
            env=environ | {"LC_ALL": "C"} | dict(variables or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise _cannot_start(folder, error) from error


def checked_git(
    folder: Path,
    arguments: Sequence[str],
    stdin: bytes = b"",
    variables: Mapping[str, str] | None = None,
    *,
    to_the_end: bool = False,
) -> bytes:
    """What git prints; RepositoryError with its complaint where it fails. See `run_git`."""
    done = run_git(folder, arguments, stdin, variables, to_the_end=to_the_end)
    if done.returncode:
        raise RepositoryError(f"git {_command(arguments)} failed in {folder}: {complaint(done)}")
    return done.stdout


def _command(arguments: Sequence[str]) -> str:
    """The name of the command, behind any settings that are given for it alone."""
    return next(a for before, a in zip(("", *arguments), arguments, strict=False) if "-c" not in (a, before))


def sealed(arguments: Sequence[str], variables: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """A command line of git and its environment, for who has to start it by itself; see `run_git`."""
    return ["git", *_FLAGS, *arguments], _environment(variables)


class GitObject(NamedTuple):
    """An object of git: its id and its content."""

    id: str
    content: bytes


class ObjectReader:
    """One git process that is asked for objects, until it is closed."""

    def __init__(self, folder: Path, variables: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        try:
            self._process = subprocess.Popen(
                ["git", *_FLAGS, "cat-file", "--batch"],
                cwd=folder,
                env=_environment(variables),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise _cannot_start(folder, error) from error

    def __enter__(self) -> ObjectReader:
        return self

    def __exit__(self, *_exception: object) -> None:
        with contextlib.suppress(BrokenPipeError), self._process:  # which closes its pipes, and waits
            pass

    def ask(self, name: str) -> GitObject | None:
        """An object; None for one that is not here. RepositoryError where git cannot read it.

        A name is whatever `git rev-parse` takes (an id, `HEAD:path`, `:path`), without a newline.
        """
        question, answer = self._process.stdin, self._process.stdout
        assert question is not None
        assert answer is not None
        try:
            # singly, lest both sides wait with full pipes
            question.write(os.fsencode(name) + b"\n")
            question.flush()
            header = answer.readline()
            if header.endswith((b" missing\n", b" ambiguous\n")):
                return None
            size = int(header.rsplit(b" ", 1)[1])
            content = answer.read(size + 1)  # with a newline behind it
            if len(content) == size + 1:
                return GitObject(header.split(b" ", 1)[0].decode(), content[:-1])
        except (BrokenPipeError, IndexError, ValueError):
            pass  # it died over the object, and says why on stderr, or not at all
        raise RepositoryError(f"{self._folder}: git cannot read the object {name}: look what `git fsck` says")


def stream_git(folder: Path, arguments: Sequence[str], variables: Mapping[str, str] | None = None) -> Iterator[bytes]:
    """What git prints, NUL-terminated record by record, as it comes; RepositoryError where git fails.

    Git is stopped where the iterator is closed early.
    """
    import tempfile  # the gate streams nothing

    with tempfile.TemporaryFile() as errors:  # a pipe that nobody reads meanwhile could fill
        try:
            process = subprocess.Popen(
                ["git", *_FLAGS, *arguments],
                cwd=folder,
                env=_environment(variables),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                bufsize=0,  # so that a read returns what there is
            )
        except OSError as error:
            raise _cannot_start(folder, error) from error
        output = process.stdout
        assert output is not None
        with process:
            try:
                rest = b""
                while part := output.read(_PART):
                    *records, rest = (rest + part).split(b"\0")
                    yield from records
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            errors.seek(0)
            done = Done(arguments, process.returncode, b"", errors.read())
            raise RepositoryError(f"git {arguments[0]} failed in {folder}: {complaint(done)}")


def complaint(done: Done) -> str:
    """The first line git wrote to stderr, without its severity."""
    lines = os.fsdecode(done.stderr).strip().splitlines() or [f"exit status {done.returncode}"]
    return lines[0].removeprefix("fatal: ").removeprefix("error: ")


def discovery_error(start: Path, done: Done) -> RepositoryError:
    """Why git finds no repository around `start`, and what to do."""
    reason = complaint(done)
    if "not a git repository" in reason:
        return RepositoryError(f"{start} is not in a git repository: run `git init` there or point -C at one")
    if "dubious ownership" in reason:
        return RepositoryError(
            f"the repository at {start} belongs to another user: if you trust it, run "
            f"`git config --global --add safe.directory {start}`"
        )
    if done.stdout.startswith(b"true"):
        return RepositoryError(f"{start} is a bare repository: point -C at a clone with a working tree")
    if "work tree" in reason:
        return RepositoryError(f"{start} is inside a git directory: point -C at the working tree")
    return RepositoryError(f"git cannot open the repository at {start}: {reason}")


def _environment(variables: Mapping[str, str] | None) -> dict[str, str]:
    passed = {
        name: value
        for name, value in get_env().items()
        if not name.startswith("GIT_") or name in _ALLOWED or name.startswith(_ALLOWED_PREFIXES)
    }
    return passed | _FIXED | dict(variables or {})


def _cannot_start(folder: Path, error: OSError) -> RepositoryError:
    if isinstance(error, FileNotFoundError):
        return RepositoryError(NO_GIT)
    return RepositoryError(f"git cannot be run in {folder}: {error.strerror}")
