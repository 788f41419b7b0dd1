"""The HTML report: one file, nothing from the network, no script or style but its own.

The summary is plain HTML; the script adds the tree and the list of violations. All that comes from the repository is
text: escaped here, and set as text by the script. The content policy would stop anything else.
"""

from __future__ import annotations

import base64
import hashlib
import posixpath
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files as resources
from string import Template
from typing import NamedTuple

from holdline import __version__
from holdline.burndown import Burndown
from holdline.migration import Rule
from holdline.model import Place, Plan, ScanReport
from holdline.reports.findings import FileFindings, match
from holdline.reports.html_cards import cards, summary
from holdline.reports.html_data import MOST_LISTED, script_data
from holdline.reports.html_parts import ascii_html, escaped
from holdline.reports.values import number


class HtmlInput(NamedTuple):
    """What the report shows: a scan, the rewrite planned of the same files, and the source lines of its violations.

    `name` is the repository's, `commit` what was checked out, `paths` are the files that were to be scanned. `burndown`
    is None where nothing is known of the past.
    """

    name: str
    commit: str | None
    scan: ScanReport
    plan: Plan
    lines: Mapping[Place, str]
    rules: Sequence[Rule]
    paths: Sequence[str] = ()
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
        "name": escaped(shown.name),
        "commit": f"at commit <code>{escaped(shown.commit[:12])}</code>" if shown.commit else "before the first commit",
        "version": __version__,
        "summary": ascii_html(summary(shown.scan, files)),
        "cards": ascii_html("".join(cards(shown.scan, shown.plan, files, rules, shown.burndown))),
        "cut": ascii_html(_cut(files)),
        "data": script_data(files, shown.plan.ranks, rules, shown.lines, _checked(shown)),
        "style": style,
        "script": script,
    }
    return Template(_resource("report.html")).substitute(parts)


def _checked(shown: HtmlInput) -> dict[str, int]:
    """How many files of each folder were judged: what its score is of."""
    unjudged = {result.path for result in shown.scan.results if result.problem}
    return Counter(posixpath.dirname(path) for path in shown.paths if path not in unjudged)


def _cut(files: Sequence[FileFindings]) -> str:
    total = sum(len(file.findings) for file in files)
    if total <= MOST_LISTED:
        return ""
    return (
        f'<p class="cut">Of {number(total)} violations, those of the most urgent files are listed, at most '
        f"{number(MOST_LISTED)}; all are counted. <code>holdline scan --format json</code> lists all.</p>"
    )


def _hash(text: str) -> str:
    """The source expression by which a content policy knows an inline element."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _resource(name: str) -> str:
    return (resources("holdline.reports") / "html" / name).read_text("ascii")
