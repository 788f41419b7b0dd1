"""What an installation tells."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Report:
    """What was done, a line each, and what the user has to see to."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
