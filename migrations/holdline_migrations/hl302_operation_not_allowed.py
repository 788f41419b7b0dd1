"""A mutation script does what its entry in the contract lists, and nothing that the contract forbids.

An entry lists operations with their tables and columns:

    operations = ["DELETE order_lines", "UPDATE orders (status)"]

A table, column or operation that is not there fails. So does one that begins as an item of the contract's list
`forbidden` does (`forbidden = ["DROP", "TRUNCATE", "DELETE customers"]`), even where the entry has it.
"""

from __future__ import annotations

from holdline.migration import Rule

RULE = Rule(
    code="HL302",
    name="operation-not-allowed",
    summary="a mutation script touches a table or column, or does something, that the contract does not allow",
    explanation=__doc__,
    default_on=False,
)
