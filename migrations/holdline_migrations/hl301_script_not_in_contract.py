"""Every script that changes data or infrastructure is in the contract.

A mutation script is known by what it does: SQL that writes, an ORM that adds, deletes or commits, a migration command,
a destructive program, an HTTP call that deletes or sends. One that nobody reviewed is not run against production by
accident; so a new one fails until it has been reviewed and frozen: `holdline contract freeze`.

The contract is `mutation-contract.toml`, or what `[tool.holdline.contract]` names. Where there is neither, this rule
is off. Tests are no mutation scripts, and `files` narrows which files may be.
"""

from __future__ import annotations

from holdline.migration import Example, Rule

RULE = Rule(
    code="HL301",
    name="script-not-in-contract",
    summary="a script changes data or infrastructure and is not in the contract",
    explanation=__doc__,
    examples=(
        Example('def purge(cursor):\n    cursor.execute("DELETE FROM orders WHERE expired")\n', None),
        Example('import subprocess\n\nsubprocess.run(["alembic", "upgrade", "head"], check=True)\n', None),
        Example(
            'def count(cursor):\n    cursor.execute("SELECT count(*) FROM orders")\n',
            'def count(cursor):\n    cursor.execute("SELECT count(*) FROM orders")\n',
        ),
    ),
    default_on=False,
)
