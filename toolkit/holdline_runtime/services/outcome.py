"""What a probe answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a service was found.

    `absent` is nobody there, or not ready yet; `unauthorised` a service that does not take the credentials;
    `misconfigured` something there that is not what the settings say; `probe error` what the probe does not know.
    """

    AVAILABLE = "available"
    ABSENT = "absent"
    TIMED_OUT = "timed out"
    UNAUTHORISED = "unauthorised"
    MISCONFIGURED = "misconfigured"
    PROBE_ERROR = "probe error"


@dataclass(frozen=True)
class Outcome:
    """One answer: `endpoint` without credentials, `cause` in one line, and the `seconds` it took."""

    service: str
    endpoint: str
    status: Status
    cause: str
    seconds: float

    @property
    def available(self) -> bool:
        """Whether the service can be used with these credentials."""
        return self.status is Status.AVAILABLE

    def __str__(self) -> str:
        said = f": {self.cause}" if self.cause else ""
        where = f" at {self.endpoint}" if self.endpoint else ""
        return f"{self.service}{where} is {self.status}{said} ({self.seconds * 1000:.0f} ms)"


class Unavailable(Exception):
    """Ends a probe: the service cannot be used. `args` are the status and the cause."""

    def __init__(self, status: Status, cause: str) -> None:
        super().__init__(status, cause)
        self.status = status
        self.cause = cause


def quoted(text: str, *secrets: str | None) -> str:
    """Return a server's words for a cause: one printable line, not long, with what is secret taken out."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "<masked>")
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= 200 else line[:199] + "…"
