"""The hook `pre-push`: judge what a push brings to the remote, before it does.

`holdline check --pre-push` is what runs it, below git itself and below pre-commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from holdline.git import Repository
from holdline_hooks.push_ranges import (
    PushRange,
    parse_push,
    pushed_under_pre_commit,
    ranges_to_judge,
)

Judge = Callable[[PushRange], int]
"""Judges one range, tells the user, and returns the exit code."""


def judge_push(repo: Repository, remote: str, lines: bytes, environ: Mapping[str, str], judge: Judge) -> int:
    """Have `judge` look at each range of a push; the worst of its exit codes.

    `remote` is the hook's first argument and `lines` its standard input; where pre-commit came first and left
    neither, `environ` says what it told. Raises HoldlineError for input that is not git's, and for a history that is
    cut off too early.
    """
    refs = parse_push(lines) or pushed_under_pre_commit(environ)
    remote = remote or environ.get("PRE_COMMIT_REMOTE_NAME", "")
    return max((judge(pushed) for pushed in ranges_to_judge(repo, remote, refs)), default=0)
