"""`holdline scan`: the compliance report."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from holdline import engine
from holdline.cache import ScanCache
from holdline.cli.exits import Exit
from holdline.cli.session import Session, progress_on
from holdline.errors import HoldlineError
from holdline.model import ScanReport
from holdline.remembering import open_cache
from holdline.reports.console import Console


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code."""
    session = Session.open(arguments)
    if arguments.fix:
        _fix(arguments, console)
    selection, paths = session.select(arguments.paths)
    task = session.task(paths, session.migrations(), arguments.jobs)
    with _cache(session, enabled=not arguments.no_cache) as cache:
        report = engine.scan(task, progress_on(console), cache)
    report = replace(report, unreachable=selection.problems)
    _write(_render(report, arguments, session, console), arguments, console)
    return _exit_code(report, arguments, console)


def _fix(arguments: argparse.Namespace, console: Console) -> None:
    """`scan --fix` is `migrate --scope all` on the same files, with nothing shown but what went wrong."""
    from holdline.cli import migrate_command
    from holdline.cli.arguments import parse_arguments

    argv = ["migrate", "--scope", "all", "-q", "-C", arguments.folder]
    for option in ("config", "select", "jobs"):
        value = getattr(arguments, option)
        argv += [f"--{option}", str(value)] if value is not None else []
    migrate_command.run(parse_arguments([*argv, "--", *arguments.paths]), console)


def _cache(session: Session, *, enabled: bool) -> ScanCache:
    if not enabled:
        return ScanCache.disabled()
    return open_cache(session.repo.common_dir, session.config, session.migrations())


def _render(report: ScanReport, arguments: argparse.Namespace, session: Session, console: Console) -> str:
    from holdline.reports import github, json_report, junit, sarif, text

    match arguments.format:
        case "json":
            return json_report.render_scan(report)
        case "sarif":
            return sarif.render_scan(report, session.registry.rules)
        case "github":
            return github.render_scan(report)
        case "junit":
            return junit.render_scan(report)
    if console.quiet:
        return text.scan_line(report)
    return text.render_scan(report, hints=console.verbose)


def _write(rendered: str, arguments: argparse.Namespace, console: Console) -> None:
    if not arguments.output:
        console.write(rendered)
        return
    try:
        Path(arguments.folder, arguments.output).write_text(rendered, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise HoldlineError(f"-o {arguments.output} cannot be written: {error.strerror}") from None


def _exit_code(report: ScanReport, arguments: argparse.Namespace, console: Console) -> int:
    """Judged by violations and score; a file that could not be judged is not known to be clean."""
    if arguments.fail_on_violations and (report.violations or report.problems):
        return Exit.FOUND
    if arguments.min_score is not None and report.overall.percent < arguments.min_score:
        console.note(f"holdline: the score {report.overall.percent} is below {arguments.min_score:g}")
        return Exit.FOUND
    return Exit.OK
