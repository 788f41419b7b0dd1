"""With somebody at a terminal: coloured diffs with order and reason, tables, progress; nothing of it in pipes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from holdline_runtime import get_env

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

READ = 'import os\n\n\ndef test():\n    assert os.getenv("A") is None\n'
FILES = {
    "tests/auth/test_login.py": READ,
    "tests/conftest.py": READ,
    "tests/test_left.py": READ + "    assert vars(os.environ)\n",
    "tests/test_broken.py": READ + "def (:\n",
}
STYLES = re.compile(r"\x1b\[[0-9;]*m")
RED, GREEN, CYAN, BOLD = "\x1b[31m", "\x1b[32m", "\x1b[36m", "\x1b[1m"
# pytest-xdist's workers have a second thread; what is forked here only becomes a shell.
pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")

BAR = re.compile(r"planning: +\d+%\|.*file/s\]|planning: +0%\|")
# A terminal shows a bar only while it lasts: slow enough to be drawn.
SLOW = """
import time
from holdline.judging import Judge

judge = Judge.judge

def slow(self, path, data, category):
    time.sleep(0.15)
    return judge(self, path, data, category)

Judge.judge = slow
"""


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo(FILES)


@pytest.fixture
def terminal(scripts: Path) -> Callable[..., tuple[int, str]]:
    """`terminal(cwd, line)` runs a shell line on a terminal 120 wide; its exit code and what appears there."""

    def run(cwd: Path, line: str, **env: str) -> tuple[int, str]:
        environ = {name: value for name, value in get_env().items() if name not in ("NO_COLOR", "FORCE_COLOR")}
        environ |= {"TERM": "xterm-256color", "PATH": f"{scripts}:{environ['PATH']}", **env}
        child = pexpect.spawn(
            "/bin/sh", ["-c", line], cwd=str(cwd), env=environ, encoding="utf-8", dimensions=(40, 120), timeout=60
        )
        child.expect(pexpect.EOF)
        child.close()
        return child.exitstatus, child.before.replace("\r\n", "\n")

    return run


def test_coloured_diffs_with_order_and_reason_then_the_summary(repo: Repo, terminal: Run) -> None:
    code, seen = terminal(repo.root, "migrate --dry-run 2>/dev/null")
    assert code == 0
    plain = STYLES.sub("", seen)
    places = [
        plain.index(header)
        for header in (
            "[1/3] tests/conftest.py · shared fixtures: other tests depend on it · 1 fix\n",
            '[2/3] tests/auth/test_login.py · path says "auth" · 1 fix\n',
            "[3/3] tests/test_left.py · 2 violations × 0 recent commits · 1 fix\n",
            "directory",
            "rule",
            "tests/test_broken.py:6: does not parse",
            "would fix 3 violations in 3 of 4 files, 1 left, 1 not parsed\n",
        )
    ]
    assert places == sorted(places)
    assert f'{RED}-    assert os.getenv("A") is None' in seen
    assert f'{GREEN}+    assert get_env().get("A") is None' in seen
    assert f"{CYAN}@@ -1,5 +1,5 @@" in seen
    assert f"{BOLD}tests/conftest.py" in seen
    rows = [line.split() for line in plain.splitlines()]
    assert ["tests/auth", "1", "1", "0"] in rows
    assert ["tests", "2", "2", "1"] in rows
    assert ["HL101", "3", "3", "0"] in rows
    assert repo.git("status", "--porcelain") == ""


def test_a_run_that_writes(repo: Repo, terminal: Run) -> None:
    code, seen = terminal(repo.root, "migrate")
    plain = STYLES.sub("", seen)
    assert code == 0
    assert "fixed 3 violations in 3 of 4 files, 1 left, 1 not parsed\n" in plain
    assert plain.endswith("holdline: that was run 1; `holdline undo` takes it back\n")
    assert "left, by reason (-v lists each)" in plain
    assert "@@" not in plain


def test_verbose_lists_what_is_left(repo: Repo, terminal: Run) -> None:
    plain = STYLES.sub("", terminal(repo.root, "migrate --dry-run -v 2>/dev/null")[1])
    assert "tests/test_left.py:6:17: HL104 it is passed to `vars`" in plain


def test_quiet_shows_the_diff_alone(repo: Repo, terminal: Run) -> None:
    plain = STYLES.sub("", terminal(repo.root, "migrate --dry-run -q")[1])
    assert "[1/3] tests/conftest.py" in plain
    assert "would fix" not in plain
    assert "planning" not in plain


def test_check_shows_nothing(repo: Repo, terminal: Run) -> None:
    assert terminal(repo.root, "migrate --check 2>/dev/null") == (1, "")


@pytest.mark.parametrize(
    ("option", "env", "colored"),
    [
        ("", {}, True),
        ("", {"NO_COLOR": "1"}, False),
        ("", {"NO_COLOR": ""}, True),
        ("", {"TERM": "dumb"}, False),
        ("--color never", {}, False),
        ("--color always", {"NO_COLOR": "1"}, True),
    ],
)
def test_colour(repo: Repo, terminal: Run, option: str, env: dict[str, str], colored: bool) -> None:
    _, seen = terminal(repo.root, f"migrate --dry-run {option} 2>/dev/null", **env)
    assert (RED in seen) is colored
    assert ("\x1b" in seen) is colored
    assert "[1/3] tests/conftest.py" in STYLES.sub("", seen)


def test_colour_into_a_pipe_only_on_demand(repo: Repo, shell: Run) -> None:
    assert b"\x1b" not in shell(repo.root, "migrate", "--dry-run").out
    forced = shell(repo.root, "migrate", "--dry-run", "--color", "always").text
    assert GREEN in forced
    assert "[1/3]" in STYLES.sub("", forced)


def test_a_long_path_is_not_cut(make_repo: MakeRepo, terminal: Run) -> None:
    path = f"tests/{'long' * 40}/test_x.py"
    _, seen = terminal(make_repo({path: READ}).root, "migrate --dry-run 2>/dev/null")
    assert f"[1/1] {path} · " in STYLES.sub("", seen)


class TestProgress:
    @pytest.fixture
    def slow(self, sabotage: Callable[[str], dict[str, str]]) -> dict[str, str]:
        return sabotage(SLOW)

    def test_on_standard_error(self, repo: Repo, terminal: Run, slow: dict[str, str]) -> None:
        code, seen = terminal(repo.root, "migrate --dry-run >/dev/null", **slow)
        assert code == 0
        assert BAR.search(seen)
        assert "would fix 3 violations" in STYLES.sub("", seen)  # stdout is no terminal: the summary comes here

    def test_scan_has_it_too(self, repo: Repo, terminal: Run, slow: dict[str, str]) -> None:
        assert "scanning: " in terminal(repo.root, "holdline scan >/dev/null", **slow)[1]

    def test_the_diff_in_a_pipe_stays_clean(self, repo: Repo, terminal: Run, slow: dict[str, str]) -> None:
        code, seen = terminal(repo.root, "migrate --dry-run | git apply --check && echo applies", **slow)
        assert (code, "applies\n" in seen) == (0, True)
        assert BAR.search(seen)

    @pytest.mark.parametrize("line", ["migrate --dry-run", "scan", "migrate --format json", "migrate"])
    def test_silent_in_pipes(self, repo: Repo, shell: Run, slow: dict[str, str], line: str) -> None:
        done = shell(repo.root, *line.split(), env=slow)
        assert "%|" not in done.text + done.err
        assert "\r" not in done.text + done.err

    def test_quiet(self, repo: Repo, terminal: Run, slow: dict[str, str]) -> None:
        assert terminal(repo.root, "holdline scan -q >/dev/null", **slow) == (0, "")

    def test_ctrl_c(self, repo: Repo, scripts: Path, slow: dict[str, str]) -> None:
        child = pexpect.spawn(
            str(scripts / "migrate"), cwd=str(repo.root), env={**get_env(), **slow}, encoding="utf-8", timeout=30
        )
        child.expect("planning: +[0-9]+%")
        child.sendintr()
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 130
        assert re.search(r"[\r\n]holdline: interrupted\r\n$", child.before), child.before
        assert "Traceback" not in child.before
        assert repo.git("status", "--porcelain") == ""


def test_an_error_is_one_line_here_as_well(repo: Repo, terminal: Run) -> None:
    code, seen = terminal(repo.root, "migrate nowhere.py")
    assert (code, seen) == (2, f"holdline: nowhere.py does not exist (looked in {repo.root})\n")
