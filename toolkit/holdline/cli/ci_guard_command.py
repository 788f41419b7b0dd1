"""`holdline ci-guard`: become a command, in CI alone."""

from __future__ import annotations

import argparse
import os
import signal
from typing import Any, NoReturn

from holdline.cli.exits import Exit
from holdline.errors import HoldlineError
from holdline.reports.console import Console
from holdline.reports.printable import printable
from holdline_runtime.ci_guard import CIGuardRefusal, require_ci, require_ci_for_production
from holdline_runtime.ci_guard.refusal import CIGuardMisuse
from holdline_runtime.startup import startup_environment


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code, or never: where CMD may run, this process becomes CMD."""
    words = arguments.words[1:] if arguments.words[:1] == ["--"] else arguments.words
    if not words or not words[0]:
        raise HoldlineError("ci-guard: there is no command to run: holdline ci-guard [options] -- CMD …")
    try:
        _ask(arguments)
    except CIGuardMisuse as misuse:
        raise HoldlineError(f"ci-guard: {misuse.reason}") from None
    except CIGuardRefusal as refusal:
        console.error(printable(str(refusal)))
        return Exit.FOUND
    return _become(words, arguments.folder)


def _ask(arguments: argparse.Namespace) -> None:
    """Return where the command may run, else raise CIGuardRefusal."""
    token = ("audience", "issuer", "token_variable", "ca_file")
    given: dict[str, Any] = {name: getattr(arguments, name) for name in token if getattr(arguments, name) is not None}
    if arguments.ca_file:
        given["ca_file"] = os.path.join(arguments.folder, arguments.ca_file)  # noqa: PTH118  # as it is named
    wanted = {
        "provider": arguments.provider,
        "repository": arguments.repository,
        "ref": arguments.ref,
        "credentials": arguments.credential,
    }
    if bool(arguments.database_url) != bool(arguments.production_host):
        raise HoldlineError("ci-guard: --database-url and --production-host go together")
    if not arguments.database_url:
        require_ci(arguments.level, production=arguments.production, **wanted, **given)
        return
    if arguments.level or arguments.production:
        raise HoldlineError("ci-guard: --database-url says what is asked for: leave --level and --production out")
    try:
        url = startup_environment().get(arguments.database_url, "")
    except OSError:
        url = ""  # nobody knows where it leads, and no URL is refused
    require_ci_for_production(url, hosts=arguments.production_host, **wanted, **given)


def _become(words: list[str], folder: str) -> NoReturn:
    """Have CMD take this process over, with the variables that were judged: exit code and signals are its own then."""
    environ = startup_environment()
    for name in ("SIGPIPE", "SIGXFSZ"):  # ignored by Python, and CMD would inherit that
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.chdir(folder)
    except OSError as error:
        raise HoldlineError(f"-C {folder}: {error.strerror}") from None
    try:
        os.execvpe(words[0], words, environ)
    except OSError as error:
        raise HoldlineError(f"ci-guard: {words[0]}: {error.strerror}") from None
