"""Bad input: one clear line each, the exit code of the table, and nothing lost."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline import engine, scanning
from holdline.git import Repository
from holdline.journal import Journal

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

READ = 'import os\n\nX = os.environ["X"]\n'
DONE = 'from holdline_runtime import get_env\n\nX = get_env()["X"]\n'
IN_REPOSITORIES = ["migrate", "scan", "undo", "status"]
BAD = {
    "bytes": (b"import os\nX = os.environ[b'\xe9']\n", "is not valid utf-8 (byte 27)"),
    "encoding": (b"# coding: nonsense\nimport os\nX = os.environ['X']\n", "cannot be decoded: "),
    "codec": (
        b"# coding: rot13\nimport os\nX = os.environ['X']\n",
        "is in the encoding rot13, which Holdline does not read",
    ),
    "null": (READ.encode() + b"\0\n", "does not parse: "),
    "syntax": (b"import os\nX = os.environ['X'\n", "does not parse: '[' was never closed"),
    "depth": (READ.encode() + b"Y = " + b"-" * 60_000 + b"1\n", "does not parse: "),
}


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo({"tests/test_a.py": READ, "tests/test_b.py": READ})


class TestRepositories:
    @pytest.mark.parametrize("command", IN_REPOSITORIES)
    def test_none(self, shell: Run, tmp_path: Path, command: str) -> None:
        done = shell(tmp_path, command)
        assert done.code == 2
        assert done.complaint == (
            f"holdline: {tmp_path} is not in a git repository: run `git init` there or point -C at one"
        )

    @pytest.mark.parametrize("command", IN_REPOSITORIES)
    def test_bare(self, repo: Repo, call: Run, tmp_path: Path, command: str) -> None:
        bare = tmp_path / "bare.git"
        repo.git("clone", "--quiet", "--bare", ".", str(bare))
        done = call(bare, command)
        assert done.code == 2
        assert done.complaint == f"holdline: {bare} is a bare repository: point -C at a clone with a working tree"

    def test_gits_own_folder(self, repo: Repo, call: Run) -> None:
        done = call(repo.root / ".git", "scan")
        assert (done.code, "point -C at the working tree" in done.complaint) == (2, True)
        done = call(repo.root, "migrate", ".git/config")
        assert (done.code, "is git's own data" in done.complaint) == (2, True)

    @pytest.mark.parametrize("command", IN_REPOSITORIES)
    def test_no_folder(self, repo: Repo, call: Run, command: str) -> None:
        done = call(repo.root / "nowhere", command)
        assert (done.code, f"holdline: -C {repo.root / 'nowhere'} is not a folder" in done.complaint) == (2, True)
        done = call(repo.root / "tests/test_a.py", command)
        assert (done.code, "is not a folder" in done.complaint) == (2, True)

    def test_no_git(self, repo: Repo, shell: Run, tmp_path: Path) -> None:
        for command in IN_REPOSITORIES:
            done = shell(repo.root, command, env={"PATH": str(tmp_path)})
            assert done.code == 2
            assert done.complaint == "holdline: git is not installed or not on PATH: install it and run again"

    def test_detached_head_works(self, repo: Repo, call: Run) -> None:
        repo.git("checkout", "--quiet", "--detach")
        assert call(repo.root, "migrate").code == 0
        assert repo.read("tests/test_a.py") == DONE.encode()
        assert call(repo.root, "undo").code == 0
        assert repo.read("tests/test_a.py") == READ.encode()

    def test_no_commit_yet_works(self, make_repo: MakeRepo, call: Run) -> None:
        repo = make_repo()
        repo.write("tests/test_a.py", READ)
        repo.git("add", ".")
        assert call(repo.root, "migrate").code == 0
        assert call(repo.root, "scan", "--fail-on-violations").code == 0
        assert call(repo.root, "undo").code == 0
        assert repo.read("tests/test_a.py") == READ.encode()

    def test_inside_a_submodule_works(self, make_repo: MakeRepo, call: Run) -> None:
        outer, inner = make_repo({"tests/test_a.py": READ}, "outer"), make_repo({"tests/test_in.py": READ}, "inner")
        outer.git("submodule", "--quiet", "add", str(inner.root), "tests/sub")
        outer.commit()
        sub = outer.root / "tests" / "sub"
        assert "tests/sub" not in call(outer.root, "migrate", "--dry-run").text
        named = call(outer.root, "migrate", "tests/sub/tests/test_in.py")
        assert named.code == 2
        assert named.complaint == (
            f"holdline: tests/sub/tests/test_in.py is in the submodule tests/sub: run holdline inside it (-C {sub})"
        )
        assert call(sub, "migrate").code == 0
        assert (sub / "tests/test_in.py").read_text() == DONE
        assert outer.read("tests/test_a.py") == READ.encode()
        assert call(sub, "undo").code == 0
        assert (sub / "tests/test_in.py").read_text() == READ


class TestConfiguration:
    @pytest.mark.parametrize("command", ["migrate", "scan", "status"])
    @pytest.mark.parametrize(
        ("file", "content", "complaint"),
        [
            (
                "pyproject.toml",
                "[tool.holdline]\nexlude = []\n",
                "tool.holdline.exlude: unknown key; the nearest valid",
            ),
            ("pyproject.toml", "[tool]\nholdline = 3\n", "tool.holdline: expected a table, got an integer (3)"),
            ("holdline.toml", 'select = "HL1"\n', "select: expected an array of strings, got a string ('HL1')"),
            ("holdline.toml", 'select = ["HL9"]\n', "select: no rule has the code or prefix 'HL9'; the nearest is"),
            ("holdline.toml", 'exclude = ["/x"]\n', "exclude: bad glob '/x': "),
            ("holdline.toml", 'tests = ["a**"]\n', "tests: bad glob 'a**': "),
            ("holdline.toml", 'priority = ["["]\n', "priority: bad glob '[': "),
            ("holdline.toml", "select = [\n", "not valid TOML: "),
            ("holdline.toml", '[env]\nget = "os"\n', "env.get: expected 'module:name'"),
            ("holdline.toml", "\udcff", "expected UTF-8, got the byte 0xff at offset 0"),
            ("holdline.toml", 'migrations = ["nothing"]\n', None),
        ],
        ids=range(11),
    )
    def test_wrong(self, repo: Repo, call: Run, command: str, file: str, content: str, complaint: str | None) -> None:
        repo.write(file, content.encode(errors="surrogateescape"))
        done = call(repo.root, command)
        assert done.code == 2
        if complaint is None:
            assert (
                done.complaint
                == "holdline: no migration is called 'nothing'; there are: env-access, env-fixtures, production-safety"
            )
        else:
            assert done.complaint.startswith(f"holdline: {file}: {complaint}")
        assert repo.read("tests/test_a.py") == READ.encode()

    def test_unreadable(self, repo: Repo, call: Run) -> None:
        (repo.root / "holdline.toml").mkdir()
        done = call(repo.root, "migrate")
        assert done.code == 2
        path = repo.root / "holdline.toml"
        assert done.complaint == f"holdline: {path}: cannot read the configuration: Is a directory"

    def test_named(self, repo: Repo, call: Run) -> None:
        done = call(repo.root, "scan", "--config", "nowhere.toml")
        assert done.code == 2
        assert done.complaint == f"holdline: {repo.root / 'nowhere.toml'}: there is no such file"

    def test_two(self, repo: Repo, call: Run) -> None:
        repo.write("holdline.toml", 'select = ["HL1"]\n')
        repo.write("pyproject.toml", '[tool.holdline]\nselect = ["HL1"]\n')
        done = call(repo.root, "scan")
        assert (done.code, "keep one of them" in done.complaint) == (2, True)


class TestPaths:
    @pytest.mark.parametrize("command", ["migrate", "scan"])
    def test_missing(self, repo: Repo, call: Run, command: str) -> None:
        done = call(repo.root, command, "tests/test_a.py", "tests/nowhere.py")
        assert done.code == 2
        assert done.complaint == f"holdline: tests/nowhere.py does not exist (looked in {repo.root})"
        assert repo.read("tests/test_a.py") == READ.encode()

    @pytest.mark.parametrize("command", ["migrate", "scan"])
    def test_outside(self, repo: Repo, call: Run, command: str) -> None:
        done = call(repo.root, command, "..")
        assert (done.code, "holdline: .. is outside the repository" in done.complaint) == (2, True)

    def test_a_file_as_directory(self, repo: Repo, call: Run) -> None:
        done = call(repo.root, "migrate", "--directory", "tests/test_a.py")
        assert done.code == 2
        assert "--directory tests/test_a.py is not a folder" in done.complaint

    def test_neither_file_nor_folder(self, repo: Repo, call: Run) -> None:
        os.mkfifo(repo.root / "pipe.py")
        done = call(repo.root, "scan", "pipe.py")
        assert (done.code, "pipe.py is neither a file nor a folder" in done.complaint) == (2, True)

    @pytest.mark.parametrize("target", ["nowhere/report", "tests"])
    def test_a_report_that_cannot_be_written(self, repo: Repo, call: Run, target: str) -> None:
        done = call(repo.root, "scan", "-o", target)
        assert (done.code, f"holdline: -o {target} cannot be written: " in done.complaint) == (2, True)

    def test_a_link_out_of_the_repository(self, repo: Repo, call: Run, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "test_x.py").write_text(READ)
        (repo.root / "tests/test_link.py").symlink_to(outside / "test_x.py")
        (repo.root / "tests/folder").symlink_to(outside)
        repo.commit()
        assert call(repo.root, "migrate").code == 0
        for name in ("tests/test_link.py", "tests/folder", "tests/folder/test_x.py"):
            done = call(repo.root, "migrate", name)
            assert done.code == 2
            assert done.complaint.startswith(f"holdline: {name} is outside the repository {repo.root}")
        assert (outside / "test_x.py").read_text() == READ

    def test_a_tracked_file_that_became_a_link(self, repo: Repo, call: Run, tmp_path: Path) -> None:
        outside = tmp_path / "outside.py"
        outside.write_text(READ)
        (repo.root / "tests/test_a.py").unlink()
        (repo.root / "tests/test_a.py").symlink_to(outside)
        done = call(repo.root, "migrate")
        assert done.code == 0
        assert "tests/test_a.py: now a symbolic link: left out\n" in done.text
        assert outside.read_text() == READ
        assert call(repo.root, "scan", "--fail-on-violations").code == 1

    def test_a_tracked_file_that_is_gone(self, repo: Repo, call: Run) -> None:
        (repo.root / "tests/test_a.py").unlink()
        assert call(repo.root, "migrate").code == 0
        assert not (repo.root / "tests/test_a.py").exists()


class TestContents:
    @pytest.mark.parametrize("kind", BAD)
    def test_what_cannot_be_read(self, repo: Repo, call: Run, kind: str) -> None:
        content, complaint = BAD[kind]
        repo.write("tests/test_bad.py", content)
        repo.commit()
        scan = call(repo.root, "scan")
        assert scan.code == 0
        (line,) = [line for line in scan.text.splitlines() if line.startswith("tests/test_bad.py:")]
        assert complaint in line
        assert call(repo.root, "scan", "--fail-on-violations", "tests/test_bad.py").code == 1
        run = call(repo.root, "migrate")
        assert (run.code, line in run.text.splitlines()) == (0, True)
        assert repo.read("tests/test_a.py") == DONE.encode()
        assert repo.read("tests/test_bad.py") == content

    @pytest.mark.parametrize("kind", BAD)
    @pytest.mark.parametrize("mode", [[], ["--check"], ["--dry-run"], ["-q"], ["--format", "json"]], ids=str)
    def test_a_named_file_that_cannot_be_read(self, repo: Repo, call: Run, kind: str, mode: list[str]) -> None:
        content, complaint = BAD[kind]
        repo.write("tests/test_bad.py", content)
        done = call(repo.root, "migrate", *mode, "tests/test_bad.py")
        assert done.code == 2
        (line,) = [line for line in done.err.splitlines() if "tests/test_bad.py:" in line]
        assert complaint in line
        mixed = call(repo.root, "migrate", "tests", "tests/test_bad.py")
        assert (mixed.code, repo.read("tests/test_a.py")) == (2, DONE.encode())

    def test_unreadable(self, repo: Repo, call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """Patched, as root may read whatever it wants."""
        read = engine.read

        def refuse(root: Path, path: str) -> bytes:
            if path == "tests/test_b.py":
                raise PermissionError(13, "Permission denied", path)
            return read(root, path)

        for module in (engine, scanning):
            monkeypatch.setattr(module, "read", refuse)
        scan = call(repo.root, "scan", "--fail-on-violations")
        assert (scan.code, "tests/test_b.py: cannot be read: Permission denied\n" in scan.text) == (1, True)
        assert call(repo.root, "migrate").code == 0
        named = call(repo.root, "migrate", "-q", "tests/test_b.py")
        assert named.code == 2
        assert named.complaint == "holdline: tests/test_b.py: cannot be read: Permission denied"


class TestWrites:
    def test_read_only(self, repo: Repo, shell: Run) -> None:
        (repo.root / "tests/test_a.py").chmod(0o444)
        done = shell(repo.root, script="migrate")
        assert done.code == 2
        line = "tests/test_a.py: read-only: make it writable (chmod u+w) and run again"
        assert f"holdline: {line}\n" in done.err
        assert line in done.text.splitlines()
        assert done.text.endswith("fixed 1 violation in 1 of 2 files, 1 left, 1 read-only\n")
        assert (repo.read("tests/test_a.py"), repo.read("tests/test_b.py")) == (READ.encode(), DONE.encode())
        assert shell(repo.root, "undo").text == "run 1: 1 file restored\n"

    @pytest.mark.parametrize("form", ["text", "json"])
    def test_edited_during_the_run(
        self, repo: Repo, call: Run, monkeypatch: pytest.MonkeyPatch, check_json: Run, form: str
    ) -> None:
        begin = Journal.begin

        def edit_first(*arguments: Any) -> int:
            repo.write("tests/test_a.py", "MINE = 1\n")
            return begin(*arguments)

        monkeypatch.setattr(Journal, "begin", edit_first)
        done = call(repo.root, "migrate", "--format", form)
        assert done.code == 2
        assert "holdline: tests/test_a.py: changed meanwhile: left alone, run again\n" in done.err
        assert repo.read("tests/test_a.py") == b"MINE = 1\n"
        assert repo.read("tests/test_b.py") == DONE.encode()
        if form == "json":
            report = check_json(done)
            assert [(p["path"], p["kind"]) for p in report["problems"]] == [("tests/test_a.py", "changed")]
            assert (report["totals"]["changed"], report["totals"]["remaining"]) == (1, 1)
        assert call(repo.root, "undo").text == "run 1: 1 file restored\n"
        assert repo.read("tests/test_a.py") == b"MINE = 1\n"

    @pytest.mark.parametrize("line", [["migrate"], ["scan", "--fix"], ["undo"]], ids=" ".join)
    def test_a_second_run_at_once(self, repo: Repo, shell: Run, line: list[str]) -> None:
        with Journal.open(Repository.discover(repo.root)) as journal, journal.lock():
            done = shell(repo.root, *line)
            assert done.code == 2
            assert done.complaint.startswith(
                f"holdline: another holdline run is going on in this repository (process {os.getpid()}, since "
            )
            assert shell(repo.root, "scan").code == 0
            assert shell(repo.root, "status").code == 0
            assert shell(repo.root, "migrate", "--dry-run").code == 0
        assert repo.read("tests/test_a.py") == READ.encode()

    def test_a_damaged_journal(self, repo: Repo, call: Run) -> None:
        repo.write(".git/holdline/runs.sqlite3", b"rubbish" * 999)
        for command in ("migrate", "undo", "status"):
            done = call(repo.root, command)
            assert (done.code, "runs.sqlite3 is damaged" in done.complaint) == (2, True)
        assert repo.read("tests/test_a.py") == READ.encode()

    def test_a_journal_of_another_version(self, repo: Repo, call: Run) -> None:
        (repo.root / ".git/holdline").mkdir()
        database = sqlite3.connect(repo.root / ".git/holdline/runs.sqlite3")
        database.execute("PRAGMA user_version = 99")
        database.close()
        done = call(repo.root, "migrate")
        assert (done.code, "was written by another holdline" in done.complaint) == (2, True)
        assert repo.read("tests/test_a.py") == READ.encode()


class TestMissingPackages:
    @pytest.mark.parametrize("package", ["git", "rich", "tqdm"])
    @pytest.mark.parametrize("line", [["migrate"], ["migrate", "--dry-run"], ["scan", "--fix"], ["undo"]], ids=" ".join)
    def test_the_extra_is_named(
        self, repo: Repo, shell: Run, without: Callable[..., dict[str, str]], package: str, line: list[str]
    ) -> None:
        done = shell(repo.root, *line, env=without(package))
        assert done.code == 2
        assert done.complaint.startswith("holdline: this command needs ")
        assert "pip install '.[toolkit]'" in done.complaint
        assert repo.read("tests/test_a.py") == READ.encode()

    @pytest.mark.parametrize("line", [["scan"], ["status"], ["rules"], ["migrate", "--help"]], ids=" ".join)
    def test_the_base_install_is_enough(
        self, repo: Repo, shell: Run, without: Callable[..., dict[str, str]], line: list[str]
    ) -> None:
        full = shell(repo.root, *line)
        bare = shell(repo.root, *line, env=without("git", "gitdb", "rich", "tqdm"))
        assert (bare.code, bare.err) == (0, "")
        assert bare.out == full.out
