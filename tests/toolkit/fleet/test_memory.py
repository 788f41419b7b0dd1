"""What is remembered from one run to the next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from holdline.errors import HoldlineError
from holdline.fleet.memory import Memory
from holdline.fleet.values import ConfigFile, Job, Outcome, Status

JOB = Job("shop", "https://example.org/x", "scan", ("tests",), 60, url="https://u:s3cret@example.org/x")
DONE = Outcome(Status.FOUND, "c" * 40, 1, 2.5, {"checked": 3}, "odd: \udce9 \x1b", "/x", "state")


def test_an_outcome_comes_back(tmp_path: Path) -> None:
    with Memory(tmp_path / "new" / "work", tmp_path / "f", "code") as memory:
        assert memory.recall(JOB) is None
        memory.remember(JOB, DONE)
    with Memory(tmp_path / "new" / "work", tmp_path / "f", "code") as memory:
        assert memory.recall(JOB) == DONE
    stored = b"".join(file.read_bytes() for file in (tmp_path / "new").rglob("*") if file.is_file())
    assert b"s3cret" not in stored


@pytest.mark.parametrize(
    "other",
    [
        replace(JOB, name="other"),
        replace(JOB, arguments=()),
        replace(JOB, command="migrate"),
        replace(JOB, ref="main"),
        replace(JOB, source="https://example.org/y"),
        replace(JOB, config=ConfigFile("holdline.toml", b"")),
    ],
)
def test_another_job_is_another_one(tmp_path: Path, other: Job) -> None:
    with Memory(tmp_path, tmp_path / "f", "code") as memory:
        memory.remember(JOB, DONE)
        assert memory.recall(other) is None
        assert memory.recall(replace(JOB, timeout=1, processes=9, url="https://u:new@example.org/x")) == DONE
    for file, code in (("g", "code"), ("f", "newer")):
        with Memory(tmp_path, tmp_path / file, code) as memory:
            assert memory.recall(JOB) is None


def test_a_failure_is_forgotten(tmp_path: Path) -> None:
    with Memory(tmp_path, tmp_path, "") as memory:
        memory.remember(JOB, DONE)
        memory.remember(JOB, Outcome(Status.FAILED, message="no"))
        assert memory.recall(JOB) is None


def test_a_file_that_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "fleet-1.sqlite3").write_bytes(b"x" * 5000)
    with pytest.raises(HoldlineError, match=r"fleet-1\.sqlite3 cannot be used .*: remove it, or name another --work$"):
        Memory(tmp_path, tmp_path, "").__enter__()
    (tmp_path / "file").touch()
    with pytest.raises(HoldlineError, match=r"name another folder with --work$"):
        Memory(tmp_path / "file", tmp_path, "").__enter__()
