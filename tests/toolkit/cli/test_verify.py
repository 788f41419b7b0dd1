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

PYTEST = f"{sys.executable} -m pytest -q"


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
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they take more time than the tests
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


def test_uncommitted_and_untracked_files_are_what_is_tested(migrate: Run, make_repo: MakeRepo) -> None:
    repo = make_repo(
        {"tests/test_a.py": "def test():\n    assert 0\n", "app.py": "LIMIT = 0\n", ".gitignore": "local.py\n"}
    )
    repo.write(
        "tests/test_a.py",
        "from helpers import value\nimport app, local\n\ndef test():\n    assert value(1) < app.LIMIT\n",
    )
    repo.write("app.py", "LIMIT = 10\n")
    repo.write("helpers.py", HELPER)  # untracked
    repo.write("local.py", "")  # ignored
    before = repo.git("status", "--porcelain")
    done = migrate(repo)
    assert done.code == 1, done
    assert "tests/test_a.py::test (failed: " in done.text
    assert changed_numbers(repo) == []
    assert repo.git("status", "--porcelain") == before


def test_a_dry_run_shows_what_would_remain_and_the_run_after_it_repeats_nothing(
    migrate: Run, make_repo: MakeRepo, check_json: Run, check_sarif: Run
) -> None:
    repo = make_repo({"tests/test_a.py": MINDFUL.partition("def test_five")[0]})
    dry = migrate(repo, "--dry-run", "--format", "json")
    assert dry.code == 1, dry
    assert repo.git("status", "--porcelain") == ""
    verdict = check_json(dry)["verification"]
    assert (verdict["tests"], verdict["per_test"], verdict["remembered"]) == (2, True, 0)
    (dropped,) = verdict["dropped"]
    assert [v["line"] for v in dropped["violations"]] == [6]
    assert [b["test"] for b in dropped["broken"]] == ["tests/test_a.py::test_three"]
    again = migrate(repo, "--format", "sarif")
    (note,) = check_sarif(again)["invocations"][0]["toolExecutionNotifications"]
    assert note["descriptor"]["id"] == "verification"
    assert changed_numbers(repo) == [4]
    repo.git("checkout", ".")
    after = check_json(migrate(repo, "--dry-run", "--format", "json"))["verification"]
    assert (after["runs"], after["remembered"]) == (0, verdict["runs"])
    anew = check_json(migrate(repo, "--dry-run", "--format", "json", "--no-cache"))["verification"]
    assert (anew["runs"], anew["remembered"]) == (verdict["runs"], 0)


def test_tests_that_failed_before_do_not_count(migrate: Run, make_repo: MakeRepo) -> None:
    failing = HELPER + "\n\ndef test_bad():\n    assert value(1) == 2\n\n\ndef test_good():\n    assert value(1)\n"
    repo = make_repo({"tests/test_a.py": failing, "tests/test_broken.py": "import nothing_of_that_name\n"})
    done = migrate(repo)
    assert done.code == 0, done
    assert changed_numbers(repo) == [1, 1]


BODIES = {
    "skip": "import pytest\n\n\ndef test_it():\n    if value(1) > 100:\n        pytest.skip('no')\n",
    "cases": "import pytest\n\n\n@pytest.mark.parametrize('x', [value(1)])\ndef test_it(x):\n    pass\n",
    "module": "assert value(1) == 1\n\n\ndef test_it():\n    pass\n",
    "fixture": "import pytest\n\n\n@pytest.fixture\ndef it():\n    assert value(1) == 1\n\n\ndef test_it(it):\n    pass\n",
}
OTHERS = "\n\ndef test_other():\n    assert value(2)\n"


def test_whatever_keeps_a_test_from_passing_is_found(migrate: Run, make_repo: MakeRepo) -> None:
    files = {f"tests/test_{name}.py": f"{HELPER}\n\n{body}{OTHERS}" for name, body in BODIES.items()}
    repo = make_repo(files | {"tests/test_fine.py": HELPER + OTHERS})
    done = migrate(repo)
    assert done.code == 1, done
    assert {path: changed_numbers(repo, path) for path in files} == {path: [2] for path in files}
    assert changed_numbers(repo, "tests/test_fine.py") == [2]
    for broke in (
        "test_skip.py::test_it (skipped: no)",
        "test_cases.py::test_it[1] (not run)",
        "test_module.py (error: assert 101 == 1) (and 2 more)",
        'test_fixture.py::test_it (error: failed on setup with "assert 101 == 1',
    ):
        assert f" broke tests/{broke}" in done.text


def test_a_run_that_dies_is_found(migrate: Run, make_repo: MakeRepo) -> None:
    dies = "import os\n\n\ndef test_it():\n    if value(1) > 100:\n        os._exit(3)\n"
    repo = make_repo({"tests/test_a.py": f"{HELPER}\n\n{dies}{OTHERS}"})
    done = migrate(repo)
    assert done.code == 1, done
    assert changed_numbers(repo) == [2]
    assert "broke the command (exit status 3" in done.text


def test_flaky_tests_are_set_aside_and_listed(migrate: Run, make_repo: MakeRepo, tmp_path: Any) -> None:
    flaky = f"""
import pathlib

def test_flaky():
    runs = pathlib.Path({str(tmp_path / "runs")!r})
    runs.write_text(str(int(runs.read_text()) + 1) if runs.exists() else "1")
    assert int(runs.read_text()) % 3

def test_steady():
    assert value(1) == 1

def test_fine():
    assert value(2)
"""
    repo = make_repo({"tests/test_a.py": HELPER + flaky})
    done = migrate(repo)
    assert done.code == 1, done
    assert changed_numbers(repo) == [2]
    assert "flaky, set aside: tests/test_a.py::test_flaky" in done.text


def test_an_exit_status_will_do(migrate: Run, make_repo: MakeRepo) -> None:
    script = "import re, sys\nsys.exit('value(103)' in open('tests/test_a.py').read())\n"
    repo = make_repo({"tests/test_a.py": MINDFUL, "check.py": script})
    done = migrate(repo, cmd=f"{sys.executable} check.py")
    assert done.code == 1, done
    assert changed_numbers(repo) == [4, 5, 6, 7, 8, 9]
    assert "just the exit status counts" in done.err
    assert "verified by the command's exit status alone: 1 fix taken back" in done.text


@pytest.mark.parametrize(
    ("cmd", "complaint"),
    [
        ("no-such-command-here", "cannot be run: "),
        ("exit 4", "fails before anything is changed"),
        (f"{PYTEST} -k nothing", "has no test that passes before anything is changed"),
    ],
)
def test_a_command_that_is_no_measure_is_an_error(migrate: Run, make_repo: MakeRepo, cmd: str, complaint: str) -> None:
    repo = make_repo({"tests/test_a.py": MINDFUL})
    done = migrate(repo, cmd=cmd)
    assert done.code == 2
    assert complaint in done.complaint
    assert repo.git("status", "--porcelain") == ""
    assert "\n" not in leftovers(repo)


def test_no_commit_yet(migrate: Run, make_repo: MakeRepo) -> None:
    repo = make_repo()
    repo.write("tests/test_a.py", MINDFUL)
    repo.git("add", ".")
    done = migrate(repo)
    assert done.code == 2
    assert "commit something first" in done.complaint


def test_a_run_that_hangs_is_stopped(migrate: Run, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdline.verification._SECONDS", 2.0)
    monkeypatch.setattr("holdline.verification._TIMES", 0.0)
    repo = make_repo({"tests/test_a.py": numbers(1, 2)})
    done = migrate(repo, cmd="if grep -rq 'value(101)' tests; then sleep 60; fi")
    assert done.code == 1, done
    assert changed_numbers(repo) == [2]
    assert re.search(r"broke the command \(stopped: took more than \d+ s\)", done.text)


def test_through_make_and_xdist(migrate: Run, make_repo: MakeRepo) -> None:
    makefile = f"test:\n\t{PYTEST} -p xdist -n 2 tests\n"
    test = HELPER + "\n\ndef test_one():\n    assert value(1) == 1\n\n\ndef test_two():\n    assert value(2)\n"
    repo = make_repo({"tests/test_a.py": test, "Makefile": makefile})
    done = migrate(repo, cmd="make test")
    assert done.code == 1, done
    assert changed_numbers(repo) == [2]
    assert "verified by 2 tests that passed before: 1 fix taken back" in done.text
    assert "of all tests in" in done.text


def test_what_a_conftest_breaks_is_found_in_the_tests_below_it(migrate: Run, make_repo: MakeRepo) -> None:
    conftest = (
        "import pytest\n\n\ndef value(n):\n    return n\n\n\n@pytest.fixture\ndef limit():\n    return value(1)\n"
    )
    repo = make_repo(
        {
            "tests/conftest.py": conftest,
            "tests/unit/test_a.py": HELPER + "\n\ndef test_limit(limit):\n    assert limit < value(2)\n",
            "tests/unit/test_b.py": "def test_b():\n    pass\n",
        }
    )
    done = migrate(repo)
    # 1 becomes 101 first, as fixtures are more urgent: it is the later 2 that would mend it, and comes too late
    assert done.code == 1, done
    assert changed_numbers(repo, "tests/conftest.py") == []
    assert changed_numbers(repo, "tests/unit/test_a.py") == [2]


def test_what_the_rewritten_code_imports_has_to_be_there(call: Run, make_repo: MakeRepo) -> None:
    test = "import os\n\n\ndef test():\n    assert os.getenv('NOTHING') is None\n"
    settings = '[tool.holdline.env]\nget = "not_installed.env:get_env"\n'
    repo = make_repo({"tests/test_a.py": test, "pyproject.toml": settings})
    done = call(repo.root, "migrate", "--verify", PYTEST)
    assert done.code == 2, done
    last = done.err.splitlines()[-1]
    assert last.startswith("holdline: --verify: the tests cannot import not_installed")
    assert repo.git("status", "--porcelain") == ""


def test_a_changed_file_whose_tests_are_not_run_is_named(migrate: Run, make_repo: MakeRepo) -> None:
    test = HELPER + "\n\ndef test_one():\n    assert value(1)\n"
    repo = make_repo({"tests/test_a.py": test, "more/tests/test_b.py": MINDFUL})
    done = migrate(repo, cmd=f"{PYTEST} tests")
    assert done.code == 0, done
    assert "not verified, for no test minds it: more/tests/test_b.py" in done.text
    assert changed_numbers(repo, "more/tests/test_b.py") == [3, 4, 5, 6, 7, 8, 9]


SOURCE = {
    "src/app.py": HELPER + "\n\nLIMIT = value(1)\n",
    "tests/test_app.py": "import app\n\n\ndef test_limit():\n    assert app.LIMIT == 1\n",
}


def test_sources_are_tested_from_the_worktree(migrate: Run, make_repo: MakeRepo) -> None:
    repo = make_repo(SOURCE)
    repo.write(
        "conftest.py", f"import sys\n\nsys.path.append({str(repo.root / 'src')!r})\n"
    )  # as an editable install does
    done = migrate(repo, "--scope", "all")
    assert done.code == 1, done
    assert "src/app.py:5:15: HL199 broke tests/test_app.py::test_limit" in done.text


def test_sources_that_are_read_from_the_checkout_are_named(migrate: Run, make_repo: MakeRepo) -> None:
    repo = make_repo(SOURCE)
    repo.write("conftest.py", f"import sys\n\nsys.path.insert(0, {str(repo.root / 'src')!r})\n")
    done = migrate(repo, "--scope", "all")
    assert done.code == 0, done
    assert "not verified, for no test minds it: src/app.py" in done.text


def numbers(*values: int) -> str:
    return HELPER + "".join(f"\n\ndef test_{n}():\n    assert value({n})\n" for n in values)


def minds(*groups: tuple[int, ...]) -> str:
    """A command that fails if all numbers of a group are changed, in whichever file: it takes no time."""
    found = [" && ".join(f"grep -rq 'value({100 + n})' tests" for n in group) for group in groups]
    return f"! {{ {' || '.join(f'( {g} )' for g in found)}; }}"


def test_faults_in_several_files_and_faults_of_two_files_together(migrate: Run, make_repo: MakeRepo) -> None:
    files = {f"tests/test_{n:02}.py": numbers(*range(4 * n, 4 * n + 4)) for n in range(12)}
    repo = make_repo(files)
    done = migrate(repo, "--format", "json", cmd=minds((5,), (17, 30), (31,), (40,), (41,), (42,), (43,)))
    assert done.code == 1, done
    kept = {n for path in files for n in changed_numbers(repo, path)}
    order = [v["path"] for v in done.json["files"]]
    assert order == sorted(files), "the later of two is known"
    assert set(range(48)) - kept == {5, 30, 31, 40, 41, 42, 43}
    assert len(done.json["verification"]["dropped"]) == 7


def test_an_edit_that_breaks_what_another_mends_is_kept_with_it(migrate: Run, make_repo: MakeRepo) -> None:
    repo = make_repo({"tests/test_a.py": numbers(1, 2, 3), "tests/test_b.py": numbers(4, 5)})
    odd = "test $(grep -rhoE 'value\\((101|104)\\)' tests | wc -l) -ne 1"
    done = migrate(repo, cmd=f"{odd} && {minds((3,))}")
    assert done.code == 1, done
    assert (changed_numbers(repo), changed_numbers(repo, "tests/test_b.py")) in [([1, 2], [4, 5]), ([2], [5])]


@pytest.mark.parametrize("name", ["_BATCH_RUNS", "_FILE_RUNS"])
def test_it_gives_up_in_the_end_and_says_so(
    migrate: Run, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(f"holdline.verification.{name}", 3)
    files = {f"tests/test_{n}.py": numbers(*range(10 * n + 1, 10 * n + 8)) for n in range(6)}
    repo = make_repo(files)
    done = migrate(repo, cmd=minds((12,), (25,), (51,)))
    assert done.code == 1, done
    assert "undecided after 3 runs, all of the file is left" in done.text
    kept = {n for path in files for n in changed_numbers(repo, path)}
    assert not kept & {12, 25, 51}
    assert kept


def test_batches_come_in_the_order_of_their_urgency(
    migrate: Run, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdline.verification.BATCH_FILES", 2)
    files = {f"tests/test_{n}.py": numbers(n) for n in range(3)} | {"tests/auth/test_3.py": numbers(3)}
    repo = make_repo(files)
    done = migrate(repo, "--format", "json", cmd=minds((3, 0), (2,)))
    assert done.code == 1, done
    assert "batches to verify: 3" in done.err
    dropped = [(d["path"], d["broken"][0]["now"]) for d in done.json["verification"]["dropped"]]
    assert dropped == [("tests/test_0.py", "exit status 1"), ("tests/test_2.py", "exit status 1")]


def test_what_a_later_batch_does_to_the_tests_of_an_earlier_one(
    migrate: Run, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdline.verification.BATCH_FILES", 1)
    reads = "\n\ndef test_other():\n    import pathlib\n    assert '(10' + '2)' not in pathlib.Path('tests/test_b.py').read_text()\n"
    repo = make_repo({"tests/test_a.py": numbers(1, 11) + reads, "tests/test_b.py": numbers(2)})
    done = migrate(repo)
    assert done.code == 1, done
    assert changed_numbers(repo) == [1, 11]
    assert changed_numbers(repo, "tests/test_b.py") == []
    assert "broke tests/test_a.py::test_other" in done.text


def test_tests_that_depend_on_their_order_are_set_aside(migrate: Run, make_repo: MakeRepo) -> None:
    first = "import builtins\n\n\ndef test_first():\n    builtins.was_here = True\n"
    second = numbers(1) + "\n\ndef test_second():\n    import builtins\n    assert builtins.was_here\n"
    repo = make_repo({"tests/test_a.py": first, "tests/test_b.py": second, "tests/conftest.py": numbers(2)})
    done = migrate(repo)
    assert done.code == 0, done
    assert changed_numbers(repo, "tests/test_b.py") == [1]
    assert "flaky, set aside: tests/test_b.py::test_second" in done.text
