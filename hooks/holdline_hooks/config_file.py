"""The repository's `.pre-commit-config.yaml`: read, changed in one place, proved where a YAML parser is at hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from holdline.errors import HoldlineError
from holdline.writing import replace_file
from holdline_hooks.config_text import CONFIG, hook_entry, insert, not_understood
from holdline_hooks.script import Hook


def read_config(root: Path) -> str | None:
    """The file's text, line ends as they are; None where there is no such file."""
    path = root / CONFIG
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HoldlineError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise HoldlineError(f"{path} is not UTF-8: `holdline install --native` does without it") from error


def write_config(root: Path, old: str, new: str) -> None:
    """Put `new` in the place of `old`, unless somebody changed the file meanwhile; mode kept."""
    path = root / CONFIG
    if path.is_symlink():
        path = path.resolve()
    try:
        replace_file(path, expected=old.encode(), new=new.encode())
    except OSError as error:
        raise HoldlineError(f"{path} cannot be written: {error.strerror}") from error


def with_entry(text: str, hooks: Sequence[Hook]) -> tuple[str, str]:
    """The text with one more entry, for `hooks`, and what was put in.

    Where PyYAML is importable, as it is wherever pre-commit is, the result is read back: an entry more, and all the
    rest as before. Raises HoldlineError where the layout is not understood.
    """
    before = _parse(text)
    changed, addition = insert(text, hooks)
    if before is not None:
        expected = {"repo": "local", "hooks": [hook_entry(hook) for hook in hooks]}
        if _parse(changed) != before | {"repos": [*before["repos"], expected]}:
            raise not_understood("its layout is not understood", hooks)
    return changed, addition


def _parse(text: str) -> dict[str, Any] | None:
    """The parsed file; None without a parser."""
    try:
        import yaml  # type: ignore[import-untyped]  # comes with pre-commit
    except ModuleNotFoundError:
        return None
    try:
        parsed = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise HoldlineError(f"{CONFIG}{where}: not valid YAML: put it right and run again") from error
    if not isinstance(parsed, dict) or not isinstance(parsed.get("repos"), list):
        raise HoldlineError(f"{CONFIG}: it has no list `repos`: put it right and run again")
    return parsed
