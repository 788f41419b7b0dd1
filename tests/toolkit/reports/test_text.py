from __future__ import annotations

from collections.abc import Callable

from holdline.model import ScanReport
from holdline.reports.text import migration_line, render_migration, render_scan, scan_line, table
from holdline.reports.values import MigrationReport

ODD = "tests/é, 100%:\\x1b[31m\\n\\xe9.py"


def test_scan(scan: ScanReport) -> None:
    assert (
        render_scan(scan)
        == f"""\
tests/auth/test_a.py:5:9: HL101 environment read: os.getenv
tests/auth/test_a.py:6:14: HL104 the environment object passed on
{ODD}:1:1: HL104 the environment\\x1b[2J object\\r\\nreplaced
tests/test_new.py:3: does not parse: invalid syntax

rule   files  violations
HL101      1           1
HL104      2           2

category  files checked  clean  violations    score
tests                 2      1           2   50.0 %
source                1      0           1    0.0 %
other                 0      0           0  100.0 %
all                   3      1           3   33.3 %

score 33.3 % (1 of 3 files), 3 violations in 2 files, 1 not parsed
"""
    )


def test_hints_on_demand(scan: ScanReport) -> None:
    assert "\n    write get_env().get(…)\n" in render_scan(scan, hints=True)


def test_clean_scan(clean_scan: ScanReport) -> None:
    assert scan_line(clean_scan) == "score 100.0 % (1 234 of 1 234 files), 0 violations in 0 files"
    assert render_scan(clean_scan).startswith("category ")


def test_dry_run(dry_run: MigrationReport) -> None:
    assert (
        render_migration(dry_run)
        == f"""\
directory   files  fixed  left
tests           1      0     1
tests/auth      1      1     1

rule   files  fixed  left
HL101      1      1     0
HL104      2      0     2

left as they are:
tests/auth/test_a.py:6:14: HL104 vars() needs the object itself
{ODD}:1:1: HL104 needs --unsafe: later writes are undone at exit

tests/test_new.py:3: does not parse: invalid syntax

add holdline to [project.optional-dependencies]

would fix 1 violation in 1 of 4 files, 2 left, 1 not parsed
"""
    )


def test_verified(verified: MigrationReport, is_safe: Callable[[str], bool]) -> None:
    text = render_migration(verified)
    assert is_safe(text)
    broke = r"broke tests/auth/test_a.py::test_a[\x1b[31m] (failed: 1 == 2) (and 1 more) under --verify"
    assert f"tests/auth/test_a.py:6:14: HL104 {broke}\n" in text
    assert (
        f"{ODD}:1:1: HL104 broke the command (exit status 1: \\x1b[31m) under --verify; undecided after 9 runs\n"
        in text
    )
    assert (
        "flaky, set aside: t::flaky\\x1b\n"
        f"not verified, for no test minds it: {ODD}\n"
        "verified by 1 234 tests that passed before: 2 fixes taken back (12 runs of affected tests in 5 s, 3 remembered)\n"
    ) in text


def test_written(written: MigrationReport) -> None:
    assert migration_line(written) == "fixed 1 violation in 1 of 4 files, 2 left, 1 not parsed"
    assert "tests/auth/test_a.py:7:14: HL104" in render_migration(written)


def test_stopped(stopped: MigrationReport) -> None:
    assert migration_line(stopped) == "fixed 0 violations in 0 of 4 files, 3 left, 1 not parsed, 1 changed meanwhile"
    assert "test_a.py:5:9: HL101 was edited since it was planned; run again" in render_migration(stopped)


def test_nothing_to_migrate(nothing: MigrationReport) -> None:
    assert render_migration(nothing) == "nothing to migrate in 3 files\n"


def test_nothing_is_printed_raw(scan: ScanReport, dry_run: MigrationReport, is_safe: Callable[[str], bool]) -> None:
    assert is_safe(render_scan(scan, hints=True))
    assert is_safe(render_migration(dry_run))


def test_a_table_without_rows_is_empty() -> None:
    assert table(("a", "b"), []) == []
