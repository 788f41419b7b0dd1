"""Sample projects inside a test suite are reported and left alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdline.categories import Categorizer
from holdline.cli import main
from holdline.config import Config
from holdline.samples import sample_project

if TYPE_CHECKING:
    from conftest import MakeRepo

READ = 'import os\n\nX = os.environ["X"]\n'
BUILD = '[build-system]\nrequires = []\nbuild-backend = "build"\nbackend-path = ["."]\n'


@pytest.mark.parametrize(
    ("files", "path", "expected"),
    [
        ({"tests/demo/pyproject.toml": BUILD}, "tests/demo/build.py", "tests/demo"),
        ({"tests/demo/pyproject.toml": BUILD}, "tests/demo/deep/er/build.py", "tests/demo"),
        ({"tests/demo/setup.py": ""}, "tests/demo/build.py", "tests/demo"),
        ({"tests/demo/setup.py": "", "tests/demo/__init__.py": ""}, "tests/demo/build.py", ""),
        ({"tests/demo/pyproject.toml": "[tool.ruff]\n"}, "tests/demo/build.py", ""),
        ({"tests/pyproject.toml": BUILD}, "tests/test_a.py", ""),
        ({"packages/a/pyproject.toml": BUILD}, "packages/a/tests/test_a.py", ""),
        ({"pyproject.toml": BUILD}, "tests/test_a.py", ""),
    ],
)
def test_which_files_belong_to_one(tmp_path: Path, files: dict[str, str], path: str, expected: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert sample_project(tmp_path, path, Categorizer(Config())) == expected


def test_migrate_reports_and_leaves_them(make_repo: MakeRepo, capfd: pytest.CaptureFixture[str]) -> None:
    repo = make_repo({"tests/demo/pyproject.toml": BUILD, "tests/demo/build.py": READ, "tests/test_a.py": READ})
    assert main(["migrate", "-C", str(repo.root), "--jobs", "1"]) == 0
    assert repo.read("tests/demo/build.py").decode() == READ
    assert "get_env" in repo.read("tests/test_a.py").decode()
    assert "tests/demo/build.py:3:5: HL101 it belongs to the project in tests/demo" in capfd.readouterr().out
