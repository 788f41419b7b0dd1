"""Commits that are built without a checkout, and reading them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from holdline.errors import RepositoryError
from holdline.git import Repository
from holdline.gitcommits import FileChange, blob_id, building, committer, is_set, read_commit

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo


@pytest.fixture
def made(make_repo: MakeRepo) -> Repo:
    return make_repo({"a.py": "a\n", "deep/b.py": "b\n", "c": "c\n"})


def test_several_on_one_base(made: Repo) -> None:
    repo = Repository.discover(made.root)
    base = repo.head() or ""
    with building(repo, base) as builder:
        first = builder.build({"a.py": b"A\n"}, "first\n\nHoldline-Shard: x\nHoldline-Key: k\n")
        second = builder.build({"deep/b.py": b"B\r\n\xff"}, "second: ü \udcff\n")
    assert made.git("diff", "--name-only", base, second) == "deep/b.py\n"
    read = read_commit(repo, first)
    assert read.parents == (base,)
    assert read.trailers == {"Holdline-Shard": "x", "Holdline-Key": "k"}
    assert read.changes == (FileChange("a.py", blob_id(repo, b"a\n"), blob_id(repo, b"A\n")),)
    assert read_commit(repo, second).trailers == {}
    assert made.git("log", "-1", "--format=%s", second) == "second: ü \\udcff\n"
    assert made.git("for-each-ref", "--format=%(refname)") == "refs/heads/main\n"


def test_other_encodings_and_identities(made: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repository.discover(made.root)
    made.git("config", "i18n.commitEncoding", "ISO-8859-1")
    made.git("config", "user.name", "Jürgen")
    with building(repo, "HEAD") as builder:
        commit = builder.build({"a.py": b"A\n"}, "ü\n")
    assert made.git("log", "-1", "--encoding=UTF-8", "--format=%s|%an", commit) == "ü|Jürgen\n"
    assert committer(repo) == "Jürgen <test@example.org>"
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Robot")
    assert committer(repo) == "Robot <test@example.org>"


@pytest.mark.parametrize("what", ["add", "remove", "mode", "rename", "link"])
def test_what_does_more_than_rewrite_has_no_changes(made: Repo, what: str) -> None:
    if what == "add":
        made.write("d.py", "d\n")
    elif what == "mode":
        (made.root / "a.py").chmod(0o755)
    elif what == "rename":
        (made.root / "a.py").rename(made.root / "z.py")
    else:
        (made.root / "a.py").unlink()
        if what == "link":
            (made.root / "a.py").symlink_to("c")
    commit = made.commit(what)
    assert read_commit(Repository.discover(made.root), commit).changes is None


def test_roots_and_merges_have_no_changes(made: Repo) -> None:
    repo = Repository.discover(made.root)
    assert read_commit(repo, repo.head() or "").changes is None
    made.git("checkout", "--quiet", "-b", "side")
    made.commit("side")
    made.git("checkout", "--quiet", "main")
    made.commit("main")
    made.git("merge", "--quiet", "--no-edit", "side")
    read = read_commit(repo, repo.head() or "")
    assert (len(read.parents), read.changes) == (2, None)


def test_settings(made: Repo) -> None:
    repo = Repository.discover(made.root)
    assert not is_set(repo, "format.signOff")
    made.git("config", "format.signOff", "yes")
    assert is_set(repo, "format.signOff")
    made.git("config", "format.signOff", "perhaps")
    with pytest.raises(RepositoryError, match=r"configuration of format\.signOff cannot be read: bad boolean"):
        is_set(repo, "format.signOff")
