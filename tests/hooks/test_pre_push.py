"""The hook `pre-push` as a function: each range is judged, and the worst verdict counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline_hooks.pre_push import judge_push
from holdline_hooks.push_ranges import PushRange

if TYPE_CHECKING:
    from conftest import MakeRepo

ZEROS = "0" * 40


class Recorder:
    """Judges nothing; answers in turn."""

    def __init__(self, *answers: int) -> None:
        self.seen: list[PushRange] = []
        self._answers = iter(answers)

    def __call__(self, pushed: PushRange) -> int:
        self.seen.append(pushed)
        return next(self._answers)


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repository:
    made = make_repo({"a": "1"})
    made.write("a", "2")
    made.commit()
    made.git("branch", "topic", "HEAD~1")
    return Repository.discover(made.root)


def lines(repo: Repository, *names: str) -> bytes:
    return "".join(f"{name} {repo.commit(name)} refs/heads/{name} {ZEROS}\n" for name in names).encode()


@pytest.mark.parametrize(("answers", "verdict"), [((0, 0), 0), ((1, 0), 1), ((0, 2), 2), ((2, 1), 2)])
def test_every_ref_is_judged(repo: Repository, answers: tuple[int, int], verdict: int) -> None:
    judge = Recorder(*answers)
    assert judge_push(repo, "origin", lines(repo, "main", "topic"), {}, judge) == verdict
    assert [pushed.ref for pushed in judge.seen] == ["refs/heads/main", "refs/heads/topic"]


def test_nothing_to_push(repo: Repository) -> None:
    judge = Recorder()
    assert judge_push(repo, "origin", b"", {}, judge) == 0
    deletion = f"(delete) {ZEROS} refs/heads/main {repo.head()}\n".encode()
    assert judge_push(repo, "origin", deletion, {}, judge) == 0
    assert judge.seen == []


def test_under_pre_commit(repo: Repository) -> None:
    judge = Recorder(1)
    told = {
        "PRE_COMMIT_REMOTE_NAME": "fork",
        "PRE_COMMIT_REMOTE_BRANCH": "refs/heads/x",
        "PRE_COMMIT_LOCAL_BRANCH": "refs/heads/topic",
    }
    assert judge_push(repo, "", b"", told, judge) == 1
    (pushed,) = judge.seen
    assert (pushed.head, pushed.ref) == (repo.commit("topic"), "refs/heads/x")
    assert "known to be on fork" in pushed.note


def test_gits_own_lines_come_first(repo: Repository) -> None:
    judge = Recorder(0)
    told = {"PRE_COMMIT_REMOTE_BRANCH": "refs/heads/stale", "PRE_COMMIT_LOCAL_BRANCH": "topic"}
    judge_push(repo, "origin", lines(repo, "main"), told, judge)
    assert [pushed.ref for pushed in judge.seen] == ["refs/heads/main"]


def test_no_line_is_passed_over(repo: Repository) -> None:
    with pytest.raises(HoldlineError, match="not 'nonsense'"):
        judge_push(repo, "origin", lines(repo, "main") + b"nonsense\n", {}, Recorder(0))
