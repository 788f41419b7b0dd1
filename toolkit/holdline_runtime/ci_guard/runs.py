"""What is known of the CI run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CIRun:
    """The run that was let through: how well it is known (`level`), and what its provider says of it.

    What is merely claimed may have no `provider`, and then has no `repository`, `ref` (in full: `refs/heads/main`) and
    `run_id` either.
    """

    level: str
    provider: str = ""
    repository: str = ""
    ref: str = ""
    run_id: str = ""
