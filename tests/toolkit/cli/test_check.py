"""`holdline check` as a command: what it prints, its exit codes, formats and options."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline.cli import check_command

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

HEAD = "import os\n\n\n"
OLD = f'{HEAD}def old():\n    return os.environ["OLD"]\n'
NEW = f'{OLD}\n\ndef new():\n    return os.environ["NEW"]\n'
ALLOWED = "import os\n\nX = os.environ['X']  # holdline: allow[HL101] the launcher sets it — until 2099-01-01\n"


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo({"app/a.py": OLD, "app/b.py": OLD, "broken.py": f"{HEAD}def (:\n    os.environ\n"})


@pytest.fixture
def changed(repo: Repo) -> Repo:
    """One new violation beside old ones, a new suppression, a file broken now, and one that was before."""
    repo.write("app/a.py", NEW)
    repo.write("app/b.py", OLD + "# touched\n")
    repo.write("app/c.py", ALLOWED)
    repo.write("app/d.py", "import os\nos.environ['D']\ndef (:\n")
    repo.write("broken.py", "# touched\n" + repo.read("broken.py").decode())
    repo.git("add", "--all")
    return repo


def head(repo: Repo) -> str:
    return repo.git("rev-parse", "HEAD").strip()


def test_text(changed: Repo, shell: Run) -> None:
    done = shell(changed.root, "check")
    assert (done.code, done.err) == (1, "")
    assert (
        done.text
        == f"""\
app/a.py:9:12: HL101 os.environ is read directly
    return os.environ["NEW"]
    read it through get_env(), which is the same mapping

app/d.py:3: does not parse: invalid syntax
    line 2 changed and looks like a violation
broken.py:5: does not parse: invalid syntax
    so it was before, and no changed line looks like a violation

app/c.py:3:22: new suppression: allows HL101: the launcher sets it (until 2099-01-01)

`holdline check --fix` makes these changes to the index and the working tree:
diff --git a/app/a.py b/app/a.py
--- a/app/a.py
+++ b/app/a.py
@@ -1,9 +1,11 @@
 import os
{" "}
+from holdline_runtime import get_env
+
{" "}
 def old():
     return os.environ["OLD"]
{" "}
{" "}
 def new():
-    return os.environ["NEW"]
+    return get_env()["NEW"]

holdline: 1 new violation in 5 changed files, 2 old hidden, 1 new suppression, 2 not judged (base: HEAD {head(changed)[:9]})
"""
    )


def test_text_where_all_is_well(repo: Repo, shell: Run) -> None:
    repo.write("app/a.py", OLD + "# touched\n")
    repo.git("add", "--all")
    line = f"holdline: no new violation in 1 changed file, 1 old hidden (base: HEAD {head(repo)[:9]})\n"
    done = shell(repo.root, "check")
    assert (done.code, done.text, done.err) == (0, line, "")
    assert shell(repo.root, "check", "-q").text == ""


def test_quiet_still_shows_what_is_new(changed: Repo, call: Run) -> None:
    assert call(changed.root, "check", "-q").text == call(changed.root, "check").text


def test_in_a_range_no_fix_is_offered_that_would_not_be_made(changed: Repo, call: Run) -> None:
    base = head(changed)
    changed.git("commit", "--quiet", "--message", "change")
    text = call(changed.root, "check", "--base", base).text
    assert "holdline check --fix" not in text
    assert "these changes fix what is new and can be fixed safely:\ndiff --git a/app/a.py b/app/a.py\n" in text
    assert text.endswith(f"(base: {base[:9]}, where HEAD left {base})\n")


def test_json(changed: Repo, call: Run, check_json: Run) -> None:
    report = check_json(call(changed.root, "check", "--format", "json"))
    assert report["passes"] is False
    assert report["base"] == {"commits": [head(changed)], "named": f"HEAD {head(changed)[:9]}"}
    assert report["head"] is None
    assert [(v["path"], v["line"], v["code"], v["cause_line"]) for v in report["new"]] == [
        ("app/a.py", 9, "HL101", None)
    ]
    assert [(u["path"], u["line"], u["suspects"], u["tolerated"]) for u in report["unjudged"]] == [
        ("app/d.py", 3, [2], False),
        ("broken.py", 5, [], True),
    ]
    (allowed,) = report["new_suppressions"]
    assert (allowed["path"], allowed["codes"], allowed["until"]) == ("app/c.py", ["HL101"], "2099-01-01")
    assert allowed["reason"] == "the launcher sets it"
    assert report["totals"] == {"files": 5, "new": 1, "old": 2}


def test_json_where_all_is_well(repo: Repo, call: Run, check_json: Run) -> None:
    done = call(repo.root, "check", "--format", "json")
    report = check_json(done)
    assert (done.code, report["passes"], report["new"]) == (0, True, [])
    assert check_json(call(repo.root, "check", "--base", "HEAD", "--format", "json"))["head"] == head(repo)


def test_sarif(changed: Repo, call: Run, check_sarif: Run) -> None:
    run = check_sarif(call(changed.root, "check", "--format", "sarif"))
    states = [
        (r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], r["baselineState"]) for r in run["results"]
    ]
    assert states == [("app/a.py", "unchanged"), ("app/a.py", "new"), ("app/b.py", "unchanged")]
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert [note["descriptor"]["id"] for note in notes] == ["unparsable", "unparsable"]


def test_sarif_where_all_is_well(repo: Repo, call: Run, check_sarif: Run) -> None:
    done = call(repo.root, "check", "--format", "sarif")
    assert (done.code, check_sarif(done)["results"]) == (0, [])


def test_github(changed: Repo, call: Run) -> None:
    lines = call(changed.root, "check", "--format", "github").text.splitlines()
    assert [line.partition("::")[2].partition("::")[0] for line in lines] == [
        "error file=app/a.py,line=9,endLine=9,col=12,endColumn=22,title=Holdline HL101",
        "error file=app/d.py,line=3,title=Holdline%3A not parsed",
        "warning file=broken.py,line=5,title=Holdline%3A not parsed",
        "warning file=app/c.py,line=3,title=Holdline%3A new suppression",
        "notice title=Holdline",
    ]
    assert lines[3].endswith("::allows HL101: the launcher sets it (until 2099-01-01)")
    assert "1 new violation in 5 changed files" in lines[-1]


def test_junit(changed: Repo, call: Run) -> None:
    root = ET.fromstring(call(changed.root, "check", "--format", "junit").text)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "1", "1")
    assert [case.get("name") for case in root.iter("testcase")][:3] == ["app/a.py:9:12", "app/d.py", "broken.py"]
    assert len(list(root.iter("skipped"))) == 1


def test_junit_where_all_is_well(repo: Repo, call: Run) -> None:
    root = ET.fromstring(call(repo.root, "check", "--format", "junit").text)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("1", "0", "0")


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "junit"])
def test_the_format_does_not_change_the_exit_code(changed: Repo, call: Run, form: str) -> None:
    assert call(changed.root, "check", "--format", form).code == 1
    assert call(changed.root, "check", "--format", form, "app/b.py").code == 0
    assert call(changed.root, "check", "--format", form, "broken.py").code == 0
    assert call(changed.root, "check", "--format", form, "app/d.py").code == 1
    assert call(changed.root, "check", "--format", form, "--base", "nowhere").code == 2


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["../outside.py"], "is outside the repository"),
        (
            ["--base", "nowhere"],
            "the base nowhere is not in this clone: fetch it (git fetch origin nowhere) and run again",
        ),
        (["--base", "auto"], "--base auto finds no merge target"),
        (["--fix", "--base", "HEAD"], "--fix changes what is staged: it does not go with --base"),
        (["--select", "XX1"], "--select: no rule has the code or prefix 'XX1'"),
        (["--config", "none.toml"], "there is no such file"),
    ],
)
def test_errors_are_one_line(repo: Repo, call: Run, arguments: list[str], complaint: str) -> None:
    done = call(repo.root, "check", *arguments)
    assert done.code == 2
    assert complaint in done.complaint


def test_outside_a_repository(tmp_path: Path, shell: Run) -> None:
    done = shell(tmp_path, "check")
    assert done.code == 2
    assert "is not in a git repository" in done.complaint


def test_it_imports_nothing_but_the_standard_library(changed: Repo, shell: Run, without: Run) -> None:
    environ = without("git", "gitdb", "rich", "tqdm", "yaml", "ruamel")
    for arguments in ([], ["--fix"], ["--format", "sarif"]):
        assert shell(changed.root, "check", *arguments, env=environ).code == 1


def test_it_imports_little(repo: Repo) -> None:
    """A commit without anything new needs neither the engine's other half nor what renders other formats."""
    repo.write("app/a.py", OLD + "# touched\n")
    repo.git("add", "--all")
    program = "import sys; from holdline.cli import main; main(['check']); print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program], cwd=repo.root, capture_output=True, check=True, text=True)
    loaded = set(done.stdout.splitlines()[1:])
    unneeded = {
        *(
            f"holdline.{name}"
            for name in ("cache", "diffs", "edits", "engine", "fixing", "gatefixes", "imports", "proofs")
        ),
        *(f"holdline.reports.{name}" for name in ("github", "json_report", "junit", "sarif", "terminal", "text")),
        *("hashlib", "json", "multiprocessing", "sqlite3", "tempfile", "tomllib", "traceback", "xml"),
    }
    assert loaded & unneeded == set()
    assert "holdline.comparison" in loaded
    packages = {name.partition(".")[0] for name in loaded}
    ours = {"holdline", "holdline_migrations", "holdline_runtime", "__main__"}
    strangers = packages - ours - sys.stdlib_module_names
    assert all(name.startswith(("_", "sitecustomize")) for name in strangers), strangers


def test_pre_push_judges_what_git_tells(repo: Repo, tmp_path: Path) -> None:
    base = head(repo)
    repo.write("app/a.py", NEW)
    repo.commit("new")
    line = f"refs/heads/main {head(repo)} refs/heads/main {base}\n"
    command = [sys.executable, "-m", "holdline", "check", "--pre-push=origin"]
    done = subprocess.run(command, cwd=repo.root, input=line, capture_output=True, check=False, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("app/a.py:9:12: HL101 ")
    assert done.stdout.endswith(f"(base: {base[:9]}, before the push to refs/heads/main)\n")
    nothing = subprocess.run(command, cwd=repo.root, input="", capture_output=True, check=False, text=True)
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "")


def test_pre_push_of_a_new_branch_without_anything_there(repo: Repo) -> None:
    line = f"refs/heads/main {head(repo)} refs/heads/main {'0' * 40}\n"
    command = [sys.executable, "-m", "holdline", "check", "--pre-push=origin"]
    done = subprocess.run(command, cwd=repo.root, input=line, capture_output=True, check=False, text=True)
    assert done.returncode == 1
    assert "all of it counts as new" in done.stderr
    assert "2 new violations in 3 changed files" in done.stdout


class TestUnusedSuppressions:
    """Which `scan` reports."""

    @pytest.fixture
    def repo(self, make_repo: MakeRepo) -> Repo:
        return make_repo(
            {
                "a.py": ALLOWED + "Y = 1  # holdline: allow[HL101] not any more\n",
                "b.py": "Y = 1  # holdline: allow[HL105] a rule that is off\n",
                "c.py": "Y = 1  # holdline: allow[HL101] it is over — until 2020-01-01\n",
                "d.py": "# holdline: allow[HL101, HL102]  two of them\nY = 1\n",
            }
        )

    def test_in_text(self, repo: Repo, call: Run) -> None:
        lines = call(repo.root, "scan").text.splitlines()
        assert "a.py:4:8: unused suppression of HL101: it covers nothing, remove it" in lines
        assert "d.py:1:1: unused suppression of HL101, HL102: it covers nothing, remove it" in lines
        assert sum("unused" in line for line in lines[:-1]) == 2
        assert lines[-1] == "score 75.0 % (3 of 4 files), 1 violation in 1 file, 2 unused suppressions"

    def test_in_json(self, repo: Repo, call: Run, check_json: Run) -> None:
        report = check_json(call(repo.root, "scan", "--format", "json"))
        unused = [(s["path"], s["line"], s["column"], s["codes"]) for s in report["unused_suppressions"]]
        assert unused == [("a.py", 4, 8, ["HL101"]), ("d.py", 1, 1, ["HL101", "HL102"])]
        assert report["unused_suppressions"][0]["reason"] == "not any more"
        assert report["unused_suppressions"][0]["text"] == "# holdline: allow[HL101] not any more"

    def test_they_are_no_violations(self, repo: Repo, call: Run) -> None:
        (repo.root / "c.py").unlink()
        repo.commit()
        assert call(repo.root, "scan", "--fail-on-violations", "--min-score", "100").code == 0

    def test_of_a_rule_that_is_off_nothing_is_said(self, repo: Repo, call: Run) -> None:
        assert "b.py" not in call(repo.root, "scan").text
        assert "b.py:1:8: unused" in call(repo.root, "scan", "--select", "HL1,HL105").text
        assert "unused" not in call(repo.root, "scan", "--select", "HL103").text

    def test_a_cache_does_not_hide_them(self, repo: Repo, call: Run) -> None:
        assert call(repo.root, "scan").text == call(repo.root, "scan").text

    def test_fix_takes_them_not_away(self, repo: Repo, call: Run) -> None:
        before = repo.read("d.py")
        call(repo.root, "scan", "--fix")
        assert repo.read("d.py") == before


def test_where_a_look_at_all_files_takes_long_the_diff_is_left_out(
    changed: Repo, call: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_command, "_MOST_SURVEYED", 4)
    text = call(changed.root, "check").text
    assert "\n`holdline check --fix` makes those fixes that are safe; to see them first takes long here\n" in text
    assert "diff --git" not in text
    assert call(changed.root, "check", "--fix").code == 1
    assert b"get_env" in changed.read("app/a.py")
    changed.git("commit", "--quiet", "--message", "change")
    assert "--fix" not in call(changed.root, "check", "--base", "HEAD~1").text
