"""Commits of the first-parent line and what each changed, as git itself tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from holdline.errors import RepositoryError
from holdline.git import Repository
from holdline.githistory import History

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import MakeRepo, Repo

ODD = "odd\n:100644 \udce9 é.py"


def tree(repo: Repo, commit: str) -> dict[str, str]:
    """The regular files of a commit and their blobs."""
    records = repo.git("ls-tree", "-r", "-z", commit).split("\0")[:-1]
    split = [(r.split("\t", 1)[1], r.split("\t", 1)[0].split(" ")) for r in records]
    return {path: meta[2] for path, meta in split if meta[0] in ("100644", "100755")}


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """Additions, changes, a move, links, a mode, merges, an empty commit, odd names."""
    repo = make_repo({"a.py": "1\n", "b.py": "2\n", ODD: "odd\n", "sub/c.py": "3\n"})
    repo.write("a.py", "changed\n")
    repo.commit("change")
    repo.git("mv", "b.py", "moved.py")
    repo.commit("move")
    repo.git("checkout", "-qb", "side", "HEAD~1")
    repo.write("side.py", "side\n")
    repo.commit("side 1")
    repo.write("side.py", "side 2\n")
    repo.commit("side 2")
    repo.git("checkout", "-q", "main")
    repo.git("rm", "-q", "sub/c.py")
    repo.commit("gone")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "side")
    repo.commit("empty")
    (repo.root / "a.py").unlink()
    (repo.root / "a.py").symlink_to("moved.py")
    (repo.root / "moved.py").chmod(0o755)
    repo.commit("link and mode")
    (repo.root / "a.py").unlink()
    repo.write("a.py", "a file again\n")
    repo.commit("file again")
    return repo


def open_repo(repo: Repo) -> Repository:
    return Repository.discover(repo.root)


def test_the_changes_lead_from_tree_to_tree(repo: Repo) -> None:
    line = repo.git("rev-list", "--first-parent", "--reverse", "HEAD").split()
    history = History(open_repo(repo))
    assert len(history) == len(line) == 8
    files: dict[str, str] = {}
    for commit, expected in zip(history, line, strict=True):
        assert commit.id == expected
        assert commit.at == int(repo.git("show", "-s", "--format=%ct", expected))
        for path, blob in commit.changes:
            if blob:
                files[path] = blob
            else:
                files.pop(path, None)
        assert files == tree(repo, expected)
    assert ODD in files


@pytest.mark.parametrize("setting", ["diff.renames=copies", "log.showRoot=true", "diff.noprefix=true", "log.date=raw"])
def test_no_setting_changes_what_is_read(repo: Repo, setting: str) -> None:
    before = list(History(open_repo(repo)))
    repo.git("config", *setting.split("="))
    repo.git("config", "diff.orderFile", "/dev/null")
    repo.git("config", "log.diffMerges", "combined")
    assert list(History(open_repo(repo))) == before


def test_limits(repo: Repo) -> None:
    last = list(History(open_repo(repo), max_commits=2))
    assert [c.id for c in last] == repo.git("rev-list", "-2", "--reverse", "HEAD").split()
    assert dict(last[0].changes) == tree(repo, last[0].id)  # the first one has all there was
    assert dict(last[1].changes)["a.py"]
    assert list(History(open_repo(repo), since="2030-01-01")) == []
    assert len(History(open_repo(repo), since="2020-01-01")) == 8


def test_a_shallow_clone(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone", "-q", "--depth", "3", f"file://{repo.root}", str(tmp_path / "shallow"))
    found = list(History(Repository.discover(tmp_path / "shallow")))
    assert len(found) == 3
    assert dict(found[0].changes) == tree(repo, found[0].id)


def test_before_the_first_commit(make_repo: MakeRepo) -> None:
    with pytest.raises(RepositoryError, match="no history before the first commit"):
        History(open_repo(make_repo()))


def test_a_history_that_cannot_be_read(repo: Repo) -> None:
    tree_id = repo.git("rev-parse", "HEAD~2^{tree}").strip()
    (repo.root / ".git" / "objects" / tree_id[:2] / tree_id[2:]).unlink()
    with pytest.raises(RepositoryError, match="git log failed"):
        list(History(open_repo(repo)))


def test_it_may_be_left_early(repo: Repo) -> None:
    walk = iter(History(open_repo(repo)))
    assert next(walk).id
    assert next(walk).id
    del walk  # git is stopped: a process left behind would be a ResourceWarning, which fails
