"""Rule HL104: its examples, and what it finds."""

from __future__ import annotations

import pytest

from holdline_migrations.hl104_environment_object import RULE


@pytest.mark.parametrize("example", RULE.examples, ids=range(len(RULE.examples)))
def test_example(harness, example):
    harness.check_example(RULE, example)


@pytest.mark.parametrize(
    "code",
    [
        "f(env=os.environ)",
        "f(**os.environ)",
        "x = {**os.environ}",
        "x = os.environ",
        "os.environ = {}",
        "f(os.environ)",
        "setattr(os, 'environ', {})",
    ],
)
def test_every_use_as_an_object_is_found(harness, code):
    [violation] = harness.judge(f"import os\nfrom app import f\n\n{code}\n".encode()).violations
    assert violation.code == RULE.code
