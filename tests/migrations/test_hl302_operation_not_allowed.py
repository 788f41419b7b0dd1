"""HL302: tables, columns and operations that the entry does not list, and what the contract forbids."""

from __future__ import annotations

import pytest

from holdline_migrations.hl302_operation_not_allowed import RULE

OLD = 'def f(c):\n    c.execute("UPDATE orders SET status = 1")\n'


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE orders SET total = 1", "the contract does not allow the column total of orders here"),
        ("UPDATE customers SET status = 1", "the contract does not allow the table customers here"),
        ("DELETE FROM orders", "the contract does not allow the operation DELETE orders here"),
        ("DROP TABLE orders", "the contract does not allow the operation DROP TABLE orders here"),
    ],
)
def test_what_is_not_listed(production, freeze, statement, message):
    text = OLD + f'    c.execute("{statement}")\n'
    found = [v for v in production(text, contract=freeze(OLD)) if v.code == RULE.code]
    assert [(v.line, v.message) for v in found] == [(3, message)]


def test_what_is_listed(production, freeze):
    assert production(OLD, contract=freeze(OLD)) == ()


def test_what_is_forbidden_though_listed(production, freeze):
    (found,) = production(OLD, contract=freeze(OLD, forbidden=["UPDATE orders"]))
    assert (found.code, found.line) == ("HL302", 2)
    assert found.message == "the contract forbids UPDATE orders: UPDATE orders (status)"
    assert production(OLD, contract=freeze(OLD, forbidden=["UPDATE order"])) == ()
