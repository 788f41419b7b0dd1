"""`holdline check --fix`: exactly the new violations are fixed, in index and working tree alike."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .gates import Hook, Judge, reads, run_check, stage, state

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Hooked = Callable[..., Hook]

IMPORT = "from holdline_runtime import get_env\n"


def staged(repo: Repo, path: str) -> str:
    """A file's content in the index."""
    return subprocess.run(
        ["git", "cat-file", "blob", f":{path}"], cwd=repo.root, capture_output=True, check=True
    ).stdout.decode()


def fix(repo: Repo, *arguments: str) -> tuple[int, str, str]:
    return run_check(repo.root, "--fix", *arguments)


def test_new_ones_are_fixed_and_old_ones_left(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": reads("OLD"), "old.py": reads("OLD2")})
    repo.write("a.py", reads("OLD", "NEW"))
    repo.write("old.py", reads("OLD2") + "# touched\n")
    repo.git("add", "--all")
    untouched = repo.read("old.py")
    code, out, err = fix(repo)
    assert (code, err) == (0, "")
    assert out.startswith("holdline: no new violation in 2 changed files, 2 old hidden")
    expected = (
        reads("OLD", "NEW")
        .replace("import os\n", f"import os\n\n{IMPORT}")
        .replace('os.environ["NEW"]', 'get_env()["NEW"]')
    )
    assert repo.read("a.py").decode() == staged(repo, "a.py") == expected
    assert repo.read("old.py") == untouched
    assert repo.git("status", "--porcelain") == "M  a.py\nM  old.py\n"
    assert judge(repo).code == 0


def test_unstaged_edits_are_kept(make_repo: MakeRepo) -> None:
    middle = "".join(f"# {n}\n" for n in range(9))
    repo = make_repo({"a.py": "import os\n" + middle + "Z = 1\n"})
    repo.write("a.py", 'import os\nNEW = os.environ["NEW"]\n' + middle + 'Z = os.environ["UNSTAGED"]\n')
    stage(repo, "a.py", 'import os\nNEW = os.environ["NEW"]\n' + middle + "Z = 1\n")
    assert fix(repo)[0] == 0
    assert staged(repo, "a.py") == f'{IMPORT}\nNEW = get_env()["NEW"]\n'.replace("\n\n", "\n") + middle + "Z = 1\n"
    assert repo.read("a.py").decode().endswith(middle + 'Z = os.environ["UNSTAGED"]\n')
    assert 'NEW = get_env()["NEW"]\n' in repo.read("a.py").decode()


def test_unstaged_edits_of_the_same_lines_are_left_and_said(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "import os\n"})
    repo.write("a.py", 'import os\nNEW = os.environ["NEW"] + "more"\n')
    stage(repo, "a.py", 'import os\nNEW = os.environ["NEW"]\n')
    mine = repo.read("a.py")
    code, _, err = fix(repo)
    assert (code, repo.read("a.py")) == (0, mine)
    assert err == "holdline: a.py: fixed in the index only: your unstaged edits touch the same lines\n"
    assert "get_env()" in staged(repo, "a.py")


def test_what_has_no_safe_fix_stays_and_says_why(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "X = 1\n"})
    repo.write("a.py", 'import os\nX = os.environb[b"A"]\nY = os.environ["B"]\n')
    repo.git("add", "--all")
    code, out, err = fix(repo)
    assert (code, err) == (1, "")
    assert out.splitlines()[0].startswith("a.py:4:5: HL101 os.environb is read directly")
    assert "    no safe fix: " in out
    assert staged(repo, "a.py").count("get_env()") == 1


def test_without_fix_the_diff_is_shown_and_nothing_changes(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": reads("OLD")})
    repo.write("a.py", reads("OLD", "NEW"))
    repo.git("add", "--all")
    before = state(repo.root)
    code, out, _ = run_check(repo.root)
    assert (code, state(repo.root)) == (1, before)
    assert (
        "`holdline check --fix` makes these changes to the index and the working tree:\ndiff --git a/a.py b/a.py\n"
        in out
    )
    assert '\n-    return os.environ["NEW"]\n+    return get_env()["NEW"]\n' in out
    assert "OLD" not in "".join(line for line in out.splitlines() if line.startswith(("-", "+")))
    diff = out[out.index("diff --git") : out.index("\n\nholdline:") + 1]
    subprocess.run(["git", "apply", "--cached", "-"], cwd=repo.root, input=diff.encode(), check=True)
    assert fix(repo)[0] == 0


def test_with_nothing_new_nothing_is_written(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": reads("OLD")})
    repo.write("a.py", reads("OLD") + "# touched\n")
    repo.git("add", "--all")
    before = state(repo.root)
    assert fix(repo)[0] == 0
    assert state(repo.root) == before


def test_mode_and_line_endings_are_kept(make_repo: MakeRepo) -> None:
    repo = make_repo({"run.py": "#!/usr/bin/env python\r\nimport os\r\n"})
    (repo.root / "run.py").chmod(0o755)
    repo.commit()
    repo.write("run.py", '#!/usr/bin/env python\r\nimport os\r\nX = os.environ["X"]\r\n')
    repo.git("add", "--all")
    assert fix(repo)[0] == 0
    assert repo.git("ls-files", "--stage").startswith("100755 ")
    assert os.access(repo.root / "run.py", os.X_OK)
    assert repo.read("run.py").count(b"\r\n") == repo.read("run.py").count(b"\n") >= 3
    assert repo.git("status", "--porcelain") == "M  run.py\n"


@pytest.mark.parametrize("setting", ["true", "input"])
def test_autocrlf(make_repo: MakeRepo, setting: str) -> None:
    repo = make_repo({"a.py": "import os\n"})
    repo.git("config", "core.autocrlf", setting)
    newline = b"\r\n" if setting == "true" else b"\n"
    repo.write("a.py", b'import os\nX = os.environ["X"]\n'.replace(b"\n", newline))
    repo.git("-c", "core.safecrlf=false", "add", "--all")
    assert fix(repo)[0] == 0
    assert repo.read("a.py") == staged(repo, "a.py").encode().replace(b"\n", newline)
    assert b"get_env" in repo.read("a.py")
    assert repo.git("status", "--porcelain") == "M  a.py\n"


def test_in_a_sparse_checkout(make_repo: MakeRepo) -> None:
    """What is not checked out stays so, and does not seem deleted."""
    repo = make_repo({"in/a.py": "X = 1\n", "out/b.py": "Y = 1\n"})
    repo.git("sparse-checkout", "set", "--cone", "in")
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"],
        cwd=repo.root,
        input=reads("NEW").encode(),
        capture_output=True,
        check=True,
    )
    repo.git("update-index", "--cacheinfo", f"100644,{blob.stdout.decode().strip()},out/b.py")
    repo.git("update-index", "--skip-worktree", "out/b.py")
    assert fix(repo)[0] == 0
    assert "get_env" in staged(repo, "out/b.py")
    assert not (repo.root / "out").exists()
    assert repo.git("status", "--porcelain") == "M  out/b.py\n"


def test_a_file_that_is_gone_or_a_link_or_read_only_in_the_working_tree(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo({"x.py": "X = 1\n"})
    for name in ("gone.py", "link.py", "locked.py", "d/inner.py"):
        repo.write(name, reads("NEW"))
    repo.git("add", "--all")
    (repo.root / "gone.py").unlink()
    (repo.root / "link.py").unlink()
    (tmp_path / "outside.py").write_text(reads("NEW"))
    (repo.root / "link.py").symlink_to(tmp_path / "outside.py")
    (repo.root / "locked.py").chmod(0o444)
    (repo.root / "d").rename(tmp_path / "away")
    (repo.root / "d").symlink_to(tmp_path / "away")
    code, _, err = fix(repo)
    assert code == 0
    assert sorted(err.splitlines()) == [
        "holdline: d/inner.py: fixed in the index only: its folder is now reached through a symbolic link: left alone",
        "holdline: locked.py: fixed in the index only: read-only: make it writable (chmod u+w) and run again",
    ]
    for name in ("gone.py", "link.py", "locked.py", "d/inner.py"):
        assert "get_env" in staged(repo, name)
    assert (tmp_path / "outside.py").read_text() == (tmp_path / "away" / "inner.py").read_text() == reads("NEW")


def test_not_with_a_base(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "X = 1\n"})
    code, out, err = fix(repo, "--base", "HEAD")
    assert (code, out) == (2, "")
    assert err == "holdline: --fix changes what is staged: it does not go with --base\n"


def test_only_what_is_named(make_repo: MakeRepo) -> None:
    repo = make_repo({"x.py": "X = 1\n"})
    repo.write("a.py", reads("A"))
    repo.write("b.py", reads("B"))
    repo.git("add", "--all")
    assert fix(repo, "a.py")[0] == 0
    assert "get_env" in staged(repo, "a.py")
    assert staged(repo, "b.py") == reads("B")


def test_facts_come_from_the_snapshot(make_repo: MakeRepo) -> None:
    """Another file decides whether a fix is safe: as it is staged, not as it is on the disk."""
    patches = "import os\nfrom unittest import mock\n\nos.getenv = mock.Mock()\n"
    repo = make_repo({"conftest.py": patches})
    repo.write("a.py", 'import os\n\nX = os.getenv("X")\n')
    repo.git("add", "--all")
    repo.write("conftest.py", "")
    code, out, _ = fix(repo)
    assert code == 1
    assert "no safe fix: conftest.py " in out
    repo.git("add", "--all")
    assert fix(repo)[0] == 0


def test_sample_projects_in_tests_are_left(make_repo: MakeRepo) -> None:
    repo = make_repo({"tests/sample/setup.py": "", "tests/sample/pyproject.toml": ""})
    repo.write("tests/sample/a.py", reads("A"))
    repo.git("add", "--all")
    code, out, _ = fix(repo)
    assert code == 1
    assert "no safe fix: it belongs to the project in tests/sample" in out
    assert staged(repo, "tests/sample/a.py") == reads("A")


@pytest.mark.parametrize("arguments", [["a.py"], ["-a"], ["--include", "a.py"]])
def test_in_a_hook(make_repo: MakeRepo, hooked: Hooked, arguments: list[str]) -> None:
    """The commit, the index that git keeps afterwards and the working tree all get the fix."""
    repo = make_repo({"a.py": reads("OLD"), "b.py": "X = 1\n"})
    hook = hooked(repo, "--fix")
    repo.write("b.py", "X = 2\n")
    repo.git("add", "b.py")
    repo.write("a.py", reads("OLD", "NEW"))
    assert hook.commit(*arguments)
    assert 'get_env()["NEW"]' in repo.git("show", "HEAD:a.py")
    assert 'get_env()["NEW"]' in repo.read("a.py").decode()
    assert repo.git("status", "--porcelain") == ("M  b.py\n" if arguments == ["a.py"] else "")


def test_in_a_linked_worktree(make_repo: MakeRepo, hooked: Hooked, tmp_path: Path) -> None:
    repo = make_repo({"a.py": reads("OLD")})
    hook = hooked(repo, "--fix")
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "--quiet", linked)
    (linked / "a.py").write_text(reads("OLD", "NEW"))
    assert hook.commit("-a", cwd=linked)
    assert 'get_env()["NEW"]' in (linked / "a.py").read_text()
    assert repo.git("-C", linked, "status", "--porcelain") == ""
    assert repo.git("status", "--porcelain") == ""


def test_a_locked_index_is_an_error_and_changes_nothing(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "X = 1\n"})
    repo.write("a.py", reads("NEW"))
    repo.git("add", "--all")
    (repo.root / ".git" / "index.lock").touch()
    kept = (repo.root / ".git" / "index").read_bytes()
    code, out, err = fix(repo)
    assert (code, out) == (2, "")
    assert "index.lock" in err
    assert ((repo.root / ".git" / "index").read_bytes(), repo.read("a.py").decode()) == (kept, reads("NEW"))


def test_two_files_with_one_content(make_repo: MakeRepo) -> None:
    repo = make_repo({"x.py": "X = 1\n"})
    repo.write("a.py", reads("SAME"))
    repo.write("b.py", reads("SAME"))
    repo.git("add", "--all")
    assert fix(repo)[0] == 0
    assert staged(repo, "a.py") == staged(repo, "b.py") == repo.read("a.py").decode()
    assert "get_env" in staged(repo, "a.py")
