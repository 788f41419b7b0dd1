"""`holdline branches --verify`: each branch alone keeps the tests passing, on the base's files and no others."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

SCHEMA = Path(__file__).parents[3] / "docs" / "json-schema" / "holdline-branches-1.schema.json"
PYTEST = f"{sys.executable} -m pytest -q -p no:cacheprovider -p no:randomly -p no:holdline"
READ = 'import os\n\n\ndef test():\n    assert os.getenv("A") is None\n'
#: Minds its own text, and just one of the two reads in it.
MINDFUL = """\
import os
from pathlib import Path


def test_plain():
    assert os.getenv("A") is None


def test_text():
    assert os.getenv("B") is None
    assert "os.get" + 'env("B")' in Path(__file__).read_text()
"""
NAMES = ["holdline/env-access/tests.auth", "holdline/env-access/tests.pay"]
CAP = ("--max-files-per-branch", "5")


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo({"tests/pay/test_pay.py": READ, "tests/auth/test_auth.py": MINDFUL})


def heads(repo: Repo) -> dict[str, str]:
    listed = repo.git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads/holdline/").splitlines()
    return dict(line.split(" ") for line in listed)


def test_what_breaks_tests_is_in_no_branch(repo: Repo, shell: Run) -> None:
    done = shell(repo.root, "branches", *CAP, "--verify", PYTEST)
    assert done.code == 1, done
    assert sorted(heads(repo)) == NAMES
    there = repo.git("show", f"{NAMES[0]}:tests/auth/test_auth.py")
    assert (there.count("get_env()"), there.count('os.getenv("B") is None')) == (1, 1)
    assert "tests/auth/test_auth.py:10:12: HL101 taken back: broke tests/auth/test_auth.py::test_text" in done.err
    assert f"{NAMES[0]}: verified by 2 tests that passed before: 1 fix taken back" in done.err
    assert f"{NAMES[1]}: verified by 1 test that passed before: nothing taken back" in done.err
    message = " ".join(repo.git("log", "-1", "--format=%B", NAMES[0]).split())
    assert "(affected tests) passes the 2 tests that passed before." in message
    assert "HL101 broke tests/auth/test_auth.py::test_text" in message
    assert repo.read("tests/auth/test_auth.py").decode() == MINDFUL
    assert len(repo.git("worktree", "list").splitlines()) == 1


def test_a_branch_with_nothing_left_is_not_made(make_repo: MakeRepo, shell: Run) -> None:
    repo = make_repo({"tests/test_a.py": MINDFUL.replace('os.getenv("A")', "None")})
    done = shell(repo.root, "branches", "--verify", PYTEST)
    assert (done.code, heads(repo)) == (1, {})
    assert "taken back" in done.err


def test_the_base_is_tested_and_not_what_lies_around(repo: Repo, shell: Run) -> None:
    """Neither a change that is not committed, nor a file that git does not know."""
    repo.write("tests/pay/test_pay.py", 'import os\n\n\ndef test():\n    assert 0, os.getenv("A")\n')
    repo.write("tests/pay/conftest.py", "raise RuntimeError\n")
    done = shell(repo.root, "branches", *CAP, "tests/pay", "--verify", PYTEST, "--format", "json")
    assert done.code == 0, done
    report = json.loads(done.out)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(report)
    (branch,) = report["branches"]
    assert (branch["name"], branch["state"], report["dropped"]) == (NAMES[1], "new", [])
    assert (branch["verification"]["tests"], branch["verification"]["selection"]) == (1, "affected")
    assert sorted(heads(repo)) == NAMES[1:], "just what was asked for"


def test_the_same_again_runs_nothing(repo: Repo, shell: Run) -> None:
    shell(repo.root, "branches", *CAP, "--verify", PYTEST)
    before = heads(repo)
    done = shell(repo.root, "branches", *CAP, "--verify", PYTEST, "--format", "json")
    assert (done.code, heads(repo)) == (1, before)
    report = json.loads(done.out)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(report)
    assert [b["state"] for b in report["branches"]] == ["unchanged", "unchanged"]
    assert [(d["path"], d["line"], d["code"]) for d in report["dropped"]] == [("tests/auth/test_auth.py", 10, "HL101")]
    assert "0 runs of affected tests" in done.err
    again = shell(repo.root, "branches", *CAP, "--verify", PYTEST, "--no-cache")
    assert "0 runs" not in again.err


def test_a_dry_run_makes_no_branch(repo: Repo, shell: Run) -> None:
    done = shell(repo.root, "branches", *CAP, "--verify", PYTEST, "--dry-run")
    assert (done.code, heads(repo)) == (1, {})
    assert "taken back" in done.err


def test_a_command_that_says_nothing_is_one_line(repo: Repo, shell: Run) -> None:
    done = shell(repo.root, "branches", "--verify", "no-such-command-at-all")
    assert (done.code, heads(repo)) == (2, {})
    assert "cannot be run" in done.err
    assert "Traceback" not in done.err
