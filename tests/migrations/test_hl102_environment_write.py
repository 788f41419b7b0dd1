"""Rule HL102: its examples, and what it finds."""

from __future__ import annotations

import pytest

from holdline_migrations.hl102_environment_write import RULE


@pytest.mark.parametrize("example", RULE.examples, ids=range(len(RULE.examples)))
def test_example(harness, example):
    harness.check_example(RULE, example)


@pytest.mark.parametrize(
    "code",
    [
        "os.environ['A'] = 'v'",
        "os.environ['A'] += 'v'",
        "del os.environ['A']",
        "os.environ.update(A='v')",
        "os.environ.setdefault('A', 'v')",
        "os.environ.pop('A')",
        "os.environ.popitem()",
        "os.environ.clear()",
        "os.environ |= {}",
        "os.putenv('A', 'v')",
        "os.unsetenv('A')",
        "for os.environ['A'] in 'x': pass",
    ],
)
def test_every_write_is_found(harness, code):
    [violation] = harness.judge(f"import os\n\n{code}\n".encode()).violations
    assert violation.code == RULE.code
    assert "is written directly" in violation.message
