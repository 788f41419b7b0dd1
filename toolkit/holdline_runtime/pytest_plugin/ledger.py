"""What the environment has to be when a test is over, and the differences from it."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

#: pytest's own: it changes from phase to phase.
_PYTEST = ("PYTEST_CURRENT_TEST",)

Environ = MutableMapping[Any, Any]


class Change(NamedTuple):
    """A variable's value before and after; None where it is not set."""

    before: str | None
    after: str | None


Variables = dict[str, Change]


class Changes(NamedTuple):
    """What a fixture changed: variables, and the object that `os.environ` was before it, if it put another there."""

    variables: Variables
    replaced: Environ | None


class Ledger:
    """The expected environment of the test that runs. Changes that may stay for a while are folded into it.

    `ignored` are patterns of variables that do not count.
    """

    def __init__(self, ignored: tuple[str, ...]) -> None:
        self._ignored = (*_PYTEST, *ignored)
        self._environ: Environ = _environ()
        # The expected environment, then what each wide fixture that is being set up has found, outermost first.
        self._found: list[dict[str, str]] = [{}]
        self._environs: list[Environ] = []

    def begin(self) -> None:
        """Expect the environment as it is now."""
        self._environ = _environ()
        self._found = [dict(self._environ)]
        self._environs = []

    def expect(self, key: str, value: str | None) -> None:
        """Expect a variable to have this value from now on."""
        self._fold({key: value})

    def open(self) -> None:
        """Begin to note what a fixture changes."""
        self._environs.append(_environ())
        self._found.append(dict(_environ()))

    def drop(self) -> None:
        """End what `open` began: the fixture failed, and may keep nothing."""
        self._environs.pop()
        self._found.pop()

    def close(self) -> Changes:
        """End what `open` began: what the fixture changed, less what others did within it, is expected from now on."""
        before, found = self._environs.pop(), self._found.pop()
        replaced = None if _environ() is before else before
        if replaced is not None and self._environ is before:
            self._environ = _environ()
        variables = self._differences(found, _environ())
        self._fold({key: change.after for key, change in variables.items()})
        return Changes(variables, replaced)

    def release(self, changes: Changes) -> Variables:
        """Expect what was before a fixture's changes; put back, and return, those that it left."""
        if changes.replaced is not None:
            self._environ = changes.replaced  # if it is not there again, `settle` will say so
        left = {
            key: change
            for key, change in changes.variables.items()
            # Another value is somebody else's doing, and he will be blamed.
            if change.before != self._environ.get(key) == change.after == self._found[0].get(key)
        }
        for key, change in left.items():
            _put(self._environ, key, change.before)
        self._fold({key: change.before for key, change in changes.variables.items()})
        return left

    def settle(self) -> tuple[Variables, bool]:
        """Put back all that is not as expected; return it, and whether `os.environ` was another object."""
        replaced = _environ() is not self._environ
        if replaced:
            os.environ = self._environ  # type: ignore[assignment]  # holdline: allow[HL104] put back  # noqa: B003
        changed = self._differences(self._found[0], self._environ)
        for key, change in changed.items():
            _put(self._environ, key, change.before)
        return changed, replaced

    def _differences(self, before: dict[str, str], environ: Environ) -> Variables:
        after = dict(environ)
        keys = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
        return {key: Change(before.get(key), after.get(key)) for key in keys if not self._is_ignored(key)}

    def _is_ignored(self, key: str) -> bool:
        return any(fnmatchcase(key, pattern) for pattern in self._ignored)

    def _fold(self, values: dict[str, str | None]) -> None:
        for found in self._found:
            for key, value in values.items():
                _put(found, key, value)


def _environ() -> Environ:
    return os.environ  # holdline: allow[HL104] the object itself, which tests replace


def _put(environ: Environ, key: str, value: str | None) -> None:
    if value is None:
        environ.pop(key, None)
    else:
        environ[key] = value
