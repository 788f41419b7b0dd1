"""Plain text, for pipes, logs and editors: one line per violation, then the counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from holdline.model import FileResult, ScanReport, Violation
from holdline.reports.printable import printable
from holdline.reports.tallies import Tally, by_directory, by_rule, total
from holdline.reports.values import (
    MigrationReport,
    counted,
    number,
    place,
    problem_counts,
    problem_line,
    reason_left,
    unused_line,
    verified_lines,
)


def render_scan(report: ScanReport, *, hints: bool = False) -> str:
    """Violations as `path:line:col: CODE message`, files with problems, unused suppressions, then scores and counts.

    `hints` adds what to write instead, below each violation.
    """
    lines = [line for violation in report.violations for line in _violation(violation, hints)]
    lines += [problem_line(problem) for problem in report.problems]
    lines += [unused_line(suppression) for suppression in report.unused]
    rules = [(t.name, number(t.files), number(t.fixed + t.left)) for t in by_rule(report.results)]
    return _join([lines, table(("rule", "files", "violations"), rules), _scores(report), [scan_line(report)]])


def scan_line(report: ScanReport) -> str:
    """The whole report in one line."""
    overall = report.overall
    dirty = sum(1 for result in report.results if result.violations)
    parts = [
        f"score {overall.percent:.1f} % ({number(overall.clean)} of {counted(overall.checked, 'file')})",
        f"{counted(overall.violations, 'violation')} in {counted(dirty, 'file')}",
        *problem_counts(report.problems),
    ]
    if report.unused:
        parts.append(counted(len(report.unused), "unused suppression"))
    return ", ".join(parts)


def render_migration(report: MigrationReport) -> str:
    """Counts by directory and rule, each violation left with its reason, problems, and the dependency."""
    results = report.results
    tables = [
        table((heading, "files", "fixed", "left"), [tally_row(tally) for tally in rows])
        for heading, rows in (("directory", by_directory(results)), ("rule", by_rule(results)))
    ]
    problems = [problem_line(problem) for problem in report.problems]
    verified = verified_lines(report.verification) if report.verification else []
    blocks = [*tables, _left(results), problems, verified, [printable(report.dependency)], [migration_line(report)]]
    return _join(blocks)


def migration_line(report: MigrationReport) -> str:
    """The whole outcome in one line."""
    results = report.results
    everything = total(results)
    checked = counted(sum(report.plan.checked.values()), "file")
    problems = problem_counts(report.problems)
    if not everything.fixed and not everything.left:
        return ", ".join([f"nothing to migrate in {checked}", *problems])
    changed = sum(1 for result in results if result.changes)
    verb = "would fix" if report.dry_run else "fixed"
    done = f"{verb} {counted(everything.fixed, 'violation')} in {number(changed)} of {checked}"
    return ", ".join([done, f"{number(everything.left)} left", *problems])


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """`rows` under `headings`, aligned: the first column to the left, the others (numbers) to the right."""
    if not rows:
        return []
    lines = [headings, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    aligned = [[line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])] for line in lines]
    return ["  ".join(cells) for cells in aligned]


def tally_row(tally: Tally) -> tuple[str, str, str, str]:
    """A tally as the cells of a table: name, files, fixed, left."""
    return printable(tally.name), number(tally.files), number(tally.fixed), number(tally.left)


def _violation(violation: Violation, hints: bool) -> Iterable[str]:
    yield f"{place(violation)}: {violation.code} {printable(violation.message)}"
    if hints and violation.hint:
        yield f"    {printable(violation.hint)}"


def _left(results: Iterable[FileResult]) -> list[str]:
    lines = [
        f"{place(violation)}: {violation.code} {printable(reason_left(violation, result))}"
        for result in results
        for violation in result.remaining
    ]
    return ["left as they are:", *lines] if lines else []


def _scores(report: ScanReport) -> list[str]:
    named = [(category.value, score) for category, score in report.scores.items()] + [("all", report.overall)]
    rows = [(name, number(s.checked), number(s.clean), number(s.violations), f"{s.percent:.1f} %") for name, s in named]
    return table(("category", "files checked", "clean", "violations", "score"), rows)


def _join(blocks: Iterable[Sequence[str]]) -> str:
    """Blocks of lines with an empty line between, ending in a newline; empty blocks are left out."""
    return "\n\n".join("\n".join(block) for block in blocks if any(block)) + "\n"
