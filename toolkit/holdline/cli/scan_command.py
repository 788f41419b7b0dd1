"""`holdline scan`: the compliance report."""

from __future__ import annotations

import argparse

from holdline import engine
from holdline.cli.exits import Exit
from holdline.cli.output import write_report
from holdline.cli.past import check_history_options
from holdline.cli.session import Session, progress_on
from holdline.errors import HoldlineError
from holdline.model import ProblemKind, ScanReport
from holdline.reports.console import Console


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code."""
    if arguments.history and arguments.format != "html":
        raise HoldlineError("--history belongs to --format html; `holdline status --history` prints it")
    check_history_options(arguments)
    session = Session.open(arguments)
    selection, paths = session.select(arguments.paths, stamped=True)
    if not paths:
        console.note("holdline: nothing to scan: no tracked Python file there, or all are excluded")
    unwritten = _fix(session, paths, session.python_files(selection), arguments, console) if arguments.fix else False
    migrations = session.migrations()
    task = session.task(paths, migrations, arguments.jobs, selection.stamps)
    with session.cache(migrations, enabled=not arguments.no_cache) as cache:
        report = engine.scan(task, progress_on(console), cache)
    report = report._replace(unreachable=selection.problems)
    if arguments.format == "html":
        from holdline.cli.html_scan import render_html  # it plans, which nothing else here does

        everything = session.python_files(selection)
        rendered = render_html(report, session, paths, everything, arguments, console)
    else:
        rendered = _render(report, arguments, session, console)
    write_report(rendered, arguments, console)
    return Exit.ERROR if unwritten else _exit_code(report, arguments, console)


def _fix(
    session: Session,
    paths: tuple[str, ...],
    everything: tuple[str, ...],
    arguments: argparse.Namespace,
    console: Console,
) -> bool:
    """Write the safe fixes, as `migrate --scope all` would; names what went wrong and says whether a write did."""
    from holdline.cli.rewriting import is_unwritten, plan_rewrite, require_toolkit, write_plan
    from holdline.reports.values import MigrationReport, counted, problem_line

    require_toolkit()
    progress = progress_on(console)
    plan = plan_rewrite(
        session, paths, everything, session.migrations(), progress, jobs=arguments.jobs, cached=not arguments.no_cache
    ).plan
    done = write_plan(session, MigrationReport(plan, dry_run=False), arguments.line, progress)
    for problem in done.problems:
        if is_unwritten(problem) or problem.kind is ProblemKind.PROOF:
            console.error(f"holdline: {problem_line(problem)}")
    if done.run:
        fixed = counted(sum(len(r.fixed) for r in done.results), "violation")
        console.note(f"holdline: fixed {fixed} in run {done.run}; `holdline undo` takes it back")
    return bool(done.unwritten)


def _render(report: ScanReport, arguments: argparse.Namespace, session: Session, console: Console) -> str:
    match arguments.format:
        case "json":
            from holdline.reports import json_report

            return json_report.render_scan(report)
        case "sarif":
            from holdline.reports import sarif

            return sarif.render_scan(report, session.registry.rules)
        case "github":
            from holdline.reports import github

            return github.render_scan(report)
        case "junit":
            from holdline.reports import junit

            return junit.render_scan(report)
    from holdline.reports import text

    if console.quiet:
        return text.scan_line(report) + "\n"
    return text.render_scan(report, hints=console.verbose)


def _exit_code(report: ScanReport, arguments: argparse.Namespace, console: Console) -> int:
    """Judged by violations and score; a file that could not be judged is not known to be clean."""
    if arguments.fail_on_violations and (report.violations or report.problems):
        return Exit.FOUND
    if arguments.min_score is not None and report.overall.percent < arguments.min_score:
        console.note(f"holdline: the score {report.overall.percent} is below {arguments.min_score:g}")
        return Exit.FOUND
    return Exit.OK
