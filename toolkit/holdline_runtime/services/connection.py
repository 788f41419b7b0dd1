"""A connection that is over by its deadline, whatever the other side does."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from holdline_runtime.services.endpoint import Endpoint
from holdline_runtime.services.outcome import Status, Unavailable

_CHUNK = 4096
_TLS = "setting up TLS"


class Deadline:
    """A moment on the monotonic clock, `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds left; Unavailable (timed out) when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.passed()
        return left

    def passed(self, where: str = "") -> Unavailable:
        """Return what is raised when time is up; `where` says in which part, if that is telling."""
        return Unavailable(Status.TIMED_OUT, f"no answer within {self._seconds:g} s{where}")


class Connection:
    """A stream to an endpoint. Every wait gets what is left until the deadline, also where bytes only trickle in."""

    def __init__(self, endpoint: Endpoint, deadline: Deadline) -> None:
        self._deadline = deadline
        self._buffer = b""
        self._host = endpoint.host
        with _causes(deadline, "connecting"):
            self._socket = _connect(endpoint, deadline)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on encrypted."""
        self._socket.settimeout(self._deadline.remaining())
        with _causes(self._deadline, _TLS):
            self._socket = context.wrap_socket(self._socket, server_hostname=self._host)

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._socket.settimeout(self._deadline.remaining())
        with _causes(self._deadline, "sending"):
            self._socket.sendall(data)

    def exactly(self, count: int) -> bytes:
        """Receive so many bytes."""
        while len(self._buffer) < count:
            self._fill()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def until(self, end: bytes, limit: int) -> bytes:
        """Receive up to and with `end`; Unavailable (misconfigured) where it does not come within `limit` bytes."""
        while (at := self._buffer.find(end)) < 0:
            if len(self._buffer) > limit:
                raise Unavailable(Status.MISCONFIGURED, "what answers speaks another protocol")
            self._fill()
        at += len(end)
        taken, self._buffer = self._buffer[:at], self._buffer[at:]
        return taken

    def up_to(self, limit: int) -> bytes:
        """Receive what there is until the other side is done, at most so many bytes."""
        try:
            while len(self._buffer) < limit:
                self._fill()
        except Unavailable as error:
            if error.status is Status.TIMED_OUT:
                raise
        return self._buffer[:limit]

    def _fill(self) -> None:
        self._socket.settimeout(self._deadline.remaining())
        with _causes(self._deadline, "waiting for its answer"):
            data = self._socket.recv(_CHUNK)
        if not data:
            raise Unavailable(Status.MISCONFIGURED, "it closed the connection without a full answer")
        self._buffer += data


@contextmanager
def _causes(deadline: Deadline, doing: str) -> Iterator[None]:
    """Turn what the system says into an answer."""
    try:
        yield
    except TimeoutError:
        raise deadline.passed(f" while {doing}: it may speak none" if doing == _TLS else "") from None
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or "it speaks no TLS"
        raise Unavailable(Status.MISCONFIGURED, f"TLS failed: {reason.replace('_', ' ').lower()}") from None
    except ConnectionRefusedError:
        raise Unavailable(Status.ABSENT, "nobody listens there (connection refused)") from None
    except (FileNotFoundError, NotADirectoryError):
        raise Unavailable(Status.ABSENT, "there is no such socket") from None
    except PermissionError:
        raise Unavailable(Status.UNAUTHORISED, "this user may not use the socket") from None
    except socket.gaierror as error:
        raise Unavailable(Status.ABSENT, f"its host name is not known ({error.strerror})") from None
    except (ConnectionResetError, BrokenPipeError):
        raise Unavailable(Status.MISCONFIGURED, f"it broke the connection off while {doing}") from None
    except OSError as error:
        raise Unavailable(Status.ABSENT, f"{error.strerror or error} while {doing}") from None


def _connect(endpoint: Endpoint, deadline: Deadline) -> socket.socket:
    if endpoint.socket:
        return _open(socket.AF_UNIX, endpoint.socket, deadline)
    addresses = _resolve(endpoint.host, endpoint.port, deadline)
    for position, (family, *_, address) in enumerate(addresses, 1):
        try:
            return _open(family, address, deadline)
        except OSError:
            if position == len(addresses):
                raise
    raise AssertionError("getaddrinfo gives at least one address")


def _open(family: int, address: Any, deadline: Deadline) -> socket.socket:
    stream = socket.socket(family, socket.SOCK_STREAM)
    try:
        stream.settimeout(deadline.remaining())
        stream.connect(address)
    except BaseException:
        stream.close()
        raise
    return stream


def _resolve(host: str, port: int, deadline: Deadline) -> list[tuple[Any, ...]]:
    """Ask for the host's addresses in a thread: a name server that does not answer cannot be interrupted."""
    found: list[tuple[Any, ...]] = []
    failed: list[OSError | UnicodeError] = []

    def ask() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError, OverflowError) as error:
            failed.append(error if isinstance(error, OSError) else socket.gaierror(0, "it is no host name"))

    thread = threading.Thread(target=ask, name="holdline-resolve", daemon=True)
    thread.start()
    thread.join(deadline.remaining())
    if failed:
        raise failed[0]
    if not found:
        raise deadline.passed()
    return list(found)
