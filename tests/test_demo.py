"""`make demo` holds what it says, and the README shows what it prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from holdline_runtime import get_env

PROJECT = Path(__file__).parents[1]
SECONDS = re.compile(r"\bin \d+\.\d+s\b")
LEFT_OUT = "[…]"


@pytest.fixture(scope="module")
def demo() -> list[str]:
    """The lines that the demo prints, without times."""
    child = get_env().child_env(PYTHON=sys.executable)
    command = ["sh", str(PROJECT / "examples" / "demo.sh")]
    done = subprocess.run(
        command, env=child, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout
    return SECONDS.sub("", done.stdout).splitlines()


def test_the_demo_reaches_its_end(demo: list[str]) -> None:
    assert demo[-1].startswith("# That was the main job.")


def test_the_sample_shows_refusals(demo: list[str]) -> None:
    start = demo.index("left as they are:")
    assert demo[start + 1].startswith("tests/")


def test_the_readme_shows_what_the_demo_prints(demo: list[str]) -> None:
    """In order, and with nothing left out but where it says so."""
    session = shown((PROJECT / "README.md").read_text(encoding="utf-8"))
    position = 0
    for part in "\n".join(session).split(LEFT_OUT):
        wanted = part.strip("\n").splitlines()
        position = find(wanted, demo, position)
    assert LEFT_OUT in session


def shown(readme: str) -> list[str]:
    """The lines of the README's session, without times."""
    (session,) = (block for block in re.findall(r"```console\n(.*?)```", readme, re.DOTALL) if LEFT_OUT in block)
    return SECONDS.sub("", session).splitlines()


def find(wanted: list[str], lines: list[str], start: int) -> int:
    """The position behind these lines in a text, looked for from a start."""
    for position in range(start, len(lines) - len(wanted) + 1):
        if lines[position : position + len(wanted)] == wanted:
            return position + len(wanted)
    pytest.fail("the demo does not print this (any more):\n" + "\n".join(wanted))
