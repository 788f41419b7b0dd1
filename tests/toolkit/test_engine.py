"""The pipeline: from files to a report or a plan."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pytest

from holdline import engine
from holdline.cache import ScanCache
from holdline.config import Config
from holdline.engine import Task, limit, plan, scan, screen, survey
from holdline.judging import Judge, Level
from holdline.model import Category, FileResult, Plan, ProblemKind, ScanReport
from holdline_migrations.registry import REGISTRY

READ = "import os\nos.environ['A']\n"
NO_CACHE = ScanCache.disabled()


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ScanCache]:
    with ScanCache.open(tmp_path / "cache", "print") as cache:
        yield cache


def write(root: Path, files: dict[str, str | bytes]) -> tuple[str, ...]:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content.encode() if isinstance(content, str) else content)
    return tuple(files)


def task(root: Path, paths: Iterable[str], **settings: object) -> Task:
    base = Task(root, tuple(paths), Config(), REGISTRY.migrations, today=date(2026, 1, 5))
    return base._replace(**settings)


def silent(items: Iterable[FileResult], count: int, label: str) -> Iterable[FileResult]:
    return items


def scanned(task: Task, cache: ScanCache = NO_CACHE) -> ScanReport:
    return scan(task, silent, cache)


def planned(task: Task, level: Level = Level.SAFE, everything: Iterable[str] = (), cache: ScanCache = NO_CACHE) -> Plan:
    return plan(task, tuple(everything) or task.paths, level, dict, silent, cache)


def test_scan_counts_files_by_category(tmp_path: Path) -> None:
    paths = write(
        tmp_path,
        {
            "tests/test_a.py": READ,
            "tests/test_b.py": "x\n",
            "src/a.py": READ + READ,
            "src/b.py": "environ = (\n",
            "c.py": "",
        },
    )
    report = scanned(task(tmp_path, paths))
    assert [(v.path, v.code) for v in report.violations] == [
        ("tests/test_a.py", "HL101"),
        ("src/a.py", "HL101"),
        ("src/a.py", "HL101"),
    ]
    assert [p.path for p in report.problems] == ["src/b.py"]
    tests, source = report.scores[Category.TESTS], report.scores[Category.SOURCE]
    assert (tests.checked, tests.clean, tests.violations) == (2, 1, 1)
    assert (source.checked, source.clean, source.violations) == (2, 1, 2)  # what does not parse was not checked
    assert (report.overall.checked, report.overall.percent) == (4, 50.0)
    assert all(v.fix is None and not v.refusal for v in report.violations)


def test_scan_of_nothing(tmp_path: Path) -> None:
    report = scanned(task(tmp_path, ()))
    assert (report.results, report.overall.checked, report.overall.percent) == ((), 0, 100.0)


def test_a_file_that_is_gone_or_locked_is_a_problem_of_its_own(tmp_path: Path) -> None:
    paths = write(tmp_path, {"a.py": READ})
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "loop.py").symlink_to("loop.py")
    report = scanned(task(tmp_path, [*paths, "gone.py", "folder.py", "loop.py"]))
    assert [(p.path, p.kind) for p in report.problems] == [
        (path, ProblemKind.UNREADABLE) for path in ("gone.py", "folder.py", "loop.py")
    ]
    assert all(p.message.startswith("cannot be read: ") for p in report.problems)
    assert len(report.violations) == 1


def test_what_would_never_end_is_not_read(tmp_path: Path) -> None:
    """A file that became a pipe or a device's link since it was listed, or that holds gigabytes."""
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "zeros.py").symlink_to("/dev/zero")
    with (tmp_path / "huge.py").open("wb") as file:
        file.truncate(5_000_000_000)
    report = scanned(task(tmp_path, ("pipe.py", "zeros.py", "huge.py")))
    assert [(p.kind, p.message) for p in report.problems] == [
        (ProblemKind.UNREADABLE, "cannot be read: not a plain file any more"),
        (ProblemKind.UNREADABLE, "cannot be read: Too many levels of symbolic links"),
        (ProblemKind.UNREADABLE, "cannot be read: 5,000,000,000 bytes, the most is 100,000,000: exclude it"),
    ]


def test_a_file_that_goes_while_we_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write(tmp_path, {"a.py": READ})
    candidates = screen(task(tmp_path, paths))
    (tmp_path / "a.py").unlink()
    assert [p.kind for p in scanned(task(tmp_path, paths)).problems] == [ProblemKind.UNREADABLE]
    monkeypatch.setattr(engine, "screen", lambda task: candidates)
    assert [r.problem.kind for r in planned(task(tmp_path, paths)).results if r.problem] == [ProblemKind.UNREADABLE]


def test_screening_passes_over_what_cannot_match(tmp_path: Path) -> None:
    paths = write(
        tmp_path,
        {"a.py": READ, "b.py": "import os\n", "c.py": "x = 1  # holdline: allow[HL101] stale\n", "d.py": b"\xff"},
    )
    found = screen(task(tmp_path, paths))
    assert [c.path for c in found] == ["a.py", "c.py"]
    assert found[0].key
    assert not found[1].key
    assert "os" in found[0].watched


def test_plan_is_proved_and_ordered(tmp_path: Path) -> None:
    paths = write(
        tmp_path,
        {"tests/test_b.py": READ, "tests/conftest.py": READ, "tests/test_a.py": READ * 3, "tests/test_c.py": "x\n"},
    )
    found = planned(task(tmp_path, paths))
    assert [r.path for r in found.results] == ["tests/conftest.py", "tests/test_a.py", "tests/test_b.py"]
    assert found.changed == found.results
    assert found.ranks["tests/conftest.py"].tier < found.ranks["tests/test_a.py"].tier
    assert found.checked == {Category.TESTS: 4}
    result = found.results[0]
    assert (result.before, result.after) == (
        READ.encode(),
        b"from holdline_runtime import get_env\nget_env()['A']\n",
    )


def test_plan_without_fixes(tmp_path: Path) -> None:
    paths = write(tmp_path, {"a.py": READ})
    found = planned(task(tmp_path, paths), Level.NONE)
    assert (len(found.results), found.changed) == (1, ())


def test_what_other_files_do_decides(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "tests/helpers.py": READ,
        "tests/test_a.py": "from os import environ\nenviron['A']\n",
        "tests/test_uses.py": "from .helpers import os\nos.sep\n",
        "src/swap.py": "import os\nos.environ = {}\n",
    }
    paths = write(tmp_path, files)
    alone = planned(task(tmp_path, ["tests/helpers.py"]), everything=["tests/helpers.py"])
    assert b"import os\n" not in alone.results[0].after
    helpers = planned(task(tmp_path, ["tests/helpers.py"]), everything=paths)
    assert helpers.results[0].after.startswith(b"import os\n")
    one = planned(task(tmp_path, ["tests/test_a.py"]), everything=paths)
    assert not one.changed
    assert "src/swap.py puts another object" in one.results[0].remaining[0].refusal


def test_survey_of_unreadable_and_unparsable_files(tmp_path: Path) -> None:
    paths = write(tmp_path, {"a.py": "environ = (\n", "b.py": b"\xff environ = 1", "c.py": "import x\nx.os\n"})
    facts, references = survey(task(tmp_path, ()), [*paths, "gone.py"], frozenset({"os"}))
    assert ("x", "os") in references.pairs
    assert not any("a.py" in fact for fact in facts)


def test_codes_follow_the_selection(tmp_path: Path) -> None:
    paths = write(tmp_path, {"a.py": "import os\nos.environ['A']\nos.environ['A'] = 'b'\n"})
    config = Config()._replace(select=("HL102",))
    only = task(tmp_path, paths, config=config)
    assert only.codes == {"HL102"}
    assert [v.code for v in scanned(only).violations] == ["HL102"]
    assert "HL105" not in task(tmp_path, ()).codes


@pytest.mark.parametrize("jobs", [1, 3])
def test_workers_change_nothing(tmp_path: Path, jobs: int) -> None:
    files: dict[str, str | bytes] = {f"tests/test_{n}.py": READ * (n % 3) for n in range(120)}
    files["tests/test_bad.py"] = "os.environ(\n"
    paths = write(tmp_path, files)
    report = scanned(task(tmp_path, paths, jobs=jobs))
    assert report == scanned(task(tmp_path, paths))
    found = planned(task(tmp_path, paths, jobs=jobs))
    assert found == planned(task(tmp_path, paths))
    assert len(found.changed) == 80


# the cache


def counting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that are judged from now on."""
    judged: list[str] = []
    original = Judge.judge

    def judge(self: Judge, path: str, data: bytes, category: Category) -> FileResult:
        judged.append(path)
        return original(self, path, data, category)

    monkeypatch.setattr(Judge, "judge", judge)
    return judged


def test_what_the_cache_knows_is_not_judged_again(
    tmp_path: Path, cache: ScanCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write(
        tmp_path,
        {
            "a.py": READ,
            "b.py": "environ = 1\n",
            "c.py": "environ = (\n",
            "d.py": READ + "# holdline: allow[HL101] why - until 2027-01-01\n",
        },
    )
    judged = counting(monkeypatch)
    first = scanned(task(tmp_path, paths), cache)
    assert judged == ["a.py", "b.py", "c.py", "d.py"]
    judged.clear()
    assert scanned(task(tmp_path, paths), cache) == first
    assert judged == ["d.py"]  # what depends on the day is judged each day
    write(tmp_path, {"a.py": READ + READ})
    judged.clear()
    assert len(scanned(task(tmp_path, paths), cache).violations) == len(first.violations) + 1
    assert judged == ["a.py", "d.py"]


def test_a_plan_passes_over_what_the_cache_knows_to_be_clean(
    tmp_path: Path, cache: ScanCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write(tmp_path, {"a.py": READ, "b.py": "environ = 1\n", "c.py": "environ = (\n"})
    scanned(task(tmp_path, paths), cache)
    judged = counting(monkeypatch)
    found = planned(task(tmp_path, paths), cache=cache)
    assert judged == ["a.py", "c.py"]
    assert [r.path for r in found.results if r.problem] == ["c.py"]
    assert found == planned(task(tmp_path, paths))


def test_a_path_that_is_no_text(tmp_path: Path, cache: ScanCache) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    try:
        paths = write(tmp_path, {name: READ})
    except OSError:
        pytest.skip("the file system takes text only")
    for _ in range(2):
        assert [v.path for v in scanned(task(tmp_path, paths), cache).violations] == [name]


# limits


def test_limit_keeps_the_first_files_that_change(tmp_path: Path) -> None:
    paths = write(
        tmp_path,
        {
            "tests/conftest.py": READ,
            "tests/test_a.py": READ * 3,
            "tests/test_b.py": "import os\nprint(os.environ)\n",
            "tests/test_c.py": READ,
        },
    )
    whole = planned(task(tmp_path, paths))
    one = limit(whole, lambda ranked: True, 1)
    assert [r.path for r in one.changed] == ["tests/conftest.py"]
    assert [r.path for r in one.results if not r.changes] == ["tests/test_b.py"]
    none = limit(whole, lambda ranked: True, 0)
    assert none.changed == ()
    urgent = limit(whole, lambda ranked: ranked.tier == 0, None)
    assert [r.path for r in urgent.results] == ["tests/conftest.py"]
    assert limit(whole, lambda ranked: True, None) == whole
