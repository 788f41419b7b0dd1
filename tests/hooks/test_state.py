"""The record of an installation."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdline.errors import HoldlineError
from holdline_hooks import state
from holdline_hooks.state import State

FULL = State({"/h/\udcff": ["/h"]}, ["pre-commit"], ["pre-push"], "- repo: é\r\n", ["pre-push"])


def test_comes_back_as_it_was(tmp_path: Path) -> None:
    state.save(tmp_path, FULL)
    assert state.load(tmp_path) == FULL


def test_the_same_again_is_not_written(tmp_path: Path) -> None:
    state.save(tmp_path, FULL)
    (tmp_path / "holdline/installed.json").chmod(0o444)
    before = (tmp_path / "holdline/installed.json").stat()
    state.save(tmp_path, state.load(tmp_path))
    assert (tmp_path / "holdline/installed.json").stat() == before


def test_nothing_leaves_nothing(tmp_path: Path) -> None:
    assert state.load(tmp_path) == State()
    state.save(tmp_path, FULL)
    state.save(tmp_path, State())
    assert list(tmp_path.iterdir()) == []
    state.save(tmp_path, State())
    assert list(tmp_path.iterdir()) == []


def test_the_journal_stays(tmp_path: Path) -> None:
    state.save(tmp_path, FULL)
    (tmp_path / "holdline/journal.sqlite3").touch()
    state.save(tmp_path, State())
    assert [path.name for path in (tmp_path / "holdline").iterdir()] == ["journal.sqlite3"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 1, "colour": "red"}', "\x00"])
def test_a_damaged_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "holdline").mkdir()
    (tmp_path / "holdline/installed.json").write_text(content)
    with pytest.raises(HoldlineError, match=r"installed\.json is damaged: delete it and run `holdline install` again"):
        state.load(tmp_path)


def test_a_newer_file(tmp_path: Path) -> None:
    (tmp_path / "holdline").mkdir()
    (tmp_path / "holdline/installed.json").write_text('{"version": 2}')
    with pytest.raises(HoldlineError, match="is of another Holdline"):
        state.load(tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "holdline").write_text("a file")
    with pytest.raises(HoldlineError, match=r"installed\.json cannot be (read|written): "):
        state.save(tmp_path, FULL)
