"""`patch_env`: set, change or clear variables for a while, as `unittest.mock.patch.dict` does."""

from __future__ import annotations

from _thread import get_ident

from holdline_runtime import mock_bridge, overlay, running
from holdline_runtime.environment import get_env
from holdline_runtime.frame import ProcessFrame
from holdline_runtime.live import live_environ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager
    from typing import Any, Literal, TypeVar

    from holdline_runtime.environment import Environment

    C = TypeVar("C", bound=Callable[..., Any])
    Mode = Literal["process", "overlay"]
    Restore = Literal["full", "owned"]
    # What was applied, and the thread and task that did it.
    _Entry = tuple[AbstractContextManager[None], int, Task[Any] | None]

_MODES = ("process", "overlay")
_RESTORES = ("full", "owned")


def patch_env(
    values: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    /,
    *,
    clear: bool = False,
    mode: Mode = "process",
    restore: Restore = "full",
    **kwargs: str,
) -> EnvironmentPatch:
    """Make a patch of the environment: `unittest.mock.patch.dict(os.environ, …)`, faults mended.

    Use it in a `with` statement, as a decorator of a function of any kind or of a class, or through `start()`
    and `stop()`. While it is applied the values are set, and if `clear`, nothing else is. `values` are read once,
    here. What `os.environ` would refuse is refused at entry with its own exception, before anything has changed.

    `mode="process"` changes `os.environ` itself, for the whole process. With `restore="full"` whatever was deleted,
    changed or added meanwhile, by anyone, is put back at the end; with `restore="owned"` only what this patch has
    changed and nobody else has changed since. Entry raises `OverlappingPatchError` when a task, or for longer than
    `overlap.WAIT` seconds a thread, holds a patch in which this one does not nest.

    `mode="overlay"` leaves `os.environ` alone: the values are seen through `get_env()`, in this context and those
    copied from it while it lasts; so are changes made there through `get_env()`. It cannot overlap with anything.

    Any other `mode` or `restore` raises `ValueError`, as does an overlay with `restore="owned"`. Variables of these
    names go into the mapping.
    """
    _check(mode, "mode", _MODES)
    _check(restore, "restore", _RESTORES)
    if mode == "overlay" and restore == "owned":
        raise ValueError("restore='owned' is for process patches; an overlay leaves nothing behind to restore")
    return EnvironmentPatch({**dict(values), **kwargs}, clear, mode, restore)


def _check(value: object, name: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(
            f"patch_env(): {name} is one of {', '.join(map(repr, choices))}; to patch a variable of that name,"
            f" pass it in the mapping: patch_env({{{name!r}: ...}})"
        )


class EnvironmentPatch:
    """What `patch_env` returns: values to apply, and the applications that have not ended yet.

    One patch may be entered again while it is applied, by other threads and tasks too; each exit undoes the latest
    entry of the thread and task that it happens in.
    """

    __slots__ = ("_clear", "_entries", "_mode", "_restore", "_starts", "_values")

    def __init__(self, values: dict[str, str], clear: bool, mode: Mode = "process", restore: Restore = "full") -> None:
        self._values = values
        self._clear = clear
        self._mode = mode
        self._restore = restore
        self._entries: list[_Entry] = []
        self._starts: list[mock_bridge.Started] = []

    def applied(self) -> AbstractContextManager[None]:
        """Return a context manager for one application, to `os.environ` or its overlays as they are now."""
        if self._mode == "overlay":
            return overlay.Overlay(self._values, self._clear)
        frame = ProcessFrame(live_environ(), self._values, self._clear, self._restore == "owned")
        if overlay.top() is None:
            return frame
        # Overlays would hide the patch from the façade.
        return _Both(frame, overlay.Overlay(self._values, self._clear))

    def __enter__(self) -> Environment:
        application = self.applied()
        application.__enter__()
        self._entries.append((application, get_ident(), running.task()))
        return get_env()

    def __exit__(self, *exc_info: object) -> Literal[False]:
        entry = self._latest()
        if entry is not None:
            self._entries.remove(entry)
            entry[0].__exit__(None, None, None)
        return False

    def _latest(self) -> _Entry | None:
        """Return the entry to undo: the latest of this task, or thread, or else (as for fixtures) of any."""
        entries = list(self._entries)
        if not entries:
            return None
        if len(entries) > 1:
            thread, task = get_ident(), running.task()
            for entry in reversed(entries):
                if entry[1] == thread and entry[2] is task:
                    return entry
        return entries[-1]

    def start(self) -> Environment:
        """Enter the patch until `stop()` or `unittest.mock.patch.stopall()`; return the environment."""
        env = self.__enter__()
        started = mock_bridge.Started(self.stop)
        self._starts.append(started)
        mock_bridge.register(started)
        return env

    def stop(self) -> Literal[False] | None:
        """Undo the latest `start()`; return None, and do nothing, when there is none."""
        if not self._starts:
            return None
        mock_bridge.unregister(self._starts.pop())
        return self.__exit__(None, None, None)

    def __call__(self, target: C) -> C:
        """Decorate a function or a class: the patch is applied afresh for each call, or each test."""
        from holdline_runtime import decorating

        decorated: C = decorating.decorate(target, self)
        return decorated


class _Both:
    """A process patch made inside of overlays: for the process, and on top of the overlays for the façade."""

    __slots__ = ("_frame", "_overlay")

    def __init__(self, frame: ProcessFrame, laid: overlay.Overlay) -> None:
        self._frame = frame
        self._overlay = laid

    def __enter__(self) -> None:
        self._frame.__enter__()
        try:
            self._overlay.__enter__()
        except BaseException:
            self._frame.__exit__(None, None, None)
            raise

    def __exit__(self, *exc_info: object) -> None:
        try:
            self._overlay.__exit__(None, None, None)
        finally:
            self._frame.__exit__(None, None, None)
