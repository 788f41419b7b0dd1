"""Rule HL101: its examples, and what it finds."""

from __future__ import annotations

import pytest

from holdline_migrations.hl101_environment_read import RULE


@pytest.mark.parametrize("example", RULE.examples, ids=range(len(RULE.examples)))
def test_example(harness, example):
    harness.check_example(RULE, example)


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("os.environ['A']", "os.environ is read directly"),
        ("os.environ.get('A')", "os.environ is read directly"),
        ("'A' in os.environ", "os.environ is read directly"),
        ("os.getenv('A')", "os.getenv() is read directly"),
        ("os.environb[b'A']", "os.environb is read directly"),
        ("[k for k in os.environ]", "os.environ is read directly"),
        ("os.environ.copy()", "os.environ is read directly"),
    ],
)
def test_message(harness, code, what):
    [violation] = harness.judge(f"import os\n\n{code}\n".encode()).violations
    assert (violation.code, violation.message) == (RULE.code, what)
    assert "get_env()" in violation.hint


def test_position_counts_characters(harness):
    [violation] = harness.judge("import os\n\né = 'ü', os.environ['A']\n".encode()).violations
    assert (violation.line, violation.column, violation.end_line, violation.end_column) == (3, 10, 3, 20)
    assert violation.text == "é = 'ü', os.environ['A']"
