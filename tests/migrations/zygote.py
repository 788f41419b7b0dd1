"""Runs snippets, each in a process of its own: a script that reads requests and forks for every one of them.

Starting an interpreter for every snippet would take most of the suite's time; a fork of one that has the standard
library's heavier modules loaded takes milliseconds. What a rewrite could wrongly cut off (`unittest`, `unittest.mock`
and Holdline's runtime) is never loaded here, so that each snippet must import it itself.
"""

from __future__ import annotations

import asyncio  # noqa: F401  # loaded for the forks: unittest.mock needs it
import atexit
import importlib.util
import inspect  # noqa: F401  # as asyncio
import json
import os
import pprint  # noqa: F401  # as asyncio
import signal
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

SECONDS = 60
_PLAIN = (str, int, float, bytes, type(None))


def main() -> None:
    """Answer one line of JSON for each line of JSON on the standard input."""
    for line in sys.stdin:
        request = json.loads(line)
        answer = Path(request["root"]).with_suffix(".answer")
        if (child := os.fork()) == 0:
            _serve(request, answer)
        os.waitpid(child, 0)
        print(answer.read_text() if answer.exists() else json.dumps({"error": ["Killed", ""]}), flush=True)  # noqa: T201


def _serve(request: dict, answer: Path) -> None:
    signal.alarm(SECONDS)
    try:
        _enter(request)
        seen = _run_pytest(request) if "pytest" in request else _run_module(request["entry"])
        sys.stdout.flush()
        seen |= {"stdout": Path("../stdout").read_text(), "environ": _environ(), "child": _child_environ()}
        answer.write_text(json.dumps(seen))
    except BaseException:
        traceback.print_exc()
    os._exit(0)


def _enter(request: dict) -> None:
    """Give the process the fixed environment, the files, and an output of its own."""
    os.environ.clear()  # holdline: allow[HL102] judges the runtime, so it keeps clear of it
    os.environ.update(request["env"])  # holdline: allow[HL102] judges the runtime, so it keeps clear of it
    os.chdir(request["root"])
    sys.path.insert(0, request["root"])
    sys.dont_write_bytecode = True
    for descriptor, name in ((1, "../stdout"), (2, "../stderr")):
        os.dup2(os.open(name, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND), descriptor)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)


def _run_module(entry: str) -> dict:
    name = entry.removesuffix(".py").replace("/", ".")
    spec = importlib.util.spec_from_file_location(name, entry)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    error = None
    try:
        spec.loader.exec_module(module)
    except BaseException as raised:
        traceback.print_exc()
        error = [type(raised).__qualname__, str(raised)]
    atexit._run_exitfuncs()
    return {"error": error, "values": {k: repr(v) for k, v in vars(module).items() if k[0] != "_" and _is_plain(v)}}


def _run_pytest(request: dict) -> dict:
    outcomes: dict[str, str] = {}

    class Recorder:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.outcome != "passed" or report.when == "call":
                outcomes.setdefault(report.nodeid, report.outcome)

        def pytest_collectreport(self, report: pytest.CollectReport) -> None:
            if report.failed:
                outcomes[report.nodeid] = "uncollected"

    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        ".",
        "-c",
        os.devnull,
        "--import-mode=prepend",
        "--basetemp=../tmp",
    ]
    code = pytest.main([*options, *request["pytest"]], plugins=[Recorder()])
    return {"error": None, "code": int(code), "outcomes": outcomes}


def _is_plain(value: object) -> bool:
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(map(_is_plain, [*value, *value.values()]))
    return isinstance(value, _PLAIN)


def _environ() -> dict:
    # holdline: allow[HL101] judges the runtime, so it keeps clear of it
    return {str(k): repr(v) for k, v in os.environ.items()}


def _child_environ() -> dict:
    """The variables as a child process gets them."""
    shown = subprocess.run(["/usr/bin/env", "-0"], stdout=subprocess.PIPE, check=True).stdout
    return dict(item.split("=", 1) for item in os.fsdecode(shown).split("\0") if "=" in item)


if __name__ == "__main__":
    main()
