"""For a reader at a terminal: coloured diffs, summary tables, progress. Needs the extra `[toolkit]`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from holdline.diffs import hunks
from holdline.model import Edit, FileResult, Ranked, Violation
from holdline.reports.console import Console, needs_extra
from holdline.reports.printable import printable
from holdline.reports.tallies import by_directory, by_reason, by_rule
from holdline.reports.text import migration_line, tally_row
from holdline.reports.values import (
    MigrationReport,
    counted,
    number,
    place,
    problem_line,
    reason_left,
    taken_back_lines,
    verified_lines,
)

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

Item = TypeVar("Item")

_LINE_STYLES = {b"+": "green", b"-": "red", b"\\": "dim"}


def diff_view(result: FileResult, ranked: Ranked, order: int, count: int) -> RenderableType:
    """One file's diff below a header: place in the order (`order` of `count`), path, reason, fixes."""
    view = _text()
    view.append(f"[{order}/{count}] ", "dim")
    view.append(printable(result.path), "bold")
    view.append(f" · {printable(ranked.reason)} · {counted(len(result.fixed), 'fix', 'fixes')}\n", "dim")
    _append_hunks(view, result.before, result.edits)
    return view


def question_view(
    result: FileResult, ranked: Ranked, violations: Sequence[Violation], edits: Sequence[Edit]
) -> RenderableType:
    """One fix, to be asked about: its file, what it fixes and why, what an unsafe one may change, and the diff."""
    view = _text("\n")
    view.append(printable(result.path), "bold")
    view.append(f" · {printable(ranked.reason)}\n", "dim")
    for violation in violations:
        hint = f": {printable(violation.hint)}" if violation.hint else ""
        view.append(f"{violation.line}:{violation.column}: {violation.code} {printable(violation.message)}{hint}\n")
    for note in dict.fromkeys(v.fix.note for v in violations if v.fix and v.fix.note):
        view.append(f"unsafe: {printable(note)}\n", "yellow")
    _append_hunks(view, result.before, edits)
    return view


def _append_hunks(view: Text, before: bytes, edits: Sequence[Edit]) -> None:
    for hunk in hunks(before, edits):
        view.append(hunk.header.decode(), "cyan")
        for line in hunk.lines:
            # Undecodable bytes are shown as escapes; a tab is harmless and keeps the columns.
            shown = line.removesuffix(b"\n").decode("utf-8", "surrogateescape")
            view.append(printable(shown, keep="\t") + "\n", _LINE_STYLES.get(line[:1], ""))


def migration_view(report: MigrationReport, *, full: bool = False) -> RenderableType:
    """The summary: counts by directory and rule, what is left by reason or `full`, problems, dependency."""
    with needs_extra():
        from rich.console import Group
    results = report.results
    parts: list[RenderableType] = []
    for heading, tallies in (("directory", by_directory(results)), ("rule", by_rule(results))):
        if tallies:
            parts.append(_table((heading, "files", "fixed", "left"), [tally_row(tally) for tally in tallies]))
    if any(result.remaining for result in results):
        parts.append(_left_in_full(results) if full else _left_by_reason(results))
    parts += [_text(problem_line(problem), "red") for problem in report.problems]
    if report.verification:
        parts += [_text(line, "red") for line in ([] if full else taken_back_lines(report))]
        parts += [_text(line) for line in verified_lines(report.verification)]
    if report.dependency:
        parts.append(_text(printable(report.dependency), "yellow"))
    parts.append(_text(migration_line(report), "bold"))
    return Group(*parts)


def progress(items: Iterable[Item], total: int, label: str, console: Console) -> Iterator[Item]:
    """`items`, with a progress bar on standard error while someone watches; silent otherwise."""
    if not console.shows_progress:
        return iter(items)
    with needs_extra():
        from tqdm import tqdm
    bar = tqdm(items, total=total, desc=label, unit="file", file=console.progress_stream, leave=False)
    console.on_interrupt(bar.close)
    return iter(bar)


def _text(content: str = "", style: str = "") -> Text:
    """Text that is neither wrapped nor cut: a path or a line of code stays one line."""
    with needs_extra():
        from rich.text import Text
    return Text(content, style, no_wrap=True, overflow="ignore")


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> RenderableType:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(headings[0], overflow="fold")
    for heading in headings[1:]:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*row)
    return table


def _left_by_reason(results: Sequence[FileResult]) -> RenderableType:
    rows = [(printable(reason), number(count)) for reason, count in by_reason(results)]
    return _table(("left, by reason (-v lists each)", "count"), rows)


def _left_in_full(results: Sequence[FileResult]) -> RenderableType:
    view = _text()
    view.append("left as they are:\n", "bold")
    for result in results:
        for violation in result.remaining:
            view.append(f"{place(violation)}: {violation.code} ")
            view.append(printable(reason_left(violation, result)) + "\n", "dim")
    return view
