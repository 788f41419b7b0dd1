"""Which tests a change affects, and when a command line can be narrowed to them."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from holdline.affected import Importers, narrow
from holdline_runtime import get_env

FILES = {
    "app/core.py": b"",
    "app/api.py": b"from app import (\n    core,\n)\n",
    "tests/conftest.py": b"",
    "tests/helpers.py": b"import os\n",
    "tests/plugin.py": b"",
    "tests/lonely.py": b"",
    "tests/test_a.py": b"from tests import helpers\n",
    "tests/test_api.py": b"import app.api\n",
    "tests/unit/conftest.py": b"from .helpers_unit import *\n",
    "tests/unit/helpers_unit.py": b"",
    "tests/unit/test_b.py": b"def test(): pass\n",
    "tests/unit/b_test.py": b"from tests.unit.test_b import test\n",
    "other/test_c.py": b"pytest_plugins = ['tests.plugin']\n",
}


@pytest.mark.parametrize(
    ("changed", "affected"),
    [
        ("tests/test_a.py", {"tests/test_a.py"}),
        ("tests/helpers.py", {"tests/test_a.py"}),
        ("tests/unit/test_b.py", {"tests/unit/test_b.py", "tests/unit/b_test.py"}),
        ("tests/unit/conftest.py", {"tests/unit/test_b.py", "tests/unit/b_test.py"}),
        ("tests/unit/helpers_unit.py", {"tests/unit/test_b.py", "tests/unit/b_test.py"}),
        (
            "tests/conftest.py",
            {"tests/test_a.py", "tests/test_api.py", "tests/unit/test_b.py", "tests/unit/b_test.py"},
        ),
        ("app/core.py", {"tests/test_api.py"}),
        ("tests/plugin.py", {"other/test_c.py"}),
        ("tests/lonely.py", None),
    ],
)
def test_what_is_affected(changed: str, affected: set[str] | None) -> None:
    assert Importers(FILES).affected_tests(changed) == affected


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("tests/unit/test_b.py", "tests/test_a.py", "sub/test_s.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("def test(): pass\n")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "narrowed"),
    [
        ("pytest", "pytest F"),
        ("pytest -q tests", "pytest -q F"),
        ("python3.12 -m pytest -x -k 'a or b' tests/unit", "python3.12 -m pytest -x -k 'a or b' F"),
        (".venv/bin/pytest -n 4 --cov=app tests", ".venv/bin/pytest -n 4 --cov=app F"),
        ("uv run pytest -vv", "uv run pytest -vv F"),
        ("poetry run python -m pytest", "poetry run python -m pytest F"),
        ("pytest -q --strange-option=1 tests", "pytest -q --strange-option=1 F"),
        ("make test", None),
        ("pytest && echo", None),
        ("FLAG=1 pytest", None),
        ("pytest --cov tests", None),  # whose is it?
        ("pytest tests/test_a.py::test", None),
        ("pytest @arguments", None),
        ("pytest 'unfinished", None),
        ("tox", None),
    ],
)
def test_what_can_be_narrowed(root: Path, line: str, narrowed: str | None) -> None:
    narrowing = narrow(line, root, "")
    assert (narrowing and narrowing.line(["F"], "")) == narrowed


def test_paths_of_the_command_are_respected_from_where_it_runs(root: Path) -> None:
    narrowing = narrow("pytest -q unit", root, "tests")
    assert narrowing is not None
    assert narrowing.holds("tests/unit/test_b.py")
    assert not narrowing.holds("tests/test_a.py")
    assert (
        narrowing.line(["tests/unit/test_b.py", "sub/test_s.py"], "tests")
        == "pytest -q unit/test_b.py ../sub/test_s.py"
    )


@pytest.mark.parametrize(
    ("settings", "line", "can"),
    [
        ("[tool.pytest.ini_options]\npython_files = ['check_*.py']\n", "pytest tests", False),
        ("[tool.pytest.ini_options]\ntestpaths = ['tests']\n", "pytest", False),
        ("[tool.pytest.ini_options]\ntestpaths = ['tests']\n", "pytest tests", True),
        ("[tool.pytest.ini_options]\naddopts = '--ignore=tests/unit'\n", "pytest tests", False),
        ("[project]\nname = 'x'\n", "pytest", True),
    ],
)
def test_settings_that_choose_files_are_respected(root: Path, settings: str, line: str, can: bool) -> None:
    (root / "pyproject.toml").write_text(settings)
    assert (narrow(line, root, "") is not None) is can


def test_a_narrowed_line_runs_just_those_tests(root: Path) -> None:
    narrowing = narrow(f"{sys.executable} -m pytest -q -p no:cacheprovider tests", root, "")
    assert narrowing is not None
    done = subprocess.run(
        shlex.split(narrowing.line(["tests/test_a.py"], "")),
        cwd=root,
        env={**get_env(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in done.stdout
