"""Violations at each commit, held against a scan of each commit checked out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline import history, judging
from holdline.burndown import Burndown
from holdline.cache import ScanCache
from holdline.categories import Categorizer
from holdline.config import Config
from holdline.engine import Task, scanning_judge
from holdline.git import Repository
from holdline.githistory import History
from holdline.history import Counting, burn_down
from holdline_migrations.registry import REGISTRY

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

READ = 'import os\n\nX = os.environ["X"]\n'
WRITE = 'import os\n\nos.environ["X"] = "1"\nos.putenv("Y", "2")\n'
CLEAN = "X = 1\n"
CONFIG = Config()._replace(exclude=("vendor/**",))


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    repo = make_repo(
        {"a.py": READ, "tests/test_b.py": WRITE, "vendor/v.py": READ, "notes.txt": READ, "clean.py": CLEAN}
    )
    repo.write("a.py", CLEAN)
    repo.write("tests/test_b.py", WRITE + "def broken(:\n")
    repo.commit("one fixed, one broken")
    repo.write("tests/test_b.py", WRITE)
    repo.git("mv", "clean.py", "app.py")
    repo.commit("whole again, and one moved")
    repo.git("checkout", "-qb", "side")
    for number in range(3):
        repo.write(f"side/s{number}.py", READ)
        repo.commit(f"side {number}")
    repo.git("checkout", "-q", "main")
    repo.write("app.py", READ)
    repo.commit("meanwhile")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "side")
    repo.git("mv", "side", "moved")
    repo.commit("moved")
    repo.write("app.py", f"{READ}# holdline: allow[HL101] not for long — until 2000-01-01\n")
    repo.commit("a suppression that is over")
    repo.write("README", "nothing\n")
    repo.commit("nothing")
    return repo


def walk(repo: Repo, cache: ScanCache | None = None, jobs: int = 1, **limits: Any) -> tuple[Burndown, Counting]:
    opened = Repository.discover(repo.root)
    judge = scanning_judge(Task(repo.root, (), CONFIG, REGISTRY.named(CONFIG.migrations)))
    counting = Counting(opened, judge, cache or ScanCache.disabled(), jobs)
    folder = lambda path: path.rpartition("/")[0] or "."  # noqa: E731
    return burn_down(History(opened, **limits), counting, Categorizer(CONFIG), folder), counting


def scanned(repo: Repo, call: Callable[..., Any], tmp_path: Path) -> list[tuple[str, int, int]]:
    """What a scan says of each commit of the first-parent line: id, violations, files not judged."""
    found = []
    for commit in repo.git("rev-list", "--first-parent", "--reverse", "HEAD").split():
        folder = tmp_path / commit
        repo.git("worktree", "add", "--quiet", "--detach", str(folder), commit)
        report = json.loads(call(folder, "scan", "--format", "json", "--no-cache").out)
        found.append((commit, report["scores"]["overall"]["violations"], len(report["problems"])))
    return found


@pytest.fixture
def scan_all(repo: Repo, tmp_path: Path) -> list[tuple[str, int, int]]:
    import io
    import sys

    from holdline.cli import main

    (tmp_path / "holdline.toml").write_text('exclude = ["vendor/**"]\n')

    class Done:
        out = b""

    def call(folder: Path, *arguments: str) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            stream = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
            patch.setattr(sys, "stdout", stream)
            assert main(["-C", str(folder), "--config", str(tmp_path / "holdline.toml"), *arguments]) == 0
            done = Done()
            done.out = stream.buffer.getvalue()  # type: ignore[attr-defined]
            return done

    return scanned(repo, call, tmp_path / "trees")


def test_each_commit_has_what_a_scan_finds_there(repo: Repo, scan_all: list[tuple[str, int, int]]) -> None:
    found, _ = walk(repo)
    points = {p.name: p for p in found.points}
    last = None
    for commit, violations, problems in scan_all:
        last = points.get(commit, last)
        assert last is not None
        assert (last.total, last.unjudged) == (violations, problems), commit
    assert [p.total for p in found.points] == [3, 0, 2, 3, 6, 6, 7, 7]
    assert found.points[0].name == scan_all[0][0]
    assert found.points[-1].name == scan_all[-1][0]


def test_what_went_and_what_came(repo: Repo) -> None:
    found, _ = walk(repo)
    assert [(p.fixed, p.added) for p in found.points] == [
        *((0, 3), (3, 0), (0, 2), (0, 1), (0, 3)),
        (3, 3),  # moved: gone there, come here
        *((0, 1), (0, 0)),
    ]


def test_groups(repo: Repo) -> None:
    found, _ = walk(repo)
    assert found.groups == {
        ".": ((0, 1), (1, 0), (3, 1), (6, 2)),
        "tests": ((0, 2), (1, 0), (2, 2)),
        "side": ((4, 3), (5, 0)),
        "moved": ((5, 3),),
    }


def test_a_part_of_the_past(repo: Repo) -> None:
    found, _ = walk(repo, max_commits=2)
    assert [p.total for p in found.points] == [7, 7]
    assert walk(repo, since="2030-01-01")[0] == Burndown(found.origin)


def test_each_content_is_judged_once(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[tuple[str, bytes]] = []
    plain = judging.Judge.judge

    def judge(self: judging.Judge, path: str, data: bytes, category: Any) -> Any:
        judged.append((path, data))
        return plain(self, path, data, category)

    monkeypatch.setattr(judging.Judge, "judge", judge)
    with ScanCache.open(tmp_path / "cache", "print", of_history=True) as cache:
        first, _ = walk(repo, cache)
        assert len(judged) == len(set(judged)) == 11
        assert CLEAN.encode() not in [data for _, data in judged]
        judged.clear()
        assert walk(repo, cache)[0] == first
        assert [data for _, data in judged] == [b for _, b in judged if b"holdline:" in b]  # it depends on the day
        assert len(judged) == 1
        repo.write("new.py", READ)
        repo.commit("new")
        judged.clear()
        assert walk(repo, cache)[0].last.total == 8
        assert sorted(path for path, _ in judged) == ["app.py", "new.py"]


def test_an_interrupted_walk_goes_on(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_COMMITS", 2)
    judged = 0
    plain = history._count

    def count(judge: judging.Judge, file: Any) -> int:
        nonlocal judged
        judged += 1
        if judged == 5:
            raise KeyboardInterrupt
        return plain(judge, file)

    monkeypatch.setattr(history, "_count", count)
    with ScanCache.open(tmp_path / "cache", "print", of_history=True) as cache:
        with pytest.raises(KeyboardInterrupt):
            walk(repo, cache)
        before = judged
        found, _ = walk(repo, cache)
    assert judged - before < 11
    assert found == walk(repo)[0]


@pytest.mark.parametrize(("commits", "contents", "size"), [(1, 10, 10**6), (500, 1, 10**6), (500, 4000, 1)])
def test_the_parts_it_is_done_in_do_not_show(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, commits: int, contents: int, size: int
) -> None:
    whole, _ = walk(repo)
    monkeypatch.setattr(history, "_COMMITS", commits)
    monkeypatch.setattr(history, "_CONTENTS", contents)
    monkeypatch.setattr(history, "_BYTES", size)
    assert walk(repo)[0] == whole


def test_workers_find_the_same(make_repo: MakeRepo) -> None:
    repo = make_repo({f"m{i}.py": READ + f"Y = {i}\n" for i in range(60)})
    assert walk(repo, jobs=2)[0] == walk(repo)[0]
    assert walk(repo)[0].last.total == 60


def test_contents_that_are_missing_are_counted(repo: Repo) -> None:
    blob = repo.git("rev-parse", "HEAD~1:moved/s0.py").strip()
    (repo.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    found, counting = walk(repo)
    assert counting.missing == 1
    assert (found.last.total, found.last.unjudged) == (4, 3)  # all three files are this one


def test_the_scans_cache_is_left_alone(repo: Repo, tmp_path: Path) -> None:
    with ScanCache.open(tmp_path, "print", of_history=True) as cache:
        walk(repo, cache)
    assert sorted(p.name for p in (tmp_path / "holdline").iterdir()) == ["history.sqlite3"]
