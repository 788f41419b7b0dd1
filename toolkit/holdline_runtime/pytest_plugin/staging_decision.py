"""Decide which environment a run of the tests is for; pure, and refusing in every doubt."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from holdline_runtime.pytest_plugin.staging_configuration import Settings

_SHOWN = re.compile(r"[\w.-]{0,32}", re.ASCII)


class Refused(Exception):
    """The tests may not run; one line that says why and what to do. Never a value that may be a secret."""


class Request(NamedTuple):
    """The environment asked for with `--environment`, and where: "the command line", "PYTEST_ADDOPTS", "addopts"."""

    name: str
    where: str


@dataclass(frozen=True)
class Decision:
    """The environment of a run: `variable` names it, `expected` are all the variables that must hold throughout.

    `absent` are those of them that nobody had declared: the ones to set. `reason` is for the banner.
    """

    environment: str
    variable: str
    expected: Mapping[str, str] = field(repr=False)
    absent: tuple[str, ...]
    reason: str

    def seal(self, salt: str) -> str:
        """Return a digest of what was decided, which tells two processes whether they agree, and no value."""
        facts = [salt, self.environment, self.variable, sorted(self.expected.items())]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def decide(
    settings: Settings, request: Request | None, declared: Mapping[str, str], profiles: Mapping[str, Mapping[str, str]]
) -> Decision:
    """Choose the environment: what is asked for, else what is declared, else the first that is allowed.

    `declared` is the process's environment as it was found. Raises Refused where what is asked for or declared is
    not allowed, where the two differ, or where a declared variable is not what the environment's profile says.
    """
    allowed, variable = settings.allowed, settings.variable
    only = f"tests may run against {' or '.join(allowed)} only ({settings.where})"
    if request is not None and request.name not in allowed:
        raise Refused(f"--environment is {shown(request.name)} in {request.where}: {only}")
    exported = declared.get(variable)
    if exported is not None and exported not in allowed:
        raise Refused(f"{variable} is {shown(exported)}: {only}; unset it")
    if request is not None and exported is not None and request.name != exported:
        raise Refused(f"--environment is {request.name} in {request.where}, but {variable} is {exported}: unset one")
    if request is not None:
        environment, reason = request.name, f"--environment in {request.where}"
    elif exported is not None:
        environment, reason = exported, f"{variable} was set already"
    else:
        environment, reason = allowed[0], settings.where
    expected = _variables(environment, variable, profiles)
    for key, value in expected.items():
        if declared.get(key, value) != value:
            raise Refused(f"{key} is set, but not to what the profile of {environment} says: unset it")
    return Decision(environment, variable, expected, tuple(key for key in expected if key not in declared), reason)


def shown(value: str) -> str:
    """Return a value for a message: as it is where it looks like an environment's name, else a word for it."""
    if not value:
        return "empty"
    return repr(value) if _SHOWN.fullmatch(value) else "not the name of an environment"


def _variables(environment: str, variable: str, profiles: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    if profiles and environment not in profiles:
        raise Refused(f"[tool.holdline.environments.{environment}] is missing, but other environments have a profile")
    profile = profiles.get(environment, {})
    if profile.get(variable, environment) != environment:
        raise Refused(f"[tool.holdline.environments.{environment}] sets {variable} to another environment")
    return {variable: environment, **profile}
