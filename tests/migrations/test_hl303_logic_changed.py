"""HL303: layout, comments and docstrings may change; anything else may not."""

from __future__ import annotations

import pytest

from holdline_migrations.hl303_logic_changed import RULE

OLD = """\
def purge(c, days=30):
    c.execute("DELETE FROM orders WHERE age > %s", [days])
"""


@pytest.mark.parametrize(
    "text",
    [
        OLD,
        "# why\n\n\n" + OLD,
        '"""A module."""\n' + OLD,
        "def purge(c, days = 30):\n    '''Doc.'''\n    c.execute(\n        'DELETE FROM orders '\n        'WHERE age > %s', [days,],\n    )\n",
    ],
    ids=["same", "comment", "docstring", "layout"],
)
def test_formatting_does_not_count(production, freeze, text):
    assert production(text, contract=freeze(OLD)) == ()


@pytest.mark.parametrize(
    "text",
    [
        OLD.replace("30", "0"),
        OLD.replace("age >", "age <"),
        OLD + "    notify()\n",
        OLD.replace("    c", "    if days:\n        c"),
        "import helpers\n" + OLD,
        "@retry\n" + OLD,
        OLD.replace("days=30", "*, days=30"),
        OLD.replace('"DELETE', 'b"DELETE'),
    ],
)
def test_logic_counts(production, freeze, text):
    found = [v for v in production(text, contract=freeze(OLD)) if v.code == RULE.code]
    assert len(found) == 1
    assert found[0].line == 1


def test_one_violation_is_not_another(production, freeze):
    one, two = (
        [v.kind for v in production(OLD.replace("30", n), contract=freeze(OLD)) if v.code == RULE.code]
        for n in ("1", "2")
    )
    assert one != two, "whoever changes an already changed script again adds a violation"
