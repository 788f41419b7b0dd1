"""`holdline undo`: the latest run or a numbered one, twice, over later edits, and with a wrong configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

READ = 'import os\n\nX = os.environ["X"]\n'
FILES: dict[str, bytes] = {
    "tests/test_a.py": READ.encode(),
    "tests/test_b.py": b"\xef\xbb\xbf" + READ.replace("\n", "\r\n").encode(),
    "tests/test_c.py": b'# coding: latin-1\nimport os\nX = os.environ["caf\xe9"]',
}


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo(FILES)


def unchanged(repo: Repo, *names: str) -> bool:
    return all(repo.read(name) == FILES[name] for name in names or FILES)


def test_restores_every_byte(repo: Repo, shell: Run) -> None:
    shell(repo.root, script="migrate")
    assert not unchanged(repo)
    done = shell(repo.root, "undo")
    assert (done.code, done.text, done.err) == (0, "run 1: 3 files restored\n", "")
    assert unchanged(repo)
    assert repo.git("status", "--porcelain") == ""


def test_twice(repo: Repo, shell: Run) -> None:
    shell(repo.root, "migrate")
    assert shell(repo.root, "undo", "-q").out == b""
    again = shell(repo.root, "undo")
    assert again.code == 2
    assert again.complaint == "holdline: there is no run to undo here: `holdline status` lists the runs"
    assert shell(repo.root, "undo", "1").complaint == "holdline: run 1 is undone already"
    assert shell(repo.root, "undo", "7").complaint == "holdline: there is no run 7: `holdline status` lists the runs"
    assert unchanged(repo)


def test_several_runs_from_the_latest_back(repo: Repo, call: Run) -> None:
    for name in FILES:
        call(repo.root, "migrate", name)
    assert call(repo.root, "undo", "2").text == "run 2: 1 file restored\n"
    assert unchanged(repo, "tests/test_b.py")
    assert call(repo.root, "undo").text == "run 3: 1 file restored\n"
    assert call(repo.root, "undo").text == "run 1: 1 file restored\n"
    assert unchanged(repo)
    assert call(repo.root, "undo").code == 2


def test_two_runs_over_one_file(repo: Repo, call: Run) -> None:
    repo.write("tests/test_a.py", READ + 'os.environ["Y"] = "1"\n')
    call(repo.root, "migrate", "--select", "HL101", "tests/test_a.py")
    call(repo.root, "migrate", "--select", "HL102", "tests/test_a.py")
    first = call(repo.root, "undo", "1")
    assert first.code == 1
    assert first.err == "holdline: tests/test_a.py: edited since the run: left alone\n"
    assert call(repo.root, "undo").text == "run 2: 1 file restored\n"
    assert call(repo.root, "undo").text == "run 1: 1 file restored\n"
    assert repo.read("tests/test_a.py").endswith(b'os.environ["Y"] = "1"\n')


def test_edited_files_stay_until_they_are_put_right(repo: Repo, shell: Run) -> None:
    shell(repo.root, "migrate")
    migrated = repo.read("tests/test_b.py")
    repo.write("tests/test_b.py", migrated + b"# mine\n")
    done = shell(repo.root, "undo")
    assert done.code == 1
    assert done.text == "run 1: 2 files restored, 1 left as they are\n"
    assert done.err == "holdline: tests/test_b.py: edited since the run: left alone\n"
    assert unchanged(repo, "tests/test_a.py", "tests/test_c.py")
    assert repo.read("tests/test_b.py") == migrated + b"# mine\n"
    repo.write("tests/test_b.py", migrated)
    assert shell(repo.root, "undo").text == "run 1: 1 file restored\n"
    assert unchanged(repo)


def test_files_that_are_back_already(repo: Repo, call: Run) -> None:
    call(repo.root, "migrate")
    repo.git("checkout", "--quiet", "--", "tests/test_a.py")
    assert call(repo.root, "undo").text == "run 1: 2 files restored, 1 back already\n"


def test_after_a_commit(repo: Repo, call: Run) -> None:
    call(repo.root, "migrate")
    repo.commit("migrated")
    assert call(repo.root, "undo").code == 0
    assert unchanged(repo)


def test_no_configuration_is_needed(repo: Repo, call: Run) -> None:
    call(repo.root, "migrate")
    repo.write("holdline.toml", "not toml at all")
    assert call(repo.root, "undo").code == 0
    assert unchanged(repo)


def test_nothing_to_undo(repo: Repo, call: Run) -> None:
    done = call(repo.root, "undo")
    assert (done.code, "`holdline status`" in done.complaint) == (2, True)


def test_an_untracked_file_that_was_named(repo: Repo, call: Run) -> None:
    repo.write("tests/test_new.py", READ)
    call(repo.root, "migrate", "tests/test_new.py")
    assert b"get_env" in repo.read("tests/test_new.py")
    call(repo.root, "undo")
    assert repo.read("tests/test_new.py") == READ.encode()
