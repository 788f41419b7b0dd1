from __future__ import annotations

from holdline.model import Category, FileResult, Violation
from holdline.reports.tallies import Tally, by_directory, by_reason, by_rule, total
from holdline.reports.values import MigrationReport


def test_by_rule(dry_run: MigrationReport) -> None:
    assert by_rule(dry_run.results) == (Tally("HL101", 1, 1, 0), Tally("HL104", 2, 0, 2))


def test_by_directory(dry_run: MigrationReport) -> None:
    assert by_directory(dry_run.results) == (Tally("tests", 1, 0, 1), Tally("tests/auth", 1, 1, 1))


def test_files_at_the_root_have_a_directory() -> None:
    result = FileResult("test_a.py", Category.TESTS, (Violation("HL101", "", "test_a.py", 1, 1, 1, 2),))
    assert by_directory([result]) == (Tally(".", 1, 0, 1),)


def test_total(dry_run: MigrationReport) -> None:
    assert total(dry_run.results) == Tally("total", 2, 1, 2)
    assert total([]) == Tally("total", 0, 0, 0)


def test_the_most_frequent_reason_comes_first() -> None:
    def refused(line: int, refusal: str) -> Violation:
        return Violation("HL101", "", "a.py", line, 1, line, 2, refusal=refusal)

    result = FileResult("a.py", Category.TESTS, (refused(1, "b"), refused(2, "c"), refused(3, "c"), refused(4, "a")))
    assert by_reason([result]) == (("c", 2), ("a", 1), ("b", 1))
