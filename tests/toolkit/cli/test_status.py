"""`holdline status`: the runs and what remains, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

READ = 'import os\n\nX = os.environ["X"]\n'
SCHEMA = Path(__file__).parents[3] / "docs" / "json-schema" / "holdline-status-1.schema.json"


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo(
        {
            "tests/test_a.py": READ,
            "tests/test_b.py": READ + "vars(os.environ)\n",
            "app/core.py": READ,
            "app/clean.py": "X = 1\n",
        }
    )


@pytest.fixture
def status(call: Run) -> Callable[[Repo], Any]:
    """The JSON form, checked against its schema."""
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))

    def read(repo: Repo) -> Any:
        done = call(repo.root, "status", "--format", "json")
        assert (done.code, done.err) == (0, "")
        validator.validate(done.json)
        return done.json

    return read


def test_before_any_run(repo: Repo, shell: Run) -> None:
    done = shell(repo.root, "status")
    assert (done.code, done.err) == (0, "")
    assert done.text == ("No run of migrate yet.\n\nNow: score 25.0 % (1 of 4 files), 4 violations in 3 files\n")


def test_runs_newest_first(repo: Repo, shell: Run) -> None:
    shell(repo.root, "tests/test_a.py", script="migrate")
    shell(repo.root / "tests", "scan", "--fix", "test_b.py")
    shell(repo.root, "undo", "1")
    lines = shell(repo.root, "status").text.splitlines()
    assert lines[0].split("  ")[0] == "run"
    assert [line.split()[0] for line in lines[1:3]] == ["2", "1"]
    assert " ".join(lines[1].split()[3:]) == "complete 1 1 1 holdline scan --fix test_b.py"
    assert " ".join(lines[2].split()[3:]) == "undone 1 1 0 holdline migrate tests/test_a.py"
    assert lines[-1] == "Now: score 25.0 % (1 of 4 files), 3 violations in 3 files"


def test_json(repo: Repo, call: Run, status: Run) -> None:
    empty = status(repo)
    assert (empty["runs"], empty["now"]["violations"]) == ([], 4)
    call(repo.root, "migrate")
    call(repo.root, "migrate", "--scope", "source")
    call(repo.root, "undo")
    found = status(repo)
    newest, oldest = found["runs"]
    assert (newest["id"], newest["status"], newest["files"], newest["restored"]) == (2, "undone", 1, 1)
    assert (oldest["id"], oldest["status"], oldest["files"], oldest["fixed"], oldest["remaining"]) == (
        *(1, "complete", 2, 2),
        1,
    )
    assert oldest["head"] == repo.git("rev-parse", "HEAD").strip()
    assert oldest["root"] == str(repo.root)
    assert oldest["started"] <= oldest["finished"]
    assert found["now"] == {"violations": 2, "checked": 4, "clean": 2, "score": 50.0}


def test_runs_that_write_nothing_are_none(repo: Repo, call: Run, status: Run) -> None:
    call(repo.root, "migrate", "--dry-run")
    call(repo.root, "migrate", "app/clean.py")
    assert status(repo)["runs"] == []


def test_a_run_in_another_worktree_is_named(repo: Repo, call: Run, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "--quiet", str(linked))
    call(linked, "migrate")
    line = call(repo.root, "status").text.splitlines()[1]
    assert line.endswith(f"(in {linked})")
    done = call(repo.root, "undo", "1")
    assert done.complaint == f"holdline: run 1 was made in the working tree {linked}: undo it there (-C {linked})"
    assert call(linked, "undo").code == 0
