"""`holdline fleet`: one command over many repositories."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

from holdline.cache import code_fingerprint
from holdline.cli.arguments import parse_arguments
from holdline.cli.exits import Exit
from holdline.cli.output import write_report
from holdline.cli.surroundings import load_registry
from holdline.errors import HoldlineError
from holdline.fleet.file import Entry, fleets_own, read_config, read_fleet
from holdline.fleet.gitclones import cache_folder
from holdline.fleet.memory import Memory
from holdline.fleet.pool import run_here
from holdline.fleet.values import FleetReport, Job, Outcome, Row, Status
from holdline.reports import fleet as report_of
from holdline.reports.columns import columns
from holdline.reports.console import Console
from holdline.reports.printable import printable
from holdline.reports.values import counted
from holdline.workers import default_jobs


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code."""
    passed_on = _passed_on(arguments)
    folder = Path(arguments.folder).absolute()
    file = folder / arguments.file
    entries = read_fleet(file)
    at_once = min(arguments.jobs or default_jobs(), len(entries))
    jobs = [_job(entry, arguments, passed_on, folder, at_once) for entry in entries]
    work = folder / arguments.work if arguments.work else cache_folder()
    with Memory(work, file.resolve(), _code()) as memory:
        if not arguments.fresh:
            jobs = [replace(job, remembered=memory.recall(job)) for job in jobs]
        outcomes = _run_all(jobs, memory, arguments, at_once, console)
    rows = tuple(Row(job, outcome) for job, outcome in zip(jobs, outcomes, strict=True))
    report = FleetReport(arguments.file, arguments.run, passed_on, rows)
    write_report(_render(report, arguments, console), arguments, console)
    if report.count(Status.FAILED):
        return Exit.ERROR
    return Exit.FOUND if report.count(Status.FOUND) else Exit.OK


def _passed_on(arguments: argparse.Namespace) -> tuple[str, ...]:
    """What to pass on to each command; ends the program, as the command itself would, where it does not take that."""
    if arguments.scheduler and arguments.jobs:
        raise HoldlineError("--jobs is for this machine: on a cluster it is the threads of its workers that count")
    if own := fleets_own(arguments.arguments):
        raise HoldlineError(f"{own} is for `holdline fleet` to say: put it before `{arguments.run}`")
    select = ["--select", arguments.select] if arguments.select is not None else []
    passed_on = (*select, *arguments.arguments)
    parse_arguments([arguments.run, *passed_on])
    return passed_on


def _job(entry: Entry, arguments: argparse.Namespace, passed_on: Sequence[str], folder: Path, at_once: int) -> Job:
    config = read_config(folder / arguments.config, "--config") if arguments.config else entry.config
    return Job(
        entry.name,
        entry.source,
        arguments.run,
        (*entry.arguments.get(arguments.run, ()), *passed_on),
        entry.timeout,
        path=entry.path,
        url=entry.url,
        ref=entry.ref,
        config=config,
        work=str(folder / arguments.work) if arguments.work else "",
        processes=max(1, default_jobs() // at_once),
    )


def _code() -> str:
    """What changes with the program: outcomes do not outlive the code that found them."""
    modules = [type(migration).__module__ for migration in load_registry().migrations]
    packages = {Path(sys.modules[name].__file__ or "").parent for name in (*modules, "holdline")}
    return code_fingerprint([], sorted(packages))


def _run_all(
    jobs: Sequence[Job], memory: Memory, arguments: argparse.Namespace, at_once: int, console: Console
) -> list[Outcome]:
    """The jobs' outcomes in their order; each is told, and remembered, when it is there."""
    outcomes: dict[int, Outcome] = {}
    if arguments.retry_failed:
        outcomes = {i: replace(job.remembered, resumed=True) for i, job in enumerate(jobs) if job.remembered}
    to_do = [place for place in range(len(jobs)) if place not in outcomes]
    try:
        # closed at once, whatever comes up in here: that is what stops the work
        with contextlib.closing(_work([jobs[place] for place in to_do], arguments, at_once)) as ended:
            for index, outcome in ended:
                place = to_do[index]
                outcomes[place] = outcome
                memory.remember(jobs[place], outcome)
                name, text = printable(jobs[place].name), report_of.outcome_text(outcome)
                console.note(f"holdline: [{len(outcomes)}/{len(jobs)}] {name}: {text} ({outcome.seconds:.1f} s)")
    except KeyboardInterrupt:
        done = f"{len(outcomes)} of {counted(len(jobs), 'repository', 'repositories')} done"
        raise KeyboardInterrupt(f"{done}; the same command goes on with the rest") from None
    return [outcomes[place] for place in range(len(jobs))]


def _work(
    jobs: Sequence[Job], arguments: argparse.Namespace, at_once: int
) -> Generator[tuple[int, Outcome], None, None]:
    if not (arguments.scheduler and jobs):
        return run_here(jobs, at_once)
    from holdline.fleet.cluster import run_on_cluster

    return run_on_cluster(jobs, arguments.scheduler)


def _render(report: FleetReport, arguments: argparse.Namespace, console: Console) -> str:
    if arguments.format == "json":
        return report_of.render_json(report)
    if console.quiet:
        return report_of.summary(report) + "\n"
    headings, rows = report_of.headings(report), report_of.table(report)
    return "\n".join(columns(headings, rows, numbers=report_of.number_headings(report))) + "\n"
