"""The git gateway against real repositories."""

from __future__ import annotations

import ast
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdline.errors import MissingExtraError, RepositoryError
from holdline.git import FileKind, Repository, TrackedFile
from holdline.gitobjects import require_gitpython

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

PROJECT = Path(__file__).parents[2]
REF = "refs/holdline/runs/1"


def open_repo(repo: Repo) -> Repository:
    return Repository.discover(repo.root)


class TestDiscover:
    def test_from_a_subfolder(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a/b/c.py": ""})
        found = Repository.discover(repo.root / "a" / "b")
        assert found.root == repo.root
        assert found.git_dir == found.common_dir == repo.root / ".git"

    def test_through_a_symbolic_link_gives_real_paths(self, make_repo: MakeRepo, tmp_path: Path) -> None:
        repo = make_repo({"a/c.py": ""})
        (tmp_path / "link").symlink_to(repo.root / "a")
        found = Repository.discover(tmp_path / "link")
        assert (found.root, found.git_dir) == (repo.root, repo.root / ".git")

    def test_folder_name_with_newline_and_bytes(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": ""}, name=os.fsdecode(b"new\nline \xff"))
        found = open_repo(repo)
        assert found.root == repo.root
        assert [f.path for f in found.tracked()] == ["a.py"]

    def test_linked_worktree(self, make_repo: MakeRepo, tmp_path: Path) -> None:
        repo = make_repo({"a.py": ""})
        repo.git("worktree", "add", "--quiet", tmp_path / "linked")
        found = Repository.discover(tmp_path / "linked")
        assert found.root == tmp_path / "linked"
        assert found.git_dir == repo.root / ".git" / "worktrees" / "linked"
        assert found.common_dir == repo.root / ".git"

    def test_submodule_is_its_own_repository(self, make_repo: MakeRepo) -> None:
        inner, outer = make_repo({"in.py": ""}, name="inner"), make_repo({"out.py": ""}, name="outer")
        outer.git("submodule", "--quiet", "add", inner.root, "sub")
        found = Repository.discover(outer.root / "sub")
        assert found.root == outer.root / "sub"
        assert found.common_dir == outer.root / ".git" / "modules" / "sub"
        assert [f.path for f in found.tracked()] == ["in.py"]

    def test_not_a_repository(self, tmp_path: Path) -> None:
        with pytest.raises(RepositoryError, match=r"is not in a git repository: run `git init` there"):
            Repository.discover(tmp_path)

    def test_bare(self, tmp_path: Path) -> None:
        subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "bare"], check=True)
        with pytest.raises(RepositoryError, match="is a bare repository"):
            Repository.discover(tmp_path / "bare")

    def test_inside_the_git_directory(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": ""})
        with pytest.raises(RepositoryError, match="is inside a git directory"):
            Repository.discover(repo.root / ".git" / "refs")

    def test_not_a_folder(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": ""})
        with pytest.raises(RepositoryError, match=r"a\.py is not a folder"):
            Repository.discover(repo.root / "a.py")

    def test_git_missing(self, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> None:
        repo = make_repo({"a.py": ""})
        monkeypatch.setenv("PATH", str(repo.root))
        with pytest.raises(RepositoryError, match="git is not installed"):
            open_repo(repo)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
    def test_unsafe_ownership(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": ""})
        for path in (repo.root, repo.root / ".git"):
            os.chown(path, 12345, 12345)
        with pytest.raises(RepositoryError, match=r"belongs to another user: .* safe\.directory"):
            open_repo(repo)

    def test_damaged_configuration(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": ""})
        repo.write(".git/config", "[core\n")
        with pytest.raises(RepositoryError, match=r"git cannot open the repository .* bad config"):
            open_repo(repo)

    def test_hook_variables_do_not_lead_elsewhere(self, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> None:
        other, repo = make_repo({"other.py": ""}, name="other"), make_repo({"a.py": ""})
        monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
        monkeypatch.setenv("GIT_INDEX_FILE", str(other.root / ".git" / "index"))
        found = open_repo(repo)
        assert found.root == repo.root
        assert [f.path for f in found.tracked()] == ["a.py"]


class TestTracked:
    def test_kinds_and_blobs(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": "a\n", "run.py": "#!\n"})
        (repo.root / "run.py").chmod(0o755)
        (repo.root / "link.py").symlink_to("a.py")
        repo.commit()
        kinds = {f.path: f.kind for f in open_repo(repo).tracked()}
        assert kinds == {
            "a.py": FileKind.REGULAR,
            "link.py": FileKind.SYMLINK,
            "run.py": FileKind.EXECUTABLE,
        }
        blob = repo.git("rev-parse", "HEAD:a.py").strip()
        assert open_repo(repo).tracked()[0] == TrackedFile("a.py", FileKind.REGULAR, blob)

    def test_odd_names(self, make_repo: MakeRepo) -> None:
        names = ["a b.py", 'quo"te.py', "new\nline.py", "tab\t.py", "esc\x1b[31m.py", os.fsdecode(b"\xff.py")]
        repo = make_repo(dict.fromkeys(names, ""))
        assert {f.path for f in open_repo(repo).tracked()} == set(names)

    def test_conflict_gives_one_entry_without_blob(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": "1\n", "b.py": ""})
        repo.git("checkout", "--quiet", "-b", "other")
        repo.write("a.py", "2\n")
        repo.commit()
        repo.git("checkout", "--quiet", "main")
        repo.write("a.py", "3\n")
        repo.commit()
        merged = subprocess.run(["git", "merge", "other"], cwd=repo.root, capture_output=True, check=False)
        assert merged.returncode == 1
        assert [(f.path, bool(f.blob)) for f in open_repo(repo).tracked()] == [
            ("a.py", False),
            ("b.py", True),
        ]

    def test_before_the_first_commit(self, make_repo: MakeRepo) -> None:
        repo = make_repo()
        assert open_repo(repo).tracked() == []
        repo.write("a.py", "")
        repo.git("add", "--intent-to-add", "a.py")
        assert [f.path for f in open_repo(repo).tracked()] == ["a.py"]

    def test_submodule_is_one_entry(self, make_repo: MakeRepo) -> None:
        inner, outer = make_repo({"in.py": ""}, name="inner"), make_repo({"out.py": ""}, name="outer")
        outer.git("submodule", "--quiet", "add", inner.root, "sub")
        kinds = {f.path: f.kind for f in open_repo(outer).tracked()}
        assert kinds["sub"] is FileKind.SUBMODULE
        assert "sub/in.py" not in kinds

    def test_damaged_index_is_one_clear_line(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": ""})
        found = open_repo(repo)
        repo.write(".git/index", b"nonsense" * 10)
        with pytest.raises(RepositoryError, match=r"^git ls-files failed in [^\n]*$"):
            found.tracked()

    def test_repository_cannot_make_git_run_anything(self, make_repo: MakeRepo, tmp_path: Path) -> None:
        repo = make_repo({"a.py": "1\n"})
        repo.write("a.py", "2\n")
        repo.commit()
        trap = tmp_path / "trap"
        script = repo.write(".git/hooks/reference-transaction", f"#!/bin/sh\ntouch {trap}\n")
        script.chmod(0o755)
        for key in ("core.fsmonitor", "diff.external", "core.pager", "gpg.program"):
            repo.git("config", key, str(script))
        repo.git("config", "log.showSignature", "true")
        found = open_repo(repo)
        found.tracked()
        found.churn()
        found.protect(REF, found.store_blobs([b"x"]))
        assert not trap.exists()
        repo.git("update-ref", "refs/heads/probe", "HEAD")
        assert trap.exists(), "the trap works, so its silence above means something"


class TestHistory:
    def test_head(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": ""})
        assert open_repo(repo).head() == repo.git("rev-parse", "HEAD").strip()
        repo.git("checkout", "--quiet", "--detach")
        assert open_repo(repo).head() == repo.git("rev-parse", "HEAD").strip()

    def test_no_commits(self, make_repo: MakeRepo) -> None:
        found = open_repo(make_repo())
        assert found.head() is None
        assert found.churn() == {}

    def test_churn_counts_commits_but_not_the_root(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a b.py": "0", "still.py": ""})
        for number in range(3):
            repo.write("a b.py", f"{number}\n")
            repo.write("new\nline.py", f"{number // 2}\n")
            repo.commit()
        assert open_repo(repo).churn() == {"a b.py": 3, "new\nline.py": 2}
        assert open_repo(repo).churn(max_commits=1) == {"a b.py": 1, "new\nline.py": 1}

    def test_churn_of_a_shallow_clone(self, make_repo: MakeRepo, tmp_path: Path) -> None:
        repo = make_repo({"a.py": "0", "b.py": ""})
        for number in range(3):
            repo.write("a.py", f"{number}\n")
            repo.commit()
        repo.git("clone", "--quiet", "--depth=2", f"file://{repo.root}", tmp_path / "clone")
        assert Repository.discover(tmp_path / "clone").churn() == {"a.py": 1}


@pytest.fixture(params=["sha1", "sha256"])
def objects(request: pytest.FixtureRequest, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository of each object format."""
    monkeypatch.setenv("GIT_DEFAULT_HASH", request.param)
    return make_repo({"a.py": "committed\n"})


class TestObjects:
    CONTENTS = (b"", b"x", b"\xef\xbb\xbfbom\r\n", bytes(range(256)) * 1000, b"committed\n")

    def test_blobs_come_back_under_their_git_ids(self, objects: Repo) -> None:
        found = open_repo(objects)
        blobs = found.store_blobs(self.CONTENTS)
        assert [found.read_blob(blob) for blob in blobs] == list(self.CONTENTS)
        assert blobs[-1] == objects.git("rev-parse", "HEAD:a.py").strip()
        objects.git("fsck", "--strict")

    @pytest.mark.parametrize("damage", [b"garbage", b""])
    def test_unknown_or_damaged_blob(self, objects: Repo, damage: bytes) -> None:
        found = open_repo(objects)
        (blob,) = found.store_blobs([b"will be damaged"])
        with pytest.raises(KeyError):
            found.read_blob("1" * len(blob))
        loose = objects.root / ".git" / "objects" / blob[:2] / blob[2:]
        loose.chmod(0o644)
        loose.write_bytes(damage)
        with pytest.raises(KeyError):
            open_repo(objects).read_blob(blob)

    def test_protected_blobs_survive_gc_until_released(self, objects: Repo) -> None:
        found = open_repo(objects)
        kept, lost = found.store_blobs([b"kept", b"lost"])
        found.protect(REF, [kept, kept])
        objects.git("gc", "--quiet", "--prune=now")
        assert open_repo(objects).read_blob(kept) == b"kept"
        with pytest.raises(KeyError):
            open_repo(objects).read_blob(lost)
        found.release([REF])
        objects.git("gc", "--quiet", "--prune=now")
        with pytest.raises(KeyError):
            open_repo(objects).read_blob(kept)

    def test_protect_again_moves_the_ref_and_release_twice_is_fine(self, objects: Repo) -> None:
        found = open_repo(objects)
        first, second = found.store_blobs([b"1", b"2"])
        found.protect(REF, [first])
        found.protect(REF, [second])
        assert second in objects.git("ls-tree", REF)
        found.release([REF])
        found.release([REF])
        assert objects.git("for-each-ref", "refs/holdline") == ""

    def test_stored_in_the_common_directory_of_a_worktree(self, make_repo: MakeRepo, tmp_path: Path) -> None:
        repo = make_repo({"a.py": ""})
        repo.git("worktree", "add", "--quiet", tmp_path / "linked")
        (blob,) = Repository.discover(tmp_path / "linked").store_blobs([b"from the linked one"])
        assert repo.git("cat-file", "blob", blob) == "from the linked one"

    def test_committed_content_is_not_stored_twice(self, make_repo: MakeRepo) -> None:
        repo = make_repo({"a.py": "committed\n"})
        repo.git("gc", "--quiet")
        open_repo(repo).store_blobs([b"committed\n"])
        assert repo.git("count-objects").startswith("0 objects")

    def test_disk_full(self, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> None:
        found = open_repo(make_repo({"a.py": ""}))

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(RepositoryError, match=r"cannot be stored in .*objects: No space left"):
            found.store_blobs([b"new content"])

    def test_without_gitpython(self, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> None:
        found = open_repo(make_repo({"a.py": ""}))
        monkeypatch.setitem(sys.modules, "git", None)
        monkeypatch.setitem(sys.modules, "git.db", None)
        with pytest.raises(MissingExtraError, match="needs GitPython: install Holdline with its extra"):
            found.store_blobs([b"x"])
        with pytest.raises(MissingExtraError, match="needs GitPython: install Holdline with its extra"):
            require_gitpython()


def test_listing_imports_the_standard_library_only(make_repo: MakeRepo) -> None:
    code = (
        "import sys; from pathlib import Path; from holdline.git import Repository;"
        "from holdline.listing import select_files; here = Path.cwd();"
        "select_files(Repository.discover(here), cwd=here);"
        "print({name.split('.')[0] for name in sys.modules} & {'git', 'gitdb', 'rich', 'tqdm', 'sqlite3'})"
    )
    repo = make_repo({"a.py": ""})
    done = subprocess.run([sys.executable, "-c", code], cwd=repo.root, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def sources() -> Iterator[Path]:
    for folder in ("toolkit", "hooks", "migrations"):
        yield from (PROJECT / folder).rglob("*.py")


def runs_git(node: ast.AST) -> bool:
    match node:
        case ast.Import(names=names):
            return any(name.name.split(".")[0] in {"git", "gitdb"} for name in names)
        case ast.ImportFrom(module=str(module), level=0):
            return module.split(".")[0] in {"git", "gitdb"}
        case ast.List(elts=[ast.Constant(value="git"), *_]) | ast.Tuple(elts=[ast.Constant(value="git"), *_]):
            return True
    return False


def test_only_the_gateway_runs_git() -> None:
    offenders = {
        path.relative_to(PROJECT).as_posix()
        for path in sources()
        if any(runs_git(node) for node in ast.walk(ast.parse(path.read_bytes())))
    }
    assert offenders == {"toolkit/holdline/gitobjects.py", "toolkit/holdline/gitprocess.py"}
