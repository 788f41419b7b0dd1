"""`migrate`: exit codes, formats, suppressions, unsafe fixes and what the summary says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline import fixing
from holdline.proofs import ProofError

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

READ = 'import os\n\n\ndef test():\n    assert os.getenv("A") is None\n'
REFUSED = "import os\n\n\ndef test():\n    assert vars(os.environ)\n"
BROKEN = 'import os\nX = os.environ["X"\n'
FILES = {
    "tests/auth/test_a.py": READ,
    "tests/test_left.py": REFUSED,
    "tests/test_broken.py": BROKEN,
    "tests/test_clean.py": "X = 1\n",
    "app/core.py": READ,
}


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo(FILES)


def test_the_summary(repo: Repo, shell: Run) -> None:
    done = shell(repo.root, script="migrate")
    elsewhere, run = done.err.splitlines()
    assert elsewhere.startswith("holdline: 1 file out of scope `tests` may hold more")
    assert (done.code, run) == (0, "holdline: that was run 1; `holdline undo` takes it back")
    lines = done.text.splitlines()
    rows = [line.split() for line in lines]
    assert ["directory", "files", "fixed", "left"] in rows
    assert ["tests/auth", "1", "1", "0"] in rows
    assert ["HL101", "1", "1", "0"] in rows
    assert ["HL104", "1", "0", "1"] in rows
    (left,) = [line for line in lines if line.startswith("tests/test_left.py:5:17: HL104 ")]
    assert "`vars`" in left
    assert "tests/test_broken.py:2: does not parse: '[' was never closed" in lines
    (dependency,) = [line for line in lines if "`holdline_runtime`" in line]
    assert "`holdline`" in dependency
    assert lines[-1] == "fixed 1 violation in 1 of 4 files, 1 left, 1 not parsed"
    assert repo.read("tests/auth/test_a.py") == (
        b'from holdline_runtime import get_env\n\n\ndef test():\n    assert get_env().get("A") is None\n'
    )
    assert repo.git("status", "--porcelain") == " M tests/auth/test_a.py\n"


def test_quiet_is_silent(repo: Repo, shell: Run) -> None:
    done = shell(repo.root, "migrate", "-q")
    assert (done.code, done.out, done.err) == (0, b"", "")
    assert repo.read("tests/auth/test_a.py") != READ.encode()


def test_check(repo: Repo, shell: Run) -> None:
    done = shell(repo.root, "migrate", "--check")
    assert (done.code, done.out, done.err) == (1, b"", "")
    assert repo.read("tests/auth/test_a.py") == READ.encode()
    shell(repo.root, "migrate")
    done = shell(repo.root, "migrate", "--check")
    assert (done.code, done.out, done.err) == (0, b"", "")


def test_check_with_a_machine_format_reports_as_well(repo: Repo, call: Run, check_json: Run) -> None:
    done = call(repo.root, "migrate", "--check", "--format", "json")
    assert done.code == 1
    assert check_json(done)["totals"]["changed"] == 1


def test_json(repo: Repo, shell: Run, check_json: Run) -> None:
    dry = check_json(shell(repo.root, "migrate", "--dry-run", "--format", "json"))
    assert (dry["dry_run"], dry["run"]) == (True, None)
    done = shell(repo.root, "migrate", "--format", "json")
    wet = check_json(done)
    assert (done.code, done.err) == (0, "")
    assert (wet["dry_run"], wet["run"]) == (False, "1")
    for report in (dry, wet):
        assert report["totals"] == {"checked": {"tests": 4}, "changed": 1, "fixed": 1, "remaining": 1}
        assert [p["path"] for p in report["problems"]] == ["tests/test_broken.py"]
        assert [(f["path"], f["tier"]) for f in report["files"]] == [
            ("tests/auth/test_a.py", 1),
            ("tests/test_left.py", 2),
        ]
        (left,) = report["files"][1]["remaining"]
        assert "`vars`" in left["reason"]
    again = check_json(shell(repo.root, "migrate", "--format", "json"))
    assert (again["run"], again["dependency"], again["totals"]["changed"]) == (None, None, 0)


@pytest.mark.parametrize("mode", [["--dry-run"], []], ids=["dry", "written"])
def test_sarif(repo: Repo, shell: Run, check_sarif: Run, mode: list[str]) -> None:
    done = shell(repo.root, "migrate", "--format", "sarif", *mode)
    run = check_sarif(done)
    assert done.code == 0
    assert [result["ruleId"] for result in run["results"]] == (["HL101", "HL104"] if mode else ["HL104"])


def test_unsafe_fixes_need_the_option_and_say_why(make_repo: MakeRepo, call: Run) -> None:
    repo = make_repo({"tests/test_a.py": REFUSED})
    assert "tests/test_a.py:5:17: HL104 it is passed to `vars`" in call(repo.root, "migrate").text
    assert repo.read("tests/test_a.py") == REFUSED.encode()
    (file,) = call(repo.root, "migrate", "--unsafe", "--format", "json").json["files"]
    (fixed,) = file["fixed"]
    assert fixed["fix"]["safety"] == "unsafe"
    assert "`vars`" in fixed["fix"]["note"]
    assert b"assert vars(get_env())" in repo.read("tests/test_a.py")


def test_suppressed_accesses_stay(make_repo: MakeRepo, call: Run) -> None:
    repo = make_repo(
        {
            "tests/test_a.py": "import os\n\n"
            'A = os.environ["A"]  # holdline: allow[HL101] the launcher sets it\n'
            'B = os.environ["B"]\n'
            "# holdline: allow[HL101]\n"
            'C = os.environ["C"]\n'
        }
    )
    done = call(repo.root, "migrate", "--format", "json")
    assert repo.read("tests/test_a.py").decode() == (
        "import os\n\nfrom holdline_runtime import get_env\n\n"
        'A = os.environ["A"]  # holdline: allow[HL101] the launcher sets it\n'
        'B = get_env()["B"]\n'
        "# holdline: allow[HL101]\n"
        'C = get_env()["C"]\n'
    )
    (file,) = done.json["files"]
    assert [(v["code"], v["reason"]) for v in file["remaining"]] == [
        ("HL001", "a suppression needs a person's decision")
    ]


def test_the_configured_functions_are_used(make_repo: MakeRepo, call: Run) -> None:
    repo = make_repo({"tests/test_a.py": READ, "holdline.toml": '[env]\nget = "app.env:environment"\n'})
    done = call(repo.root, "migrate")
    assert b"from app.env import environment\n" in repo.read("tests/test_a.py")
    assert "`app.env`" in done.text
    assert "`holdline`" not in done.text


def test_a_configuration_named_relative_to_the_folder(make_repo: MakeRepo, shell: Run, tmp_path: Path) -> None:
    repo = make_repo({"tests/test_a.py": READ, "ci/strict.toml": '[env]\nget = "app.env:environment"\n'})
    assert shell(tmp_path, "migrate", "-C", repo.root, "--config", "ci/strict.toml").code == 0
    assert b"from app.env import environment\n" in repo.read("tests/test_a.py")


def test_a_rewrite_that_fails_its_proof_is_dropped(repo: Repo, call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ProofError("line 5: something else changed")

    monkeypatch.setattr(fixing, "prove", refuse)
    done = call(repo.root, "migrate")
    assert done.code == 1
    assert "holdline: tests/auth/test_a.py: left as it was, the rewrite could not be proved: line 5" in done.err
    assert done.text.endswith("fixed 0 violations in 0 of 4 files, 2 left, 1 not parsed, 1 failed a proof\n")
    assert repo.read("tests/auth/test_a.py") == READ.encode()
    assert call(repo.root, "migrate", "--dry-run").out == b""
    assert call(repo.root, "migrate", "--check").code == 1


def test_many_files_in_several_processes(make_repo: MakeRepo, shell: Run) -> None:
    files = {f"tests/test_{number:03}.py": READ for number in range(120)}
    one, many = make_repo(files, "one"), make_repo(files, "many")
    alone = shell(one.root, "migrate", "--dry-run", "--jobs", "1")
    shared = shell(many.root, "migrate", "--dry-run", "--jobs", "3")
    assert alone.out == shared.out
    assert alone.out.count(b"diff --git") == 120
