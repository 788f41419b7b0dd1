"""`holdline migrate`: plan, show, write."""

from __future__ import annotations

import argparse
from collections.abc import Collection

from holdline import engine
from holdline.cli.exits import Exit
from holdline.cli.interactive import choose_fixes, require_terminal
from holdline.cli.rewriting import is_unwritten, plan_rewrite, require_toolkit, write_plan
from holdline.cli.session import Session, progress_on
from holdline.cli.verifying import verify_plan
from holdline.diffs import unified_diff
from holdline.judging import Judge, Level
from holdline.model import Plan, Problem, ProblemKind
from holdline.priority import is_priority
from holdline.reports import text
from holdline.reports.console import Console
from holdline.reports.values import MigrationReport, counted, problem_line


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code."""
    require_toolkit()
    session = Session.open(arguments)
    if arguments.interactive:
        require_terminal(arguments)
    plan, judge = _plan(session, arguments, console)
    if arguments.interactive and judge:
        plan = choose_fixes(plan, judge, console)
    verification = None
    if arguments.verify and judge:
        plan, verification = verify_plan(session, plan, judge, arguments, console)
    report = _report(session, arguments, plan)._replace(verification=verification)
    if not report.dry_run:
        report = write_plan(session, report, arguments.line, progress_on(console))
    fatal = _fatal(report, session.named_files(arguments.paths))
    if _shows(report, arguments, console):
        _show(report, arguments, console, session)
    if not _is_summary_on_stderr(report, arguments, console):
        for problem in fatal:
            console.error(f"holdline: {problem_line(problem)}")
    if any(problem.kind is not ProblemKind.PROOF for problem in fatal):
        return Exit.ERROR
    broken = verification is not None and bool(verification.dropped)
    return Exit.FOUND if fatal or broken or (arguments.check and plan.changed) else Exit.OK


def _plan(session: Session, arguments: argparse.Namespace, console: Console) -> tuple[Plan, Judge | None]:
    """The plan of what the arguments select, and who made it; where that is nothing, or not all, says so."""
    selection, paths = session.select(arguments.paths, arguments.directory, arguments.scope)
    migrations = session.migrations(arguments.migration)
    if not paths:
        console.note(f"holdline: nothing to migrate: {_why_empty(arguments, bool(selection.paths))}")
        return Plan((), {}, {}, selection.problems), None
    level = Level.UNSAFE if arguments.unsafe else Level.SAFE
    plan, judge = plan_rewrite(
        session,
        paths,
        session.python_files(selection),
        migrations,
        progress_on(console),
        level=level,
        jobs=arguments.jobs,
        cached=not arguments.no_cache,
    )
    if arguments.format == "text" and not (arguments.quiet or arguments.check):
        _say_what_is_elsewhere(session, arguments, console, set(selection.paths) - set(paths))
    kept = engine.limit(plan, lambda r: not arguments.priority_only or is_priority(r, session.config), None)
    if plan.results and not kept.results:
        console.note("holdline: nothing to migrate: no file with a violation is in the priority tiers")
    limited = engine.limit(kept, lambda r: True, arguments.max_files)
    if later := len(kept.changed) - len(limited.changed):
        console.note(f"holdline: --max-files {arguments.max_files} leaves {counted(later, 'file')} for later")
    return limited._replace(problems=selection.problems), judge


def _say_what_is_elsewhere(
    session: Session, arguments: argparse.Namespace, console: Console, others: Collection[str]
) -> None:
    """Name the files that were asked for but are out of scope, so that nobody takes them for migrated."""
    outside = tuple(sorted(p for p in others if not session.excludes(p)))
    found = engine.screen(session.task(outside, session.migrations(arguments.migration), arguments.jobs))
    if found:
        scope = arguments.scope or "tests"
        console.note(
            f"holdline: {counted(len(found), 'file')} out of scope `{scope}` may hold more: "
            "`holdline scan` lists the violations, --scope all takes them in"
        )


def _why_empty(arguments: argparse.Namespace, any_file: bool) -> str:
    if not any_file:
        return "no tracked Python file there"
    scope = arguments.scope or "tests"
    return f"no file in scope `{scope}` there (see --scope, and `tests` and `exclude` in the configuration)"


def _report(session: Session, arguments: argparse.Namespace, plan: Plan) -> MigrationReport:
    needed = [m.dependency(session.config) for m in session.migrations(arguments.migration)]
    dependency = " ".join(filter(None, needed)) if plan.changed else ""
    return MigrationReport(plan, arguments.dry_run or arguments.check, dependency)


def _fatal(report: MigrationReport, named: frozenset[str]) -> list[Problem]:
    """Files that could not be written, or that were named and could not be judged; and rewrites that failed a proof."""
    return [p for p in report.problems if is_unwritten(p) or p.kind is ProblemKind.PROOF or p.path in named]


def _shows(report: MigrationReport, arguments: argparse.Namespace, console: Console) -> bool:
    """Whether there is a report: always a machine's, text unless --check, or the selection is empty, which was said."""
    if arguments.format != "text":
        return True
    return not arguments.check and bool(report.plan.checked or report.problems)


def _show(report: MigrationReport, arguments: argparse.Namespace, console: Console, session: Session) -> None:
    if arguments.format != "text":
        console.write(_machine_readable(report, arguments.format, session))
    elif console.decorates:
        _show_to_reader(report, console)
    elif report.dry_run:
        console.write_bytes(b"".join(map(unified_diff, report.plan.changed)))
        console.note(text.render_migration(report).rstrip("\n"))
    elif not console.quiet:
        console.write(text.render_migration(report))
    if report.run and arguments.format == "text":
        console.note(f"holdline: that was run {report.run}; `holdline undo` takes it back")


def _is_summary_on_stderr(report: MigrationReport, arguments: argparse.Namespace, console: Console) -> bool:
    """Whether the summary, which names each problem, has gone to standard error already."""
    piped_diff = arguments.format == "text" and report.dry_run and not arguments.check
    return piped_diff and not console.decorates and not console.quiet


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
