"""Which line wrote a variable that was left changed, from the records of the audit log."""

from __future__ import annotations

import os
from collections.abc import Iterable

from holdline_runtime.audit import Record
from holdline_runtime.masking import mask


def writer_of(key: str, before: str | None, after: str | None, records: Iterable[Record]) -> str:
    """Name the place (`file:line`) that changed a variable from one value to the other for good; "" if none is known.

    It is where the value departed from `before` for the last time, or the first write of `after` behind that.
    Records hold masked values, so that between two secrets this may be another line that wrote the variable.
    """
    mine = _lasting([r for r in records if r.key == key and r.pid == os.getpid() and r.layer == "process"])
    shown_before, shown_after = _shown(key, before), _shown(key, after)
    departures = [index for index, record in enumerate(mine) if record.old == shown_before]
    behind = mine[departures[-1] if departures else 0 :]
    matching = [record for record in behind if record.new == shown_after]
    chosen = matching[:1] or mine[-1:]
    return chosen[0].place if chosen else ""


def _lasting(records: list[Record]) -> list[Record]:
    """Leave out what puts values back: our own restores, and what one place did to end where it began, as mock does."""
    kept: list[Record] = []
    for record in records:
        if record.operation == "restore":
            continue
        kept.append(record)
        for index in range(len(kept) - 2, -1, -1):
            if kept[index].place != record.place:
                break
            if kept[index].old == record.new:
                del kept[index:]
                break
    return kept


def _shown(key: str, value: str | None) -> str | None:
    return None if value is None else mask(key, value)
