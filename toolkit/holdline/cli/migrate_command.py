"""`holdline migrate`: plan, show, write."""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import replace

from holdline import engine
from holdline.cli.exits import Exit
from holdline.cli.session import Session, progress_on
from holdline.diffs import unified_diff
from holdline.judging import Level
from holdline.model import Plan, Problem, ProblemKind
from holdline.priority import is_priority
from holdline.reports.console import Console, needs_extra
from holdline.reports.values import MigrationReport


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code."""
    with needs_extra():
        import git  # noqa: F401  # say at once what is missing, not after the planning
    session = Session.open(arguments)
    plan = _plan(session, arguments, console)
    if plan is None:
        return Exit.OK
    dry = arguments.dry_run or arguments.check
    report = _report(session, arguments, plan, dry=dry)
    if not dry:
        report = _apply(session, report)
    if not arguments.check:
        _show(report, arguments, console, session)
    return _exit_code(report, arguments)


def _plan(session: Session, arguments: argparse.Namespace, console: Console) -> Plan | None:
    selection, paths = session.select(arguments.paths, arguments.directory, arguments.scope)
    migrations = session.migrations(arguments.migration)
    if not paths and not selection.problems:
        console.note(f"holdline: nothing to migrate: {_why_empty(arguments, bool(selection.paths))}")
        return None
    task = session.task(paths, migrations, arguments.jobs)
    everything = session.python_files()
    level = Level.UNSAFE if arguments.unsafe else Level.SAFE
    plan = engine.plan(task, everything, level, session.repo.churn, progress_on(console))
    keep_all = not arguments.priority_only
    plan = engine.limit(plan, lambda r: keep_all or is_priority(r, session.config), arguments.max_files)
    return replace(plan, problems=selection.problems)


def _why_empty(arguments: argparse.Namespace, any_file: bool) -> str:
    if not any_file:
        return "no tracked Python file there"
    scope = arguments.scope or "tests"
    return f"no file in scope `{scope}` there (see --scope, and `tests` and `exclude` in the configuration)"


def _report(session: Session, arguments: argparse.Namespace, plan: Plan, *, dry: bool) -> MigrationReport:
    needed = [m.dependency(session.config) for m in session.migrations(arguments.migration)]
    dependency = " ".join(filter(None, needed)) if plan.changed else ""
    return MigrationReport(plan, dry, dependency)


def _apply(session: Session, report: MigrationReport) -> MigrationReport:
    """Write the plan through the journal."""
    from holdline.journal import Journal
    from holdline.runs import PlannedWrite, RunStatus

    writes = [PlannedWrite(r.path, r.before, r.after, len(r.fixed), len(r.remaining)) for r in report.plan.changed]
    if not writes:
        return report
    command = shlex.join(["migrate", *sys.argv[1 + (sys.argv[1:2] == ["migrate"]) :]])
    with Journal.open(session.repo) as journal, journal.lock():
        number = journal.begin(command, session.repo.head(), writes)
        problems = [journal.write(number, w) for w in writes]
        unwritten: tuple[Problem, ...] = tuple(p for p in problems if p is not None)
        done = replace(report, run=str(number), unwritten=unwritten)
        remaining = sum(len(r.remaining) for r in done.results)
        journal.finish(number, RunStatus.COMPLETE, {"remaining": remaining})
    return done


def _show(report: MigrationReport, arguments: argparse.Namespace, console: Console, session: Session) -> None:
    if arguments.format != "text":
        console.write(_machine_readable(report, arguments.format, session))
    elif console.decorates:
        _show_to_reader(report, console)
    else:
        from holdline.reports import text

        if report.dry_run:
            console.write_bytes(b"".join(map(unified_diff, report.plan.changed)))
            console.note(text.render_migration(report).rstrip("\n"))
        elif not console.quiet:
            console.write(text.render_migration(report))


def _show_to_reader(report: MigrationReport, console: Console) -> None:
    from holdline.reports import terminal

    changed = report.plan.changed
    if report.dry_run:
        for order, result in enumerate(changed, 1):
            console.show(terminal.diff_view(result, report.plan.ranks[result.path], order, len(changed)))
    if not console.quiet:
        console.show(terminal.migration_view(report, full=console.verbose))


def _machine_readable(report: MigrationReport, name: str, session: Session) -> str:
    from holdline.reports import json_report, sarif

    if name == "json":
        return json_report.render_migration(report)
    return sarif.render_migration(report, session.registry.rules)


def _exit_code(report: MigrationReport, arguments: argparse.Namespace) -> int:
    """Files that could not be written, or that were named and could not be read, are an error; a failed proof is a
    finding.
    """
    named = {ProblemKind.UNREADABLE, ProblemKind.UNPARSABLE} if arguments.paths and _only_files(arguments) else set()
    fatal = {ProblemKind.CHANGED, ProblemKind.READ_ONLY} | named
    kinds = {p.kind for p in report.problems}
    if kinds & fatal:
        return Exit.ERROR
    if ProblemKind.PROOF in kinds or (arguments.check and report.plan.changed):
        return Exit.FOUND
    return Exit.OK


def _only_files(arguments: argparse.Namespace) -> bool:
    return all(path.endswith(".py") for path in arguments.paths)
