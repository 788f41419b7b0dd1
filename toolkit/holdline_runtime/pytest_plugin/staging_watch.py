"""See every write of a protected variable as it happens, even one that is undone at once.

CPython tells its audit hooks of each `putenv` and of each child process with an environment of its own. A hook cannot
be taken out again, so there is one for the process, which does nothing while nobody watches.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from types import FrameType
from typing import NamedTuple

from holdline_runtime import audit, callers
from holdline_runtime.masking import mask
from holdline_runtime.pytest_plugin.staging_decision import shown

# Where the environment argument is among those of the events that start a program.
_CHILD_EVENTS = {"subprocess.Popen": 3, "os.posix_spawn": 2, "os.exec": 2}
_STARTERS = {"subprocess", "asyncio.subprocess", "asyncio.unix_events", "asyncio.base_events"}


class Write(NamedTuple):
    """A protected variable that was set to something else: what happened, and the `file:line` that did it."""

    what: str
    where: str

    def __str__(self) -> str:
        return f"{self.what} at {self.where}" if self.where else self.what


class Watch:
    """Collects the writes that contradict `expected`. A variable that is only removed is not a write.

    Removals are left to the comparisons before and after each test, as `patch.dict` empties `os.environ` for a moment
    whenever it puts it back.
    """

    def __init__(self, variable: str, expected: Mapping[str, str]) -> None:
        self._variable = variable
        self._expected = expected
        self._writes: list[Write] = []
        self._removals: dict[str, str] = {}
        self._logged = -1  # the audit log's sequence up to which overlays have been looked at

    def start(self) -> None:
        """Begin to watch, beside any other watch."""
        _install()
        _watches.append(self)
        self._overlays()

    def stop(self) -> None:
        """Watch no more."""
        _watches.remove(self)

    def take(self) -> list[Write]:
        """Return the writes since the last time, each once."""
        taken, self._writes = self._writes, []
        return list(dict.fromkeys([*taken, *self._overlays()]))

    def describe(self, key: str, value: str) -> str:
        """Return words for a variable's contradicting value; only the name of an environment is shown."""
        return f"{key} is {shown(value)}" if key == self._variable else f"{key} is not what the profile says"

    def removed(self, key: str) -> Write:
        """Return what is known of a variable that turned out to be missing."""
        return Write(f"{key} was removed", self._removals.get(key, ""))

    def note_removal(self, key: str) -> None:
        """Keep who removed a variable last, in case it stays away."""
        if key in self._expected:
            self._removals[key] = _writer(sys._getframe())

    def note_set(self, key: str, value: str) -> None:
        """Note a write to this process's environment."""
        if self._contradicts(key, value):
            self._writes.append(Write(self.describe(key, value), _writer(sys._getframe())))

    def note_child(self, environment: Iterable[tuple[str, str]]) -> None:
        """Note what a child process is started with."""
        for key, value in environment:
            if self._contradicts(key, value):
                what = f"a child process is started where {self.describe(key, value)}"
                self._writes.append(Write(what, _writer(sys._getframe())))

    def _overlays(self) -> list[Write]:
        """Return what overlays have shown since the last time: these never reach the process, but they are logged."""
        fresh = [record for record in audit.records() if record.sequence > self._logged]
        self._logged = fresh[-1].sequence if fresh else self._logged
        return [
            Write(f"{self.describe(record.key, record.new)} in an overlay", record.place)
            for record in fresh
            if record.layer == "overlay" and record.operation != "restore" and record.new is not None
            if record.key in self._expected and record.new != mask(record.key, self._expected[record.key])
        ]

    def _contradicts(self, key: str, value: str) -> bool:
        return key in self._expected and self._expected[key] != value


_watches: list[Watch] = []
_installed: list[bool] = []


def _install() -> None:
    if not _installed:
        sys.addaudithook(_hear)
        _installed.append(True)


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if not _watches:
        return
    if event == "os.putenv":
        key, value = map(_text, arguments)
        for watch in _watches:
            watch.note_set(key, value)
    elif event == "os.unsetenv":
        for watch in _watches:
            watch.note_removal(_text(arguments[0]))
    elif event in _CHILD_EVENTS:
        environment = arguments[_CHILD_EVENTS[event]]
        if isinstance(environment, Mapping):
            pairs = [(_text(key), _text(value)) for key, value in environment.items()]
            for watch in _watches:
                watch.note_child(pairs)


def _text(value: object) -> str:
    return os.fsdecode(value) if isinstance(value, str | bytes | os.PathLike) else str(value)


def _writer(frame: FrameType | None) -> str:
    """Return the `file:line` that is to blame: not ours, nor what starts a program on somebody's behalf."""
    frame = callers.outside(frame)
    while frame is not None and frame.f_globals.get("__name__") in _STARTERS:
        frame = callers.outside(frame.f_back)
    return callers.place(frame)
