"""What the fixtures do: patches of the environment, and the variables of each scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from holdline_runtime import Environment, get_env, patch_env
from holdline_runtime.pytest_plugin import options
from holdline_runtime.pytest_plugin.mappings import ChildEnvironment, OwnedEnvironment
from holdline_runtime.pytest_plugin.profiles import ProfileError, Profiles, load_profiles

#: pytest sets it before each phase of a test and removes it after the last; a patch that puts back the one it found
#: would name a phase that is over.
CURRENT_TEST = "PYTEST_CURRENT_TEST"

_NECESSARY = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT", "PATHEXT", "COMSPEC"),
    }
)
_NECESSARY_PREFIXES = ("LC_", "PYTHON", "PYTEST_", "COVERAGE_", "COV_CORE_")
_PROFILES: pytest.StashKey[Profiles] = pytest.StashKey()


@contextmanager
def applied(values: Mapping[str, str] = {}, *, clear: bool = False) -> Iterator[Environment]:  # read only
    """Patch the environment for a test; all that changed meanwhile is put back."""
    with patch_env(values, clear=clear) as env:
        yield env
        phase = env.get(CURRENT_TEST)
    if phase is not None:
        env[CURRENT_TEST] = phase


def owned(scope: str) -> Iterator[OwnedEnvironment]:
    """Yield a mapping and in the end put back what was written through it: the body of a fixture of that scope."""
    env = OwnedEnvironment(scope)
    try:
        yield env
    finally:
        env.release()


def child() -> ChildEnvironment:
    """Copy the environment for a child, without pytest's note of which test runs here."""
    variables = ChildEnvironment(get_env())
    variables.pop(CURRENT_TEST, None)
    return variables


def necessary() -> dict[str, str]:
    """Pick the variables without which programs, Python and pytest do not work as usual."""
    return {k: v for k, v in get_env().items() if k in _NECESSARY or k.startswith(_NECESSARY_PREFIXES)}


def profile(config: pytest.Config, name: str, *, configured: bool = False) -> dict[str, str]:
    """Return the variables of a profile; the one that names the environment is among them.

    Where the profiles cannot be read the test fails, and, if it has to be `configured`, for a name that is not.
    """
    __tracebackhide__ = True
    if _PROFILES not in config.stash:
        try:
            config.stash[_PROFILES] = load_profiles(config.rootpath)
        except ProfileError as error:
            pytest.fail(str(error))
    profiles = config.stash[_PROFILES]
    if configured and name not in profiles:
        there = ", ".join(sorted(profiles)) or "none"
        pytest.fail(f"no profile is called {name!r} in [tool.holdline.environments]; there are: {there}")
    return {options.environment_variable(config): name, **profiles.get(name, {})}
