from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from holdline.gate import GateReport
from holdline.model import ScanReport
from holdline.reports.json_report import render_check, render_migration, render_scan
from holdline.reports.values import MigrationReport

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="session")
def schema() -> Any:
    return json.loads((DOCS / "json-schema" / "holdline-report-1.schema.json").read_text())


@pytest.fixture
def validated(schema: Any) -> Callable[[str], Any]:
    """Check a report against the documented schema and parse it."""

    def check(report: str) -> Any:
        document = json.loads(report)
        assert [error.message for error in Draft202012Validator(schema).iter_errors(document)] == []
        return document

    return check


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """All JSON objects in a document."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from objects(child)


def test_the_schema_is_sound(schema: Any) -> None:
    Draft202012Validator.check_schema(schema)


def test_the_schema_knows_every_key(
    schema: Any, scan: ScanReport, verified: MigrationReport, verdict: GateReport
) -> None:
    validator = Draft202012Validator(schema)
    for report in (render_scan(scan), render_migration(verified), render_check(verdict)):
        document = json.loads(report)
        for node in objects(document):
            node["unknown"] = 1
            assert not validator.is_valid(document), node
            del node["unknown"]
        assert validator.is_valid(document)


def test_the_schema_asks_for_every_key(
    schema: Any, scan: ScanReport, verified: MigrationReport, verdict: GateReport
) -> None:
    validator = Draft202012Validator(schema)
    for report in (render_scan(scan), render_migration(verified), render_check(verdict)):
        document = json.loads(report)
        optional = document.get("totals", {}).get("checked")  # only the categories that were selected
        for node in objects(document):
            for key in [key for key in node if node is not optional]:
                value = node.pop(key)
                assert not validator.is_valid(document), key
                node[key] = value
        assert validator.is_valid(document)


def test_check(verdict: GateReport, passing: GateReport, validated: Callable[[str], Any]) -> None:
    report = validated(render_check(verdict))
    assert (report["command"], report["passes"], report["head"]) == ("check", False, None)
    assert report["totals"] == {"files": 1234, "new": 2, "old": 1}
    assert [(v["line"], v["cause_line"]) for v in report["new"]] == [(6, 5), (1, None)]
    assert os.fsencode(report["new"][1]["path"]).endswith(b"\n\xe9.py")
    assert [(u["kind"], len(u["suspects"]), u["tolerated"]) for u in report["unjudged"]] == [
        ("unparsable", 13, False),
        ("unreadable", 0, True),
    ]
    assert [s["until"] for s in report["new_suppressions"]] == ["2027-03-01", None]
    assert validated(render_check(passing))["passes"] is True


def test_scan(scan: ScanReport, validated: Callable[[str], Any]) -> None:
    report = validated(render_scan(scan))
    assert (report["schema"], report["version"], report["command"]) == ("holdline-report", 1, "scan")
    assert report["scores"]["tests"] == {"checked": 2, "clean": 1, "violations": 2, "percent": 50.0}
    assert report["rules"][1] == {"code": "HL104", "files": 2, "violations": 2}
    assert [file["category"] for file in report["files"]] == ["tests", "source"]
    assert report["files"][0]["violations"][0] == {
        "code": "HL101",
        "message": "environment read: os.getenv",
        "line": 5,
        "column": 9,
        "end_line": 5,
        "end_column": 23,
        "text": 'os.getenv("A")',
        "hint": "write get_env().get(…)",
        "refusal": "",
        "fix": {"safety": "safe", "note": ""},
    }
    assert report["problems"] == [
        {
            "path": "tests/test_new.py",
            "kind": "unparsable",
            "message": "does not parse: invalid syntax",
            "line": 3,
        }
    ]


def test_dry_run(dry_run: MigrationReport, validated: Callable[[str], Any]) -> None:
    report = validated(render_migration(dry_run))
    assert (report["command"], report["dry_run"], report["run"]) == ("migrate", True, None)
    first, second = report["files"]
    assert (first["tier"], first["reason"]) == (0, "path says auth")
    assert [v["code"] for v in first["fixed"]] == ["HL101"]
    assert first["remaining"][0]["reason"] == "vars() needs the object itself"
    assert first["diff"].startswith("diff --git a/tests/auth/test_a.py b/tests/auth/test_a.py\n")
    assert second["diff"] is None
    assert report["totals"] == {
        "checked": {"tests": 3, "source": 1, "other": 0},
        "changed": 1,
        "fixed": 1,
        "remaining": 2,
    }
    assert report["dependency"] == "add holdline to [project.optional-dependencies]"


@pytest.mark.parametrize("name", ["written", "stopped", "verified", "nothing"])
def test_other_migrations_are_valid(name: str, request: pytest.FixtureRequest, validated: Callable[[str], Any]) -> None:
    migration: MigrationReport = request.getfixturevalue(name)
    report = validated(render_migration(migration))
    assert (report["run"], report["dry_run"]) == (migration.run, migration.dry_run)


def test_a_diff_that_is_no_utf8_is_left_out(dry_run: MigrationReport, validated: Callable[[str], Any]) -> None:
    latin = dry_run.plan.results[0]._replace(before=dry_run.plan.results[0].before + b"\xe9\n")
    migration = dry_run._replace(plan=dry_run.plan._replace(results=(latin,)))
    assert validated(render_migration(migration))["files"][0]["diff"] is None


def test_a_clean_scan_is_valid(clean_scan: ScanReport, validated: Callable[[str], Any]) -> None:
    assert validated(render_scan(clean_scan))["files"] == []


def test_control_characters_are_escaped(scan: ScanReport) -> None:
    odd = scan.results[0].remaining[0]._replace(text="\x1b[2J\x7f\x9b")
    text = render_scan(scan._replace(results=(scan.results[0]._replace(remaining=(odd,)),)))
    assert not {"\x1b", "\x7f", "\x9b"} & set(text)
    assert json.loads(text)["files"][0]["violations"][0]["text"] == "\x1b[2J\x7f\x9b"


def test_paths_come_back_byte_for_byte(scan: ScanReport) -> None:
    text = render_scan(scan)
    assert text.isascii()
    path = json.loads(text)["files"][1]["path"]
    assert os.fsencode(path) == "tests/é, 100%:\x1b[31m\n".encode() + b"\xe9.py"


def test_the_documented_example_is_a_real_one(validated: Callable[[str], Any]) -> None:
    page = (DOCS / "reports.md").read_text()
    examples = [block.split("```")[0] for block in page.split("```json\n")[1:]]
    assert [validated(example)["command"] for example in examples] == ["scan", "check", "migrate"]
