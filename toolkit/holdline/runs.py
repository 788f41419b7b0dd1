"""What a run of `migrate` is to the journal: the writes it plans, those it made, and how far it came."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class RunStatus(enum.StrEnum):
    """How far a run came. `RUNNING` and `UNDOING` also name runs whose process died, until someone looks."""

    RUNNING = "running"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    UNDOING = "undoing"
    UNDONE = "undone"


class WriteState(enum.StrEnum):
    """How far one planned write came."""

    PLANNED = "planned"
    WRITTEN = "written"
    SKIPPED = "skipped"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """A file to rewrite: `/`-separated path from the root, its bytes, the violations fixed and left in it."""

    path: str
    before: bytes = field(repr=False)
    after: bytes = field(repr=False)
    fixed: int = 0
    remaining: int = 0


@dataclass(frozen=True, slots=True)
class RecordedWrite:
    """A file that a run wrote: blob id of the original, SHA-256 of the content before and after."""

    path: str
    original: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as `holdline status` shows it; times are UTC, ISO 8601.

    `root` is the working tree it ran in, `here` whether that is this one. `counts` is what it recorded at its
    end. `files` counts the files it wrote, `restored` those that an undo put back; `fixed` and `remaining`
    are the violations it removed from and left in the files it wrote.
    """

    id: int
    started: str
    finished: str | None
    command: str
    head: str | None
    root: Path
    here: bool
    status: RunStatus
    counts: Mapping[str, int]
    files: int
    restored: int
    fixed: int
    remaining: int

    @property
    def undone(self) -> bool:
        """Whether an undo has put back every file of the run."""
        return self.status is RunStatus.UNDONE
