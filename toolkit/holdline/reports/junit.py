"""JUnit XML, as test reporters read it: a suite per rule, a failed case per file that breaks it.

XML cannot hold most control characters, surrogates and noncharacters: they become visible escapes.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdline.model import Problem, ScanReport, Violation
from holdline.reports.printable import printable
from holdline.reports.text import scan_line
from holdline.reports.values import counted
from holdline.reports.verdict import verdict_line

if TYPE_CHECKING:
    from holdline.gate import GateReport


def render_scan(report: ScanReport) -> str:
    """The report as a document: one passing case stands for all clean files, files not judged are errors."""
    root = ET.Element("testsuites", name="holdline")
    codes = sorted({violation.code for violation in report.violations})
    for code in codes:
        suite = _suite(root, code)
        for result in report.results:
            broken = [violation for violation in result.violations if violation.code == code]
            if broken:
                _fail(ET.SubElement(suite, "testcase", classname=code, name=printable(result.path)), broken)
    files = _suite(root, "files")
    for problem in report.problems:
        _err(ET.SubElement(files, "testcase", classname="files", name=printable(problem.path)), problem)
    ET.SubElement(files, "testcase", classname="files", name=f"clean: {scan_line(report)}")
    return _document(root)


def render_check(report: GateReport) -> str:
    """The verdict as a document: a failed case per new violation, an error per file not judged, a case for the rest."""
    root = ET.Element("testsuites", name="holdline")
    suite = _suite(root, "check")
    for violation in report.new:
        name = printable(f"{violation.path}:{violation.line}:{violation.column}")
        _fail(ET.SubElement(suite, "testcase", classname=violation.code, name=name), [violation])
    for unjudged in report.unjudged:
        case = ET.SubElement(suite, "testcase", classname="files", name=printable(unjudged.problem.path))
        if unjudged.tolerated:
            ET.SubElement(case, "skipped", message=printable(unjudged.problem.message))
        else:
            _err(case, unjudged.problem)
    ET.SubElement(suite, "testcase", classname="check", name=verdict_line(report))
    return _document(root)


def _document(root: ET.Element) -> str:
    _count(root)
    # ASCII with character references reads the same in whatever encoding the stream has.
    body: bytes = ET.tostring(root, "us-ascii")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body.decode("ascii")}\n'


def _err(case: ET.Element, problem: Problem) -> None:
    ET.SubElement(case, "error", type=problem.kind.value, message=printable(problem.message))


def _suite(root: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(root, "testsuite", name=name)


def _fail(case: ET.Element, broken: Sequence[Violation]) -> None:
    title = broken[0].message if len(broken) == 1 else counted(len(broken), "violation")
    failure = ET.SubElement(case, "failure", type=broken[0].code, message=printable(title))
    failure.text = "\n".join(printable(f"{v.path}:{v.line}:{v.column}: {v.message}") for v in broken)


def _count(root: ET.Element) -> None:
    """Put the numbers on each suite and on the root."""
    for element in [*root, root]:
        element.set("tests", str(len(list(element.iter("testcase")))))
        element.set("failures", str(len(list(element.iter("failure")))))
        element.set("errors", str(len(list(element.iter("error")))))
