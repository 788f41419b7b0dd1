"""Ask for a service by its name or URL."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from holdline_runtime.environment import get_env
from holdline_runtime.services import docker, http, postgres, redis, tcp
from holdline_runtime.services.cache import cached
from holdline_runtime.services.connection import Deadline
from holdline_runtime.services.endpoint import Endpoint, from_variable, scheme_of
from holdline_runtime.services.outcome import Outcome, Status, Unavailable

TIMEOUT = 2.0
"""Seconds that a probe may take in all, unless the caller says otherwise."""

_NAMES = {"docker": "docker", "postgres": "postgres", "postgresql": "postgres", "redis": "redis"}
_SCHEMES = {
    **dict.fromkeys(("http", "https"), "http"),
    **dict.fromkeys(("redis", "rediss"), "redis"),
    **dict.fromkeys(("postgres", "postgresql"), "postgres"),
    "tcp": "tcp",
}
_ASK: Mapping[str, Callable[[Endpoint, Deadline], str]] = {
    "docker": docker.ask,
    "http": http.ask,
    "postgres": postgres.ask,
    "redis": redis.ask,
    "tcp": tcp.ask,
}


def is_available(service: str, *, variable: str | None = None, timeout: float = TIMEOUT) -> bool:
    """Tell whether `probe` finds the service available."""
    return probe(service, variable=variable, timeout=timeout).available


def is_docker_available(*, timeout: float = TIMEOUT) -> bool:
    """Tell whether a Docker engine answers where Docker's own client would look for it."""
    return is_available("docker", timeout=timeout)


def probe(service: str, *, variable: str | None = None, timeout: float = TIMEOUT, fresh: bool = False) -> Outcome:
    """Ask whether a service can be used, within `timeout` seconds in all.

    `service` is `docker`, `postgres` or `redis`, whose endpoint and credentials the usual variables tell, or
    `variable` as a URL; or it is itself a URL with one of the schemes http, https, tcp, redis, rediss and postgresql.
    An answer is kept for 30 seconds when the service is available and for 5 when it is not; `fresh` asks anew.
    Raises ValueError for a service that there is no probe for; everything else is in the answer.
    """
    kind = _NAMES.get(service) or _SCHEMES.get(scheme_of(service))
    if kind is None:
        names = ", ".join(sorted(set(_NAMES)))
        raise ValueError(f"there is no probe for {service.partition(':')[0]!r}: expected {names} or a URL")
    started = time.monotonic()
    try:
        endpoint = _endpoint(kind, service, variable, get_env().copy())
    except Unavailable as error:
        return Outcome(kind, variable or "", error.status, error.cause, time.monotonic() - started)

    def ask() -> Outcome:
        return _ask(kind, endpoint, timeout)

    return ask() if fresh else cached(endpoint.fingerprint(), timeout + 1, ask)


def _endpoint(kind: str, service: str, variable: str | None, environ: Mapping[str, str]) -> Endpoint:
    url = service if "://" in service else from_variable(environ, variable) if variable else ""
    match kind:
        case "docker":
            return docker.from_text(url, environ) if url else docker.from_environment(environ)
        case "postgres":
            return postgres.from_text(url, environ) if url else postgres.from_environment(environ)
        case "redis":
            return redis.from_text(url) if url else redis.from_environment(environ)
        case "http":
            return http.from_text(url)
        case _:
            return tcp.from_text(url)


def _ask(kind: str, endpoint: Endpoint, timeout: float) -> Outcome:
    started = time.monotonic()
    try:
        status, cause = Status.AVAILABLE, _ASK[kind](endpoint, Deadline(timeout))
    except Unavailable as error:
        status, cause = error.status, error.cause
    return Outcome(kind, endpoint.label, status, cause, time.monotonic() - started)
