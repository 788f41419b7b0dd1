"""Rule HL103: its examples, and what it finds."""

from __future__ import annotations

import pytest

from holdline_migrations.hl103_patch_dict import RULE


@pytest.mark.parametrize("example", RULE.examples, ids=range(len(RULE.examples)))
def test_example(harness, example):
    harness.check_example(RULE, example)


@pytest.mark.parametrize(
    "code",
    [
        "with patch.dict(os.environ): pass",
        "with patch.dict('os.environ', A='v'): pass",
        "p = patch.dict(os.environ, {})",
        "@patch.dict(os.environ, A='v')\ndef f(): pass",
        "patch.dict(in_dict=os.environ).start()",
        "def f(mocker): mocker.patch.dict(os.environ)",
    ],
)
def test_every_form_is_found_once(harness, code):
    [violation] = harness.judge(f"import os\nfrom unittest.mock import patch\n\n{code}\n".encode()).violations
    assert violation.code == RULE.code


@pytest.mark.parametrize(
    "code",
    ["patch.dict(d, A='v')", "patch.dict('sys.modules', A='v')", "patch.dict('app.environ', A=1)", "patch.dict()"],
)
def test_other_dicts_are_none_of_ours(harness, code):
    assert not harness.judge(f"from unittest.mock import patch\n\nd = {{}}\n{code}\n".encode()).violations
