"""What is asked of one repository of a fleet, and what came of it. All values can be sent to other machines."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class Status(enum.StrEnum):
    """How a repository fared: as the command itself says by its exit code, or `FAILED` where it could not say."""

    OK = "ok"
    FOUND = "found"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration to use in place of the repository's own; sent along, since other machines lack the file."""

    name: str
    contents: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one repository.

    `exit` is the command's exit code (None: it did not end by itself), `figures` are the numbers of its report,
    `message` is its last word on standard error, or why it failed. `folder` is where it ran. `state` stands for what
    the repository held then ("" for unknown); `resumed` says that an earlier run found all this.
    """

    status: Status
    commit: str | None = None
    exit: int | None = None
    seconds: float = 0.0
    figures: Mapping[str, float] | None = None
    message: str = ""
    folder: str = ""
    state: str = ""
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A command to run over one repository, which is a clone at `path` or else the remote at `url`.

    `source` is the path or address, fit to be shown; `url` may hold a password and is not. `work` is the folder for
    clones of remotes ("" for the usual one of the machine that runs it), `timeout` is in seconds for all of it,
    `processes` how many the command may use. `remembered` is what an earlier run found.
    """

    name: str
    source: str
    command: str
    arguments: tuple[str, ...]
    timeout: int
    path: str = ""
    url: str = field(default="", repr=False)
    ref: str = ""
    config: ConfigFile | None = None
    work: str = ""
    processes: int = 1
    remembered: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A job with its outcome."""

    job: Job
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class FleetReport:
    """The repositories in the order of the list `file`; `arguments` are those given for all of them."""

    file: str
    command: str
    arguments: tuple[str, ...]
    rows: tuple[Row, ...]

    def count(self, status: Status) -> int:
        """How many repositories fared so."""
        return sum(1 for row in self.rows if row.outcome.status is status)
