"""What `holdline install` did in this clone, so that `uninstall` takes back that and no more."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from holdline.errors import HoldlineError
from holdline_hooks.script import Hook

_FILE = Path("holdline", "installed.json")
_VERSION = 1


@dataclass
class State:
    """`folders`: the hooks folders with native hooks, each with the folders made for it, outermost first.

    `native` are those hooks, `through_pre_commit` the ones that run by pre-commit. `entry` is the text put into its
    configuration (empty: the entry was there before), `scripts` the types that `pre-commit install` was run for.
    `staging` has the edits, as pairs of old and new text, of each file that keeps the tests to staging.
    """

    folders: dict[str, list[str]] = field(default_factory=dict)
    native: list[str] = field(default_factory=list)
    through_pre_commit: list[str] = field(default_factory=list)
    entry: str = ""
    scripts: list[str] = field(default_factory=list)
    staging: dict[str, list[list[str | None]]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is installed."""
        return self == State()


def add(hooks: Iterable[str], more: Iterable[str]) -> list[str]:
    """Both lists' hooks, each once, in the order git runs them."""
    return [str(hook) for hook in Hook if hook in {*hooks, *more}]


def load(common_dir: Path) -> State:
    """The state of the repository with this common git folder. HoldlineError where the file is damaged."""
    path = common_dir / _FILE
    try:
        record = json.loads(path.read_bytes())
        if record.pop("version") != _VERSION:
            raise HoldlineError(f"{path} is of another Holdline: use that one, or delete the file")
        return State(**record)
    except FileNotFoundError:
        return State()
    except OSError as error:
        raise HoldlineError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HoldlineError(f"{path} is damaged: delete it and run `holdline install` again") from error


def save(common_dir: Path, state: State) -> None:
    """Keep the state: a file that says the same already stays as it is, that of an empty state goes."""
    path = common_dir / _FILE
    try:
        if state.is_empty:
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # the journal lives there too
                path.parent.rmdir()
        elif load(common_dir) != state:
            path.parent.mkdir(exist_ok=True)
            temporary = path.with_name(f"{path.name}.{os.getpid()}")
            temporary.write_text(json.dumps({"version": _VERSION, **asdict(state)}, indent=2) + "\n")
            temporary.replace(path)
    except OSError as error:
        raise HoldlineError(f"{path} cannot be written: {error.strerror}") from error
