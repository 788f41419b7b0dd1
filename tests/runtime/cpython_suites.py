"""Run CPython's own tests of `os.environ` and `patch.dict` against ours; prints the outcomes as JSON.

Run as a script, in a process of its own, since it replaces names inside the test modules:
`python cpython_suites.py environ|overlay|patch`; the second is the first, on top of an empty overlay.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import pkgutil
import sys
import types
import unittest
from collections.abc import Iterator
from typing import Any
from unittest import mock

from holdline_runtime import get_env, patch_env
from holdline_runtime.environment import Environment
from holdline_runtime.frame import ProcessFrame
from holdline_runtime.patching import EnvironmentPatch


class OsWithFacade(types.ModuleType):
    """The `os` module as the tests of `os.environ` see it: `environ` is the façade, the rest is real."""

    real_environ = os.environ

    def __getattr__(self, name: str) -> Any:
        return get_env() if name == "environ" else getattr(os, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(os, name, self.real_environ if isinstance(value, Environment) else value)


class PatchOfAnyDict(EnvironmentPatch):
    """`patch_env` with `patch.dict`'s signature, aimed at the dict that a test gives."""

    def __init__(self, in_dict: Any, values: Any = (), clear: bool = False, **kwargs: Any) -> None:
        super().__init__({**dict(values), **kwargs}, clear)
        self.in_dict = in_dict

    def applied(self) -> ProcessFrame:
        if isinstance(self.in_dict, str):
            self.in_dict = pkgutil.resolve_name(self.in_dict)
        return ProcessFrame(self.in_dict, self._values, self._clear)

    def __enter__(self) -> Any:
        super().__enter__()
        return self.in_dict


class PatchWithOurDict:
    """`unittest.mock.patch` with `patch.dict` replaced."""

    dict = PatchOfAnyDict

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return mock.patch(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(mock.patch, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(mock.patch, name, value)


def import_first(*names: str) -> Any:
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    sys.exit("missing")


def environ_tests() -> unittest.TestSuite:
    module: Any = import_first("test.test_os.test_os", "test.test_os")
    module.os = OsWithFacade("os")
    return unittest.defaultTestLoader.loadTestsFromTestCase(module.EnvironTests)


def patch_tests() -> unittest.TestSuite:
    suite = unittest.TestSuite()
    for name in ("testpatch", "testasync", "testwith", "testmock"):
        module = import_first(f"test.test_unittest.testmock.{name}", f"unittest.test.testmock.{name}")
        module.patch = PatchWithOurDict()
        for test in flatten(unittest.defaultTestLoader.loadTestsFromModule(module)):
            if "patch.dict(" in inspect.getsource(getattr(test, test._testMethodName)):
                suite.addTest(test)
    return suite


def flatten(suite: Any) -> Iterator[Any]:
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


if __name__ == "__main__":
    tests = {"environ": environ_tests, "overlay": environ_tests, "patch": patch_tests}[sys.argv[1]]()
    ran = [test.id().rpartition(".")[2] for test in flatten(tests)]
    result = unittest.TestResult()
    with patch_env(mode="overlay") if sys.argv[1] == "overlay" else contextlib.nullcontext():
        tests.run(result)
    failed = {test.id().rpartition(".")[2]: text for test, text in [*result.failures, *result.errors]}
    sys.stdout.write(json.dumps({"ran": ran, "failed": failed}))
