"""Hostile input: a verdict or one clear line, in bounded time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

SECONDS = 120  # generous: on the machine this was written on the slowest takes 15
MEGABYTES = 1_200

A = b'import os\nA = os.environ["A"]\n'
NEW = "HL101 os.environ is read directly"


@dataclass(frozen=True)
class Outcome:
    """What a run gave, and what it took."""

    code: int
    out: str
    err: str
    seconds: float
    megabytes: float


def check(repo: Repo, *arguments: str) -> Outcome:
    """Run `holdline check` in a process of its own, and see that it is sparing and speaks plainly."""
    start = time.monotonic()
    out, err = repo.root.parent / "out", repo.root.parent / "err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        command = [sys.executable, "-m", "holdline", "check", *arguments]
        process = subprocess.Popen(command, cwd=repo.root, stdout=stdout, stderr=stderr)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    done = Outcome(
        process.returncode, out.read_text(), err.read_text(), time.monotonic() - start, usage.ru_maxrss / 1024
    )
    assert done.seconds < SECONDS
    assert done.megabytes < MEGABYTES
    assert len(done.out) < 2_000_000
    assert max(map(len, done.out.splitlines())) < 5_000
    assert done.err == ""
    assert done.code in (0, 1)
    assert done.out.splitlines()[-1].startswith("holdline: ")
    return done


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo({"x.py": "X = 1\n"})


def stage(repo: Repo, **files: bytes) -> None:
    for name, content in files.items():
        repo.write(f"{name}.py", content)
    repo.git("add", "--all")


TEN_MEGABYTES = b"X = [\n" + b"    1, 2, 3, 4, 5, 6, 7, 8,\n" * 350_000 + b"]\n"


def test_ten_megabytes_that_cannot_hold_a_violation(repo: Repo) -> None:
    stage(repo, big=TEN_MEGABYTES)
    assert check(repo).code == 0


def test_ten_megabytes_with_a_violation(repo: Repo) -> None:
    stage(repo, big=A + TEN_MEGABYTES)
    done = check(repo)
    assert done.code == 1
    assert done.out.startswith(
        "big.py: is too large to be judged (9,800,038 bytes, the most is 2,000,000): split or exclude it\n"
    )
    assert "    line 2 changed and looks like a violation\n" in done.out
    repo.git("commit", "--quiet", "--message", "it was there before")
    stage(repo, big=b"# touched\n" + A + TEN_MEGABYTES)
    assert check(repo).code == 0


def test_ten_megabytes_of_violations(repo: Repo) -> None:
    stage(repo, big=b"import os\n" + b'A = os.environ["A"]\n' * 500_000)
    done = check(repo)
    assert done.code == 1
    assert "    and so do 499 990 more\n" in done.out


def test_as_large_as_is_judged(repo: Repo) -> None:
    stage(repo, big=A + TEN_MEGABYTES[: 6 + 28 * 70_000] + b"]\n")
    done = check(repo)
    assert (done.code, NEW in done.out) == (1, True)


def test_thousands_of_violations_in_a_file(repo: Repo) -> None:
    stage(repo, many=b"import os\n" + b"".join(b'A%d = os.environ["A%d"]\n' % (n, n) for n in range(10_000)))
    done = check(repo)
    assert "… and 9 000 more; `--format json` lists all\n" in done.out
    assert "no safe fix: more than 1000 new violations in one file are not fixed at a time" in done.out


def test_five_thousand_files(repo: Repo) -> None:
    stage(repo, **{f"p{n % 50}/m{n}": A.replace(b'"A"', b'"A%d"' % n) for n in range(5_000)})
    done = check(repo)
    assert "holdline: 5 000 new violations in 5 000 changed files, 0 old hidden" in done.out
    repo.git("commit", "--quiet", "--message", "legacy")
    stage(repo, **{f"p{n % 50}/m{n}": A.replace(b'"A"', b'"A%d"' % n) + b"# touched\n" for n in range(5_000)})
    done = check(repo)
    assert (done.code, "5 000 old hidden" in done.out) == (0, True)


@pytest.mark.parametrize("first", ["", "'é', "], ids=["ascii", "not ascii"])
def test_a_line_of_a_megabyte_full_of_violations(repo: Repo, first: str) -> None:
    stage(repo, line=f"import os\nX = [{first}".encode() + b"os.environ['A'], " * 60_000 + b"]\n")
    assert "60 000 new violations" in check(repo).out


def test_a_line_of_a_megabyte_with_one(repo: Repo) -> None:
    stage(
        repo, line=b"import os\nX = ['" + b"x" * 1_000_000 + b"', os.environ['A'], '" + b"y" * 1_000_000 + b"']\n"[:20]
    )
    assert check(repo).code == 1


@pytest.mark.parametrize(
    "deep",
    [
        b"(" * 5_000 + b")" * 5_000,
        b"[" * 150 + b"]" * 150,
        b"+".join([b"1"] * 3_000),
        b"x" + b".a" * 3_000,
        b"x" + b"()" * 3_000,
        b"x" + b"[0]" * 3_000,
        b"not " * 3_000 + b"1",
        b"-" * 100_000 + b"1",
        b"lambda: " * 2_000 + b"1",
        b"1 if x else " * 2_000 + b"1",
        b"{1: " * 150 + b"1" + b"}" * 150,
    ],
    ids=[
        "parentheses",
        "lists",
        "sum",
        "attributes",
        "calls",
        "items",
        "not",
        "minus",
        "lambdas",
        "conditions",
        "dicts",
    ],
)
def test_deep_nesting(repo: Repo, deep: bytes) -> None:
    stage(repo, deep=A + b"X = " + deep + b"\n")
    done = check(repo)
    assert done.code == 1
    assert (
        NEW in done.out or "deep.py:3: does not parse: too many nested" in done.out or "nested too deeply" in done.out
    )


def test_deep_nesting_around_the_violation(repo: Repo) -> None:
    blocks = b"".join(b" " * n + b"if x:\n" for n in range(95))
    stage(
        repo,
        blocks=b"import os\n" + blocks + b" " * 95 + b"os.environ['A']\n",
        elifs=b"import os\nif x:\n  os.environ['A']\n" + b"elif x:\n  pass\n" * 2_000,
        key=b"import os\nX = os.environ[" + b"+".join([b"'a'"] * 2_000) + b"]\n",
    )
    assert "3 new violations in 3 changed files" in check(repo).out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (A + b"X = '\xff'\n", "hostile.py: is not valid utf-8 (byte"),
        (A + b"X = '\0'\n", "hostile.py: does not parse: source code string cannot contain null bytes"),
        (b"\0" * 1_000_000 + A, "hostile.py: does not parse: "),
        (b"# coding: nonsense\n" + A, "hostile.py: cannot be decoded: "),
        (b"# coding: utf-16\n" + A, "hostile.py: "),
        (A + b"9" * 100_000 + b"\n", "hostile.py:3: does not parse: "),
        (b"# holdline: allow[HL101] " + b"why - until " * 100_000 + b"\n", "hostile.py:1:1: HL001 "),
        (b"# holdline: allow[HL101] " + b"why " * 100_000 + b"\n", "hostile.py:1:1: new suppression: allows HL101: why why"),
        (b"#" + b" holdline: allow[" * 100_000 + b"\n", "hostile.py:1:"),
        (b"import os\n" + b"X = os.environ['A']  # holdline: allow[HL101] why\n" * 5_000, "… and 4 000 more"),
    ],
)  # fmt: skip
def test_what_is_no_proper_source(repo: Repo, content: bytes, says: str) -> None:
    stage(repo, hostile=content)
    assert says in check(repo).out


def test_the_other_formats_are_bounded_too(repo: Repo) -> None:
    stage(repo, line=b"import os\nX = [" + b"os.environ['A'], " * 5_000 + b"]\n", bad=A + b"\xff")
    for form in ("json", "sarif", "github", "junit"):
        start = time.monotonic()
        command = [sys.executable, "-m", "holdline", "check", "--format", form]
        done = subprocess.run(command, cwd=repo.root, capture_output=True, timeout=SECONDS, check=False)
        assert (done.returncode, done.stderr) == (1, b"")
        assert len(done.stdout) < 10_000_000
        assert time.monotonic() - start < SECONDS
