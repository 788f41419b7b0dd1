"""Random histories of edits against an oracle that is slow and obviously right.

The oracle checks both commits out, scans every file, and takes the difference of the two multisets of (rule,
normalised text). It knows nothing of diffs, renames, blobs or the index.
"""

from __future__ import annotations

import itertools
import subprocess
from collections import Counter
from collections.abc import Hashable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from holdline import engine
from holdline.bases import since, staged
from holdline.cache import ScanCache
from holdline.cli.check_command import judge_for
from holdline.cli.surroundings import load_registry
from holdline.config import Config
from holdline.gate import GateReport, Snapshot, check
from holdline.git import Repository
from holdline.merges import changes_to
from holdline.model import Violation
from holdline.workers import allow_deep_nesting

if TYPE_CHECKING:
    from collections.abc import Callable

#: What a block of code does with the environment; `{n}` is the block's number.
BODIES = (
    'return os.environ["V{n}"]',
    'return os.environ.get("V{n}", "x")',
    'os.environ["V{n}"] = "1"',
    'return os.getenv("V{n}"), os.getenv("V{n}")',
    "with patch.dict(\n    os.environ,\n    {{'V{n}': '1'}},\n):\n    pass",
    "return dict(os.environ)",
    "x = 1\ny = 2\nz = x + y",
    'return os.environ["V{n}"]  # holdline: allow[HL101] the launcher sets it',
    "os = None\nreturn os",
)
COUNTER = itertools.count()
HEAD = "import os\nfrom unittest.mock import patch\n"


class Project:
    """Files as lists of blocks, and edits of them. A block is (number, body, how deep it is indented)."""

    def __init__(self) -> None:
        self.files: dict[str, list[tuple[int, int, int]]] = {
            f"m{f}.py": [(f * 10 + b, (f + b) % len(BODIES), 0) for b in range(5)] for f in range(3)
        }
        self._names = 3
        self._edits: list[Callable[[int, int, int], None]] = [
            self.add, self.remove, self.move, self.move, self.copy, self.indent, self.rename, self.split, self.merge,
            self.change, self.swap, self.delete, self.rename_and_change,
        ]  # fmt: skip

    def edit(self, kind: int, a: int, b: int, c: int) -> None:
        if self.files:
            self._edits[kind % len(self._edits)](a, b, c)

    def render(self) -> dict[str, str]:
        return {path: HEAD + "".join(self._block(*block) for block in blocks) for path, blocks in self.files.items()}

    def _block(self, number: int, body: int, depth: int) -> str:
        lines = ["", f"def f{number}():", *("    " + line for line in BODIES[body].format(n=number % 7).split("\n"))]
        return "".join(f"{'if True:' if False else ''}{line}\n" for line in self._deepen(lines, depth))

    def _deepen(self, lines: list[str], depth: int) -> list[str]:
        for _ in range(depth):
            lines = ["", "if True:", *(f"    {line}" if line else "" for line in lines)]
        return lines

    def _path(self, n: int) -> str:
        return sorted(self.files)[n % len(self.files)]

    def _new_path(self) -> str:
        self._names += 1
        return f"{'pkg/' if self._names % 2 else ''}m{self._names}.py"

    def add(self, a: int, b: int, c: int) -> None:
        blocks = self.files[self._path(a)]
        blocks.insert(b % (len(blocks) + 1), (c, (b + c) % len(BODIES), 0))

    def remove(self, a: int, b: int, c: int) -> None:
        blocks = self.files[self._path(a)]
        if blocks:
            del blocks[b % len(blocks)]

    def move(self, a: int, b: int, c: int) -> None:
        blocks, target = self.files[self._path(a)], self.files[self._path(c)]
        if blocks:
            target.insert(a % (len(target) or 1), blocks.pop(b % len(blocks)))

    def copy(self, a: int, b: int, c: int) -> None:
        blocks, target = self.files[self._path(a)], self.files[self._path(c)]
        if blocks:
            target.insert(c % (len(target) + 1), blocks[b % len(blocks)])

    def indent(self, a: int, b: int, c: int) -> None:
        blocks = self.files[self._path(a)]
        if blocks:
            number, body, depth = blocks[b % len(blocks)]
            blocks[b % len(blocks)] = (number, body, (depth + c) % 3)

    def rename(self, a: int, b: int, c: int) -> None:
        self.files[self._new_path()] = self.files.pop(self._path(a))

    def rename_and_change(self, a: int, b: int, c: int) -> None:
        path = self._path(a)
        self.change(a, b, c)
        self.files[self._new_path()] = self.files.pop(path)

    def split(self, a: int, b: int, c: int) -> None:
        blocks = self.files.pop(self._path(a))
        at = b % (len(blocks) + 1)
        self.files[self._new_path()], self.files[self._new_path()] = blocks[:at], blocks[at:]

    def merge(self, a: int, b: int, c: int) -> None:
        first, second = self._path(a), self._path(b)
        if first != second:
            self.files[first] += self.files.pop(second)

    def change(self, a: int, b: int, c: int) -> None:
        blocks = self.files[self._path(a)]
        if blocks:
            number, _, depth = blocks[b % len(blocks)]
            blocks[b % len(blocks)] = (number, c % len(BODIES), depth)

    def swap(self, a: int, b: int, c: int) -> None:
        blocks = self.files[self._path(a)]
        if blocks:
            i, j = b % len(blocks), c % len(blocks)
            blocks[i], blocks[j] = blocks[j], blocks[i]

    def delete(self, a: int, b: int, c: int) -> None:
        if len(self.files) > 1:
            del self.files[self._path(a)]


class World:
    """A repository, its gate, and the oracle's checkouts."""

    def __init__(self, folder: Path) -> None:
        self.root, self.checkouts = folder / "repo", folder / "checkouts"
        self.root.mkdir(parents=True)
        self.git("init", "--quiet")
        self.migrations = load_registry().named(Config().migrations)
        self.judge = judge_for(Config(), load_registry())

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.root, capture_output=True, check=True, text=True)
        return done.stdout.strip()

    def stage(self, files: dict[str, str]) -> None:
        for old in self.root.rglob("*.py"):
            old.unlink()
        for path, text in files.items():
            (self.root / path).parent.mkdir(exist_ok=True)
            (self.root / path).write_text(text)
        self.git("add", "--all")

    def commit(self, files: dict[str, str]) -> str:
        self.stage(files)
        self.git("commit", "--quiet", "--allow-empty", "--message", f"step {next(COUNTER)}")  # ids that differ
        return self.git("rev-parse", "HEAD")

    def check(self, repo: Repository, snapshot: Snapshot) -> GateReport:
        return check(repo, snapshot, changes_to(repo, snapshot.bases, snapshot.head), self.judge)

    def scan(self, commit: str) -> list[Violation]:
        """All violations of a commit's files, checked out."""
        folder = self.checkouts / commit
        if not folder.exists():
            folder.mkdir(parents=True)
            self.git(f"--work-tree={folder}", "checkout", commit, "--", ".")
            self.git("read-tree", "HEAD")
        paths = tuple(sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.py")))
        task = engine.Task(folder, paths, Config(), self.migrations, today=date.today())
        report = engine.scan(task, lambda items, total, label: items, ScanCache.disabled())
        assert not report.problems
        return list(report.violations)

    def kinds(self, commit: str) -> Counter[Hashable]:
        return Counter(v.kind for v in self.scan(commit))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    allow_deep_nesting()  # Hypothesis does not like to see it change later
    return tmp_path_factory.mktemp("histories")


def agrees(world: World, report: GateReport, before: str, after: str) -> None:
    expected = world.kinds(after) - world.kinds(before)
    assert Counter(v.kind for v in report.new) == expected
    assert report.passes == (not expected)
    assert set(report.new) <= set(world.scan(after))
    assert not set(report.new) & set(report.old)


STEP = st.lists(st.tuples(*[st.integers(0, 30)] * 4), min_size=1, max_size=4)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(STEP, min_size=1, max_size=4))
def test_the_gate_agrees_with_the_oracle(folder: Path, steps: list[list[tuple[int, int, int, int]]]) -> None:
    world, project = World(folder / str(next(COUNTER))), Project()
    commits = [world.commit(project.render())]
    repo = Repository.discover(world.root)
    for step in steps:
        for edit in step:
            project.edit(*edit)
        world.stage(project.render())
        hook = world.check(repo, staged(repo, {}))
        commits.append(world.commit(project.render()))
        agrees(world, hook, commits[-2], commits[-1])
        in_range = world.check(repo, since(repo, commits[0]))
        agrees(world, in_range, commits[0], commits[-1])


Steps = list[tuple[int, int, int, int]]


class Fork:
    """Two branches: each edits files of its own (`ours/`, `theirs/`); `both/` is there for what comes with the merge."""

    FOLDERS = ("ours", "theirs", "both")

    def __init__(self, world: World, ours: Steps, theirs: Steps) -> None:
        self.world = world
        self.projects = {folder: Project() for folder in self.FOLDERS}
        self.fork = world.commit(self.render())
        untouched = self.projects["theirs"].render()
        self.edit("ours", ours)
        self.left = world.commit(self.render())
        world.git("checkout", "--quiet", "-b", "topic", self.fork)
        edited, self.projects["ours"] = self.projects["ours"], Project()
        assert self.projects["theirs"].render() == untouched
        self.edit("theirs", theirs)
        self.right = world.commit(self.render())
        self.projects["ours"] = edited
        world.git("checkout", "--quiet", "--detach", self.left)
        world.git("merge", "--no-commit", "--no-ff", "topic")

    def edit(self, folder: str, steps: Steps) -> None:
        for step in steps:
            self.projects[folder].edit(*step)

    def render(self) -> dict[str, str]:
        return {f"{f}/{path}": text for f, project in self.projects.items() for path, text in project.render().items()}

    def judge(self) -> tuple[GateReport, Counter[Hashable]]:
        """The verdict on what is staged, and how many there are more of each kind than the two branches explain."""
        repo = Repository.discover(self.world.root)
        assert len(repo.merge_heads()) == 1
        report = self.world.check(repo, staged(repo, {}))
        tree = self.world.git("commit-tree", self.world.git("write-tree"), "-p", self.left, "-m", "merged")
        more = self.world.kinds(tree)
        more.subtract(self.world.kinds(self.left))
        more.subtract(self.world.kinds(self.right))
        more.update(self.world.kinds(self.fork))
        return report, +more


MERGES = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@MERGES
@given(ours=STEP, theirs=STEP, evil=STEP)
@example(ours=[(0, 0, 0, 0)], theirs=[(1, 0, 0, 0)], evil=[(0, 0, 0, 0)])
def test_a_merge_that_adds_nothing_passes_and_one_that_does_fails(
    folder: Path, ours: Steps, theirs: Steps, evil: Steps
) -> None:
    """What the branches took out does not pay for what the merge brings, be it a copy of the very same."""
    fork = Fork(World(folder / str(next(COUNTER))), ours, theirs)
    report, more = fork.judge()
    assert (report.passes, report.new, more) == (True, (), Counter())
    fork.edit("both", evil)
    fork.world.stage(fork.render())
    report, more = fork.judge()
    assert Counter(v.kind for v in report.new) == more
    assert report.passes == (not more)


@MERGES
@given(ours=STEP, theirs=STEP, evil=STEP)
@example(ours=[(20, 0, 5, 0), (0, 0, 0, 0), (2, 0, 0, 3)], theirs=[(20, 0, 0, 0)], evil=[(8, 0, 3, 0)])
def test_a_merge_that_edits_what_a_branch_edited_is_charged_for_its_own_at_most(
    folder: Path, ours: Steps, theirs: Steps, evil: Steps
) -> None:
    """Less may be new than there is more: bringing back what a branch took out can be taking the other's side."""
    fork = Fork(World(folder / str(next(COUNTER))), ours, theirs)
    fork.edit("ours", evil)
    fork.world.stage(fork.render())
    report, more = fork.judge()
    assert Counter(v.kind for v in report.new) <= more


@MERGES
@given(ours=STEP, theirs=STEP)
def test_what_git_merges_by_itself_passes(folder: Path, ours: Steps, theirs: Steps) -> None:
    """Both branches edit the same files; where git sees no conflict, nothing is new."""
    world, base, left, right = World(folder / str(next(COUNTER))), Project(), Project(), Project()
    fork = world.commit(base.render())
    for project, steps in ((left, ours), (right, theirs)):
        for step in steps:
            project.edit(*step)
    world.git("checkout", "--quiet", "-b", "topic")
    world.commit(right.render())
    world.git("checkout", "--quiet", "--detach", fork)
    world.commit(left.render())
    done = subprocess.run(
        ["git", "merge", "--no-commit", "--no-ff", "topic"], cwd=world.root, capture_output=True, check=False
    )
    repo = Repository.discover(world.root)
    if done.returncode == 0:
        assert world.check(repo, staged(repo, {})).new == ()
