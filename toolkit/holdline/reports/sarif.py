"""SARIF 2.1.0, the exchange format of static analysis (https://docs.oasis-open.org/sarif/sarif/v2.1.0/).

Fixes are byte ranges, which hold whatever the file's encoding and line endings. Their new text is given in
the file's own bytes (Base64) and, where those are UTF-8, as text too.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from holdline import __version__
from holdline.model import Edit, Fix, Problem, ScanReport, Violation
from holdline.reports.printable import printable
from holdline.reports.values import MigrationReport, described

if TYPE_CHECKING:
    from holdline.gate import GateReport
    from holdline.verdicts import Dropped

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

Object = dict[str, Any]


class RuleInfo(Protocol):
    """What SARIF tells about a rule."""

    @property
    def code(self) -> str:
        """The rule's identity: `HL101`."""

    @property
    def name(self) -> str:
        """Its short name."""

    @property
    def summary(self) -> str:
        """What it finds, in one line."""

    @property
    def explanation(self) -> str:
        """Why, and what to write instead."""


def render_scan(report: ScanReport, rules: Sequence[RuleInfo]) -> str:
    """All violations as results, files that could not be judged as notifications."""
    return _render(report.violations, report.problems, rules)


def render_migration(report: MigrationReport, rules: Sequence[RuleInfo]) -> str:
    """A dry run: all violations, with their fixes. A run that wrote: what remains. What broke tests is notified."""
    found = (result.violations if report.dry_run else result.remaining for result in report.results)
    dropped = report.verification.dropped if report.verification else ()
    return _render(chain.from_iterable(found), report.problems, rules, notes=map(_taken_back, dropped))


def render_check(report: GateReport, rules: Sequence[RuleInfo]) -> str:
    """The gate's verdict: new violations and, marked as unchanged, the old ones in the changed files."""
    new = {v.place for v in report.new}
    found = sorted([*report.new, *report.old], key=lambda v: v.place)
    problems = [u.problem for u in report.unjudged]
    return _render(found, problems, rules, lambda v: {"baselineState": "new" if v.place in new else "unchanged"})


def _render(
    violations: Iterable[Violation],
    problems: Iterable[Problem],
    rules: Sequence[RuleInfo],
    more: Callable[[Violation], Object] = lambda violation: {},
    notes: Iterable[Object] = (),
) -> str:
    run = {
        "tool": {
            "driver": {
                "name": "holdline",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [*map(_notification, problems), *notes],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The repository's top folder."}}},
        "results": list(_results(violations, {rule.code: index for index, rule in enumerate(rules)}, more)),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: RuleInfo) -> Object:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.summary},
        "help": {"text": rule.explanation or rule.summary},
        "defaultConfiguration": {"level": "error"},
    }


def _results(
    violations: Iterable[Violation], places: dict[str, int], more: Callable[[Violation], Object]
) -> Iterator[Object]:
    seen: Counter[str] = Counter()
    for violation in violations:
        digest = _digest(violation)
        seen[violation.path + digest] += 1
        result: Object = {"ruleId": violation.code}
        if violation.code in places:
            result["ruleIndex"] = places[violation.code]
        result |= {
            "level": "error",
            "message": _message(described(violation)),
            "locations": [_location(violation.path, _region(violation))],
            "partialFingerprints": {"holdlineText/v1": f"{digest}:{seen[violation.path + digest]}"},
        }
        if violation.fix:
            result["fixes"] = [_fix(violation.path, violation.fix)]
        yield result | more(violation)


def _digest(violation: Violation) -> str:
    """The same for the same rule and text, however the text is spaced and wherever it moves."""
    text = f"{violation.code} {' '.join(violation.text.split())}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _region(violation: Violation) -> Object:
    return {
        "startLine": violation.line,
        "startColumn": violation.column,
        "endLine": violation.end_line,
        "endColumn": violation.end_column,
        **({"snippet": _message(violation.text)} if violation.text else {}),
    }


def _location(path: str, region: Object | None = None) -> Object:
    place: Object = {"artifactLocation": _artifact(path)}
    return {"physicalLocation": place | {"region": region} if region else place}


def _artifact(path: str) -> Object:
    return {"uri": quote(os.fsencode(path)), "uriBaseId": "%SRCROOT%"}


def _fix(path: str, fix: Fix) -> Object:
    remarks = [f"{fix.safety} fix", fix.note]
    remarks += [f"needs: from {name.module} import {name.name} as {name.local}" for name in fix.imports]
    changes = [_replacement(edit) for edit in fix.edits]
    return {
        "description": {"text": "; ".join(filter(None, remarks))},
        "artifactChanges": [{"artifactLocation": _artifact(path), "replacements": changes}],
    }


def _replacement(edit: Edit) -> Object:
    content = {"binary": base64.b64encode(edit.text).decode("ascii")}
    with suppress(UnicodeDecodeError):
        content["text"] = edit.text.decode()
    return {
        "deletedRegion": {"byteOffset": edit.start, "byteLength": edit.end - edit.start},
        "insertedContent": content,
    }


def _message(text: str) -> Object:
    """Text that any JSON reader takes: a lone surrogate is an error to some."""
    return {"text": printable(text, keep="\t\r\n")}


def _notification(problem: Problem) -> Object:
    region = {"startLine": problem.line} if problem.line else None
    return {
        "level": "error",
        "descriptor": {"id": problem.kind.value},
        "message": _message(problem.message),
        "locations": [_location(problem.path, region)],
    }


def _taken_back(dropped: Dropped) -> Object:
    return {
        "level": "warning",
        "descriptor": {"id": "verification"},
        "message": _message(dropped.reason),
        "locations": [_location(dropped.path, _region(violation)) for violation in dropped.violations],
    }
