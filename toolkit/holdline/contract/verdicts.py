"""One script against the contract: what the rules HL301 to HL303 say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from holdline.contract.file import Contract, Script
from holdline.contract.operations import Operation, is_forbidden, not_allowed

FREEZE = 'have it reviewed, then `holdline contract freeze --approved "name, date, reason"`'
_EMPTY = Contract()


class Fault(NamedTuple):
    """What is wrong with a script; `identity` is what the gate knows it again by."""

    code: str
    message: str
    hint: str
    line: int
    identity: str


class Seen(NamedTuple):
    """A script as it is now: its operations, and the digest that is held against the contract's.

    `digest` is that of the logic, or, where `parsed` is false, of the text.
    """

    path: str
    operations: Sequence[Operation]
    digest: str
    parsed: bool = True


def judge_script(seen: Seen, contract: Contract | None) -> list[Fault]:
    """Everything that is wrong with one script."""
    contract = contract or _EMPTY
    script = contract.by_path.get(seen.path)
    if script is None:
        return _unlisted(seen)
    faults = [*_forbidden(seen, script, contract)]
    if seen.digest == (script.logic if seen.parsed else script.text):
        return faults
    faults += [
        Fault(
            "HL302",
            f"the contract does not allow {what} here",
            FREEZE,
            operation.line or 1,
            f"{seen.path}: {operation.text}",
        )
        for operation, what in not_allowed(_once(seen.operations), script.operations)
        if not is_forbidden(operation.text, contract.forbidden)
    ]
    if seen.parsed:
        message = "the logic of this mutation script is not what was approved"
    else:
        message = "the text of this mutation script is not what was approved; `holdline contract check` parses it"
    faults.append(Fault("HL303", message, FREEZE, 1, f"{seen.path}: {seen.digest}"))
    return faults


def _unlisted(seen: Seen) -> list[Fault]:
    return [
        Fault(
            "HL301",
            f"{operation.text}: {seen.path} is not in the contract",
            FREEZE,
            operation.line or 1,
            f"{seen.path}: {operation.text}",
        )
        for operation in _once(seen.operations)
    ]


def _forbidden(seen: Seen, script: Script, contract: Contract) -> list[Fault]:
    """What none may do, whatever the script's own list says."""
    found = {o.text: o.line or 1 for o in reversed(seen.operations)}
    listed = dict.fromkeys(script.operations, 1)
    return [
        Fault("HL302", f"the contract forbids {word}: {text}", "take it out", line, f"{seen.path}: {text}")
        for text, line in {**listed, **found}.items()
        if (word := is_forbidden(text, contract.forbidden))
    ]


def _once(operations: Sequence[Operation]) -> list[Operation]:
    first: dict[str, Operation] = {}
    for operation in operations:
        first.setdefault(operation.text, operation)
    return list(first.values())
