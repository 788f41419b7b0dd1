"""scripts/find_python.sh: which interpreter `make` sets up with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "find_python.sh"
HERE = "{}.{}".format(*sys.version_info)
SHIM = "#!/bin/sh\necho 'pyenv: version is not installed' >&2\nexit 127\n"
OLD = "#!/bin/sh\nexit 1\n"  # what a Python below 3.11 answers
GOOD = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'


def find(bin_folder: Path, *versions: str) -> subprocess.CompletedProcess[str]:
    """Run the script with nothing on PATH but this folder."""
    home = {"HOME": str(bin_folder), "PATH": str(bin_folder)}
    command = ["/bin/sh", str(SCRIPT), *versions]
    return subprocess.run(command, env=home, capture_output=True, text=True, check=False)


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    for name in ("ls", "sort", "seq", "sed"):
        program = next(p for p in (Path("/usr/bin", name), Path("/bin", name)) if p.exists())
        (tmp_path / name).symlink_to(program)
    return tmp_path


def put(bin_folder: Path, name: str, script: str) -> None:
    path = bin_folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)


def test_python3_comes_first(bin_folder: Path) -> None:
    put(bin_folder, "python3", GOOD)
    put(bin_folder, "python3.14", SHIM)
    done = find(bin_folder)
    assert (done.returncode, done.stdout.strip()) == (0, sys.executable)


@pytest.mark.parametrize("python3", [SHIM, OLD], ids=["a shim that does not run", "too old"])
def test_a_python_that_will_not_do_is_passed_over(bin_folder: Path, python3: str) -> None:
    put(bin_folder, "python3", python3)
    put(bin_folder, "python3.12", GOOD)
    assert find(bin_folder).stdout.strip() == sys.executable


def test_pyenv_versions_are_found_without_their_shims(bin_folder: Path) -> None:
    put(bin_folder, f".pyenv/versions/{HERE}.99/bin/python", GOOD)
    assert find(bin_folder).stdout.strip() == sys.executable
    assert find(bin_folder, HERE).stdout.strip() == sys.executable


def test_a_named_version_is_not_replaced_by_another(bin_folder: Path) -> None:
    put(bin_folder, "python3", GOOD)
    done = find(bin_folder, "3.14")
    assert done.returncode == 1
    assert "no Python 3.14 that runs" in done.stderr


def test_without_any_it_says_what_to_do(bin_folder: Path) -> None:
    put(bin_folder, "python3", OLD)
    done = find(bin_folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert "make PYTHON=/path/to/python" in done.stderr
