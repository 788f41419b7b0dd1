"""`holdline status`: the runs and what remains, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

READ = 'import os\n\nX = os.environ["X"]\n'
SCHEMA = Path(__file__).parents[3] / "docs" / "json-schema" / "holdline-status-1.schema.json"


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo(
        {
            "tests/test_a.py": READ,
            "tests/test_b.py": READ + "vars(os.environ)\n",
            "app/core.py": READ,
            "app/clean.py": "X = 1\n",
        }
    )


@pytest.fixture
def status(call: Run) -> Callable[[Repo], Any]:
    """The JSON form, checked against its schema."""
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))

    def read(repo: Repo, *arguments: str) -> Any:
        done = call(repo.root, "status", "--format", "json", *arguments)
        assert (done.code, done.err) == (0, "")
        validator.validate(done.json)
        return done.json

    return read


def test_before_any_run(repo: Repo, shell: Run) -> None:
    done = shell(repo.root, "status")
    assert (done.code, done.err) == (0, "")
    assert done.text == ("No run of migrate yet.\n\nNow: score 25.0 % (1 of 4 files), 4 violations in 3 files\n")


def test_runs_newest_first(repo: Repo, shell: Run) -> None:
    shell(repo.root, "tests/test_a.py", script="migrate")
    shell(repo.root / "tests", "scan", "--fix", "test_b.py")
    shell(repo.root, "undo", "1")
    lines = shell(repo.root, "status").text.splitlines()
    assert lines[0].split("  ")[0] == "run"
    assert [line.split()[0] for line in lines[1:3]] == ["2", "1"]
    assert " ".join(lines[1].split()[3:]) == "complete 1 1 1 holdline scan --fix test_b.py"
    assert " ".join(lines[2].split()[3:]) == "undone 1 1 0 holdline migrate tests/test_a.py"
    assert lines[-1] == "Now: score 25.0 % (1 of 4 files), 3 violations in 3 files"


def test_json(repo: Repo, call: Run, status: Run) -> None:
    empty = status(repo)
    assert (empty["runs"], empty["now"]["violations"]) == ([], 4)
    call(repo.root, "migrate")
    call(repo.root, "migrate", "--scope", "source")
    call(repo.root, "undo")
    found = status(repo)
    newest, oldest = found["runs"]
    assert (newest["id"], newest["status"], newest["files"], newest["restored"]) == (2, "undone", 1, 1)
    assert (oldest["id"], oldest["status"], oldest["files"], oldest["fixed"], oldest["remaining"]) == (
        *(1, "complete", 2, 2),
        1,
    )
    assert oldest["head"] == repo.git("rev-parse", "HEAD").strip()
    assert oldest["root"] == str(repo.root)
    assert oldest["started"] <= oldest["finished"]
    assert found["now"] == {"violations": 2, "checked": 4, "clean": 2, "score": 50.0}


def test_runs_that_write_nothing_are_none(repo: Repo, call: Run, status: Run) -> None:
    call(repo.root, "migrate", "--dry-run")
    call(repo.root, "migrate", "app/clean.py")
    assert status(repo)["runs"] == []


def test_a_run_in_another_worktree_is_named(repo: Repo, call: Run, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "--quiet", str(linked))
    call(linked, "migrate")
    line = call(repo.root, "status").text.splitlines()[1]
    assert line.endswith(f"(in {linked})")
    done = call(repo.root, "undo", "1")
    assert done.complaint == f"holdline: run 1 was made in the working tree {linked}: undo it there (-C {linked})"
    assert call(linked, "undo").code == 0


# by directory and owner, and why


def test_by_directory(repo: Repo, call: Run, status: Run) -> None:
    repo.write("tests/deep/test_c.py", READ)
    repo.git("add", "-A")
    call(repo.root, "migrate", "tests/test_a.py", "tests/test_b.py")
    found = status(repo, "--by", "directory")["groups"]
    assert found == {
        "by": "directory",
        "items": [
            {"name": "app", "remaining": 1, "fixed": 0},
            {"name": "tests", "remaining": 1, "fixed": 2},
            {"name": "tests/deep", "remaining": 1, "fixed": 0},
        ],
    }
    lines = call(repo.root, "status", "--by", "directory").text.splitlines()
    assert [line.split() for line in lines[3:7]] == [
        ["directory", "remaining", "fixed"],
        *(["app", "1", "0"], ["tests", "1", "2"], ["tests/deep", "1", "0"]),
    ]


def test_what_was_undone_is_not_fixed(repo: Repo, call: Run, status: Run) -> None:
    call(repo.root, "migrate", "--scope", "all")
    call(repo.root, "undo")
    assert {g["fixed"] for g in status(repo, "--by", "directory")["groups"]["items"]} == {0}


def test_by_owner(repo: Repo, call: Run, status: Run) -> None:
    assert call(repo.root, "status", "--by", "owner").complaint == (
        "holdline: --by owner needs a CODEOWNERS file: git tracks none of "
        ".github/CODEOWNERS, CODEOWNERS, docs/CODEOWNERS, .gitlab/CODEOWNERS"
    )
    repo.write(".github/CODEOWNERS", "tests/ @shop/quality\ntests/test_b.py @ann @shop/core\n")
    repo.commit()
    call(repo.root, "migrate")
    found = status(repo, "--by", "owner", "--history")
    assert [(g["name"], g["remaining"], g["fixed"]) for g in found["groups"]["items"]] == [
        ("(nobody)", 1, 0),
        ("@ann @shop/core", 1, 1),
        ("@shop/quality", 0, 1),
    ]
    assert {g["name"] for g in found["history"]["groups"]} == {"(nobody)", "@ann @shop/core", "@shop/quality"}


def test_why(repo: Repo, call: Run, status: Run) -> None:
    found = status(repo, "--why", "--by", "directory")
    assert found["why"]["remedies"] == {"safe": 3, "unsafe": 0, "manual": 1}
    ((reason, count),) = [tuple(r.values()) for r in found["why"]["reasons"]]
    assert (count, "vars" in reason) == (1, True)
    tests = next(g for g in found["groups"]["items"] if g["name"] == "tests")
    assert tests["remedies"] == {"safe": 2, "unsafe": 0, "manual": 1}
    assert tests["reasons"] == found["why"]["reasons"]
    text = call(repo.root, "status", "--why").text
    assert "3 can be fixed safely, 0 with --unsafe, 1 by hand" in text
    assert f"   1  {reason}" in text


def test_why_of_nothing(make_repo: MakeRepo, status: Run) -> None:
    repo = make_repo({"a.py": "X = 1\n"})
    assert status(repo, "--why")["why"] == {"remedies": {"safe": 0, "unsafe": 0, "manual": 0}, "reasons": []}


# the past


@pytest.fixture
def old(repo: Repo) -> Repo:
    """Three commits: 4 violations, 5, 2."""
    repo.write("app/new.py", READ)
    repo.commit("one more")
    repo.git("rm", "-q", "tests/test_b.py")
    repo.write("app/new.py", "X = 1\n")
    repo.commit("three fewer")
    repo.write("README", "nothing\n")
    repo.commit("nothing")
    return repo


def test_history(old: Repo, call: Run, status: Run) -> None:
    found = status(old, "--history")["history"]
    assert (found["commits"], found["missing"]) == (4, 0)
    line = old.git("rev-list", "--reverse", "HEAD").split()
    assert [(p["commit"], p["violations"], p["fixed"], p["added"]) for p in found["points"]] == [
        *((line[0], 4, 0, 4), (line[1], 5, 0, 1), (line[2], 2, 3, 0), (line[3], 2, 0, 0)),
    ]
    assert {p["at"] for p in found["points"]} == {"2026-01-05T12:00:00+00:00"}
    assert found["groups"] == [
        {"name": "app", "changes": [{"point": n, "violations": v} for n, v in ((0, 1), (1, 2), (2, 1))]},
        {"name": "tests", "changes": [{"point": n, "violations": v} for n, v in ((0, 3), (2, 1))]},
    ]
    text = call(old.root, "status", "--history").text.split("\n\n")[1].splitlines()
    assert text[0] == "4 commits, judged by today's configuration"
    assert [line.split() for line in text[1:]] == [
        ["date", "commit", "violations", "change", "not", "judged"],
        ["2026-01-05", line[0][:12], "4", "+4"],
        ["2026-01-05", line[1][:12], "5", "+1"],
        ["2026-01-05", line[2][:12], "2", "-3"],
        ["2026-01-05", line[3][:12], "2"],
    ]


def test_todays_configuration_counts(old: Repo, status: Run) -> None:
    old.write("holdline.toml", 'exclude = ["app/**"]\n')
    assert [p["violations"] for p in status(old, "--history")["history"]["points"]] == [3, 1, 1]


def test_a_part_of_history(old: Repo, call: Run, status: Run) -> None:
    found = status(old, "--history", "--max-commits", "2")["history"]
    assert (found["commits"], [p["violations"] for p in found["points"]]) == (2, [2, 2])
    assert status(old, "--history", "--since", "2030-01-01")["history"]["points"] == []
    assert "No commit there." in call(old.root, "status", "--history", "--since", "2030-01-01").text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["status", "--since", "yesterday"], "--since limits the history: give it with --history"),
        (["status", "--max-commits", "3"], "--max-commits limits the history: give it with --history"),
        (["scan", "--history"], "--history belongs to --format html; `holdline status --history` prints it"),
        (["scan", "--format", "html", "--since", "x"], "--since limits the history: give it with --history"),
        (["status", "--plot", "a.gif"], "--plot a.gif: the name must end in one of .svg, .png, .pdf"),
        (
            ["status", "--plot", "a.svg"],
            "there is nothing to plot: no run of migrate yet; --history counts the commits",
        ),
    ],
)
def test_usage(repo: Repo, call: Run, arguments: list[str], said: str) -> None:
    done = call(repo.root, *arguments)
    assert (done.code, done.complaint) == (2, f"holdline: {said}")


def test_no_history_before_the_first_commit(make_repo: MakeRepo, call: Run) -> None:
    done = call(make_repo().root, "status", "--history")
    assert (done.code, done.complaint.endswith("there is no history before the first commit")) == (2, True)


def test_a_plot(old: Repo, call: Run) -> None:
    for name in ("burn.svg", "burn.png", "burn.PDF"):
        done = call(old.root, "status", "--history", "--plot", name)
        assert (done.code, done.err) == (0, "")
    assert "tests" in old.read("burn.svg").decode()
    assert old.read("burn.png").startswith(b"\x89PNG")
    assert old.read("burn.PDF").startswith(b"%PDF")
    done = call(old.root, "status", "--history", "--plot", "no/such/folder.svg")
    assert done.complaint == "holdline: --plot no/such/folder.svg cannot be written: No such file or directory"


def test_a_plot_of_runs(repo: Repo, call: Run) -> None:
    call(repo.root, "migrate")
    assert call(repo.root, "status", "--plot", "runs.svg").code == 0
    assert "run 1" in repo.read("runs.svg").decode()


def test_a_plot_without_the_extra(old: Repo, shell: Run, without: Run) -> None:
    done = shell(old.root, "status", "--history", "--plot", "burn.svg", env=without("matplotlib"))
    assert done.code == 2
    assert done.complaint == (
        "holdline: this command needs the package matplotlib: install Holdline with its extra "
        "(pip install '.[plot]' in its clone)"
    )


def test_the_rest_needs_the_base_install_alone(old: Repo, shell: Run, without: Run) -> None:
    done = shell(old.root, "status", "--history", "--why", env=without("matplotlib", "git", "rich", "tqdm"))
    assert (done.code, done.err) == (0, "")


def test_the_html_report_shows_the_history(old: Repo, call: Run) -> None:
    done = call(old.root, "scan", "--format", "html", "--history")
    assert done.code == 0
    assert "4 violations on 2026-01-05, 2 on 2026-01-05; at most 5" in done.text
    assert "Each commit of the first-parent line" in done.text
