"""The HTML report: one file, nothing from the network, no script or style but its own.

The summary is plain HTML; the script adds the tree and the list of violations. All that comes from the repository is
text: escaped here, and set as text by the script. The content policy would stop anything else.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files as resources
from string import Template
from typing import NamedTuple

from holdline import __version__
from holdline.burndown import Burndown, Origin
from holdline.migration import Rule
from holdline.model import Place, Plan, Problem, Ranked, ScanReport, Score
from holdline.reports import chart
from holdline.reports.findings import FileFindings, Remedy, count_remedies, match
from holdline.reports.html_data import MOST_LISTED, script_data
from holdline.reports.printable import printable
from holdline.reports.values import counted, number, problem_line, unused_line

_FIRST_RANKED = 8
_MOST_RANKED = 40
_MOST_REASONS = 15
_MOST_PROBLEMS = 200
_REMEDY_WORDS = {
    Remedy.SAFE: "safe fix",
    Remedy.UNSAFE: "needs --unsafe",
    Remedy.MANUAL: "by hand",
}
_PART = Template('<section class="card$wide" aria-labelledby="$id"><h2 id="$id">$heading</h2>$body</section>')


class HtmlInput(NamedTuple):
    """What the report shows: a scan, the rewrite planned of the same files, and the source lines of its violations.

    `name` is the repository's, `commit` what was checked out. `burndown` is None where nothing is known of the past.
    """

    name: str
    commit: str | None
    scan: ScanReport
    plan: Plan
    lines: Mapping[Place, str]
    rules: Sequence[Rule]
    burndown: Burndown | None = None


def render_scan(shown: HtmlInput) -> str:
    """The document, in ASCII whatever the repository holds; the same for the same input."""
    files = match(shown.scan, shown.plan)
    codes = {v.code for v in shown.scan.violations}
    rules = [rule for rule in shown.rules if rule.code in codes]
    # a suppression's own faults have a code of no rule
    rules += [Rule(c, "", "", "") for c in sorted(codes - {rule.code for rule in rules})]
    style, script = _resource("report.css"), _resource("report.js")
    parts = {
        "policy": f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'",
        "name": _text(shown.name),
        "commit": f"at commit <code>{_text(shown.commit[:12])}</code>" if shown.commit else "before the first commit",
        "version": __version__,
        "summary": _ascii(_summary(shown.scan, files)),
        "cards": _ascii("".join(_cards(shown, files, rules))),
        "cut": _ascii(_cut(files)),
        "data": script_data(files, shown.plan.ranks, rules, shown.lines),
        "style": style,
        "script": script,
    }
    return Template(_resource("report.html")).substitute(parts)


def _summary(scan: ScanReport, files: Sequence[FileFindings]) -> str:
    overall = scan.overall
    remedies = count_remedies(files)
    legend = "".join(
        f'<li class="{remedy}"><b>{number(count)}</b> {_REMEDY_WORDS[remedy]}</li>'
        for remedy, count in remedies.items()
        if count
    )
    found = f"{counted(overall.violations, 'violation')} in {counted(len(files), 'file')}"
    return (
        f'<p class="score"><b>{overall.percent:.1f} %</b> compliant</p>'
        f"<p>{number(overall.clean)} of {counted(overall.checked, 'file')} clean, {found}.</p>"
        + (f'{_remedy_bar(remedies)}<ul class="legend">{legend}</ul>' if overall.violations else "")
    )


def _remedy_bar(remedies: Mapping[Remedy, int]) -> str:
    """One bar, a part for each remedy; the legend below says the same in figures."""
    total = sum(remedies.values())
    parts, x = [], 0.0
    for remedy, count in remedies.items():
        width = 100 * count / total
        parts.append(f'<rect class="{remedy}" x="{x:.2f}%" width="{width:.2f}%" height="12"/>')
        x += width
    return f'<svg class="remedies" height="12" width="100%" aria-hidden="true">{"".join(parts)}</svg>'


def _cards(shown: HtmlInput, files: Sequence[FileFindings], rules: Sequence[Rule]) -> Iterable[str]:
    yield _card("categories", "By category", _categories(shown.scan))
    if rules:
        yield _card("rules", "By rule", _rules(files, rules))
    if shown.burndown and shown.burndown.points:
        yield _card("progress", "Burn-down", _progress(shown.burndown), wide=True)
    if files:
        yield _card("priority", "First things first", _priority(shown.plan.ranks, files))
    if any(finding.reason for file in files for finding in file.findings):
        yield _card("reasons", "Why the rest is left", _reasons(files))
    problems = _problems(shown)
    if problems:
        yield _card("problems", "Not judged, or to look at", problems, wide=True)


def _card(name: str, heading: str, body: str, *, wide: bool = False) -> str:
    return _PART.substitute(id=name, heading=heading, body=body, wide=" wide" if wide else "")


def _categories(scan: ScanReport) -> str:
    named = [(category.value, score) for category, score in scan.scores.items() if score.checked or score.violations]
    rows = [_score_row(name, score) for name, score in [*named, ("all", scan.overall)]]
    return _table(("category", "files", "clean", "violations", "score"), rows, numbers=4)


def _score_row(name: str, score: Score) -> list[str]:
    bar = f'<rect class="track" width="100%" height="8"/><rect class="safe" width="{score.percent}%" height="8"/>'
    percent = f'<svg class="bar" width="64" height="8" aria-hidden="true">{bar}</svg>{score.percent:.1f} %'
    return [name, number(score.checked), number(score.clean), number(score.violations), percent]


def _rules(files: Sequence[FileFindings], rules: Sequence[Rule]) -> str:
    rows = []
    for rule in rules:
        mine = [[f for f in file.findings if f.violation.code == rule.code] for file in files]
        found = [finding for findings in mine for finding in findings]
        safe = sum(1 for finding in found if finding.remedy is Remedy.SAFE)
        name = f'<a href="#violations" data-rule="{_text(rule.code)}">{_text(rule.code)}</a> {_text(rule.summary)}'
        rows.append([name, number(sum(map(bool, mine))), number(len(found)), number(safe)])
    return _table(("rule", "files", "violations", "safe fixes"), rows, numbers=3)


def _progress(burndown: Burndown) -> str:
    points = [p for p in burndown.points if p.fixed or p.added][-10:][::-1]
    if burndown.origin is Origin.RUNS:
        said = "Counted from the runs of <code>migrate</code> here: what there would be without them."
        name = "run"
    else:
        said = "Each commit of the first-parent line, judged by today's configuration."
        name = "commit"
    rows = [
        [chart.day(p.at), f"<code>{_text(p.name[:12])}</code>", number(p.total), f"−{p.fixed}", f"+{p.added}"]
        for p in points
    ]
    table = _table(("date", name, "violations", "fixed", "added"), rows, numbers=3)
    return f"{chart.burndown_svg(burndown)}<p class='note'>{said}</p><details><summary>Latest changes</summary>{table}</details>"


def _priority(ranks: Mapping[str, Ranked], files: Sequence[FileFindings]) -> str:
    counts = {file.result.path: len(file.findings) for file in files}
    ranked = [rank for rank in ranks.values() if rank.path in counts]
    items = [
        f'<li><a class="path" href="#violations" data-path="{_text(r.path)}">{_text(r.path)}</a><br>'
        f'<span class="note">{counted(counts[r.path], "violation")} · {_text(r.reason)}</span></li>'
        for r in ranked[:_MOST_RANKED]
    ]
    first, rest = items[:_FIRST_RANKED], items[_FIRST_RANKED:]
    shown = f'<ol class="priority">{"".join(first)}</ol>'
    if rest:
        more = f'<ol class="priority" start="{_FIRST_RANKED + 1}">{"".join(rest)}</ol>'
        shown += f"<details><summary>the next {len(rest)}</summary>{more}</details>"
    if len(ranked) > _MOST_RANKED:
        shown += f'<p class="note">and {counted(len(ranked) - _MOST_RANKED, "file")} more</p>'
    return shown


def _reasons(files: Sequence[FileFindings]) -> str:
    counts = Counter(f.reason for file in files for f in file.findings if f.reason)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows = [[_text(reason), number(count)] for reason, count in ordered[:_MOST_REASONS]]
    if len(ordered) > _MOST_REASONS:
        rest = sum(count for _, count in ordered[_MOST_REASONS:])
        rows.append([f"{counted(len(ordered) - _MOST_REASONS, 'other reason')}", number(rest)])
    return _table(("reason", "violations"), rows, numbers=1)


def _problems(shown: HtmlInput) -> str:
    known: dict[Problem, None] = dict.fromkeys(shown.scan.problems)
    known |= dict.fromkeys(r.problem for r in shown.plan.results if r.problem)
    lines = [problem_line(problem) for problem in known] + [unused_line(s) for s in shown.scan.unused]
    items = [f"<li>{_text(line)}</li>" for line in lines[:_MOST_PROBLEMS]]
    if len(lines) > _MOST_PROBLEMS:
        items.append(f"<li>and {number(len(lines) - _MOST_PROBLEMS)} more</li>")
    return f'<ul class="problems">{"".join(items)}</ul>' if items else ""


def _cut(files: Sequence[FileFindings]) -> str:
    total = sum(len(file.findings) for file in files)
    if total <= MOST_LISTED:
        return ""
    return (
        f'<p class="cut">Of {number(total)} violations, those of the most urgent files are listed, at most '
        f"{number(MOST_LISTED)}; all are counted. <code>holdline scan --format json</code> lists all.</p>"
    )


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int) -> str:
    """A table of cells that are HTML already; the last columns hold numbers."""
    first = len(headings) - numbers
    head = "".join(f'<th scope="col"{_side(i, first)}>{name}</th>' for i, name in enumerate(headings))
    body = "".join(
        "<tr>" + "".join(f"<td{_side(i, first)}>{cell}</td>" for i, cell in enumerate(row)) + "</tr>" for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _side(column: int, first: int) -> str:
    return ' class="num"' if column >= first else ""


def _text(text: str) -> str:
    """Text from anywhere as HTML, in ASCII."""
    return _ascii(escape(printable(text)))


def _ascii(html: str) -> str:
    return html.encode("ascii", "xmlcharrefreplace").decode()


def _hash(text: str) -> str:
    """The source expression by which a content policy knows an inline element."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _resource(name: str) -> str:
    return (resources("holdline.reports") / "html" / name).read_text("ascii")
