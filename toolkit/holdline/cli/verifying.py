"""`migrate --verify`: a worktree for the tests, what is remembered of earlier runs, and what ends it early."""

from __future__ import annotations

import argparse
import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from holdline.affected import narrow
from holdline.cache import ScanCache, code_fingerprint
from holdline.cli.session import Session, progress_on
from holdline.gitworktrees import Worktree, temporary_worktree
from holdline.judging import Judge
from holdline.model import Category, Plan
from holdline.reports.console import Console
from holdline.suites import Suite, import_root
from holdline.verdicts import Verification
from holdline.verification import Verifier
from holdline.writing import read_plain


def verify_plan(
    session: Session, plan: Plan, judge: Judge, arguments: argparse.Namespace, console: Console
) -> tuple[Plan, Verification | None]:
    """What of a plan leaves the tests as they are, and the verdict; None where there is nothing to verify.

    Nothing outside a temporary worktree changes. Ctrl-C and a signal to end leave that in order, and what was run is
    remembered.
    """
    if not plan.changed:
        return plan, None
    suite: Suite | None = None
    fingerprint = code_fingerprint(["verify"], ())
    try:
        with (
            _ended_by_signals(),
            temporary_worktree(session.repo) as worktree,
            ScanCache.open(session.repo.common_dir, fingerprint) as memory,
        ):
            suite = _suite(session, plan, worktree, memory, arguments)
            return _verifier(session, judge, suite, arguments, console).run(plan)
    except KeyboardInterrupt:
        runs = suite.made + suite.remembered if suite else 0
        hint = f"no file was changed; the same command goes on after the {runs} runs that were made" if runs else ""
        raise KeyboardInterrupt(hint or "no file was changed") from None


def _suite(session: Session, plan: Plan, worktree: Worktree, memory: ScanCache, arguments: argparse.Namespace) -> Suite:
    root = session.repo.root
    below = session.folder.relative_to(root).as_posix() if session.folder.is_relative_to(root) else "."
    roots = {import_root(root, r.path) for r in plan.changed if r.category is not Category.TESTS}
    return Suite(
        line=arguments.verify,
        checkout=root,
        root=worktree.root,
        below="" if below == "." else below,
        digest=worktree.digest,
        originals={r.path: r.before for r in plan.changed},
        memory=memory,
        forget=arguments.no_cache,
        import_roots=tuple(sorted(roots)),
    )


def _verifier(
    session: Session, judge: Judge, suite: Suite, arguments: argparse.Namespace, console: Console
) -> Verifier:
    narrowing = narrow(suite.line, suite.root, suite.below) if arguments.verify_scope == "affected" else None
    verifier = Verifier(
        suite, judge, lambda line: console.note(f"holdline: {line}"), progress_on(console), narrowing=narrowing
    )
    if narrowing:
        everything, _ = session.select(())
        verifier.sources = {path: _read(session.repo.root / path) for path in everything.paths}
    return verifier


def _read(path: Path) -> bytes:
    with contextlib.suppress(OSError):
        return read_plain(path) or b""
    return b""


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Have a signal that would end the process at once clean up first, as Ctrl-C does."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
