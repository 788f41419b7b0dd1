"""Plain TCP: somebody accepts connections."""

from __future__ import annotations

from holdline_runtime.services.connection import Connection, Deadline
from holdline_runtime.services.endpoint import Endpoint, from_url
from holdline_runtime.services.outcome import Status, Unavailable


def from_text(url: str) -> Endpoint:
    """Read `tcp://host:port`."""
    endpoint = from_url("tcp", url, port=0)
    if not endpoint.port:
        raise Unavailable(Status.MISCONFIGURED, "its URL has no port")
    return endpoint


def ask(endpoint: Endpoint, deadline: Deadline) -> str:
    """Connect, and no more."""
    with Connection(endpoint, deadline):
        return "it accepts connections"
