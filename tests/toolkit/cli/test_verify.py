"""`migrate --verify`: in real worktrees with real runs of pytest, which fixes stay and what is said of the others."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from holdline.config import Config
from holdline.migration import Context, Fact, Registry, Rule
from holdline.model import Edit, Fix, Safety, Site, Violation
from holdline.source import Source
from holdline_migrations.env_access import EnvAccess

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

PYTEST = f"{sys.executable} -m pytest -q -p no:cacheprovider -p no:randomly -p no:holdline"


class Rename:
    """A migration that may be wrong: each number N in `value(N)` becomes N + 100, which the tests may mind."""

    name = "rename"
    summary = "other numbers"
    rules = (Rule("HL199", "number", "a number", "Numbers are wrong."),)

    def may_match(self, data: bytes) -> bool:
        return b"value(" in data

    def watched_names(self, data: bytes) -> Iterable[str]:
        return ()

    def survey(self, path: str, data: bytes) -> Iterable[Fact]:
        return ()

    def check(self, source: Source, context: Context) -> Sequence[Violation]:
        found = []
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "value":
                (number,) = node.args
                assert isinstance(number, ast.Constant)
                assert isinstance(number.value, int)
                if number.value >= 100:
                    continue
                span = source.span(number)
                edit = Edit(span.start, span.end, str(number.value + 100).encode())
                fix = Fix(Safety.SAFE, (edit,), (Site(span.start, span.end),))
                place = (number.lineno, number.col_offset + 1, number.lineno, (number.end_col_offset or 0) + 1)
                found.append(Violation("HL199", "a number", source.path, *place, text=str(number.value), fix=fix))
        return found

    def dependency(self, config: Config) -> str:
        return ""


@pytest.fixture
def migrate(call: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`migrate(repo, *arguments)`: with `Rename` in the place of the migrations there are."""
    monkeypatch.setattr("holdline.cli.session.load_registry", lambda: Registry((EnvAccess(), Rename())))

    def run(repo: Repo, *arguments: str, cmd: str = PYTEST) -> Any:
        return call(repo.root, "migrate", "-m", "rename", "--verify", cmd, *arguments)

    return run


HELPER = "def value(n):\n    return n\n"
#: Minds 3 and 5 being changed, and 6 and 7 if both are.
MINDFUL = """\
def value(n):
    return n


def test_three():
    assert value(3) == 3


def test_four():
    assert value(4) in (4, 104)


def test_five():
    assert value(5) == 5


def test_pair():
    assert value(6) + value(7) < 200


def test_rest():
    assert value(8) and value(9)
"""


def changed_numbers(repo: Repo, path: str = "tests/test_a.py") -> list[int]:
    found = re.findall(rb"value\((\d+)\)", repo.read(path))
    return [int(number) - 100 for number in found if int(number) >= 100]


def leftovers(repo: Repo) -> str:
    return repo.git("worktree", "list").strip().replace(repo.git("rev-parse", "--show-toplevel").strip(), "", 1)


def test_what_breaks_tests_is_taken_back_and_the_rest_is_kept(migrate: Run, make_repo: MakeRepo) -> None:
    repo = make_repo({"tests/test_a.py": MINDFUL, "tests/test_b.py": MINDFUL.replace("== 5", "> 4")})
    done = migrate(repo)
    assert done.code == 1, done
    assert changed_numbers(repo) == [4, 6, 8, 9]
    assert changed_numbers(repo, "tests/test_b.py") == [4, 5, 6, 8, 9]
    lines = done.text.splitlines()
    assert [line for line in lines if line.startswith("tests/test_a.py:6:")] == [
        "tests/test_a.py:6:18: HL199 broke tests/test_a.py::test_three (failed: assert 103 == 3) under --verify"
    ]
    assert "fixed 9 violations in 2 of 2 files, 5 left" in done.text
    assert "\n" not in leftovers(repo)


def test_nothing_broken_is_exit_zero_and_nothing_is_said(migrate: Run, make_repo: MakeRepo) -> None:
    repo = make_repo({"tests/test_a.py": HELPER + "\n\ndef test():\n    assert value(1)\n"})
    done = migrate(repo)
    assert done.code == 0, done
    assert "verified by 1 test that passed before: nothing taken back" in done.text
    assert changed_numbers(repo) == [1]
