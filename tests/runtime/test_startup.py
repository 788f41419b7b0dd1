"""The environment as the process was started with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import holdline_runtime
from holdline_runtime.startup import parsed, startup_environment

NAMES = st.binary(min_size=1, max_size=8).filter(lambda name: b"=" not in name and b"\0" not in name)
VALUES = st.binary(max_size=8).filter(lambda value: b"\0" not in value)


@given(st.dictionaries(NAMES, VALUES))
def test_a_block_is_read_as_it_was_written(variables: dict[bytes, bytes]) -> None:
    block = b"".join(name + b"=" + value + b"\0" for name, value in variables.items())
    assert parsed(block) == {
        name.decode(sys.getfilesystemencoding(), "surrogateescape"): value.decode(
            sys.getfilesystemencoding(), "surrogateescape"
        )
        for name, value in variables.items()
    }


def test_of_a_name_that_is_there_twice_the_first_counts_as_it_does_for_everybody_else() -> None:
    assert parsed(b"CI=\0CI=true\0") == {"CI": ""}


def test_each_call_gives_a_dict_of_its_own() -> None:
    startup_environment().clear()
    assert startup_environment()


def run(program: str, **environ: str) -> str:
    source = str(Path(holdline_runtime.__file__).parents[1])
    start = f"import sys; sys.path.append({source!r})\n"
    command = [sys.executable, "-I", "-c", start + program]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout


SHOW = "from holdline_runtime.startup import startup_environment as s\nprint(s().get('A'), s().get('B'), end='')"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_writes_before_the_import_are_not_seen() -> None:
    assert run(f"import os\nos.environ.update(A='2', B='2')\n{SHOW}", A="1") == "1 None"


def test_elsewhere_it_is_what_was_there_on_the_first_import() -> None:
    program = "import os, sys\nsys.platform = 'darwin'\nimport holdline_runtime\nos.environ.update(A='2', B='2')\n"
    assert run(program + SHOW, A="1") == "1 None"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_without_proc_nothing_is_guessed() -> None:
    program = "import holdline_runtime.startup as s\ns._BLOCK = '/nowhere'\n"
    program += "try: s.startup_environment()\nexcept OSError: print('refused', end='')"
    assert run(program, A="1") == "refused"
