"""`patch_env`: set, change or clear variables for a while, as `unittest.mock.patch.dict` does."""

from __future__ import annotations

from holdline_runtime import mock_bridge
from holdline_runtime.environment import get_env, live_environ
from holdline_runtime.frame import ProcessFrame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Literal, TypeVar

    from holdline_runtime.environment import Environment

    C = TypeVar("C", bound=Callable[..., Any])

_RESERVED = ("mode", "restore")


def patch_env(
    values: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    /,
    *,
    clear: bool = False,
    **kwargs: str,
) -> EnvironmentPatch:
    """Make a patch of the process environment: `unittest.mock.patch.dict(os.environ, …)`, faults mended.

    Use it in a `with` statement, as a decorator of a function of any kind or of a class, or through `start()`
    and `stop()`. While it is applied the values are set in `os.environ`, and if `clear`, nothing else is. At
    the end whatever was deleted, changed or added meanwhile, by anyone, is put back.

    `values` are read once, here. What `os.environ` would refuse is refused at entry with its own exception,
    before anything has changed. `mode` and `restore` are reserved: as keywords they raise `TypeError`.
    """
    for name in _RESERVED:
        if name in kwargs:
            raise TypeError(
                f"patch_env() reserves the keyword {name!r}; to patch a variable of that name,"
                f" pass it in the mapping: patch_env({{{name!r}: ...}})"
            )
    return EnvironmentPatch({**dict(values), **kwargs}, clear)


class EnvironmentPatch:
    """What `patch_env` returns: values to apply, and the frames of the entries that have not exited yet.

    One patch may be entered again while it is applied; exits undo entries last first.
    """

    __slots__ = ("_clear", "_frames", "_starts", "_values")

    def __init__(self, values: dict[str, str], clear: bool) -> None:
        self._values = values
        self._clear = clear
        self._frames: list[ProcessFrame] = []
        self._starts: list[mock_bridge.Started] = []

    def applied(self) -> ProcessFrame:
        """Return a context manager for one application, to `os.environ` as it is now."""
        return ProcessFrame(live_environ(), self._values, self._clear)

    def __enter__(self) -> Environment:
        frame = self.applied()
        frame.__enter__()
        self._frames.append(frame)
        return get_env()

    def __exit__(self, *exc_info: object) -> Literal[False]:
        if self._frames:
            self._frames.pop().__exit__(*exc_info)
        return False

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
