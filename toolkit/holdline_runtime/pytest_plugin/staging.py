"""Staging only: the tests run against the environments that the configuration allows, and nothing else.

This module is the first of its steps: before any conftest is imported it decides which environment the run is for and
sets its variables. Everything after that is `staging_guard`.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from types import FrameType

import pytest

from holdline_runtime.environment import get_env
from holdline_runtime.pytest_plugin import tripwire
from holdline_runtime.pytest_plugin.profiles import ProfileError, load_profiles
from holdline_runtime.pytest_plugin.staging_configuration import ENVIRONMENTS, read_settings
from holdline_runtime.pytest_plugin.staging_decision import Decision, Refused, Request, decide
from holdline_runtime.pytest_plugin.staging_guard import StagingGuard
from holdline_runtime.pytest_plugin.staging_watch import Watch

_OPTION = "--environment"
_GUARD = "holdline-staging"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the environments that are allowed, and the option that chooses among them."""
    parser.addini(ENVIRONMENTS, "environments that tests may run against, the default first", type="args", default=[])
    group = parser.getgroup("holdline")
    group.addoption(
        _OPTION,
        metavar="NAME",
        dest="holdline_environment",
        help=f"the environment to run against, one of {ENVIRONMENTS}",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Decide before any conftest is imported, and refuse with a usage error (exit code 4)."""
    try:
        decision = _decision(early_config)
        refusal = ""
    except Refused as error:
        # A worker that refuses here would be started again and again: it fails each of its tests instead.
        if not _is_worker():
            raise pytest.UsageError(f"holdline: {error}") from None
        decision, refusal = None, str(error)
    if decision is None and not refusal:
        return
    _arm(early_config, decision, refusal)


def _decision(config: pytest.Config) -> Decision | None:
    settings = read_settings(config)
    request = _request(config)
    if settings is None:
        if request is not None:
            raise Refused(f"{_OPTION} needs {ENVIRONMENTS} in the pytest configuration")
        return None
    try:
        profiles = load_profiles(config.rootpath)
    except ProfileError as error:
        raise Refused(str(error)) from None
    return decide(settings, request, get_env().copy(), profiles)


def _arm(config: pytest.Config, decision: Decision | None, refusal: str) -> None:
    """Set the variables that nobody declared, and have the guard watch them until pytest is done."""
    environ = get_env()
    expected = decision.expected if decision else {}
    watch = Watch(decision.variable if decision else "", expected)
    for key in decision.absent if decision else ():
        environ.set(key, expected[key], f"profile of {decision.environment}" if decision else None)
    guard = StagingGuard(config, decision, watch, refusal)
    if config.pluginmanager.register(guard, _GUARD) is None:
        raise pytest.UsageError(f"holdline: `-p no:{_GUARD}` is refused: the tests are kept to {' '.join(expected)}")
    watch.start()
    tripwire.arm()

    def disarm() -> None:
        tripwire.disarm()
        watch.stop()
        for key in decision.absent if decision else ():
            environ.pop(key, None)

    config.add_cleanup(disarm)


def _request(config: pytest.Config) -> Request | None:
    name = config.known_args_namespace.holdline_environment
    if name is None:
        return None
    if _asks(config.invocation_params.args):
        return Request(name, "the command line")
    if _asks(shlex.split(get_env().get("PYTEST_ADDOPTS", ""))):
        return Request(name, "PYTEST_ADDOPTS")
    return Request(name, "addopts")


def _asks(arguments: Sequence[str | os.PathLike[str]]) -> bool:
    return any(str(argument).partition("=")[0] == _OPTION for argument in arguments)


def _is_worker() -> bool:
    """Tell whether pytest-xdist runs this; its variable will not do, which a pytest started by a test inherits."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__") == "__channelexec__":  # what execnet calls the code it was sent
            return True
        frame = frame.f_back
    return False
