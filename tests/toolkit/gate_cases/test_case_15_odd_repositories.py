"""15. No commits yet, linked worktrees, submodules, symlinks, CRLF flips, sparse checkout, LFS pointers, odd paths."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .gates import Judge, reads, run_check, stage

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo


def test_no_commits_yet(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo()
    assert judge(repo).code == 0
    repo.write("a.py", reads("A"))
    assert judge(repo).code == 0
    repo.git("add", "--all")
    verdict = judge(repo)
    assert verdict.new == ["a.py:4 HL101"]
    assert verdict.report["base"]["named"] == "nothing, as this is the first commit"


def test_an_orphan_branch_starts_anew(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A")})
    repo.git("checkout", "--quiet", "--orphan", "alone")
    assert judge(repo).new == ["a.py:4 HL101"]


def test_a_detached_head(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A")})
    repo.git("checkout", "--quiet", "--detach")
    repo.write("a.py", reads("A", "B"))
    repo.git("add", "--all")
    assert judge(repo).new == ["a.py:7 HL101"]


def test_a_linked_worktree(make_repo: MakeRepo, judge: Judge, tmp_path: Path) -> None:
    repo = make_repo({"a.py": reads("A")})
    repo.git("worktree", "add", "--quiet", tmp_path / "linked")
    (tmp_path / "linked" / "a.py").write_text(reads("A", "LINKED"))
    repo.write("a.py", reads("A", "MAIN", "OTHER"))
    repo.git("-C", tmp_path / "linked", "add", "--all")
    repo.git("add", "--all")
    assert judge(tmp_path / "linked").new == ["a.py:7 HL101"]
    assert judge(repo).new == ["a.py:7 HL101", "a.py:10 HL101"]


def test_submodules_are_not_looked_into(make_repo: MakeRepo, judge: Judge) -> None:
    inner, outer = make_repo({"in.py": reads("A")}, name="inner"), make_repo({"out.py": reads("O")}, name="outer")
    outer.git("submodule", "--quiet", "add", inner.root, "sub.py")
    assert judge(outer).report["totals"] == {"files": 0, "new": 0, "old": 0}
    outer.commit()
    outer.git("rm", "--quiet", "--cached", "sub.py")
    stage(outer, "sub.py", reads("FILE"))  # a file in the submodule's place
    assert judge(outer).new == ["sub.py:4 HL101"]
    outer.git("reset", "--quiet")
    (outer.root / "sub.py" / "in.py").write_text(reads("A", "B"))
    outer.git("-C", "sub.py", "add", "--all")
    assert judge(outer.root / "sub.py").new == ["in.py:7 HL101"]
    assert judge(outer).code == 0


def test_symbolic_links_are_not_files(make_repo: MakeRepo, judge: Judge, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text(reads("OUT"))
    repo = make_repo({"a.py": reads("A")})
    (repo.root / "link.py").symlink_to("a.py")
    (repo.root / "out.py").symlink_to(tmp_path / "outside.py")
    repo.git("add", "--all")
    assert judge(repo).report["totals"]["files"] == 2
    assert judge(repo).new == []
    repo.commit()
    (repo.root / "link.py").unlink()
    repo.write("link.py", reads("A"))
    (repo.root / "a.py").unlink()
    (repo.root / "a.py").symlink_to("link.py")
    repo.git("add", "--all")
    assert judge(repo).new == []  # the file and the link to it changed places
    repo.write("out.py.tmp", reads("OUT"))
    (repo.root / "out.py.tmp").rename(repo.root / "out.py")
    repo.git("add", "--all")
    assert judge(repo).new == ["out.py:4 HL101"]


def test_the_executable_bit(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A")})
    (repo.root / "a.py").chmod(0o755)
    repo.git("add", "--all")
    assert (judge(repo).new, judge(repo).old) == ([], 1)


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_endings_flipped(make_repo: MakeRepo, judge: Judge, newline: str) -> None:
    repo = make_repo({"a.py": reads("A", "B"), "b.py": reads("C").replace("\n", newline)})
    repo.write("a.py", reads("A", "B", "NEW").replace("\n", newline))
    repo.write("b.py", reads("C"))
    repo.git("add", "--all")
    assert (judge(repo).new, judge(repo).old) == (["a.py:10 HL101"], 3)


@pytest.mark.parametrize("setting", ["true", "input", "false"])
def test_autocrlf(make_repo: MakeRepo, judge: Judge, setting: str) -> None:
    repo = make_repo({"a.py": reads("A", "B")})
    repo.git("config", "core.autocrlf", setting)
    repo.write("a.py", reads("A", "NEW", "B").replace("\n", "\r\n"))
    repo.git("-c", "core.safecrlf=false", "add", "--all")
    assert judge(repo).new == ["a.py:7 HL101"]


def test_a_byte_order_mark_and_another_encoding(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("A"), "b.py": reads("B")})
    repo.write("a.py", b"\xef\xbb\xbf" + reads("A", "NEW").encode())
    repo.write("b.py", f"# coding: latin-1\n# é\n{reads('B', 'NEW')}".encode("latin-1"))
    repo.git("add", "--all")
    assert judge(repo).new == ["a.py:7 HL101", "b.py:9 HL101"]


@pytest.mark.parametrize("cone", ["--cone", "--no-cone"])
@pytest.mark.parametrize("index", ["--sparse-index", "--no-sparse-index"])
def test_sparse_checkout(make_repo: MakeRepo, judge: Judge, cone: str, index: str) -> None:
    repo = make_repo({"in/a.py": reads("A"), "out/b.py": reads("B"), "out/deep/c.py": reads("C")})
    repo.git("sparse-checkout", "set", cone, index, "in")
    assert not (repo.root / "out").exists()
    assert judge(repo).code == 0
    repo.write("in/a.py", reads("A", "NEW"))
    repo.write("out/b.py", reads("B", "NEW"))
    repo.write("new/d.py", reads("C"))
    repo.git("add", "--sparse", "in/a.py", "out/b.py", "new/d.py")
    assert judge(repo).new == ["in/a.py:7 HL101", "new/d.py:4 HL101", "out/b.py:7 HL101"]


def test_pointers_of_large_file_storage(make_repo: MakeRepo, judge: Judge) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
    repo = make_repo({"data.py": "X = 1\n"})
    repo.write("data.py", pointer)
    repo.git("add", "--all")
    assert judge(repo).code == 0


ODD = {
    "spaces": "a b .py",
    "quotes": "a'b\"c`d.py",
    "newline": "new\nline.py",
    "tab": "tab\t.py",
    "escape": "\x1b[31mred\x1b]0;title\x07.py",
    "backslash": "back\\slash\\n.py",
    "latin-1": os.fsdecode(b"\xe9t\xe9.py"),
    "direction": "a\u202egnp.py",
    "dash": "-rf.py",
    "colon": ":(exclude)a.py",
    "pathspec": "*.py",
    "percent": "100%25,::error::.py",
    "unicode": "日本語 🐍.py",
    "dots": "...py",
}


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_odd_paths(make_repo: MakeRepo, judge: Judge, name: str) -> None:
    repo = make_repo({f"d/{name}": reads("A"), "other.py": reads("O")})
    repo.write(f"d/{name}", reads("A", "NEW"))
    repo.git("add", "--all")
    verdict = judge(repo)
    (found,) = verdict.report["new"]
    assert (os.fsencode(found["path"]), found["line"]) == (os.fsencode(f"d/{name}"), 7)
    assert judge(repo, f"d/{name}").report == verdict.report
    repo.commit()
    (repo.root / "e").mkdir()
    repo.git("mv", f"d/{name}", f"e/{name}")
    assert judge(repo).new == []


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "junit"])
def test_odd_paths_are_never_printed_raw(make_repo: MakeRepo, form: str) -> None:
    repo = make_repo({"keep.py": "X = 1\n"})
    for name in ODD.values():
        repo.write(f"d\x1b[2J/{name}", reads("A") + "# holdline: allow[HL102] \x1b[31mwhy\n")
        repo.write(f"broken/{name}", "os.environ\ndef (:\n")
    repo.git("add", "--all")
    code, out, err = run_check(repo.root, "--format", form)
    assert (code, err) == (1, "")
    steering = [c for c in out if not c.isprintable() and c not in "\n\t"]
    assert steering == []


def test_no_odd_path_in_an_error_is_printed_raw(make_repo: MakeRepo) -> None:
    repo = make_repo({"a\x1b[31m.py": "1\n"})
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.write("a\x1b[31m.py", "2\n")
    repo.commit()
    repo.git("checkout", "--quiet", "main")
    repo.write("a\x1b[31m.py", "3\n")
    repo.commit()
    import subprocess

    subprocess.run(["git", "merge", "topic"], cwd=repo.root, capture_output=True, check=False)
    code, out, err = run_check(repo.root)
    assert (code, out) == (2, "")
    assert "a\\x1b[31m.py is in conflict" in err
    assert "\x1b" not in run_check(repo.root, "../\x1b[31m")[2]
    assert "\x1b" not in run_check(repo.root, "--base", "\x1b[31m")[2]


def test_sha256_repositories(tmp_path: Path, make_repo: MakeRepo, judge: Judge) -> None:
    repo: Repo = make_repo()
    import shutil

    shutil.rmtree(repo.root / ".git")
    repo.git("init", "--quiet", "--object-format=sha256")
    repo.write("a.py", reads("A"))
    repo.commit()
    repo.write("a.py", reads("A", "NEW"))
    repo.git("add", "--all")
    assert judge(repo).new == ["a.py:7 HL101"]
