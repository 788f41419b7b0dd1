from __future__ import annotations

from collections.abc import Callable

from holdline.model import ScanReport
from holdline.reports.github import render_scan


def test_annotations(scan: ScanReport) -> None:
    assert render_scan(scan).splitlines() == [
        "::error file=tests/auth/test_a.py,line=5,endLine=5,col=9,endColumn=23,title=Holdline HL101"
        "::environment read: os.getenv%0Awrite get_env().get(…)",
        "::error file=tests/auth/test_a.py,line=6,endLine=6,col=14,endColumn=24,title=Holdline HL104"
        "::the environment object passed on",
        "::error file=tests/é%2C 100%25%3A\\x1b[31m%0A\\xe9.py,line=1,endLine=2,col=1,title=Holdline HL104"
        "::the environment\\x1b[2J object%0D%0Areplaced",
        "::warning file=tests/test_new.py,line=3,title=Holdline%3A not parsed::does not parse: invalid syntax",
        "::notice title=Holdline::score 33.3 %25 (1 of 3 files), 3 violations in 2 files, 1 not parsed",
    ]


def test_a_clean_scan_still_tells_the_score(clean_scan: ScanReport) -> None:
    assert render_scan(clean_scan).startswith("::notice title=Holdline::score 100.0 %25")


def test_nothing_is_printed_raw(scan: ScanReport, is_safe: Callable[[str], bool]) -> None:
    assert is_safe(render_scan(scan))
