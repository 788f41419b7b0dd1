"""`migrate --dry-run`: the diff is exactly what `git apply` takes and what `migrate` writes; nothing changes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

READ = 'import os\n\n\ndef test():\n    assert os.getenv("A") is None\n'
ODD_NAMES = [
    "tests/é ü.py",
    'tests/a "quoted" name.py',
    "tests/tab\there.py",
    "tests/line\nbreak.py",
    "tests/back\\slash.py",
    "tests/-rf.py",
    "tests/ leading and trailing .py",
    "tests/[x]*?.py",
    os.fsdecode(b"tests/undecodable-\xe9.py"),
]
CONTENTS: dict[str, bytes] = {
    "tests/crlf.py": READ.replace("\n", "\r\n").encode(),
    "tests/cr_in_crlf.py": b'import os\r\n\r\nX = """a\rb"""\r\nY = os.environ["Y"]\r\n',
    "tests/bom.py": b"\xef\xbb\xbf" + READ.encode(),
    "tests/latin.py": b'# -*- coding: latin-1 -*-\nimport os\n\nNAME = "caf\xe9"\nHOME = os.environ["HOME"]\n',
    "tests/no_final_newline.py": b'import os\nassert os.getenv("A") is None',
    "tests/only_line.py": b'import os; X = os.environ["X"]',
    "tests/form_feed.py": b'import os\n\x0c\n\n\nHOME = os.environ["HOME"]\n',
    "tests/deep/er/test_x.py": READ.encode(),
    "tests/clean.py": b"X = 1\n",
    "app/source.py": READ.encode(),
    **{name: READ.encode() for name in ODD_NAMES},
}


def apply(repo: Repo, diff: bytes, *options: str, cwd: Path | None = None) -> None:
    done = subprocess.run(
        ["git", "apply", *options], cwd=cwd or repo.root, input=diff, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def content(repo: Repo) -> dict[str, bytes]:
    return {
        str(path.relative_to(repo.root)): path.read_bytes()
        for path in repo.root.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


@pytest.mark.parametrize("scope", [[], ["--scope", "all"]], ids=["tests", "all"])
def test_applying_the_diff_gives_what_migrate_writes(make_repo: MakeRepo, shell: Run, scope: list[str]) -> None:
    applied, migrated = make_repo(CONTENTS, "applied"), make_repo(CONTENTS, "migrated")
    dry = shell(applied.root, "migrate", "--dry-run", *scope)
    assert (dry.code, content(applied)) == (0, CONTENTS)
    apply(applied, dry.out, "--check")
    apply(applied, dry.out)
    assert shell(migrated.root, *scope, script="migrate").code == 0
    assert content(applied) == content(migrated)
    changed = {path for path, data in content(applied).items() if data != CONTENTS[path]}
    assert changed == set(CONTENTS) - {"tests/clean.py"} - (set() if scope else {"app/source.py"})


def test_line_ends_bom_and_encoding_stay(make_repo: MakeRepo, shell: Run) -> None:
    repo = make_repo(CONTENTS)
    shell(repo.root, "migrate")
    assert repo.read("tests/crlf.py").count(b"\n") == repo.read("tests/crlf.py").count(b"\r\n") > 0
    assert b'"""a\rb"""\r\n' in repo.read("tests/cr_in_crlf.py")
    assert repo.read("tests/bom.py").startswith(b"\xef\xbb\xbffrom holdline_runtime")
    assert b"caf\xe9" in repo.read("tests/latin.py")
    assert repo.read("tests/no_final_newline.py").endswith(b'get_env().get("A") is None')


def test_below_a_folder(make_repo: MakeRepo, shell: Run) -> None:
    """In a subfolder, `.` means that one; `git apply` there takes the same diff."""
    applied, migrated = make_repo(CONTENTS, "applied"), make_repo(CONTENTS, "migrated")
    deep = applied.root / "tests" / "deep"
    dry = shell(deep, "migrate", "--dry-run", ".")
    assert b"diff --git a/tests/deep/er/test_x.py b/tests/deep/er/test_x.py\n" in dry.out
    assert dry.out.count(b"diff --git") == 1
    apply(applied, dry.out, cwd=deep)
    assert shell(migrated.root, "migrate", "tests/deep").code == 0
    assert content(applied) == content(migrated)


def test_from_elsewhere(make_repo: MakeRepo, shell: Run, tmp_path: Path) -> None:
    repo = make_repo(CONTENTS)
    here = shell(repo.root, "migrate", "--dry-run")
    assert here.out.count(b"diff --git") == len(CONTENTS) - 2
    assert shell(tmp_path, "migrate", "--dry-run", "-C", repo.root).out == here.out
    assert shell(repo.root / "tests" / "deep", "migrate", "--dry-run").out == here.out
    named = shell(tmp_path, "-C", repo.root / "tests", "migrate", "--dry-run", "deep", "crlf.py")
    assert named.out.count(b"diff --git") == 2


def test_stdout_is_the_diff_and_the_summary_goes_to_stderr(make_repo: MakeRepo, shell: Run) -> None:
    repo = make_repo({"tests/test_a.py": READ})
    dry = shell(repo.root, "migrate", "--dry-run")
    assert dry.text == (
        "diff --git a/tests/test_a.py b/tests/test_a.py\n"
        "--- a/tests/test_a.py\n"
        "+++ b/tests/test_a.py\n"
        "@@ -1,5 +1,5 @@\n"
        "-import os\n"
        "+from holdline_runtime import get_env\n"
        " \n"
        " \n"
        " def test():\n"
        '-    assert os.getenv("A") is None\n'
        '+    assert get_env().get("A") is None\n'
    )
    assert dry.err.endswith("\nwould fix 1 violation in 1 of 1 file, 0 left\n")
    quiet = shell(repo.root, "migrate", "--dry-run", "-q")
    assert (quiet.code, quiet.out, quiet.err) == (0, dry.out, "")


@pytest.mark.parametrize(
    "options",
    [["--dry-run"], ["--check"], ["--dry-run", "--format", "json"], ["--dry-run", "--unsafe", "--scope", "all"]],
    ids=" ".join,
)
def test_writes_nothing_at_all(make_repo: MakeRepo, shell: Run, snapshot: Run, options: list[str]) -> None:
    repo = make_repo(CONTENTS)
    repo.write("tests/test_uncommitted.py", READ)
    repo.git("add", "--intent-to-add", "tests/test_uncommitted.py")
    before = snapshot(repo.root)
    assert shell(repo.root, "migrate", *options).code in (0, 1)
    assert snapshot(repo.root) == before


def test_the_index_is_left_alone_by_a_real_run(make_repo: MakeRepo, shell: Run) -> None:
    repo = make_repo({"tests/test_a.py": READ, "tests/test_b.py": READ})
    repo.write("tests/test_a.py", READ + "# staged\n")
    repo.git("add", "tests/test_a.py")
    index = repo.git("ls-files", "--stage")
    assert shell(repo.root, "migrate").code == 0
    assert repo.git("ls-files", "--stage") == index
    assert b"# staged\n" in repo.read("tests/test_a.py")


def test_the_diff_starts_from_the_working_tree(make_repo: MakeRepo, shell: Run) -> None:
    repo = make_repo({"tests/test_a.py": READ})
    repo.write("tests/test_a.py", "# not committed\n" + READ)
    dry = shell(repo.root, "migrate", "--dry-run")
    apply(repo, dry.out, "--check")
    assert b" # not committed\n" in dry.out


def test_nothing_to_change_gives_no_diff(make_repo: MakeRepo, shell: Run) -> None:
    repo = make_repo({"tests/test_a.py": "X = 1\n"})
    dry = shell(repo.root, "migrate", "--dry-run")
    assert (dry.code, dry.out, dry.err) == (0, b"", "nothing to migrate in 1 file\n")


def test_a_second_run_has_nothing_left(make_repo: MakeRepo, shell: Run) -> None:
    repo = make_repo(CONTENTS)
    shell(repo.root, "migrate", "--scope", "all")
    again = shell(repo.root, "migrate", "--scope", "all", "--dry-run")
    assert (again.code, again.out) == (0, b"")
