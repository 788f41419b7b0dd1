from __future__ import annotations

from collections.abc import Callable

import pytest

from holdline.gate import GateReport
from holdline.model import FileResult
from holdline.reports import verdict as module
from holdline.reports.verdict import render_check, verdict_line


def test_everything(verdict: GateReport, dry_run: object, is_safe: Callable[[str], bool]) -> None:
    changed: FileResult = dry_run.results[0]  # type: ignore[attr-defined]
    text = render_check(verdict, [changed])
    assert is_safe(text.replace("\t", ""))
    assert text.splitlines()[:5] == [
        "tests/auth/test_a.py:6:14: HL104 the environment object passed on",
        "    os.environ",
        "    this line is as it was: the change at line 5 made it a violation",
        "    no safe fix: vars() needs the object itself",
        "tests/é, 100%:\\x1b[31m\\n\\xe9.py:1:1: HL104 the environment\\x1b[2J object\\r\\nreplaced",
    ]
    assert (
        "tests/test_new.py:3: does not parse: invalid syntax\n    line 2 changed and looks like a violation\n" in text
    )
    assert "    line 11 changed and looks like a violation\n    and so do 3 more\n" in text
    assert "is not valid utf-8 (byte 3)\n    so it was before, and no changed line looks like a violation\n" in text
    assert ".py:3:8: new suppression: allows HL101: \\x1b[31mwhy (until 2027-03-01)\n" in text
    assert "a.py:3:8: new suppression: allows HL101, HL102: why\n" in text
    assert "`holdline check --fix` makes these changes to the index and the working tree:\ndiff --git " in text
    assert text.splitlines()[-1] == verdict_line(verdict)


def test_the_last_line(verdict: GateReport, passing: GateReport) -> None:
    assert verdict_line(verdict) == (
        "holdline: 2 new violations in 1 234 changed files, 1 old hidden, 2 new suppressions, 2 not judged "
        "(base: HEAD 111111111 and the merged 222222222)"
    )
    assert verdict_line(passing) == (
        "holdline: no new violation in 1 changed file, 0 old hidden (base: 111111111, where HEAD left main)"
    )
    assert render_check(passing, []) == verdict_line(passing) + "\n"


def test_a_base_with_a_steering_name(passing: GateReport, is_safe: Callable[[str], bool]) -> None:
    assert is_safe(
        verdict_line(passing._replace(snapshot=passing.snapshot._replace(named="x, where HEAD left \x1b[2J")))
    )


def test_fixes_in_a_range(verdict: GateReport, dry_run: object) -> None:
    changed: FileResult = dry_run.results[0]  # type: ignore[attr-defined]
    in_range = verdict._replace(snapshot=verdict.snapshot._replace(head="3" * 40))
    text = render_check(in_range, [changed])
    assert "--fix" not in text
    assert "these changes fix what is new and can be fixed safely:\ndiff --git " in text
    assert "diff --git" not in render_check(in_range, None)


def test_fixes_that_are_not_known(verdict: GateReport) -> None:
    assert "`holdline check --fix` makes those fixes that are safe; to see them first takes long here" in render_check(
        verdict, None
    )


def test_what_is_long_is_cut(verdict: GateReport, dry_run: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_SHOWN", 1)
    monkeypatch.setattr(module, "_MOST_DIFF_LINES", 5)
    monkeypatch.setattr(module, "_LONGEST_DIFF_LINE", 20)
    changed: FileResult = dry_run.results[0]  # type: ignore[attr-defined]
    text = render_check(verdict, [changed])
    assert "… and 1 more; `--format json` lists all\n" in text
    assert "… and 1 more\n" in text
    assert "diff --git a/tests/a …\n" in text
    assert "… and 7 more lines\n" in text
