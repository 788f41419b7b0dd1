"""One linter on one side of a change: it runs on exported copies, and what it finds there is kept for the next time."""

from __future__ import annotations

import json
import os
import re
import signal
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from holdline.cache import ScanCache, content_key
from holdline.config import LinterConfig
from holdline.config_schema import FILES
from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline.linter_exports import Export
from holdline.linter_formats import Reported, UnreadableOutput, read_findings, stopped_early
from holdline.linter_process import Finished
from holdline.linter_tools import Tool
from holdline.model import Violation
from holdline.source import SourceError, parse

#: Bytes of file names in one command line, well below what systems allow.
_MOST_NAMES = 100_000
#: From here on an exit code is that of a shell telling that the program was not run or was killed.
_SHELL_TROUBLE = 126
#: The highest exit codes of tools that do not count their findings there: ruff's 2 means that it failed.
_HIGHEST_EXIT = {"ruff-json": 1}

_LINE_END = re.compile(rb"\r\n|\r|\n")
_ODD_IN_RULE = re.compile(r"[^A-Za-z0-9._:@/+-]+")
_NUMBER = re.compile(r"\d+")
#: What linters say of a file that they could not read; some then leave all others alone.
_MAY_BE_BROKEN = re.compile(r"syntax|pars(?:e|ing)|decod|encod", re.IGNORECASE)
_STORED = ("line", "column", "end_line", "end_column", "code", "message", "text", "identity")


class Side:
    """What a linter finds in one side's files. `named` says in messages which side it is."""

    def __init__(self, repo: Repository, tool: Tool, export: Export, cache: ScanCache, named: str) -> None:
        self._repo = repo
        self._tool = tool
        self._linter = tool.linter
        self._export = export
        self._cache = cache
        self._named = named
        self._digest = export.digest
        self._known: dict[str, tuple[Violation, ...]] = {}

    def load(self, paths: Iterable[str]) -> None:
        """Learn about several files with one run; what is not listed holds nothing."""
        listed = self._export.listed - self._known.keys()
        wanted = {f"{self._digest} {content_key(os.fsencode(path))}": path for path in paths if path in listed}
        for key, value in self._cache.get_many(wanted).items():
            with suppress(ValueError, TypeError):  # what cannot be read back is not known
                self._known[wanted[key]] = _recall(wanted[key], value)
        missing = {key: path for key, path in wanted.items() if path not in self._known}
        if not missing:
            return
        with tempfile.TemporaryDirectory(prefix="holdline-") as temporary:
            folder = Path(os.path.realpath(temporary))
            self._export.write(self._repo, folder)
            found = self._look(folder, sorted(missing.values()))
            for path in missing.values():
                self._known[path] = _violations(self._linter, folder, path, found.get(path, []))
        self._cache.put_many({key: _stored(self._known[path]) for key, path in missing.items()})

    def violations(self, path: str) -> tuple[Violation, ...]:
        """What it found in a file that was loaded."""
        return self._known.get(path, ())

    def _look(self, folder: Path, paths: Sequence[str]) -> dict[str, list[Reported]]:
        """What it reports in files, each in order."""
        found: dict[str, list[Reported]] = {}
        for batch in _batches(paths):
            found |= self._look_at(folder, batch)
        return found

    def _look_at(self, folder: Path, paths: Sequence[str]) -> dict[str, list[Reported]]:
        found: dict[str, list[Reported]] = {}
        while paths:
            done = self._run(folder, paths)
            reported = self._by_path(done, folder)
            found |= {path: reported.get(path, []) for path in paths}
            broken = {p for p in paths if any(map(_says_broken, found[p])) and _is_broken(folder, p)}
            if stopped_early(done.stdout) and not broken:
                told = [f": {r.path}: {r.message}" for findings in reported.values() for r in findings]
                raise self._failed(done, f"it stopped early{''.join(told[:1])}")
            # where it may have stopped at a broken file, it is asked again for the others
            paths = [path for path in paths if path not in broken] if broken else []
        return found

    def _run(self, folder: Path, paths: Sequence[str]) -> Finished:
        # A name that starts with a hyphen would be an option.
        names = [f"./{path}" if path.startswith("-") else path for path in paths]
        arguments = [n for part in self._linter.command[1:] for n in (names if part == FILES else [part])]
        done = self._tool.run(arguments, folder)
        if done.exit < 0:
            raise self._failed(done, f"it was killed by {_signal_name(-done.exit)}")
        if done.exit >= _SHELL_TROUBLE or done.exit > _HIGHEST_EXIT.get(self._linter.format, done.exit):
            raise self._failed(done, "it failed")
        return done

    def _by_path(self, done: Finished, folder: Path) -> dict[str, list[Reported]]:
        """What a run reports, by path of the repository."""
        files = self._export.files
        try:
            reported = read_findings(self._linter.format, done.stdout, files)
        except UnreadableOutput as error:
            raise self._failed(done, f"its output cannot be read: {error}") from None
        found: dict[str, list[Reported]] = {}
        strange = []
        for finding in reported:
            path = _relative(finding.path, folder)
            if path in files:
                found.setdefault(path, []).append(finding)
            elif not path.startswith("/"):  # others are about what is installed, and nobody's change
                strange.append(path)
        if strange and (self._linter.format != "gcc" or not found):
            raise self._failed(done, f"it reports on {strange[0]!r}, which it was not given")
        if done.exit and not found:
            raise self._failed(done, f"it reported nothing that reads as {self._linter.format}")
        return found

    def _failed(self, done: Finished, what: str) -> HoldlineError:
        words = f": {done.last_words}" if done.last_words else ""
        return HoldlineError(f"linter {self._linter.name} on {self._named}: {what} (exit code {done.exit}){words}")


def _batches(paths: Sequence[str]) -> Iterable[list[str]]:
    batch: list[str] = []
    size = 0
    for path in paths:
        length = len(os.fsencode(path)) + 10
        if batch and size + length > _MOST_NAMES:
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += length
    yield batch


def _relative(path: str, folder: Path) -> str:
    """A path as a linter names it, from the folder it ran in; absolute where it is not in there."""
    return os.path.normpath(path.removeprefix(f"{folder}/"))


def _says_broken(finding: Reported) -> bool:
    return _MAY_BE_BROKEN.search(f"{finding.rule} {finding.message}") is not None


def _is_broken(folder: Path, path: str) -> bool:
    return path.endswith((".py", ".pyi")) and not is_parsable(path, (folder / path).read_bytes())


def is_parsable(path: str, data: bytes) -> bool:
    """Whether Python can read a file."""
    try:
        parse(path, data)
    except (SourceError, RecursionError):
        return False
    return True


def _violations(linter: LinterConfig, folder: Path, path: str, reported: Sequence[Reported]) -> tuple[Violation, ...]:
    if not reported:
        return ()
    lines = _LINE_END.split((folder / path).read_bytes())
    found = [_violation(linter, path, r, lines, f"{folder}/") for r in reported]
    return tuple(sorted(found, key=lambda v: (v.line, v.column, v.code)))


def _violation(linter: LinterConfig, path: str, reported: Reported, lines: Sequence[bytes], root: str) -> Violation:
    rule = _ODD_IN_RULE.sub("-", reported.rule).strip("-")
    message = " ".join(reported.message.replace(root, "").split())
    line, column = max(reported.line, 1), max(reported.column, 1)
    end_line = max(reported.end_line, line)
    end_column = reported.end_column if reported.end_column and reported.end_line else column
    text = ""
    if 0 < reported.line <= len(lines):
        text = lines[line - 1].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").strip()
    return Violation(
        f"{linter.name}/{rule}" if rule else linter.name,
        message or rule or "a finding",
        path,
        line,
        column,
        end_line,
        max(end_column, column) if end_line == line else max(end_column, 1),
        text,
        # What is about no line in particular is known by its message, in which numbers may change.
        identity=" ".join(text.split()) or without_numbers(message),
    )


def without_numbers(message: str) -> str:
    """A message as it is whatever it counts or measures."""
    return _NUMBER.sub("0", message)


def _stored(found: Sequence[Violation]) -> bytes:
    return json.dumps([[getattr(v, name) for name in _STORED] for v in found]).encode()


def _recall(path: str, value: bytes) -> tuple[Violation, ...]:
    rows = (dict(zip(_STORED, row, strict=True)) for row in json.loads(value))
    return tuple(Violation(path=path, **row) for row in rows)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
