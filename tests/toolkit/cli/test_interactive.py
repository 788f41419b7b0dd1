"""`migrate --interactive`, answered on a real terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from holdline_runtime import get_env

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]
Ask = Callable[..., pexpect.spawn]

# pytest-xdist's workers have a second thread; what is forked here only becomes a shell.
pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")

STYLES = re.compile(r"\x1b\[[0-9;]*m")
THREE = """\
import os


def test_a():
    assert os.environ["A"]


def test_b():
    assert os.getenv("B")


def test_c():
    assert "C" in os.environ
"""
FIXED = {
    "A": b'    assert get_env()["A"]\n',
    "B": b'    assert get_env().get("B")\n',
    "C": b'    assert "C" in get_env()\n',
}


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo({"tests/test_one.py": THREE, "tests/test_two.py": THREE})


@pytest.fixture
def ask(repo: Repo, scripts: Path) -> Iterator[Ask]:
    """`ask(*options)` starts `migrate -i` on a terminal; the variables are its environment's."""
    started = []

    def start(*options: str, **env: str) -> pexpect.spawn:
        environ = {n: v for n, v in get_env().items() if n not in ("NO_COLOR", "GIT_EDITOR", "VISUAL", "EDITOR")}
        environ |= {"TERM": "xterm-256color", **env}
        child = pexpect.spawn(
            str(scripts / "migrate"), ["-i", *options], cwd=str(repo.root), env=environ, encoding="utf-8", timeout=60
        )
        child.setwinsize(40, 120)
        started.append(child)
        return child

    yield start
    for child in started:
        child.close(force=True)


def answer(child: pexpect.spawn, *answers: str) -> str:
    """Give one answer to each question; what was shown before the last one."""
    for text in answers:
        child.expect_exact("[y,n,a,d,q,e,?]? ")
        child.sendline(text)
    return STYLES.sub("", child.before).replace("\r\n", "\n")


def finish(child: pexpect.spawn) -> tuple[int, str]:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, STYLES.sub("", child.before).replace("\r\n", "\n")


def fixed(repo: Repo, path: str) -> str:
    """Which of the three accesses of a file are rewritten; its imports have to be those that this needs."""
    data = repo.read(path)
    names = "".join(name for name, line in FIXED.items() if line in data)
    assert (b"import os\n" in data) is (len(names) < 3)
    assert (b"from holdline_runtime import get_env\n" in data) is bool(names)
    return names


@pytest.mark.parametrize(
    ("answers", "one", "two"),
    [
        ("ynyynn", "AC", "A"),
        ("yaa", "ABC", "ABC"),
        ("ad", "ABC", ""),
        ("nad", "BC", ""),
        ("ynq", "A", ""),
        ("yyyyq", "ABC", "A"),
        ("dynd", "", "A"),
        ("nnnnnn", "", ""),
    ],
)
def test_answers(repo: Repo, ask: Ask, answers: str, one: str, two: str) -> None:
    child = ask()
    answer(child, *answers)
    code, told = finish(child)
    assert code == 0
    assert (fixed(repo, "tests/test_one.py"), fixed(repo, "tests/test_two.py")) == (one, two)
    left = 6 - len(one + two)
    assert f"{left} left" in told
    assert ("declined in --interactive" in told) is (left > 0)
    assert ("that was run 1" in told) is (left < 6)


def test_a_question_shows_file_rule_reason_and_diff(ask: Ask) -> None:
    child = ask()
    shown = answer(child, "n")
    lines = shown.splitlines()
    assert "tests/test_one.py · 3 violations × 0 recent commits" in lines
    assert any(re.match(r"5:12: HL101 .*: .*get_env\(\)", line) for line in lines), lines
    assert '-    assert os.environ["A"]' in lines
    assert '+    assert get_env()["A"]' in lines
    assert "(1/6) Apply this fix " in lines
    assert not any("-import os" in line for line in lines)


def test_help_and_odd_answers_ask_again(repo: Repo, ask: Ask) -> None:
    child = ask()
    answer(child, "?")
    assert "y - apply this fix\n" in answer(child, "what")
    assert "q - quit" in answer(child, "")
    assert "e - edit" in answer(child, "q")
    assert finish(child)[0] == 0
    assert fixed(repo, "tests/test_one.py") == ""


def test_the_end_of_input_keeps_what_was_accepted(repo: Repo, ask: Ask) -> None:
    child = ask()
    answer(child, "y")
    child.expect_exact("[y,n,a,d,q,e,?]? ")
    child.sendeof()
    assert finish(child)[0] == 0
    assert fixed(repo, "tests/test_one.py") == "A"


def test_an_interrupt_applies_nothing(repo: Repo, ask: Ask) -> None:
    child = ask()
    answer(child, "y")
    child.expect_exact("[y,n,a,d,q,e,?]? ")
    child.sendintr()
    code, told = finish(child)
    assert code == 130
    assert "holdline: interrupted" in told
    assert fixed(repo, "tests/test_one.py") == ""


def test_a_dry_run_writes_nothing(repo: Repo, ask: Ask) -> None:
    child = ask("--dry-run")
    answer(child, "y", "q")
    code, told = finish(child)
    assert code == 0
    assert "would fix 1 violation in 1 of 2 files, 5 left" in told
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("s/get_env()/get_env().copy()/", b'    assert get_env().copy()["A"]\n'),
        ("s/get_env()/os.environ/; s/$/  # mine/", b'    assert os.environ["A"]  # mine\n'),
        ("1i\\    x = 1", b'    x = 1\n    assert get_env()["A"]\n'),
    ],
)
@pytest.mark.parametrize("rest", ["a", "d"])
def test_lines_of_ones_own(repo: Repo, ask: Ask, script: str, line: bytes, rest: str) -> None:
    child = ask(EDITOR=f"sed -i '{script}'")
    answer(child, "e", rest, "d")
    assert finish(child)[0] == 0
    data = repo.read("tests/test_one.py")
    assert line in data
    assert (FIXED["B"] in data) is (rest == "a")
    assert (b"from holdline_runtime import get_env\n" in data) is (b"get_env" in data)
    assert (b"import os\n" in data) is (b"os." in data)
    compile(data, "test_one.py", "exec")
    repo.git("checkout", ".")


@pytest.mark.parametrize(
    ("editor", "complaint"),
    [
        ("sed -i 's/assert/assert (/'", "with what you wrote the file does not parse"),
        ("false", "the editor failed"),
        ("sed -i d", "no line was left"),
    ],
)
def test_what_cannot_be_taken_is_said_and_asked_again(repo: Repo, ask: Ask, editor: str, complaint: str) -> None:
    child = ask(GIT_EDITOR=editor, EDITOR="false")
    answer(child, "e")
    assert f"{complaint}" in answer(child, "y")
    answer(child, "q")
    assert finish(child)[0] == 0
    assert fixed(repo, "tests/test_one.py") == "A"


def test_two_fixes_on_a_line_are_two_questions_and_cannot_be_edited(make_repo: MakeRepo, repo: Repo, ask: Ask) -> None:
    (repo.root / "tests/test_two.py").unlink()
    repo.write("tests/test_one.py", "import os\n\n\ndef test():\n    assert os.getenv('A') or os.getenv('B')\n")
    child = ask(EDITOR="true")
    answer(child, "e")
    assert "another fix has lines in common" in answer(child, "n")
    answer(child, "y")
    assert finish(child)[0] == 0
    assert b"os.getenv('A') or get_env().get('B')" in repo.read("tests/test_one.py")


def test_with_the_tests_having_the_last_word(repo: Repo, ask: Ask) -> None:
    child = ask("--verify", "! grep -q get_env tests/test_one.py", EDITOR="sed -i s/A/A/")
    answer(child, "e", "a", "a")
    code, told = finish(child)
    assert code == 1
    assert "3 fixes taken back" in told
    assert fixed(repo, "tests/test_one.py") == ""
    assert fixed(repo, "tests/test_two.py") == "ABC"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ((), "--interactive needs a terminal"),
        (("--check",), "--interactive goes with neither --check"),
        (("--format", "json"), "--interactive goes with neither --check"),
    ],
)
def test_where_nobody_can_be_asked(repo: Repo, shell: Run, options: tuple[str, ...], complaint: str) -> None:
    done = shell(repo.root, "-i", *options, script="migrate")
    assert done.code == 2
    assert complaint in done.complaint
