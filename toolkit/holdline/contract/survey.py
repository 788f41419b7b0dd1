"""Every file of a repository that may be a mutation script, read in its own language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from holdline.categories import Categorizer
from holdline.config import Config
from holdline.contract.digests import python_digest, text_digest
from holdline.contract.file import Contract, Script
from holdline.contract.operations import Operation, texts_of
from holdline.contract.python_operations import MARKS, PythonOperations
from holdline.contract.settings import ContractConfig
from holdline.globs import GlobSet
from holdline.model import Category, Problem, ProblemKind
from holdline.scanning import read, unreadable
from holdline.source import SourceError, parse

_SUFFIXES = {
    ".py": "python",
    ".sql": "sql",
    **dict.fromkeys((".sh", ".bash", ".ksh"), "shell"),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx"), "javascript"),
    **dict.fromkeys((".ts", ".mts", ".cts", ".tsx"), "typescript"),
}
_PROGRAMS = {"python": "python", "sh": "shell", "bash": "shell", "dash": "shell", "ksh": "shell", "node": "javascript"}
#: Bytes of a file without a suffix that tell its program.
_FIRST_LINE = 200


class FoundScript(NamedTuple):
    """A file as it is: its language, operations and digests (`text` is "" for Python)."""

    path: str
    language: str
    operations: tuple[Operation, ...]
    logic: str
    text: str

    @property
    def frozen(self) -> Script:
        """What the contract says of it from now on."""
        return Script(self.path, self.language, self.logic, texts_of(self.operations), self.text)


class Survey(NamedTuple):
    """The mutation scripts there are, and those of the contract that do nothing any more; what could not be read."""

    scripts: tuple[FoundScript, ...]
    problems: tuple[Problem, ...]


def survey(root: Path, paths: Sequence[str], config: Config) -> Survey:
    """Read the files among `paths` that may be mutation scripts.

    Raises MissingExtraError where there is a file that takes a parser of the extra, and that is not installed.
    """
    found: list[FoundScript] = []
    problems: list[Problem] = []
    listed = (config.frozen or Contract()).by_path
    for path in _candidates(paths, config):
        try:
            script = _look(root, path, path in listed)
        except OSError as error:
            problems.append(unreadable(path, error))
        except SourceError as error:
            problems.append(error.problem)
        except RecursionError:
            problems.append(Problem(path, ProblemKind.UNPARSABLE, "cannot be judged: nested too deeply"))
        else:
            if script is not None and (script.operations or path in listed):
                found.append(script)
    return Survey(tuple(found), tuple(problems))


def refreeze(contract: Contract | None, found: Sequence[FoundScript]) -> Contract:
    """The contract with the scripts as they are now, each with the purpose that people gave it; what does nothing any
    more is left out.
    """
    old = contract or Contract()
    scripts = [
        f.frozen._replace(purpose=old.by_path[f.path].purpose if f.path in old.by_path else "")
        for f in found
        if f.operations
    ]
    return Contract(scripts, old.forbidden, old.approvals)


def _candidates(paths: Sequence[str], config: Config) -> Iterator[str]:
    settings = config.contract or ContractConfig()
    categorizer, files = Categorizer(config), GlobSet(settings.files)
    listed = (config.frozen or Contract()).by_path
    for path in paths:
        wanted = files.matches(path) and categorizer.category(path) is not Category.TESTS
        if path in listed or (wanted and not categorizer.excluded(path)):
            yield path


def _look(root: Path, path: str, is_listed: bool) -> FoundScript | None:
    suffix = PurePosixPath(path).suffix
    language = _SUFFIXES.get(suffix, "")
    if not language and suffix:
        return None
    data = read(root, path)
    language = language or _language_of(data[:_FIRST_LINE])
    if not language:
        return None
    if language == "python":
        return _python(path, data) if is_listed or MARKS.search(data) else None
    from holdline.contract.languages import read_script

    text = data.decode("utf-8", "surrogateescape")
    parsed = read_script(path, text, "tsx" if suffix == ".tsx" else language)
    return FoundScript(path, language, parsed.operations, parsed.digest, text_digest(text, language))


def _python(path: str, data: bytes) -> FoundScript:
    source = parse(path, data)
    return FoundScript(path, "python", tuple(PythonOperations(source).all), python_digest(source.tree), "")


def _language_of(data: bytes) -> str:
    """The language that a file's first line names (`#!/usr/bin/env bash`); "" for none that is known."""
    first = data.split(b"\n", 1)[0].decode("ascii", "replace")
    words = first.removeprefix("#!").split() if first.startswith("#!") else []
    names = [PurePosixPath(w).name.rstrip("0123456789.") for w in words if not w.startswith("-")]
    return next((_PROGRAMS[n] for n in names if n in _PROGRAMS), "")
