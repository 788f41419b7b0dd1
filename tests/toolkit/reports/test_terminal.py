from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from holdline.model import Category, Edit, FileResult, Fix, Ranked, Safety, Violation
from holdline.reports.console import Color
from holdline.reports.terminal import diff_view, migration_view, progress, question_view
from holdline.reports.values import MigrationReport

MakeScreen = Callable[..., Any]

RANKED = Ranked("tests/auth/test_a.py", 1, "path says auth")
STYLES = re.compile(r"\x1b\[[0-9;]*m")


def shown(screen: Any) -> str:
    text: str = screen.out.decode()
    return text


def test_diff(dry_run: MigrationReport, make_screen: MakeScreen) -> None:
    screen = make_screen()
    screen.console.show(diff_view(dry_run.results[0], RANKED, 3, 47))
    assert (
        shown(screen).rstrip()
        == """\
[3/47] tests/auth/test_a.py · path says auth · 1 fix
@@ -1,6 +1,7 @@
 import os
+from holdline_runtime import get_env
 \n \n def test_a():
-    a = os.getenv("A")
+    a = get_env().get("A")
     b = vars(os.environ)"""
    )


def test_diff_is_coloured(dry_run: MigrationReport, make_screen: MakeScreen) -> None:
    screen = make_screen(color=Color.ALWAYS)
    screen.console.show(diff_view(dry_run.results[0], RANKED, 1, 1))
    assert '\x1b[31m-    a = os.getenv("A")\x1b[0m' in shown(screen)
    assert '\x1b[32m+    a = get_env().get("A")\x1b[0m' in shown(screen)
    assert "\x1b[36m@@ -1,6 +1,7 @@\x1b[0m" in shown(screen)


def test_long_lines_stay_whole(make_screen: MakeScreen) -> None:
    line = b"x = " + b"1234567890 " * 30
    result = FileResult("f.py", Category.TESTS, edits=(Edit(0, 1, b"y"),), before=line)
    screen = make_screen()
    screen.console.show(diff_view(result, Ranked("f.py", 0, "r" * 200), 1, 1))
    assert "-" + line.decode() in shown(screen)
    assert "r" * 200 in shown(screen)


def test_source_text_cannot_steer_the_terminal(make_screen: MakeScreen) -> None:
    before = b"a = '\x1b[2J\x9b\xff'\t# [bold]\r\nb\n"
    result = FileResult("tests/\x1b]0;title\x07.py", Category.TESTS, edits=(Edit(0, 1, b"c"),), before=before)
    screen = make_screen(color=Color.ALWAYS)
    screen.console.show(diff_view(result, Ranked("", 0, "\x1b[5m"), 1, 1))
    plain = STYLES.sub("", shown(screen))
    assert "\x1b" not in plain
    assert "\x07" not in plain
    assert "-a = '\\x1b[2J\\x9b\\xff'" in plain
    assert "# [bold]\\r" in plain
    assert "tests/\\x1b]0;title\\x07.py" in plain


def test_summary_groups_reasons(dry_run: MigrationReport, make_screen: MakeScreen) -> None:
    screen = make_screen()
    screen.console.show(migration_view(dry_run))
    text = shown(screen)
    for line in (
        r"tests/auth +1 +1 +1",
        r"HL104 +2 +0 +2",
        r"vars\(\) needs the object itself +1",
        r"needs --unsafe: later writes are undone at exit +1",
        r"tests/test_new.py:3: does not parse: invalid syntax",
        r"add holdline to \[project.optional-dependencies\]",
        r"would fix 1 violation in 1 of 4 files, 2 left, 1 not parsed",
    ):
        assert re.search(rf"^ *{line} *$", text, re.M), line
    assert "test_a.py:6" not in text


def test_summary_lists_each_on_demand(dry_run: MigrationReport, make_screen: MakeScreen) -> None:
    screen = make_screen()
    screen.console.show(migration_view(dry_run, full=True))
    assert "tests/auth/test_a.py:6:14: HL104 vars() needs the object itself\n" in shown(screen)


def test_fixes_taken_back_are_listed_once(verified: MigrationReport, make_screen: MakeScreen) -> None:
    line = "tests/auth/test_a.py:6:14: HL104 taken back: broke tests/auth/test_a.py::test_a[\\x1b[31m] (failed: 1 == 2)"
    for full in (False, True):
        screen = make_screen()
        screen.console.show(migration_view(verified, full=full))
        text = shown(screen)
        assert "\x1b" not in text
        assert (line in text) is not full
        assert text.count("tests/auth/test_a.py:6:14:") == 1
        assert "verified by 1 234 tests that passed before: 2 fixes taken back" in text


def test_a_question(make_screen: MakeScreen) -> None:
    fix = Fix(Safety.UNSAFE, (Edit(0, 1, b"b"),), (), note="\x1bnote")
    violation = Violation("HL199", "wr\x1bong", "a.py", 1, 1, 1, 2, hint="better", fix=fix)
    screen = make_screen()
    result = FileResult("a\x1b.py", Category.TESTS, before=b"a\nc\n", fixed=(violation,))
    screen.console.show(question_view(result, Ranked("a.py", 0, "first"), [violation], fix.edits))
    assert shown(screen).strip("\n").splitlines() == [
        "a\\x1b.py · first",
        "1:1: HL199 wr\\x1bong: better",
        "unsafe: \\x1bnote",
        "@@ -1,2 +1,2 @@",
        "-a",
        "+b",
        " c",
    ]


def test_summary_in_an_encoding_without_lines(dry_run: MigrationReport, make_screen: MakeScreen) -> None:
    screen = make_screen(encoding="ascii")
    screen.console.show(migration_view(dry_run))
    assert screen.out.isascii()
    assert b"\\u2500" not in screen.out


def test_summary_of_nothing(nothing: MigrationReport, make_screen: MakeScreen) -> None:
    screen = make_screen()
    screen.console.show(migration_view(nothing))
    assert shown(screen) == "nothing to migrate in 3 files\n"


def test_odd_text_in_the_summary_is_escaped(dry_run: MigrationReport, make_screen: MakeScreen) -> None:
    screen = make_screen()
    screen.console.show(migration_view(dry_run._replace(dependency="\x1b[5m"), full=True))
    assert "\x1b" not in shown(screen)


def test_progress_shows_on_a_terminal(make_screen: MakeScreen) -> None:
    screen = make_screen(terminal=True)
    assert list(progress(iter("abc"), 3, "planning", screen.console)) == ["a", "b", "c"]
    assert b"planning" in screen.err
    assert screen.out == b""


def test_progress_is_silent_when_piped_or_quiet(make_screen: MakeScreen) -> None:
    for screen in (make_screen(), make_screen(terminal=True, verbosity=-1)):
        assert list(progress("abc", 3, "planning", screen.console)) == ["a", "b", "c"]
        assert screen.err == b""
