"""`holdline install --staging`: keep a repository's tests to staging, for everyone who has the commit."""

from __future__ import annotations

import configparser
import tomllib
from pathlib import Path
from typing import NamedTuple

from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline.writing import replace_file
from holdline_hooks import state
from holdline_hooks.report import Report
from holdline_hooks.staging_text import (
    ENVIRONMENT,
    NEW_CONFTEST,
    NEW_INI,
    Edit,
    NotUnderstood,
    apply,
    configure,
    environments,
    requires_plugin,
    section_of,
    take_back,
    trip,
)

_CONFTEST = "conftest.py"
# In the order in which pytest looks; the first four count even when they are empty.
_FILES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
_ALWAYS = 4


def install_staging(repo: Repository) -> Report:
    """Write pytest's configuration and the conftest's tripwire. A second time changes nothing.

    Raises HoldlineError, before anything is changed, where what is there is not understood.
    """
    report, known = Report(), state.load(repo.common_dir)
    configuration = _configuration(repo.root)
    steps = [(configuration, _configured(repo.root, configuration)), (_CONFTEST, _tripped(repo.root))]
    for name, edits in steps:
        if edits:
            known.staging.setdefault(name, []).extend([edit.old, edit.new] for edit in edits)
    state.save(repo.common_dir, known)
    allowed = " ".join(read_configuration(repo.root).environments or [ENVIRONMENT])
    for name, edits in steps:
        if edits:
            _write(repo.root / name, _read(repo.root / name), edits)
        report.done.append(f"{name}: {'tests are kept to' if edits else 'already keeps tests to'} {allowed}")
    if any(edits for _, edits in steps):
        report.done.append("commit both files; every environment that runs the tests needs Holdline installed")
    return report


def leave_staging(repo: Repository, known: state.State, report: Report) -> None:
    """Take it out again; what was edited since stays and is told."""
    for name in list(known.staging):
        edits = [Edit(old, new or "") for old, new in known.staging[name]]
        path = repo.root / name
        text = _read(path)
        before = "" if text is None else take_back(text, edits)
        if before is None:
            report.left.append(f"{name}: what keeps the tests to staging was edited since: take it out yourself")
            continue
        if before == "" and edits[0].old is None:
            path.unlink(missing_ok=True)
        elif text is not None:
            replace_file(path, expected=text.encode(), new=before.encode())
        del known.staging[name]
        report.done.append(f"{name}: tests are not kept to {ENVIRONMENT} any more")
    state.save(repo.common_dir, known)


class Configuration(NamedTuple):
    """What the file that pytest reads at a root says, or, where there is none, the one that would be written.

    `environments` is None where it does not restrict the tests.
    """

    name: str
    environments: list[str] | None
    requires_plugin: bool


def read_configuration(root: Path) -> Configuration:
    """Read it. Raises HoldlineError where it cannot be read."""
    name = _configuration(root)
    text = _read(root / name) or ""
    section = _section_of(name, text) if text else ""
    return Configuration(name, environments(name, text, section), requires_plugin(name, text, section))


def has_tripwire(root: Path) -> bool:
    """Tell whether the root's conftest refuses to run without the plugin; HoldlineError where it cannot be read."""
    return not _tripped(root)


def _configuration(root: Path) -> str:
    """The file that pytest reads there, else the one to write: pyproject.toml where there is one."""
    for position, name in enumerate(_FILES):
        text = _read(root / name)
        if text is not None and (position < _ALWAYS or _section_of(name, text)):
            return name
    return "pyproject.toml" if (root / "pyproject.toml").exists() else "pytest.ini"


def _configured(root: Path, name: str) -> list[Edit]:
    text = _read(root / name)
    section = _section_of(name, text) if text else ""
    if text is None:
        return [Edit(None, NEW_INI)]  # only ever a pytest.ini
    if not section and name.endswith("pytest.ini"):
        return [Edit("", NEW_INI if text.endswith("\n") or not text else "\n" + NEW_INI)]
    try:
        return configure(name, text, section)
    except NotUnderstood as error:
        raise HoldlineError(f"{name}: {error}") from None


def _section_of(name: str, text: str) -> str:
    try:
        return section_of(name, text)
    except (tomllib.TOMLDecodeError, configparser.Error) as error:
        raise HoldlineError(f"{name}: {str(error).splitlines()[0]}: put it right and run again") from error


def _tripped(root: Path) -> list[Edit]:
    text = _read(root / _CONFTEST)
    if text is None:
        return [Edit(None, NEW_CONFTEST)]
    try:
        return trip(text)
    except SyntaxError as error:
        raise HoldlineError(f"{_CONFTEST}, line {error.lineno}: {error.msg}: put it right and run again") from error
    except NotUnderstood as error:
        raise HoldlineError(str(error)) from None


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HoldlineError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise HoldlineError(f"{path} is not UTF-8: put it right and run again") from error


def _write(path: Path, text: str | None, edits: list[Edit]) -> None:
    try:
        if text is None:
            path.write_bytes(apply("", edits).encode())
        else:
            replace_file(path, expected=text.encode(), new=apply(text, edits).encode())
    except OSError as error:
        raise HoldlineError(f"{path} cannot be written: {error.strerror}") from error
