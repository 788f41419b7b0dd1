"""What an installation tells, and what an examination finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass
class Report:
    """What was done, a line each, and what the user has to see to."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


class Finding(NamedTuple):
    """One line; where it is not `fine` it says what to do."""

    fine: bool
    text: str
