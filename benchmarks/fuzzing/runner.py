"""Run programs, each in a process of its own, and tell what they did: JSON texts come in by lines, logs go out so."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import json
import os
import re
import signal
import sys
import types
import unittest.mock
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import holdline_runtime

ENVIRONMENT = {"A": "a", "C": "c"}
REAL = os.environ  # holdline: allow[HL104] judges rewritten code, so it looks at the environment itself
LOOKED_AT = ("x", "y", "k", "v", "e", "rest", *(f"v{n}" for n in range(6)))
SECONDS = 20
_PATCHERS = (type(holdline_runtime.patch_env()), unittest.mock._patch_dict, unittest.mock._patch)
# holdline: allow[HL104] judges rewritten code, so it looks at the environment itself
_MAPPINGS = (type(os.environ), type(holdline_runtime.get_env()))
_CALLABLE = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, type)


def describe(value: object, depth: int = 0) -> Any:
    """A value in JSON; what the rewrite may tell apart from the original (see RUNTIME.md) looks the same."""
    if depth > 4:
        return "something deep"
    if isinstance(value, _MAPPINGS):
        return ["the environment", describe(dict(value), depth + 1)]
    if isinstance(value, BaseException):
        # texts of other exceptions name the types of their operands
        told = describe(value.args) if isinstance(value, KeyError) else ""
        return [type(value).__name__, told, describe(value.__cause__, depth + 1)]
    if isinstance(value, dict):
        # lines move with the imports, and as of 3.13 a class's namespace tells its first one
        items = [(k, v) for k, v in value.items() if k != "__firstlineno__"]
        return {"dict": sorted(repr([describe(k, depth + 1), describe(v, depth + 1)]) for k, v in items)}
    if isinstance(value, list | tuple):
        return [type(value).__name__, *(describe(v, depth + 1) for v in value)]
    if isinstance(value, set | frozenset):
        return ["set", *sorted(repr(describe(v, depth + 1)) for v in value)]
    if isinstance(value, _PATCHERS):
        return "a patcher"
    if isinstance(value, _CALLABLE):
        return "callable"
    if isinstance(value, str):
        return repr(anonymous(value))  # whose quotes depend on what it holds
    if isinstance(value, bytes):
        return repr(anonymous(value.decode("latin-1")).encode("latin-1"))
    if value is None or isinstance(value, int | float):
        return repr(value)
    return type(value).__name__


def anonymous(text: str) -> str:
    """A text without the parts that show the environment's content, a bound method or an address."""
    text = re.sub(r"<holdline environment, \d+ variables?>|environ\(\{.*?\}\)", "environ", text)
    text = re.sub(r"<bound method .*?>", "<method>", text)
    return re.sub(r" at 0x\w+", "", text)


class Use:
    """A stand-in for everything a program may use: it can be called, entered, indexed and iterated, and takes notes."""

    def __init__(self, log: list[Any]) -> None:
        self.log = log

    def __call__(self, *args: object, **kwargs: object) -> object:
        self.log.append(["call", describe(args), describe(kwargs)])
        return args[0] if args and isinstance(args[0], _CALLABLE) else self

    def __enter__(self) -> str:
        self.log.append("enter")
        return "entered"

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.log.append(["exit", describe(error)])

    def __getitem__(self, key: object) -> str:
        self.log.append(["get", describe(key)])
        return "item"

    def __setitem__(self, key: object, value: object) -> None:
        self.log.append(["set", describe(key), describe(value)])

    def __delitem__(self, key: object) -> None:
        self.log.append(["delete", describe(key)])

    def __iter__(self) -> Iterator[str]:
        return iter("ab")


def hide_what_may_differ() -> None:
    """Let the environment be iterated in the order of its names, and patchers have one text.

    patch.dict clears and refills the environment, patch_env mends what differs: that leaves variables in another order,
    which docs/rewrites.md tells.
    """
    kind = type(REAL)
    plain = kind.__iter__
    setattr(kind, "__iter__", lambda self: iter(sorted(plain(self))))  # noqa: B010  # no assignment mypy would take
    setattr(kind, "__repr__", lambda self: f"environ({dict(self)})")  # noqa: B010
    for patcher in _PATCHERS:
        setattr(patcher, "__repr__", lambda self: "a patcher")  # noqa: B010
    sys.unraisablehook = lambda unraisable: None


def run(text: str) -> list[Any]:
    """Execute a program and what it defines; the log of what it used, returned, raised, printed and left behind.

    What a program does that puts something in place of os.environ that is no mapping, nobody promises.
    """
    log: list[Any] = []
    REAL.clear()
    REAL.update(ENVIRONMENT)
    space: dict[str, Any] = {"__name__": "program", "use": Use(log), "key": "B", "value": "v", "TYPE_CHECKING": False}
    space.update(x="x", y="y", id=lambda value: "an identity")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            _execute(text, space, log)
        except NoMappingError:
            return ["os.environ was replaced by no mapping"]
    log.append(anonymous(printed.getvalue()))
    return log


class NoMappingError(Exception):
    """os.environ is no mapping any more."""


def _execute(text: str, space: dict[str, Any], log: list[Any]) -> None:
    def attempt(what: str, function: Callable[[], object]) -> None:
        try:
            log.append([what, describe(function())])
        except Exception as error:  # noqa: BLE001  # whatever it is, both versions must raise it
            log.append([what, describe(error)])
        # holdline: allow[HL104] judges rewritten code, so it looks at the environment itself
        if not isinstance(os.environ, Mapping):
            raise NoMappingError
        left = sorted([anonymous(name), anonymous(text)] for name, text in REAL.items())
        # holdline: allow[HL101] judges rewritten code, so it looks at the environment itself
        log.append([what, left, os.environ is REAL])

    attempt("module", lambda: exec(compile(text, "program.py", "exec"), space))
    if log[-2][1][:1] == ["NameError"]:
        return  # whatever it defined, nobody gets to import it
    for name in ("f", "g", "get_env"):
        function = space.get(name)
        if isinstance(function, types.FunctionType) and function.__module__ == "program":
            attempt(name, runner(function))
    for name, method in (("C", "m"), ("T", "test_a")):
        class_ = space.get(name)
        if isinstance(class_, type):
            log.append(sorted((k, describe(v)) for k, v in vars(class_).items() if not k.startswith("_")))
            attempt(name, lambda c=class_, m=method: getattr(c(), m)())  # type: ignore[misc]
    log.append([[name, describe(space.get(name, "unset"))] for name in LOOKED_AT])


def runner(function: Callable[[], Any]) -> Callable[[], object]:
    """Call a function and run what it returns to its end."""
    if inspect.iscoroutinefunction(function):
        return lambda: asyncio.run(function())
    if inspect.isgeneratorfunction(function):
        return lambda: list(function())
    return function


def forked(text: str) -> str:
    """The log of a program run in a child process, as JSON."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(SECONDS)
        try:
            log = json.dumps(run(text))
        except BaseException as error:  # noqa: BLE001  # SystemExit, for one
            log = json.dumps(["the program ended the run", repr(error)])
        with os.fdopen(writing, "w") as file:
            file.write(log)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        log = file.read()
    os.waitpid(child, 0)
    return log


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    hide_what_may_differ()
    for line in sys.stdin:
        sys.stdout.write(forked(json.loads(line)) + "\n")
        sys.stdout.flush()
