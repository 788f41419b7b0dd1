"""Which files a selection holds, and what it refuses."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline.listing import Selection, select_files
from holdline.model import ProblemKind

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo


def select(repo: Repo, *paths: str | os.PathLike[str], cwd: str = ".", directories: Sequence[str] = ()) -> Selection:
    names = [os.fspath(path) for path in paths]
    found = Repository.discover(repo.root)
    return select_files(found, paths=names, cwd=repo.root / cwd, directories=directories)


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    repo = make_repo(
        {
            "top.py": "",
            "setup.cfg": "",
            "script": "",
            "stub.pyi": "",
            "pkg/a.py": "",
            "pkg/sub/b.py": "",
            "pkg-other/c.py": "",
            "tests/test_a.py": "",
        }
    )
    repo.write("pkg/untracked.py", "")
    return repo


class TestPaths:
    def test_default_is_every_tracked_python_file_in_byte_order(self, repo: Repo) -> None:
        expected = ("pkg-other/c.py", "pkg/a.py", "pkg/sub/b.py", "tests/test_a.py", "top.py")
        assert select(repo).paths == expected
        assert select(repo, ".").paths == expected
        assert select(repo, repo.root).paths == expected

    def test_no_paths_means_everything_even_from_a_subfolder(self, repo: Repo) -> None:
        assert select(repo, cwd="pkg").paths == select(repo).paths
        assert select(repo, ".", cwd="pkg").paths == ("pkg/a.py", "pkg/sub/b.py")

    @pytest.mark.parametrize(
        ("paths", "cwd", "expected"),
        [
            (["pkg"], ".", ["pkg/a.py", "pkg/sub/b.py"]),
            (["pkg/"], ".", ["pkg/a.py", "pkg/sub/b.py"]),
            (["pkg/sub", "pkg", "pkg/a.py"], ".", ["pkg/a.py", "pkg/sub/b.py"]),
            (["a.py", "../top.py"], "pkg", ["pkg/a.py", "top.py"]),
            (["script", "setup.cfg"], ".", ["script", "setup.cfg"]),
            (["pkg/untracked.py"], ".", ["pkg/untracked.py"]),
            ([".."], "tests", ["pkg-other/c.py", "pkg/a.py", "pkg/sub/b.py", "tests/test_a.py", "top.py"]),
        ],
    )
    def test_named(self, repo: Repo, paths: list[str], cwd: str, expected: list[str]) -> None:
        assert select(repo, *paths, cwd=cwd).paths == tuple(expected)

    def test_absolute(self, repo: Repo) -> None:
        assert select(repo, repo.root / "pkg" / "a.py", cwd="tests").paths == ("pkg/a.py",)

    def test_folder_without_tracked_python_is_empty(self, repo: Repo) -> None:
        repo.write("new/x.py", "")
        assert select(repo, "new") == Selection(())

    def test_missing(self, repo: Repo) -> None:
        with pytest.raises(HoldlineError, match=r"no/such\.py does not exist"):
            select(repo, "no/such.py")
        with pytest.raises(HoldlineError, match=r"top\.py/x does not exist"):
            select(repo, "top.py/x")

    def test_deleted_but_tracked(self, repo: Repo) -> None:
        (repo.root / "top.py").unlink()
        assert "top.py" not in select(repo).paths
        with pytest.raises(HoldlineError, match=r"top\.py does not exist"):
            select(repo, "top.py")

    def test_outside(self, repo: Repo, tmp_path: Path) -> None:
        (tmp_path / "repo-sibling.py").write_text("")
        for name in ("..", "../repo-sibling.py"):
            with pytest.raises(HoldlineError, match="is outside the repository"):
                select(repo, name)

    def test_git_directory(self, repo: Repo) -> None:
        with pytest.raises(HoldlineError, match="git's own data"):
            select(repo, ".git/config")

    def test_special_file(self, repo: Repo) -> None:
        os.mkfifo(repo.root / "pipe.py")
        with pytest.raises(HoldlineError, match=r"pipe\.py is neither a file nor a folder"):
            select(repo, "pipe.py")

    def test_name_that_looks_like_a_pattern(self, repo: Repo) -> None:
        repo.write("pkg/[ab]*.py", "")
        repo.commit()
        assert select(repo, "pkg/[ab]*.py").paths == ("pkg/[ab]*.py",)


class TestDirectories:
    def test_narrows_and_repeats(self, repo: Repo) -> None:
        assert select(repo, directories=["pkg"]).paths == ("pkg/a.py", "pkg/sub/b.py")
        assert select(repo, directories=["tests", "pkg/sub"]).paths == ("pkg/sub/b.py", "tests/test_a.py")

    def test_relative_to_the_working_directory_then_to_the_root(self, repo: Repo) -> None:
        assert select(repo, cwd="pkg", directories=["sub"]).paths == ("pkg/sub/b.py",)
        assert select(repo, cwd="pkg", directories=["tests"]).paths == ("tests/test_a.py",)

    def test_both_kinds_of_narrowing_apply(self, repo: Repo) -> None:
        assert select(repo, "pkg", "tests", directories=["pkg/sub"]).paths == ("pkg/sub/b.py",)
        assert select(repo, "pkg/untracked.py", directories=["tests"]).paths == ()

    def test_must_be_a_folder_that_exists(self, repo: Repo) -> None:
        with pytest.raises(HoldlineError, match=r"--directory top\.py is not a folder"):
            select(repo, directories=["top.py"])
        with pytest.raises(HoldlineError, match="nowhere does not exist"):
            select(repo, directories=["nowhere"])


class TestLinks:
    def test_tracked_links_are_skipped(self, repo: Repo, tmp_path: Path) -> None:
        (tmp_path / "outside.py").write_text("")
        (repo.root / "inner.py").symlink_to("top.py")
        (repo.root / "outer.py").symlink_to(tmp_path / "outside.py")
        (repo.root / "dangling.py").symlink_to("nothing")
        before = select(repo)
        repo.git("add", "inner.py", "outer.py", "dangling.py")
        assert select(repo) == before

    def test_named_link_out_of_the_repository(self, repo: Repo, tmp_path: Path) -> None:
        (tmp_path / "outside.py").write_text("")
        (repo.root / "outer.py").symlink_to(tmp_path / "outside.py")
        (repo.root / "outdir").symlink_to(tmp_path)
        for name in ("outer.py", "outdir", "outdir/outside.py"):
            with pytest.raises(HoldlineError, match="is outside the repository"):
                select(repo, name)

    def test_named_link_within_the_repository_is_its_target(self, repo: Repo) -> None:
        (repo.root / "alias.py").symlink_to("top.py")
        repo.commit()
        assert select(repo, "alias.py").paths == ("top.py",)

    def test_file_replaced_by_a_link(self, repo: Repo, tmp_path: Path) -> None:
        (tmp_path / "outside.py").write_text("")
        (repo.root / "top.py").unlink()
        (repo.root / "top.py").symlink_to(tmp_path / "outside.py")
        found = select(repo)
        assert "top.py" not in found.paths
        assert [(p.path, p.message) for p in found.problems] == [("top.py", "now a symbolic link: left out")]

    def test_folder_replaced_by_a_link_is_reported(self, repo: Repo, tmp_path: Path) -> None:
        (repo.root / "pkg").rename(tmp_path / "moved")
        (repo.root / "pkg").symlink_to(tmp_path / "moved")
        found = select(repo)
        assert found.paths == ("pkg-other/c.py", "tests/test_a.py", "top.py")
        assert [(p.path, p.kind) for p in found.problems] == [
            ("pkg/a.py", ProblemKind.UNREADABLE),
            ("pkg/sub/b.py", ProblemKind.UNREADABLE),
        ]
        assert "symbolic link pkg" in found.problems[1].message

    def test_repository_reached_through_a_link(self, repo: Repo, tmp_path: Path) -> None:
        (tmp_path / "door").symlink_to(repo.root)
        found = Repository.discover(tmp_path / "door" / "pkg")
        chosen = select_files(found, paths=["a.py", str(tmp_path / "door" / "top.py")], cwd=tmp_path / "door/pkg")
        assert chosen.paths == ("pkg/a.py", "top.py")


class TestRepositories:
    def test_submodule(self, repo: Repo, make_repo: MakeRepo) -> None:
        inner = make_repo({"in.py": ""}, name="inner")
        repo.git("submodule", "--quiet", "add", inner.root, "vendor/sub")
        assert select(repo, "vendor").paths == ()
        for name in ("vendor/sub", "vendor/sub/in.py"):
            with pytest.raises(HoldlineError, match=r"is in the submodule vendor/sub: .*\(-C /.*/vendor/sub\)"):
                select(repo, name)

    def test_sparse_checkout(self, repo: Repo) -> None:
        repo.git("sparse-checkout", "set", "--cone", "tests")
        assert select(repo).paths == ("tests/test_a.py", "top.py")

    def test_linked_worktree(self, repo: Repo, tmp_path: Path) -> None:
        repo.git("worktree", "add", "--quiet", tmp_path / "linked")
        linked = Repository.discover(tmp_path / "linked")
        assert select_files(linked, paths=["pkg"], cwd=linked.root).paths == ("pkg/a.py", "pkg/sub/b.py")

    def test_no_commit_yet(self, make_repo: MakeRepo) -> None:
        empty = make_repo()
        assert select(empty).paths == ()
        empty.write("a.py", "")
        empty.git("add", "--intent-to-add", "a.py")
        assert select(empty).paths == ("a.py",)

    def test_odd_names(self, make_repo: MakeRepo) -> None:
        names = ["a b.py", 'quo"te.py', "new\nline.py", os.fsdecode(b"d\xff/\xfe.py")]
        odd = make_repo(dict.fromkeys(names, ""))
        assert set(select(odd).paths) == set(names)
        assert select(odd, *names).paths == select(odd).paths
