"""A hard limit in time for what blocks in a driver: the connection is cut, so that nothing works on it afterwards."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any, Self

from holdline_runtime.fingerprint.errors import TimedOutError


class Watchdog:
    """Around questions to a database: raises TimedOutError once they have taken `seconds`.

    A blocked driver is woken by cutting its socket (SQLite: by `interrupt`). Where a driver shows no way to do that,
    the limit is judged when it comes back.
    """

    def __init__(self, connection: Any, seconds: float) -> None:
        self._seconds = seconds
        self._stop = stopper(connection)
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._bite)
        self._timer.daemon = True
        self._ended = False
        self.fired = False

    @property
    def message(self) -> str:
        """What to tell."""
        return (
            f"the database did not answer within {self._seconds:g} s: something holds a lock on its metadata, or it is "
            "overloaded; the connection is of no more use"
        )

    def __enter__(self) -> Self:
        self._until = time.monotonic() + self._seconds
        self._timer.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with self._lock:  # from here on the connection is the caller's again, whatever the timer does
            self._ended = True
        self._timer.cancel()
        if kind is None and (self.fired or time.monotonic() > self._until):
            raise TimedOutError(self.message)

    def _bite(self) -> None:
        with self._lock:
            if self._ended:
                return
            self.fired = True
            if self._stop is not None:
                self._stop()


def stopper(connection: Any) -> Callable[[], object] | None:
    """Return what wakes a driver that is blocked, from another thread; None where it shows no way."""
    driver = getattr(connection, "driver_connection", connection)  # below SQLAlchemy's adapters of asynchronous ones
    for candidate in (driver, getattr(driver, "_conn", None)):
        if isinstance(candidate, sqlite3.Connection):
            return candidate.interrupt
    if hasattr(driver, "terminate"):  # asyncpg's, to be called where its loop runs
        loop = asyncio.get_running_loop()
        return lambda: loop.call_soon_threadsafe(driver.terminate)
    for candidate in (driver, getattr(driver, "_usock", None), getattr(driver, "_sock", None)):
        if callable(getattr(candidate, "fileno", None)):
            return lambda: _cut(candidate)
    return None


def _cut(transport: Any) -> None:
    try:
        with socket.socket(fileno=os.dup(transport.fileno())) as double:
            double.shutdown(socket.SHUT_RDWR)
    except (OSError, ValueError, AttributeError):
        return  # it has ended by itself
    except Exception:  # noqa: BLE001  # a driver's own class for a connection that is closed
        return
