"""What `migrate` and `scan --fix` share: planning a rewrite of files and writing it through the journal."""

from __future__ import annotations

from holdline import engine
from holdline.cache import CACHE_FILE
from holdline.cli.session import Progress, Session
from holdline.errors import HoldlineError
from holdline.gitobjects import require_gitpython
from holdline.judging import Level
from holdline.migration import Migration
from holdline.model import Problem, ProblemKind
from holdline.reports.console import needs_extra
from holdline.reports.values import MigrationReport
from holdline.runs import PlannedWrite, RunStatus

_UNWRITTEN = frozenset({ProblemKind.CHANGED, ProblemKind.READ_ONLY})


def require_toolkit() -> None:
    """Raise MissingExtraError where a package of the extra is missing: to be told before the work, not after."""
    require_gitpython()
    with needs_extra():
        import rich  # noqa: F401
        import tqdm  # noqa: F401


def plan_rewrite(
    session: Session,
    paths: tuple[str, ...],
    everything: tuple[str, ...],
    migrations: tuple[Migration, ...],
    progress: Progress,
    *,
    level: Level = Level.SAFE,
    jobs: int | None = None,
    cached: bool = True,
) -> engine.Planned:
    """The rewrite of `paths` in priority order, each file proved. It reads a cache of scans, and makes none.

    `everything` are all Python files that git tracks.
    """
    task = session.task(paths, migrations, jobs)
    known = cached and (session.repo.common_dir / CACHE_FILE).exists()
    with session.cache(migrations, enabled=known) as cache:
        return engine.plan_and_judge(task, everything, level, session.repo.churn, progress, cache)


def write_plan(session: Session, report: MigrationReport, command: str, progress: Progress) -> MigrationReport:
    """Write the plan as one run of the journal, which remembers the command line; the report of what came of it."""
    from holdline.journal import Journal, settle

    changed = report.plan.changed
    writes = {r.path: PlannedWrite(r.path, r.before, r.after, len(r.fixed), len(r.remaining)) for r in changed}
    if not writes:
        settle(session.repo)  # an earlier run may have been killed when all was written
        return report
    run = None
    try:
        with Journal.open(session.repo) as journal, journal.lock():
            run = journal.begin(command, session.repo.head(), list(writes.values()))
            problems = [journal.write(run, writes[r.path]) for r in progress(changed, len(changed), "writing")]
            done = report._replace(run=str(run), unwritten=tuple(p for p in problems if p is not None))
            journal.finish(run, RunStatus.COMPLETE, {"remaining": sum(len(r.remaining) for r in done.results)})
    except (KeyboardInterrupt, HoldlineError) as error:
        if run is None:
            raise
        hint = f"each file of run {run} is either as it was or rewritten in full; `holdline undo` takes it back"
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(hint) from None
        raise HoldlineError(f"{error}: {hint}") from error
    return done


def is_unwritten(problem: Problem) -> bool:
    """Whether a file that was to be rewritten could not be."""
    return problem.kind in _UNWRITTEN
