"""Source lines of violations."""

from __future__ import annotations

from pathlib import Path

from holdline.excerpts import source_lines
from holdline.model import Violation


def at(path: str, line: int) -> Violation:
    return Violation("HL101", "m", path, line, 1, line, 2, text="known text")


def lines(root: Path, *violations: Violation) -> list[str]:
    found = source_lines(root, violations)
    return [found[v.place] for v in violations]


def test_lines_as_python_counts_them(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"one\r\ntwo\rthree\x0cstill three\n")
    assert lines(tmp_path, at("a.py", 1), at("a.py", 2), at("a.py", 3)) == ["one", "two", "three\x0cstill three"]


def test_the_files_encoding_counts(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"# coding: latin-1\nx = '\xe9'\n")
    (tmp_path / "b.py").write_bytes("\ufeffx = 'é'\n".encode())
    assert lines(tmp_path, at("a.py", 2), at("b.py", 1)) == ["x = 'é'", "x = 'é'"]


def test_what_cannot_be_read_any_more(tmp_path: Path) -> None:
    (tmp_path / "short.py").write_bytes(b"one\n")
    (tmp_path / "odd.py").write_bytes(b"# coding: no-such\n")
    (tmp_path / "link.py").symlink_to(tmp_path / "short.py")
    gone = [at("gone.py", 1), at("short.py", 3), at("odd.py", 1), at("link.py", 1)]
    assert lines(tmp_path, *gone) == ["known text"] * 4
