"""Suites of their own, run by a pytest of their own with the plugin as installed."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

RunSuite = Callable[..., pytest.RunResult]


@pytest.fixture
def run_suite(pytester: pytest.Pytester) -> RunSuite:
    """Write files (`{name: text}`) and run them: `run_suite(files, *options, ini="env_leaks = error")`.

    The settings go into a pytest.ini; nothing of this suite's own configuration is seen. The order is that of the
    files, unless `options` have a seed for pytest-randomly.
    """

    def run(files: dict[str, str], *options: str, ini: str = "") -> pytest.RunResult:
        settings = "\n".join(line.strip() for line in ini.splitlines())
        (pytester.path / "pytest.ini").write_text(f"[pytest]\n{settings}\n")
        for name, text in files.items():
            (pytester.path / name).parent.mkdir(parents=True, exist_ok=True)
            (pytester.path / name).write_text(textwrap.dedent(text))
        shuffled = any("randomly-seed" in option for option in options)
        ordered = () if shuffled else ("-p", "no:randomly")
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:hypothesispytest", *ordered, *options)

    return run
