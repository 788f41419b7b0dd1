"""HL304 is about the contract's file, not about Python: see tests/toolkit/cli/test_contract_gate.py for what it finds."""

from __future__ import annotations

from holdline_migrations.hl304_contract_not_approved import RULE


def test_says_how_an_approval_looks():
    assert "[[approvals]]" in RULE.explanation
    assert not RULE.default_on


def test_finds_nothing_in_python(production):
    assert "HL304" not in {v.code for v in production("c.execute('DELETE FROM a')\n")}
