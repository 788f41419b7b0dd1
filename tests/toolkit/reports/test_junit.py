from __future__ import annotations

import xml.etree.ElementTree as ET

from holdline.model import ScanReport
from holdline.reports.junit import render_scan


def test_a_case_per_file_and_rule(scan: ScanReport) -> None:
    root = ET.fromstring(render_scan(scan).encode())
    assert {k: root.get(k) for k in ("tests", "failures", "errors")} == {
        "tests": "5",
        "failures": "3",
        "errors": "1",
    }
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["HL101", "HL104", "files"]
    assert suites["HL104"].get("failures") == "2"
    case = suites["HL101"][0]
    assert (case.get("classname"), case.get("name")) == ("HL101", "tests/auth/test_a.py")
    assert case[0].get("message") == "environment read: os.getenv"
    assert case[0].text == "tests/auth/test_a.py:5:9: environment read: os.getenv"


def test_what_xml_cannot_hold_is_escaped(scan: ScanReport) -> None:
    root = ET.fromstring(render_scan(scan))
    names = [case.get("name") for case in root.iter("testcase")]
    assert "tests/é, 100%:\\x1b[31m\\n\\xe9.py" in names


def test_a_file_that_did_not_parse_is_an_error(scan: ScanReport) -> None:
    root = ET.fromstring(render_scan(scan))
    (error,) = root.iter("error")
    assert (error.get("type"), error.get("message")) == ("unparsable", "does not parse: invalid syntax")


def test_a_clean_scan_passes(clean_scan: ScanReport) -> None:
    root = ET.fromstring(render_scan(clean_scan))
    (case,) = root.iter("testcase")
    assert (root.get("tests"), root.get("failures"), list(case)) == ("1", "0", [])


def test_output_is_ascii(scan: ScanReport) -> None:
    assert render_scan(scan).isascii()
