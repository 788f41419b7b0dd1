"""`holdline fingerprint`: give a database its fingerprint, and tell whether it is the one that is meant."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from holdline.cli.exits import Exit
from holdline.errors import HoldlineError
from holdline.reports.console import Console
from holdline.reports.printable import printable
from holdline_runtime import fingerprint, get_env
from holdline_runtime.fingerprint.addresses import Address, address_of
from holdline_runtime.fingerprint.opening import work_on
from holdline_runtime.fingerprint.production import require_ci_for

# Of the time there is: who asks can say what it waited for, and so is to give up before all of it has passed.
_SHARE = 0.9
_DONE = {"init": "has its fingerprint now", "verify": "is the one that is meant", "restamp": "has a new fingerprint"}


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code: 1 where the database is not as it should be, 2 where it is unknown."""
    try:
        address = _address(arguments)
        if arguments.action in ("init", "restamp"):
            require_ci_for(arguments.environment)  # before any connection
        found = _ask(address, arguments)
    except fingerprint.CannotAskError as error:
        raise HoldlineError(str(error)) from None
    except fingerprint.FingerprintError as error:
        console.error(f"holdline: {printable(str(error))}")
        return Exit.FOUND
    if not console.quiet or arguments.action == "show":
        console.write(_rendered(found, address, arguments))
    return Exit.OK


def _address(arguments: argparse.Namespace) -> Address:
    url = get_env().get("DATABASE_URL") if arguments.url is None else arguments.url
    if url is None:
        raise HoldlineError("which database? Give --url URL, or set the variable DATABASE_URL")
    address = address_of(url)
    if address.file:
        return replace(address, url=f"sqlite:///{Path(arguments.folder, address.file)}")
    return address


def _ask(address: Address, arguments: argparse.Namespace) -> fingerprint.Reading:
    action, limits = arguments.action, {"schema": arguments.schema, "timeout": arguments.timeout * _SHARE}

    def stamped(call: Callable[..., fingerprint.Stamp], **options: Any) -> Callable[[Any], fingerprint.Reading]:
        def work(connection: Any) -> fingerprint.Reading:
            stamp = call(connection, environment=arguments.environment, **options, **limits)
            return fingerprint.Reading(stamp, stamp.origin)

        return work

    works: dict[str, Callable[[], Callable[[Any], fingerprint.Reading]]] = {
        "show": lambda: lambda connection: fingerprint.read(connection, **limits),
        "verify": lambda: stamped(fingerprint.verify, fingerprint=arguments.fingerprint),
        "init": lambda: stamped(fingerprint.init),
        "restamp": lambda: stamped(
            fingerprint.restamp, fingerprint=arguments.fingerprint, who=arguments.who, reason=arguments.reason
        ),
    }
    return work_on(address, works[action](), write=action in ("init", "restamp"), timeout=arguments.timeout)


def _rendered(found: fingerprint.Reading, address: Address, arguments: argparse.Namespace) -> str:
    stamp = found.stamp
    if arguments.format == "json":
        data = {
            "database": address.label,
            "environment": stamp.environment,
            "fingerprint": stamp.fingerprint,
            "origin": stamp.origin,
            "copy": stamp.origin != found.here,
        }
        return json.dumps(data, ensure_ascii=False) + "\n"
    origin = "" if stamp.origin == found.here else f"; written for {stamp.origin}, and this is {found.here}: a copy"
    what = f": {_DONE[arguments.action]}" if arguments.action in _DONE else ""
    return printable(f"{address.label}{what}: {stamp.environment} {stamp.fingerprint}{origin}") + "\n"
