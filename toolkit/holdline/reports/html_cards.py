"""The HTML report's summary: scores, counts, the burn-down, what comes first, and what is left for what reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from string import Template

from holdline.burndown import Burndown, Origin
from holdline.migration import Rule
from holdline.model import Plan, Problem, Ranked, ScanReport, Score
from holdline.reports import chart
from holdline.reports.findings import FileFindings, Remedy, count_remedies
from holdline.reports.html_parts import escaped, table
from holdline.reports.values import counted, number, problem_line, unused_line

_FIRST_RANKED = 8
_MOST_RANKED = 40
_MOST_REASONS = 15
_MOST_PROBLEMS = 200
_LATEST = 10
_REMEDY_WORDS = {Remedy.SAFE: "safe fix", Remedy.UNSAFE: "needs --unsafe", Remedy.MANUAL: "by hand"}
_CARD = Template('<section class="card$wide" aria-labelledby="$id"><h2 id="$id">$heading</h2>$body</section>')


def summary(scan: ScanReport, files: Sequence[FileFindings]) -> str:
    """The score, the counts, and how much of it can be fixed in which way."""
    overall = scan.overall
    remedies = count_remedies(f for file in files for f in file.findings)
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


def cards(
    scan: ScanReport, plan: Plan, files: Sequence[FileFindings], rules: Sequence[Rule], burndown: Burndown | None
) -> Iterable[str]:
    """The cards below the summary, those that have something to say."""
    yield _card("categories", "By category", _categories(scan))
    if rules:
        yield _card("rules", "By rule", _rules(files, rules))
    if burndown and burndown.points:
        yield _card("progress", "Burn-down", _progress(burndown), wide=True)
    if files:
        yield _card("priority", "First things first", _priority(plan.ranks, files))
    if any(finding.reason for file in files for finding in file.findings):
        yield _card("reasons", "Why the rest is left", _reasons(files))
    if problems := _problems(scan, plan):
        yield _card("problems", "Not judged, or to look at", problems, wide=True)


def _card(name: str, heading: str, body: str, *, wide: bool = False) -> str:
    return _CARD.substitute(id=name, heading=heading, body=body, wide=" wide" if wide else "")


def _categories(scan: ScanReport) -> str:
    named = [(category.value, score) for category, score in scan.scores.items() if score.checked or score.violations]
    rows = [_score_row(name, score) for name, score in [*named, ("all", scan.overall)]]
    return table(("category", "files", "clean", "violations", "score"), rows, numbers=4)


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
        name = (
            f'<a href="#violations" data-rule="{escaped(rule.code)}">{escaped(rule.code)}</a> {escaped(rule.summary)}'
        )
        rows.append([name, number(sum(map(bool, mine))), number(len(found)), number(safe)])
    return table(("rule", "files", "violations", "safe fixes"), rows, numbers=3)


def _progress(burndown: Burndown) -> str:
    if burndown.origin is Origin.RUNS:
        name, said = "run", "Counted from the runs of <code>migrate</code> here: what there would be without them."
    else:
        name, said = "commit", "Each commit of the first-parent line, judged by today’s configuration."
    changes = [p for p in burndown.points if p.fixed or p.added][-_LATEST:]
    rows = [
        [
            chart.day(p.at),
            f"<code>{escaped(p.name[:12])}</code>",
            number(p.total),
            f"−{number(p.fixed)}",
            f"+{number(p.added)}",
        ]
        for p in reversed(changes)
    ]
    latest = table(("date", name, "violations", "fixed", "added"), rows, numbers=3)
    return (
        f'{chart.burndown_svg(burndown)}<p class="note">{said}</p>'
        f"<details><summary>Latest changes</summary>{latest}</details>"
    )


def _priority(ranks: Mapping[str, Ranked], files: Sequence[FileFindings]) -> str:
    counts = {file.result.path: len(file.findings) for file in files}
    ranked = [rank for rank in ranks.values() if rank.path in counts]
    items = [
        f'<li><a class="path" href="#violations" data-path="{escaped(r.path)}">{escaped(r.path)}</a><br>'
        f'<span class="note">{counted(counts[r.path], "violation")} · {escaped(r.reason)}</span></li>'
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
    rows = [[escaped(reason), number(count)] for reason, count in ordered[:_MOST_REASONS]]
    if len(ordered) > _MOST_REASONS:
        rest = sum(count for _, count in ordered[_MOST_REASONS:])
        rows.append([f"{counted(len(ordered) - _MOST_REASONS, 'other reason')}", number(rest)])
    return table(("reason", "violations"), rows, numbers=1)


def _problems(scan: ScanReport, plan: Plan) -> str:
    known: dict[Problem, None] = dict.fromkeys(scan.problems)
    known |= dict.fromkeys(r.problem for r in plan.results if r.problem)
    lines = [problem_line(problem) for problem in known] + [unused_line(s) for s in scan.unused]
    items = [f"<li>{escaped(line)}</li>" for line in lines[:_MOST_PROBLEMS]]
    if len(lines) > _MOST_PROBLEMS:
        items.append(f"<li>and {number(len(lines) - _MOST_PROBLEMS)} more</li>")
    return f'<ul class="problems">{"".join(items)}</ul>' if items else ""
