"""The logic of a mutation script is what was approved.

The contract has the digest of each script's logic: for Python of its syntax tree, without docstrings. Formatting and
comments may change; a statement, a condition or a value may not, until the change has been reviewed and frozen
(`holdline contract freeze`).

In other languages `holdline contract check` compares syntax trees as well. The gate, which has the standard library
alone, compares their texts: indentation, spacing, blank lines and whole-line comments may change there.
"""

from __future__ import annotations

from holdline.migration import Rule

RULE = Rule(
    code="HL303",
    name="logic-changed",
    summary="the logic of a mutation script is not what was approved",
    explanation=__doc__,
    default_on=False,
)
