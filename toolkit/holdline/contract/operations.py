"""One thing a script does to data or infrastructure, and whether a contract's list allows it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

#: Stands for what cannot be read in the code: a table, columns or an argument that is only known when it runs.
UNKNOWN = "?"
#: Columns of a statement that names none, so that it may write all.
ALL_COLUMNS = "*"
_TEXT = re.compile(r"(?P<head>[^()]+?)(?: \((?P<columns>[^()]*)\))?")


class Operation(NamedTuple):
    """What is done (`UPDATE`, `DROP TABLE`, `RUN`, `HTTP DELETE`), to what, to which columns, and on which line.

    `target` is a table, a command's leading words or an address.
    """

    verb: str
    target: str
    columns: tuple[str, ...] = ()
    line: int = 0

    @property
    def text(self) -> str:
        """As the contract has it.

        >>> Operation("UPDATE", "orders", ("status", "total")).text, Operation("RUN", "alembic upgrade").text
        ('UPDATE orders (status, total)', 'RUN alembic upgrade')
        """
        columns = f" ({', '.join(self.columns)})" if self.columns else ""
        return f"{self.verb} {self.target}{columns}"


def texts_of(operations: Iterable[Operation]) -> tuple[str, ...]:
    """Each operation once, columns of the same statement's kind together, sorted."""
    columns: dict[tuple[str, str], set[str]] = {}
    for operation in operations:
        columns.setdefault((operation.verb, operation.target), set()).update(operation.columns)
    return tuple(sorted(Operation(*key, tuple(sorted(names))).text for key, names in columns.items()))


def not_allowed(operations: Iterable[Operation], allowed: Iterable[str]) -> list[tuple[Operation, str]]:
    """The operations that a list does not allow, each with what about it is new: operation, table or columns.

    >>> not_allowed([Operation("UPDATE", "orders", ("total",))], ["UPDATE orders (status)"])[0][1]
    'the column total of orders'
    """
    known: dict[str, set[str]] = {}
    for text in allowed:
        head, columns = split_text(text)
        known.setdefault(head, set()).update(columns)
    targets = {head.split(" ")[-1] for head in known}
    wrong = []
    for operation in operations:
        head = f"{operation.verb} {operation.target}"
        if head not in known:
            is_new = operation.target not in targets and operation.columns
            wrong.append((operation, f"the table {operation.target}" if is_new else f"the operation {head}"))
        elif ALL_COLUMNS not in known[head] and (new := [c for c in operation.columns if c not in known[head]]):
            wrong.append((operation, f"the column {', '.join(new)} of {operation.target}"))
    return wrong


def split_text(text: str) -> tuple[str, tuple[str, ...]]:
    """An operation's text without its columns, and the columns.

    >>> split_text("UPDATE orders (status, total)")
    ('UPDATE orders', ('status', 'total'))
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        return text, ()
    columns = match["columns"] or ""
    return match["head"], tuple(c.strip() for c in columns.split(",") if c.strip())


def is_forbidden(text: str, forbidden: Iterable[str]) -> str:
    """The first of the forbidden beginnings (`DROP`, `DELETE orders`) that an operation's text has; "" for none.

    >>> is_forbidden("DROP TABLE orders", ["TRUNCATE", "DROP"]), is_forbidden("DROPPED x", ["DROP"])
    ('DROP', '')
    """
    return next((f for f in forbidden if text == f or text.startswith(f"{f} ")), "")
