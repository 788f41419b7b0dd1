"""The HTML report as text: what it says, that it needs nothing else, that nothing in it can get out of hand."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from html.parser import HTMLParser
from typing import Any

import pytest

from holdline.burndown import Burndown, Origin, Point
from holdline.migration import Rule
from holdline.model import Category, FileResult, Plan, Ranked, ScanReport, Violation, score_files
from holdline.reports import html_data
from holdline.reports.html_report import HtmlInput, render_scan
from holdline.reports.values import MigrationReport

EVIL = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>&amp;\u2028"


class Page(HTMLParser):
    """A document's elements, and the text of those that hold raw text."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, str]] = []
        self.text = ""
        self._inside = ""
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag in ("script", "style"):
            self.raw.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            self.raw[-1] = (self.raw[-1][0], self.raw[-1][1] + data)
        else:
            self.text += data


def data_of(document: str) -> Any:
    return json.loads(Page(document).raw[1][1])


@pytest.fixture
def shown(scan: ScanReport, dry_run: MigrationReport, rules: list[Rule]) -> HtmlInput:
    points = (Point(1_767_614_400, "", 9), Point(1_767_700_800, "1", 3, fixed=6))
    lines = {v.place: f"    {v.text}  # {EVIL}" for v in scan.violations}
    return HtmlInput(
        "shop",
        "4" * 40,
        scan,
        dry_run.plan,
        lines,
        rules,
        ("tests/test_new.py", "tests/auth/test_a.py", "tests/auth/b.py"),
        Burndown(Origin.RUNS, points),
    )


def test_it_says_what_the_scan_found(shown: HtmlInput) -> None:
    text = Page(render_scan(shown)).text
    for said in (
        "33.3 % compliant",
        "1 of 3 files clean, 3 violations in 2 files",
        "1 safe fix",
        "1 needs --unsafe",
        "1 by hand",
        "at commit 444444444444",
        "HL104 Environment object replaced or passed on.",
        "vars() needs the object itself",
        "2 violations · path says auth",
        "tests/test_new.py:3: does not parse: invalid syntax",
        "9 violations on 2026-01-05, 3 on 2026-01-06",
    ):
        assert said in re.sub(r"\s+", " ", text)


def test_the_script_has_every_violation_with_its_line_and_change(shown: HtmlInput) -> None:
    data = data_of(render_scan(shown))
    path, category, counts, hunks = data["files"][0]
    assert (path, data["categories"][category], counts) == ("tests/auth/test_a.py", "tests", [1, 0, 1])
    fixed, refused, _ = data["violations"]
    assert data["rules"][fixed[1]][0] == "HL101"
    assert fixed[2:4] == [5, 9]
    assert fixed[4].startswith('    os.getenv("A")  # </script>')
    assert '+    a = get_env().get("A")' in hunks[fixed[9]][2]
    assert (data["texts"][refused[8]], refused[9]) == ("vars() needs the object itself", None)
    assert data["folders"] == [["tests/auth", 2]]  # the file in tests/ could not be judged


def test_it_is_the_same_each_time_and_ascii(shown: HtmlInput) -> None:
    assert render_scan(shown) == render_scan(shown)
    assert render_scan(shown).isascii()


def test_it_needs_nothing_from_the_network(shown: HtmlInput) -> None:
    page = Page(render_scan(shown))
    addresses = [(tag, name, value) for tag, attrs in page.tags for name, value in attrs.items() if name in LINKING]
    assert all(value and value.startswith("#") for _, _, value in addresses), addresses
    for _, text in page.raw[::2]:  # style and script; the data between is inert
        assert not re.search(r"https?:(?!//www\.w3\.org/WAI/)|url\(|@import|fetch\(|innerHTML|eval\(", text)


LINKING = ("src", "href", "action", "data", "poster", "srcset", "style", "formaction", "background")


def test_the_policy_admits_its_own_style_and_script_alone(shown: HtmlInput) -> None:
    page = Page(render_scan(shown))
    policy = next(a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for _, text in page.raw]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[2]}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]


def test_a_code_of_no_rule_is_listed_too(shown: HtmlInput) -> None:
    """A suppression's own faults have one."""
    data = data_of(render_scan(shown._replace(rules=[])))
    assert [rule[0] for rule in data["rules"]] == ["HL101", "HL104"]
    assert [data["rules"][row[1]][0] for row in data["violations"]] == ["HL101", "HL104", "HL104"]


def test_hostile_text_stays_text(shown: HtmlInput) -> None:
    violation = shown.scan.violations[0]._replace(path=f"a/{EVIL}.py", message=EVIL, text=EVIL, hint=EVIL, refusal=EVIL)
    file = FileResult(violation.path, Category.TESTS, (violation,))
    report = score_files([file], {Category.TESTS: 1})
    plan = Plan((file,), {file.path: Ranked(file.path, 0, EVIL)}, {})
    evil = HtmlInput(EVIL, None, report, plan, {violation.place: EVIL}, [Rule("HL101", EVIL, EVIL, EVIL)])
    document = render_scan(evil)
    tags = [tag for tag, _ in Page(document).tags]
    assert tags.count("script") == 2
    assert "img" not in tags
    assert Page(document).text.count("alert(1)") >= 4
    assert data_of(document)["violations"][0][4] == EVIL.replace("\u2028", "\\u2028")


def test_control_characters_are_shown_as_escapes(shown: HtmlInput) -> None:
    document = render_scan(shown)
    assert r"tests/é, 100%:\x1b[31m\n\xe9.py" in [file[0] for file in data_of(document)["files"]]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", document)
    assert "\\ud" not in document  # no lone surrogate


def test_nothing_found(clean_scan: ScanReport) -> None:
    document = render_scan(HtmlInput("shop", None, clean_scan, Plan((), {}, {}), {}, []))
    text = re.sub(r"\s+", " ", Page(document).text)
    assert "100.0 % compliant" in text
    assert "before the first commit" in text
    assert "1 234 of 1 234 files clean, 0 violations in 0 files." in text
    assert data_of(document)["violations"] == []


def many(files: int, each: int) -> HtmlInput:
    """A repository with many violations."""
    one = Violation(
        "HL101", "os.environ is read directly", "", 1, 5, 1, 20, text='os.environ["A"]', hint="use get_env()"
    )
    results = [
        FileResult(
            f"pkg{i % 40}/sub{i % 7}/test_{i}.py",
            Category.TESTS,
            tuple(one._replace(path=f"pkg{i % 40}/sub{i % 7}/test_{i}.py", line=n + 1) for n in range(each)),
        )
        for i in range(files)
    ]
    ranks = {r.path: Ranked(r.path, 2, "") for r in reversed(results)}
    plan = Plan(tuple(results), ranks, {})
    return HtmlInput(
        "big", None, score_files(results, {Category.TESTS: files}), plan, {}, [Rule("HL101", "r", "s", "")]
    )


def test_a_large_report_is_bounded_and_says_so() -> None:
    started = time.perf_counter()
    document = render_scan(many(3_000, 10))
    assert time.perf_counter() - started < 20  # a second or two
    data = data_of(document)
    assert len(data["violations"]) == html_data.MOST_LISTED
    assert len(data["files"]) == 3_000
    assert data["files"][data["violations"][0][0]][0].endswith("test_1000.py")  # the most urgent ones are kept
    assert "Of 30 000 violations, those of the most urgent files are listed, at most 20 000" in Page(document).text
    assert len(document) < 5_000_000


def test_one_enormous_file_is_bounded_too() -> None:
    assert len(data_of(render_scan(many(1, 25_000)))["violations"]) == html_data.MOST_LISTED


def test_long_lines_are_cut(shown: HtmlInput) -> None:
    violation = shown.scan.violations[0]
    lines = {**shown.lines, violation.place: "x" * 100_000}
    assert data_of(render_scan(shown._replace(lines=lines)))["violations"][0][4] == "x" * 300 + " …"
