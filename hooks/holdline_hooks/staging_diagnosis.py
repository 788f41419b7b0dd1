"""What `holdline doctor` says about a repository whose tests are kept to staging."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

from holdline.errors import HoldlineError
from holdline_hooks.report import Finding
from holdline_hooks.staging import Configuration, has_tripwire, read_configuration
from holdline_hooks.staging_text import ENVIRONMENTS, PLUGIN, REQUIRED
from holdline_hooks.state import State

_AGAIN = "run `holdline install --staging`, and commit"
_CONFTEST = "conftest.py"


def examine_staging(root: Path, known: State) -> Iterator[Finding]:
    """Look at what holds the tests to staging, where it was installed here or anything of it is in the repository."""
    try:
        configuration, tripwire = read_configuration(root), has_tripwire(root)
    except HoldlineError as error:
        if known.staging:
            yield Finding(False, str(error))
        return
    if not known.staging and configuration.environments is None and not tripwire:
        return
    trouble = _trouble(configuration, known)
    kept = "tests are kept to " + " ".join(configuration.environments or ["nothing"])
    yield Finding(not trouble, f"{configuration.name}: {trouble or kept}")
    yield Finding(tripwire, f"{_CONFTEST}: {'has the tripwire' if tripwire else f'the tripwire is missing: {_AGAIN}'}")
    if not entry_points(group="pytest11", name=PLUGIN):
        yield Finding(False, f"pytest does not find the plugin {PLUGIN} in {sys.prefix}: install Holdline there anew")


def _trouble(configuration: Configuration, known: State) -> str:
    """What is wrong with the configuration and what to do; empty where nothing is."""
    if configuration.environments == []:
        return f"{ENVIRONMENTS} is empty: name the environments that tests may run against"
    lacks = []
    if configuration.environments is None:
        lacks.append(f"{ENVIRONMENTS} is missing")
    if not configuration.requires_plugin:
        lacks.append(f"{REQUIRED} does not name {PLUGIN}")
    if not lacks:
        return ""
    moved = [name for name in known.staging if name not in (_CONFTEST, configuration.name)]
    where = f"pytest reads this file now, not {moved[0]}, and " if moved else ""
    return f"{where}{', '.join(lacks)}: {_AGAIN}"
