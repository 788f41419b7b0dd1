"""The plugin's settings in the pytest configuration."""

from __future__ import annotations

import pytest

from holdline_runtime.pytest_plugin.staging_configuration import ENVIRONMENTS

ENV_LEAKS = ("restore", "error", "off")
_MASK_REPORTS = "holdline_mask_reports"


def declare(parser: pytest.Parser) -> None:
    """Declare every setting with what it means."""
    parser.addini(
        "holdline_environment_variable",
        "The variable that names the environment, which staging_env and its kin set.",
        default="ENVIRONMENT",
    )
    parser.addini(
        "env_leaks",
        "What happens when a test leaves the environment changed: restore (put it back and list the test), "
        "error (put it back and fail the test) or off.",
        default="off",
    )
    parser.addini(
        "env_leaks_ignore",
        "Patterns of variables that tests may leave changed, such as KMP_*.",
        type="args",
        default=[],
    )
    parser.addini(
        _MASK_REPORTS,
        "Keep secrets out of tracebacks, assertion diffs, captured output, JUnit XML, warnings and logs: true or "
        "false; unless told, true where holdline_environments is set.",
        type="bool",
        default=None,
    )


def environment_variable(config: pytest.Config) -> str:
    """The variable that names the environment."""
    return str(config.getini("holdline_environment_variable"))


def env_leaks(config: pytest.Config) -> str:
    """What to do about leaks: one of `ENV_LEAKS`. Raises UsageError for anything else."""
    mode = str(config.getini("env_leaks"))
    if mode not in ENV_LEAKS:
        raise pytest.UsageError(f"env_leaks: expected {', '.join(ENV_LEAKS[:-1])} or {ENV_LEAKS[-1]}, got {mode!r}")
    return mode


def mask_reports(config: pytest.Config) -> bool:
    """Whether secrets are kept out of reports: where tests talk to real systems, unless told otherwise."""
    try:
        told = config.getini(_MASK_REPORTS)
    except (ValueError, pytest.UsageError) as error:
        raise pytest.UsageError(f"{_MASK_REPORTS}: {error}") from None
    return bool(config.getini(ENVIRONMENTS)) if told is None else bool(told)


def env_leaks_ignore(config: pytest.Config) -> tuple[str, ...]:
    """The patterns of variables that may stay changed."""
    return tuple(config.getini("env_leaks_ignore"))
