"""What the controller and the workers of pytest-xdist tell each other about the decided environment."""

from __future__ import annotations

import os
from typing import Any

import pytest

from holdline_runtime.pytest_plugin.staging_decision import Decision

_KEY = "holdline_staging"


class Handover:
    """One side of it. The decision travels sealed: both sides compute the digest, no value is sent."""

    def __init__(self, config: pytest.Config, decision: Decision | None) -> None:
        self._config = config
        self._decision = decision

    @property
    def is_worker(self) -> bool:
        """Whether this process is a worker; known from `pytest_configure` on."""
        return hasattr(self._config, "workerinput")

    def send(self, node: Any) -> None:
        """Controller: give a worker the decision to compare its own with."""
        assert self._decision is not None  # a controller without one has refused to start
        salt = os.urandom(8).hex()
        node.workerinput[_KEY] = [salt, self._decision.seal(salt), self._decision.environment]

    def disagreement(self) -> str:
        """Worker: say how this process's decision differs from the controller's; "" where it does not."""
        if not self.is_worker or self._decision is None:
            return ""
        sent = vars(self._config)["workerinput"].get(_KEY)
        if sent is None:
            return "the controller of this worker has not decided on an environment"
        salt, seal, environment = sent
        if self._decision.seal(salt) == seal:
            return ""
        return f"this worker is set up for {self._decision.environment}, not as the controller is for {environment}"

    def give_back(self, strays: list[str], blamed: int) -> None:
        """Worker: leave for the controller what was found."""
        vars(self._config)["workeroutput"][_KEY] = [strays, blamed]

    def take_back(self, node: Any, *, crashed: bool) -> tuple[list[str], int]:
        """Controller: return what a worker found. One that ran unguarded is itself a finding."""
        name = node.gateway.id
        found = getattr(node, "workeroutput", {}).get(_KEY)
        if found is None:
            return ([] if crashed else [f"{name} ran its tests without Holdline's guard"]), 0
        strays, blamed = found
        return [f"{name}, {stray}" for stray in strays], blamed
