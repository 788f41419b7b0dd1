"""Atomic replacement of one file."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from holdline.writing import DiskFullError, FileChanged, FileReadOnly, locate, read_plain, replace_file, sweep_leftovers

BYTES = [
    b"",
    b"x = 1\r\ny = 2\r\n",
    b"\xef\xbb\xbfx = 1\n",
    "# -*- latin-1 -*-\né".encode("latin-1"),
    b"no end",
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_bytes(b"old\n")
    return path


def only(path: Path) -> bool:
    """Whether the file is alone in its folder: nothing temporary is left."""
    return list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("before", BYTES)
@pytest.mark.parametrize("after", BYTES)
def test_every_byte_arrives(file: Path, before: bytes, after: bytes) -> None:
    file.write_bytes(before)
    replace_file(file, expected=before, new=after)
    assert file.read_bytes() == after
    assert only(file)


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o200, 0o4755])
def test_mode_is_kept(file: Path, mode: int) -> None:
    file.chmod(mode)
    replace_file(file, expected=b"old\n", new=b"new\n")
    assert stat.S_IMODE(file.stat().st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_owner_is_kept(file: Path) -> None:
    os.chown(file, 12345, 54321)
    replace_file(file, expected=b"old\n", new=b"new\n")
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 54321)


def test_longest_possible_name(tmp_path: Path) -> None:
    file = tmp_path / ("n" * 252 + ".py")
    file.write_bytes(b"old\n")
    replace_file(file, expected=b"old\n", new=b"new\n")
    assert file.read_bytes() == b"new\n"


def test_changed_meanwhile(file: Path) -> None:
    with pytest.raises(FileChanged, match=r"a\.py: changed meanwhile"):
        replace_file(file, expected=b"something else", new=b"new\n")
    assert file.read_bytes() == b"old\n"
    assert only(file)


def test_changed_at_the_last_moment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison comes after the slow part, writing and flushing the new content."""
    real = os.fsync

    def save_then_flush(descriptor: int) -> None:
        file.write_bytes(b"saved by an editor\n")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", save_then_flush)
    with pytest.raises(FileChanged):
        replace_file(file, expected=b"old\n", new=b"new\n")
    assert file.read_bytes() == b"saved by an editor\n"
    assert only(file)


@pytest.mark.parametrize("mode", [0o444, 0o555, 0o000])
def test_read_only(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(FileReadOnly, match=r"a\.py: read-only: make it writable"):
        replace_file(file, expected=b"old\n", new=b"new\n")
    assert stat.S_IMODE(file.stat().st_mode) == mode
    assert only(file)


def test_link_is_not_followed(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "sub" / "link.py"
    link.parent.mkdir()
    link.symlink_to(file)
    with pytest.raises(FileChanged, match="no longer a plain file"):
        replace_file(link, expected=b"old\n", new=b"new\n")
    assert link.is_symlink()
    assert file.read_bytes() == b"old\n"


def test_gone(tmp_path: Path) -> None:
    for path in (tmp_path / "a.py", tmp_path / "no" / "folder.py", tmp_path):
        with pytest.raises(FileChanged, match="gone, or no longer a plain file"):
            replace_file(path, expected=b"", new=b"new\n")


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_disk_full_leaves_the_old_file_alone(file: Path, failing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(DiskFullError, match=r"a\.py cannot be written: No space left"):
        replace_file(file, expected=b"old\n", new=b"new\n")
    assert file.read_bytes() == b"old\n"
    assert only(file)


def test_new_content_is_flushed_before_it_takes_the_place(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        events.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real_fsync(descriptor)

    def replace(source: Path, target: Path) -> None:
        assert source.read_bytes() == b"new\n"
        events.append("replace")
        real_replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    replace_file(file, expected=b"old\n", new=b"new\n")
    assert events == ["file", "replace", "folder"]


def test_file_system_that_cannot_flush_folders(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", files_only)
    replace_file(file, expected=b"old\n", new=b"new\n")
    assert file.read_bytes() == b"new\n"


def test_read_plain(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    assert read_plain(file) == b"old\n"
    assert [read_plain(tmp_path / name) for name in ("link", "pipe", ".", "missing", "a.py/x")] == [None] * 5


def test_locate(tmp_path: Path) -> None:
    (tmp_path / "root" / "real").mkdir(parents=True)
    (tmp_path / "root" / "link").symlink_to("real")
    assert locate(tmp_path / "root", "real/a.py") == tmp_path / "root" / "real" / "a.py"
    with pytest.raises(FileChanged, match="symbolic link"):
        locate(tmp_path / "root", "link/a.py")


def test_sweep_takes_only_what_is_ours(file: Path, tmp_path: Path) -> None:
    (tmp_path / ".holdline-write-abc123.tmp").write_bytes(b"half")
    (tmp_path / ".holdline-write-note").write_bytes(b"")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".holdline-write-x.tmp").write_bytes(b"")
    (tmp_path / "link").symlink_to("other")
    sweep_leftovers([tmp_path, tmp_path / "link", tmp_path / "missing"])
    left = {path.name for path in tmp_path.rglob("*")}
    assert left == {"a.py", ".holdline-write-note", "other", "link", ".holdline-write-x.tmp"}
