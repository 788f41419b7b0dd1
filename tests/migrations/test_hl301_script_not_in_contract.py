"""HL301: its examples, and one violation for each thing that an unlisted script does."""

from __future__ import annotations

import pytest

from holdline_migrations.hl301_script_not_in_contract import RULE


@pytest.mark.parametrize("example", RULE.examples, ids=range(len(RULE.examples)))
def test_examples(production, example):
    found = [v for v in production(example.before) if v.code == "HL301"]
    assert bool(found) == (example.after is None)


def test_each_operation_once(production):
    text = (
        'def f(c):\n    c.execute("DELETE FROM a")\n    c.execute("DELETE FROM a")\n'
        '    c.execute("UPDATE b SET x = 1, y = 2")\n'
    )
    found = [(v.line, v.message) for v in production(text) if v.code == "HL301"]
    assert found == [
        (2, "DELETE a: ops/a.py is not in the contract"),
        (4, "UPDATE b (x, y): ops/a.py is not in the contract"),
    ]


def test_a_comment_may_allow_it(production):
    line = '    c.execute("DELETE FROM a")  # holdline: allow[HL301] a test stand'
    assert production(f"def f(c):\n{line}\n") == ()
