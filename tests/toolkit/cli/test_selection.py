"""Which files `migrate` takes and in which order: priority, scope, folders, paths, limits and their combinations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

ONE = 'import os\n\nX = os.environ["X"]\n'
TWO = 'import os\n\nX = os.environ["X"]\nY = os.environ["Y"]\n'
FILES = {
    "app/core.py": ONE,
    "app/tests/test_core.py": ONE,
    "conftest.py": ONE,
    "docs/conf.py": ONE,
    "tests/auth/conftest.py": ONE,
    "tests/auth/test_login.py": ONE,
    "tests/auth/test_roles.py": ONE,
    "tests/billing/test_bill.py": ONE,
    "tests/plain/test_one.py": ONE,
    "tests/plain/test_two.py": TWO,
    "tests/plain/test_clean.py": "X = 1\n",
}
COMPUTED = [
    "conftest.py",
    "tests/auth/conftest.py",
    "tests/auth/test_login.py",
    "tests/auth/test_roles.py",
    "tests/billing/test_bill.py",
    "tests/plain/test_two.py",
    "app/tests/test_core.py",
    "tests/plain/test_one.py",
]
PRIORITY = 'priority = ["tests/plain/test_one.py", "tests/**/*bill*"]\n'


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo(FILES)


@pytest.fixture
def planned(call: Run) -> Callable[..., list[str]]:
    """The files that a dry run would change, in order."""

    def plan(repo: Repo, *arguments: str, folder: str = "") -> list[str]:
        done = call(repo.root / folder, "migrate", "--dry-run", "--format", "json", *arguments)
        assert done.code == 0, done.err
        return [file["path"] for file in done.json["files"] if file["fixed"]]

    return plan


def test_computed_order(repo: Repo, call: Run) -> None:
    files = call(repo.root, "migrate", "--dry-run", "--format", "json").json["files"]
    assert [(file["path"], file["tier"], file["reason"]) for file in files] == [
        ("conftest.py", 0, "shared fixtures: other tests depend on it"),
        ("tests/auth/conftest.py", 0, "shared fixtures: other tests depend on it"),
        ("tests/auth/test_login.py", 1, 'path says "auth"'),
        ("tests/auth/test_roles.py", 1, 'path says "auth"'),
        ("tests/billing/test_bill.py", 1, 'path says "billing"'),
        ("tests/plain/test_two.py", 2, "2 violations × 0 recent commits"),
        ("app/tests/test_core.py", 2, "1 violation × 0 recent commits"),
        ("tests/plain/test_one.py", 2, "1 violation × 0 recent commits"),
    ]


def test_churn_counts(repo: Repo, call: Run) -> None:
    for number in range(3):
        repo.write("tests/plain/test_one.py", f"{ONE}# {number}\n")
        repo.commit()
    last = call(repo.root, "migrate", "--dry-run", "--format", "json", "tests/plain").json["files"]
    assert [(file["path"], file["reason"]) for file in last] == [
        ("tests/plain/test_one.py", "1 violation × 3 recent commits"),
        ("tests/plain/test_two.py", "2 violations × 0 recent commits"),
    ]


def test_configured_tiers(repo: Repo, call: Run) -> None:
    repo.write("holdline.toml", PRIORITY)
    files = call(repo.root, "migrate", "--dry-run", "--format", "json").json["files"]
    assert [(file["path"], file["tier"], file["reason"]) for file in files][:3] == [
        ("tests/plain/test_one.py", 0, 'priority[0] "tests/plain/test_one.py"'),
        ("tests/billing/test_bill.py", 1, 'priority[1] "tests/**/*bill*"'),
        ("tests/plain/test_two.py", 2, "no priority glob matches"),
    ]
    assert {file["tier"] for file in files[2:]} == {2}


def test_the_diff_and_the_writes_come_in_that_order(repo: Repo, call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from holdline.journal import Journal

    diff = call(repo.root, "migrate", "--dry-run").text
    headers = [line.split(" b/")[1] for line in diff.splitlines() if line.startswith("diff --git")]
    assert headers == COMPUTED
    written: list[str] = []
    write = Journal.write
    monkeypatch.setattr(Journal, "write", lambda self, run, w: (written.append(w.path), write(self, run, w))[1])
    assert call(repo.root, "migrate").code == 0
    assert written == COMPUTED


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], COMPUTED),
        (["--scope", "tests"], COMPUTED),
        (["--scope", "source"], ["app/core.py"]),
        (["--priority-only"], COMPUTED[:5]),
        (["--directory", "tests/auth"], COMPUTED[1:4]),
        (["--directory", "tests/auth", "--directory", "tests/billing/"], COMPUTED[1:5]),
        (["--directory", "tests", "--priority-only"], COMPUTED[1:5]),
        (["--directory", "tests", "tests/plain", "app"], ["tests/plain/test_two.py", "tests/plain/test_one.py"]),
        (["tests/auth/test_roles.py"], ["tests/auth/test_roles.py"]),
        (["tests/auth/test_roles.py", "conftest.py"], ["conftest.py", "tests/auth/test_roles.py"]),
        (["tests", "tests/auth"], [*COMPUTED[1:6], "tests/plain/test_one.py"]),
        (["app"], ["app/tests/test_core.py"]),
        (["app", "--scope", "source"], ["app/core.py"]),
        (["app", "--scope", "all"], ["app/core.py", "app/tests/test_core.py"]),
        (["app/core.py"], ["app/core.py"]),  # named: whatever it is
        (["app/core.py", "--scope", "tests"], []),  # a scope that is asked for counts
        (["--scope", "all", "docs"], ["docs/conf.py"]),
        (["--max-files", "2"], COMPUTED[:2]),
        (["--max-files", "99"], COMPUTED),
        (["--max-files", "2", "--directory", "tests/plain"], ["tests/plain/test_two.py", "tests/plain/test_one.py"]),
        (["--max-files", "1", "--directory", "tests", "--priority-only"], ["tests/auth/conftest.py"]),
        (["-m", "env-access"], COMPUTED),
        (["-m", "env-access", "-m", "env-access", "tests/auth/test_roles.py"], ["tests/auth/test_roles.py"]),
        (["--select", "HL102"], []),
    ],
    ids=lambda value: " ".join(value) if value and value[0].startswith("-") else None,
)
def test_selections(repo: Repo, planned: Run, arguments: list[str], expected: list[str]) -> None:
    assert planned(repo, *arguments) == expected


def test_all_scopes(repo: Repo, planned: Run) -> None:
    assert sorted(planned(repo, "--scope", "all")) == sorted([*COMPUTED, "app/core.py", "docs/conf.py"])


def test_paths_are_relative_to_the_folder(repo: Repo, planned: Run) -> None:
    assert planned(repo, "test_login.py", folder="tests/auth") == ["tests/auth/test_login.py"]
    assert planned(repo, ".", folder="tests/auth") == COMPUTED[1:4]
    assert planned(repo, "../billing", folder="tests/auth") == ["tests/billing/test_bill.py"]
    assert planned(repo, folder="tests/auth") == COMPUTED
    assert planned(repo, str(repo.root / "tests" / "billing")) == ["tests/billing/test_bill.py"]
    # a folder relative to where one is, else to the root
    assert planned(repo, "--directory", "auth", folder="tests") == COMPUTED[1:4]
    assert planned(repo, "--directory", "tests/auth", folder="tests") == COMPUTED[1:4]


def test_configured_tiers_alone(repo: Repo, planned: Run) -> None:
    repo.write("holdline.toml", PRIORITY)
    assert planned(repo, "--priority-only") == ["tests/plain/test_one.py", "tests/billing/test_bill.py"]
    assert planned(repo, "--priority-only", "--max-files", "1") == ["tests/plain/test_one.py"]
    assert planned(repo, "--priority-only", "--directory", "tests/billing") == ["tests/billing/test_bill.py"]


def test_excluded_files_are_left_even_if_named(repo: Repo, call: Run) -> None:
    repo.write("holdline.toml", 'exclude = ["tests/auth"]\n')
    done = call(repo.root, "migrate", "tests/auth/test_login.py")
    assert done.code == 0
    assert "`exclude`" in done.complaint
    assert repo.read("tests/auth/test_login.py") == ONE.encode()


def test_only_what_git_tracks_unless_named(repo: Repo, planned: Run) -> None:
    repo.write("tests/auth/test_new.py", ONE)
    repo.write(".gitignore", "tests/ignored.py\n")
    repo.write("tests/ignored.py", ONE)
    assert planned(repo, "tests/auth") == COMPUTED[1:4]
    assert planned(repo, "tests/auth/test_new.py") == ["tests/auth/test_new.py"]
    assert planned(repo, "tests/ignored.py") == ["tests/ignored.py"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["docs"], "no file in scope `tests` there"),
        (["tests", "--scope", "source"], "no file in scope `source` there"),
        (["empty"], "no tracked Python file there"),
        (["tests", "--directory", "app"], "no tracked Python file there"),
        (["tests/plain", "--priority-only"], "no file with a violation is in the priority tiers"),
    ],
    ids=" ".join,
)
def test_an_empty_selection_says_so(repo: Repo, call: Run, check_json: Run, arguments: list[str], why: str) -> None:
    (repo.root / "empty").mkdir()
    done = call(repo.root, "migrate", *arguments)
    assert done.code == 0
    assert f"holdline: nothing to migrate: {why}" in done.err
    assert "fixed" not in done.text
    assert call(repo.root, "migrate", "--check", *arguments).code == 0
    assert call(repo.root, "migrate", "-q", *arguments).err == ""
    machine = call(repo.root, "migrate", "--format", "json", *arguments)
    assert machine.code == 0
    assert check_json(machine)["files"] == []
    assert not (repo.root / ".git" / "holdline").exists()


def test_a_limit_says_what_it_leaves(repo: Repo, call: Run) -> None:
    done = call(repo.root, "migrate", "--max-files", "3")
    assert "holdline: --max-files 3 leaves 5 files for later\n" in done.err
    assert repo.read(COMPUTED[2]) != ONE.encode()
    assert repo.read(COMPUTED[3]) == ONE.encode()
    call(repo.root, "migrate", "--max-files", "3")
    last = call(repo.root, "migrate", "--max-files", "3")
    assert "for later" not in last.err
    assert last.text.endswith("fixed 2 violations in 2 of 9 files, 0 left\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["-m", "nothing"],
            "holdline: no migration is called 'nothing'; there are: env-access, env-fixtures, production-safety",
        ),
        (["--select", "HL1,HL9"], "holdline: --select: no rule has the code or prefix 'HL9'; the nearest is 'HL306'"),
        (["--select", "os.environ"], "holdline: --select: 'os.environ' is not a rule code or prefix"),
        (["--select", ""], "holdline: --select: '' is not a rule code or prefix"),
    ],
)
def test_unknown_names(repo: Repo, call: Run, arguments: list[str], complaint: str) -> None:
    done = call(repo.root, "migrate", *arguments)
    assert done.code == 2
    assert done.complaint.startswith(complaint)
