"""`holdline scan`: counts and scores, its exit codes, formats, --fix, suppressions and the cache."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline import judging

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

READ = 'import os\n\nX = os.environ["X"]\n'
CLEAN = "X = 1\n"
FILES = {
    "app/core.py": READ,
    "app/clean.py": CLEAN,
    "app/text.py": '"""os.environ["X"]"""  # os.getenv\n',
    "tests/test_a.py": READ + 'os.environ["Y"] = "1"\n',
    "tests/test_broken.py": READ + "def (:\n",
    "tests/test_clean.py": CLEAN,
    "docs/conf.py": READ,
    "README.md": "os.environ",
}
GOOD = {"tests/test_clean.py": CLEAN}


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo(FILES)


def test_counts_and_scores(repo: Repo, shell: Run, check_json: Run) -> None:
    done = shell(repo.root, "scan", "--format", "json")
    report = check_json(done)
    assert (done.code, done.err) == (0, "")
    assert report["scores"] == {
        "tests": {"checked": 2, "clean": 1, "violations": 2, "percent": 50.0},
        "source": {"checked": 3, "clean": 2, "violations": 1, "percent": 66.7},
        "other": {"checked": 1, "clean": 0, "violations": 1, "percent": 0.0},
        "overall": {"checked": 6, "clean": 3, "violations": 4, "percent": 50.0},
    }
    assert [(f["path"], f["category"], len(f["violations"])) for f in report["files"]] == [
        ("app/core.py", "source", 1),
        ("docs/conf.py", "other", 1),
        ("tests/test_a.py", "tests", 2),
    ]
    assert [(p["path"], p["kind"], p["line"]) for p in report["problems"]] == [
        ("tests/test_broken.py", "unparsable", 4)
    ]


def test_text(repo: Repo, shell: Run) -> None:
    done = shell(repo.root, "scan")
    lines = done.text.splitlines()
    assert lines[0].startswith("app/core.py:3:5: HL101 ")
    assert "tests/test_a.py:4:1: HL102 os.environ is written directly" in lines
    assert any(line.startswith("tests/test_broken.py:4: does not parse: ") for line in lines)
    rows = [line.split() for line in lines]
    assert ["tests", "2", "1", "2", "50.0", "%"] in rows
    assert ["all", "6", "3", "4", "50.0", "%"] in rows
    last = "score 50.0 % (3 of 6 files), 4 violations in 3 files, 1 not parsed"
    assert lines[-1] == last
    assert shell(repo.root, "scan", "-q").text == f"{last}\n"
    assert len(shell(repo.root, "scan", "-v").text.splitlines()) > len(lines)


@pytest.mark.parametrize(
    ("files", "arguments", "code"),
    [
        (GOOD, ["--fail-on-violations"], 0),
        (FILES, ["--fail-on-violations", "app/clean.py"], 0),
        (FILES, ["--fail-on-violations", "app"], 1),
        (FILES, ["--fail-on-violations", "tests/test_broken.py"], 1),
        (FILES, ["--fail-on-violations", "--select", "HL102", "app"], 0),
        (FILES, ["--min-score", "50"], 0),
        (FILES, ["--min-score", "50.1"], 1),
        (FILES, ["--min-score", "0", "--fail-on-violations"], 1),
        (GOOD, ["--min-score", "100"], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "junit"])
def test_exit_codes(
    make_repo: MakeRepo, call: Run, files: dict[str, str], arguments: list[str], code: int, form: str
) -> None:
    done = call(make_repo(files).root, "scan", "--format", form, *arguments)
    assert (done.code, bool(done.out)) == (code, True)


def test_a_score_too_low_says_so(repo: Repo, call: Run) -> None:
    done = call(repo.root, "scan", "--min-score", "80", "-o", "report.txt")
    assert done.complaint == "holdline: the score 50.0 is below 80"


def test_sarif(repo: Repo, call: Run, check_sarif: Run) -> None:
    run = check_sarif(call(repo.root, "scan", "--format", "sarif"))
    assert sorted(result["ruleId"] for result in run["results"]) == ["HL101", "HL101", "HL101", "HL102"]
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["descriptor"]["id"] == "unparsable"


def test_github(repo: Repo, call: Run) -> None:
    lines = call(repo.root, "scan", "--format", "github").text.splitlines()
    assert sum(line.startswith("::error ") for line in lines) == 4
    assert sum(line.startswith("::warning ") for line in lines) == 1
    assert any(line.startswith("::error file=tests/test_a.py,line=4") for line in lines)


def test_junit(repo: Repo, call: Run) -> None:
    suites = ET.fromstring(call(repo.root, "scan", "--format", "junit").text)
    assert len(suites.findall(".//failure")) == 4
    assert len(suites.findall(".//error")) == 1


def test_output_to_a_file(repo: Repo, shell: Run, tmp_path: Path) -> None:
    expected = shell(repo.root, "scan", "--format", "json")
    done = shell(tmp_path, "-C", repo.root, "scan", "--format", "json", "-o", "docs/report.json")
    assert (done.code, done.out, done.err) == (0, b"", "")
    assert repo.read("docs/report.json") == expected.out
    assert shell(repo.root, "scan", "-o", str(tmp_path / "text"), "--fail-on-violations").code == 1
    assert (tmp_path / "text").read_text().endswith("1 not parsed\n")


def test_an_empty_selection_says_so(repo: Repo, call: Run) -> None:
    (repo.root / "empty").mkdir()
    done = call(repo.root, "scan", "--fail-on-violations", "empty")
    assert (done.code, done.err) == (
        0,
        "holdline: nothing to scan: no tracked Python file there, or all are excluded\n",
    )
    assert done.text.endswith("score 100.0 % (0 of 0 files), 0 violations in 0 files\n")


def test_configured_categories_and_exclusion(repo: Repo, call: Run) -> None:
    repo.write("holdline.toml", 'tests = ["app/**"]\nexclude = ["docs", "tests/test_broken.py"]\n')
    scores = call(repo.root, "scan", "--format", "json").json["scores"]
    assert (scores["tests"]["checked"], scores["source"]["checked"], scores["other"]["checked"]) == (3, 2, 0)


def test_rules_that_are_off_by_default(make_repo: MakeRepo, call: Run) -> None:
    repo = make_repo({"tests/test_a.py": 'def test(monkeypatch):\n    monkeypatch.setenv("A", "1")\n'})
    assert call(repo.root, "scan", "--format", "json").json["files"] == []
    (file,) = call(repo.root, "scan", "--select", "HL1,HL105", "--format", "json").json["files"]
    assert [violation["code"] for violation in file["violations"]] == ["HL105"]


def test_fix(repo: Repo, shell: Run) -> None:
    done = shell(repo.root, "scan", "--fix", "--fail-on-violations")
    assert done.code == 1  # a file could not be judged
    assert done.err == "holdline: fixed 4 violations in run 1; `holdline undo` takes it back\n"
    assert done.text.splitlines()[0].startswith("tests/test_broken.py:4: does not parse")
    assert done.text.endswith("score 100.0 % (6 of 6 files), 0 violations in 0 files, 1 not parsed\n")
    assert repo.read("app/core.py") == b'from holdline_runtime import get_env\n\nX = get_env()["X"]\n'
    assert shell(repo.root, "undo").text == "run 1: 3 files restored\n"
    assert all(repo.read(path) == content.encode() for path, content in FILES.items())


def test_fix_with_paths_rules_and_a_machine_format(repo: Repo, call: Run, check_json: Run) -> None:
    done = call(repo.root / "tests", "scan", "--fix", "--select", "HL102", "--format", "json", "-q", "test_a.py")
    assert (done.code, done.err) == (0, "")
    assert check_json(done)["scores"]["overall"] == {"checked": 1, "clean": 1, "violations": 0, "percent": 100.0}
    assert b'X = os.environ["X"]\n' in repo.read("tests/test_a.py")
    assert b'get_env().set("Y", "1")\n' in repo.read("tests/test_a.py")
    assert repo.read("app/core.py") == READ.encode()


def test_fix_that_cannot_be_written(repo: Repo, call: Run) -> None:
    (repo.root / "app/core.py").chmod(0o444)
    done = call(repo.root, "scan", "--fix", "-q")
    assert done.code == 2
    assert done.err == "holdline: app/core.py: read-only: make it writable (chmod u+w) and run again\n"
    assert done.text.startswith("score 83.3 % (5 of 6 files), 1 violation in 1 file")


def test_suppressions(make_repo: MakeRepo, call: Run) -> None:
    lines = [
        "import os",
        'A = os.environ["A"]  # holdline: allow[HL101] the shell sets it',
        'B = os.environ["B"]  # holdline: allow[HL102] another rule',
        'C = os.environ["C"]  # holdline: allow[HL101]',
        'D = os.environ["D"]  # holdline: allow[HL101] gone — until 2020-01-01',
        'E = os.environ["E"]  # holdline: allow[HL101] still — until 2999-01-01',
        "# holdline: allow[HL1] a prefix",
        'TEXT = "# holdline: allow[HL101]"',
    ]
    repo = make_repo({"tests/test_a.py": "\n".join(lines) + "\n"})
    for _ in range(2):
        (file,) = call(repo.root, "scan", "--format", "json").json["files"]
        assert [(v["line"], v["code"]) for v in file["violations"]] == [
            (3, "HL101"),
            (4, "HL101"),
            (4, "HL001"),
            (5, "HL101"),
            (5, "HL001"),
            (7, "HL001"),
        ]


class TestCache:
    """A warm scan says what a cold one says, whatever changed in between."""

    @pytest.fixture
    def judged(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The files that were judged, not recalled."""
        paths: list[str] = []
        judge = judging.Judge.judge

        def spy(self: Any, path: str, *rest: Any) -> Any:
            paths.append(path)
            return judge(self, path, *rest)

        monkeypatch.setattr(judging.Judge, "judge", spy)
        return paths

    @pytest.fixture
    def scanned(self, repo: Repo, call: Run) -> Callable[..., bytes]:
        """A scan's report, which is the same without a cache."""

        def scan(*arguments: str) -> bytes:
            warm = call(repo.root, "scan", "--format", "json", *arguments)
            cold = call(repo.root, "scan", "--format", "json", "--no-cache", *arguments)
            assert warm == cold
            out: bytes = warm.out
            return out

        return scan

    def test_unchanged_files_are_not_judged_again(self, repo: Repo, call: Run, judged: list[str]) -> None:
        cold = call(repo.root, "scan", "--jobs", "1")
        assert judged == ["app/core.py", "app/text.py", "docs/conf.py", "tests/test_a.py", "tests/test_broken.py"]
        judged.clear()
        assert call(repo.root, "scan", "--jobs", "1") == cold
        assert judged == []
        call(repo.root, "scan", "--jobs", "1", "--no-cache")
        assert len(judged) == 5

    def test_an_edited_file(self, repo: Repo, scanned: Run) -> None:
        first = scanned()
        repo.write("tests/test_a.py", CLEAN)
        repo.write("tests/test_broken.py", READ)
        second = json.loads(scanned())
        assert [file["path"] for file in second["files"]] == ["app/core.py", "docs/conf.py", "tests/test_broken.py"]
        assert second["problems"] == []
        repo.git("checkout", "--quiet", "--", "tests")
        assert scanned() == first

    def test_a_moved_file(self, repo: Repo, scanned: Run) -> None:
        scanned()
        (repo.root / "tests/test_a.py").rename(repo.root / "app/a.py")
        repo.commit()
        files = {file["path"]: file["category"] for file in json.loads(scanned())["files"]}
        assert files["app/a.py"] == "source"
        assert "tests/test_a.py" not in files

    def test_another_selection_of_rules(self, scanned: Run) -> None:
        counts = [len(json.loads(scanned(*a))["rules"]) for a in ([], ["--select", "HL102"], ["--select", "HL101"], [])]
        assert counts == [2, 1, 1, 2]

    def test_another_configuration(self, repo: Repo, scanned: Run) -> None:
        first = scanned()
        repo.write("holdline.toml", 'tests = ["app/**"]\nexclude = ["docs"]\n')
        second = json.loads(scanned())
        assert [(f["path"], f["category"]) for f in second["files"]] == [
            ("app/core.py", "tests"),
            ("tests/test_a.py", "source"),
        ]
        (repo.root / "holdline.toml").unlink()
        assert scanned() == first

    def test_after_a_migration_and_its_undo(self, call: Run, repo: Repo, scanned: Run) -> None:
        first = scanned()
        call(repo.root, "migrate", "--scope", "all")
        assert json.loads(scanned())["files"] == []
        call(repo.root, "undo")
        assert scanned() == first

    def test_a_damaged_cache_is_no_error(self, repo: Repo, scanned: Run) -> None:
        first = scanned()
        (repo.root / ".git/holdline/cache.sqlite3").write_bytes(b"rubbish" * 999)
        assert scanned() == first


def test_the_projects_own_source_passes(shell: Run) -> None:
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        pytest.skip("not a checkout")
    done = shell(root, "scan", "--fail-on-violations", "--no-cache")
    assert done.code == 0, done.text
