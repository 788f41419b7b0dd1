"""`--verify`: a worktree for the tests, what is remembered of earlier runs, and what ends it early."""

from __future__ import annotations

import argparse
import contextlib
import signal
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import FrameType

from holdline.affected import narrow
from holdline.cache import ScanCache, code_fingerprint
from holdline.cli.session import Session, progress_on
from holdline.git import Repository
from holdline.gitworktrees import temporary_worktree
from holdline.judging import Judge
from holdline.model import Category, FileResult, Plan
from holdline.reports.console import Console
from holdline.suites import Suite, import_root
from holdline.verdicts import Verification
from holdline.verification import Verifier
from holdline.writing import read_plain


def verify_plan(
    session: Session, plan: Plan, judge: Judge, arguments: argparse.Namespace, console: Console
) -> tuple[Plan, Verification | None]:
    """What of a plan leaves the tests as they are, and the verdict; None where there is nothing to verify."""
    if not plan.changed:
        return plan, None
    everything, _ = session.select(())
    with open_suite(session.repo, plan.changed, arguments) as suite:
        return make_verifier(suite, judge, everything.paths, arguments, console).run(plan)


@contextlib.contextmanager
def open_suite(
    repo: Repository, changed: Sequence[FileResult], arguments: argparse.Namespace, commit: str = ""
) -> Iterator[Suite]:
    """The tests that the arguments name, on the files of the checkout, or of a commit, where `changed` may change.

    Nothing outside a temporary worktree changes. Ctrl-C and a signal to end leave that in order, and what was run is
    remembered.
    """
    suite: Suite | None = None
    try:
        with (
            _ended_by_signals(),
            temporary_worktree(repo, commit) as worktree,
            ScanCache.open(repo.common_dir, code_fingerprint(["verify"], ())) as memory,
        ):
            roots = {import_root(worktree.root, r.path) for r in changed if r.category is not Category.TESTS}
            suite = Suite(
                line=arguments.verify,
                checkout=repo.root,
                root=worktree.root,
                below=_below(repo.root, Path(arguments.folder).resolve()),
                digest=worktree.digest,
                originals={r.path: r.before for r in changed},
                memory=memory,
                forget=arguments.no_cache,
                import_roots=tuple(sorted(roots)),
            )
            yield suite
    except KeyboardInterrupt:
        runs = suite.made + suite.remembered if suite else 0
        hint = f"no file was changed; the same command goes on after the {runs} runs that were made" if runs else ""
        raise KeyboardInterrupt(hint or "no file was changed") from None


def make_verifier(
    suite: Suite,
    judge: Judge,
    python: Iterable[str],
    arguments: argparse.Namespace,
    console: Console,
    name: str = "",
) -> Verifier:
    """What verifies plans of `judge` with a suite that has not been run yet; `python` are all Python files.

    What it tells begins with a `name`, if it has one.
    """
    narrowing = narrow(suite.line, suite.root, suite.below) if arguments.verify_scope == "affected" else None
    head = f"holdline: {name}: " if name else "holdline: "
    verifier = Verifier(
        suite, judge, lambda line: console.note(f"{head}{line}"), progress_on(console), narrowing=narrowing
    )
    if narrowing:
        verifier.sources = {path: suite.originals.get(path) or _read(suite.root / path) for path in python}
    return verifier


def _below(root: Path, folder: Path) -> str:
    """The folder's path from the root, "" for the root itself."""
    below = folder.relative_to(root).as_posix() if folder.is_relative_to(root) else "."
    return "" if below == "." else below


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
