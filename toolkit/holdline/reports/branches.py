"""The plan of branches and what came of it: a table for people, JSON for machines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from holdline import __version__
from holdline.branches import Branch, BranchesReport
from holdline.publishing import State
from holdline.reports.printable import printable
from holdline.reports.values import counted, number, place, verified_lines
from holdline.verdicts import Verification

SCHEMA = "holdline-branches"
VERSION = 1

Object = dict[str, Any]

HEADINGS = ("order", "branch", "files", "before", "after", "owners", "waits for", "state")
NUMBERS = frozenset({"order", "files", "before", "after"})


def rows(report: BranchesReport) -> list[tuple[str, ...]]:
    """The table's cells. `waits for` names, by their order, the branches with the fixtures that the files use."""
    order = {b.name: str(place) for place, b in enumerate(report.branches, 1) if b.results}
    return [
        (
            order.get(branch.name, "-"),
            printable(branch.name),
            number(len(branch.results)),
            number(branch.fixed + branch.left),
            number(branch.left),
            printable(" ".join(branch.owners)) or "-",
            " ".join(order[name] for name in branch.after if name in order) or "-",
            branch.state.value,
        )
        for branch in report.branches
    ]


def summary(report: BranchesReport) -> str:
    """The whole report in one line."""
    states = Counter(b.state for b in report.branches)
    parts = ", ".join(f"{number(states[state])} {state.value}" for state in State if states[state])
    pushed = sum(1 for b in report.branches if b.pushed and not b.pushed.problem)
    opened = sum(1 for b in report.branches if b.request and b.request.is_new)
    said = [f"{counted(len(report.branches), 'branch', 'branches')}: {parts}"]
    if pushed:
        said.append(f"{number(pushed)} pushed to {printable(report.remote)}")
    if opened:
        said.append(f"{counted(opened, 'pull request')} opened")
    if report.dry_run:
        said.append("nothing was changed")
    return "; ".join(said)


def refusals(branches: Iterable[Branch]) -> list[str]:
    """What was not done, and why, a line for each branch."""
    lines = []
    for branch in branches:
        name = printable(branch.name)
        if branch.decision.why:
            lines.append(f"{name}: {branch.state.value}: {printable(branch.decision.why)}")
        if branch.pushed and branch.pushed.is_overtaken:
            lines.append(f"{name}: diverged: somebody pushed to it just now: run again")
        elif branch.pushed and branch.pushed.problem:
            lines.append(f"{name}: not pushed: {printable(branch.pushed.problem)}")
        if branch.request and branch.request.is_closed:
            lines.append(f"{name}: {printable(branch.request.url)} was closed without a merge: not opened again")
        elif branch.request and branch.request.problem:
            lines.append(f"{name}: no pull request: {printable(branch.request.problem)}")
    return lines


def verdicts(report: BranchesReport) -> list[str]:
    """What the tests said of each branch."""
    return [
        f"{printable(branch.name)}: {line}"
        for branch in report.branches
        if branch.verification
        for line in verified_lines(branch.verification)
    ]


def taken_back(report: BranchesReport) -> list[str]:
    """The fixes that are in no branch for the tests they broke, a line for each."""
    return [
        f"{place(violation)}: {violation.code} taken back: {printable(dropped.reason)}"
        for dropped in report.dropped
        for violation in dropped.violations
    ]


def render_json(report: BranchesReport) -> str:
    """The report by `docs/json-schema/holdline-branches-1.schema.json`."""
    body = {
        "schema": SCHEMA,
        "version": VERSION,
        "tool": {"name": "holdline", "version": __version__},
        "dry_run": report.dry_run,
        "by": report.by,
        "base": {"commit": report.base.commit, "name": report.base.name, "branch": report.base.branch or None},
        "remote": report.remote or None,
        "branches": [_branch(branch) for branch in report.branches],
        "dropped": [
            {"path": d.path, "line": v.line, "code": v.code, "why": d.reason}
            for d in report.dropped
            for v in d.violations
        ],
        "skipped_hooks": list(report.skipped_hooks),
        "problems": [
            {"path": p.path, "kind": p.kind.value, "message": p.message, "line": p.line or None}
            for p in report.problems
        ],
    }
    return json.dumps(body, indent=2).replace("\x7f", "\\u007f") + "\n"


def _branch(branch: Branch) -> Object:
    return {
        "name": branch.name,
        "state": branch.state.value,
        "why": branch.decision.why or None,
        "commit": branch.commit or None,
        "owners": list(branch.owners),
        "after": list(branch.after),
        "files": [{"path": r.path, "fixed": len(r.fixed), "left": len(r.remaining)} for r in branch.results],
        "violations": {"before": branch.fixed + branch.left, "after": branch.left},
        "verification": _verification(branch.verification) if branch.verification else None,
        "push": {"problem": branch.pushed.problem or None} if branch.pushed else None,
        "request": _request(branch),
    }


def _verification(verdict: Verification) -> Object:
    return {
        "command": verdict.command,
        "selection": verdict.selection,
        "per_test": verdict.per_test,
        "tests": verdict.tests,
        "failing": verdict.failing,
        "flaky": list(verdict.flaky),
        "unexercised": list(verdict.unexercised),
    }


def _request(branch: Branch) -> Object | None:
    request = branch.request
    if request is None:
        return None
    return {
        "url": request.url or None,
        "opened": request.is_new,
        "closed": request.is_closed,
        "problem": request.problem or None,
    }
