"""What the gate says of a change beyond Python: of scripts in other languages, and of the contract itself.

It has the standard library alone. A script that the contract has is held to the digest of its text; whether another
one changes anything is for `holdline contract check` to say, which has parsers.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdline.contract.digests import text_digest
from holdline.contract.file import Script
from holdline.contract.settings import CONTRACT_FILE
from holdline.contract.verdicts import FREEZE, Fault, Seen, judge_script
from holdline.git import BlobChange, Repository
from holdline.judging import Judge
from holdline.linters import LinterVerdict
from holdline.merges import SnapshotChanges
from holdline.migration import Context
from holdline.model import Violation


def judge_contract(repo: Repository, changes: SnapshotChanges, judge: Judge) -> LinterVerdict:
    """The verdict on the contract's file and on the scripts in it that are not Python, as far as the change has them.

    What a change leaves as it was is not judged, and neither is what one side of a merge has.
    """
    first, *others = changes.from_bases
    changed = [c for c in first if all(any(c.path_after == o.path_after for o in other) for other in others)]
    found = [v for change in changed for v in _judge(repo, change, judge) if v.code in _codes(judge.context)]
    return LinterVerdict(frozenset(v.path for v in found if not v.path.endswith(".py")), tuple(found))


def _codes(context: Context) -> frozenset[str]:
    """A contract that is taken away takes its rules along, but not this one."""
    return context.codes if context.config.contract else frozenset({"HL304"})


def _judge(repo: Repository, change: BlobChange, judge: Judge) -> Iterator[Violation]:
    context, config = judge.context, judge.context.config
    is_contract = bool({change.path_before, change.path_after} & {config.contract_file, CONTRACT_FILE})
    if is_contract and (fault := _of_contract(change, context)):
        yield violation(change.path_after, fault)
    contract = config.frozen
    if contract is None:
        return
    if not change.after or change.path_before != change.path_after:
        return  # a script that is gone does nothing; one with a new name is not in the contract
    script = contract.by_path.get(change.path_after)
    if script is None:
        return
    data = repo.read_blob(change.after)
    if script.language != "python":
        yield from (violation(script.path, fault) for fault in _of_script(script, data, context))
    elif not judge.may_find(data):  # else the rules judge it; this one spells nothing any more that they look for
        fault = Fault("HL303", "the logic of this mutation script is not what was approved", FREEZE, 1, script.path)
        yield violation(script.path, fault)


def _of_contract(change: BlobChange, context: Context) -> Fault | None:
    contract = context.config.frozen
    if contract is None:
        if not change.before:
            return None
        message = "the contract was taken away"
        return Fault("HL304", message, "put it back, or have its owners agree", 1, message)
    if not contract.fault:
        return None
    return Fault("HL304", f"the contract is not approved: {contract.fault}", FREEZE, 1, contract.digest)


def _of_script(script: Script, data: bytes, context: Context) -> list[Fault]:
    text = data.decode("utf-8", "surrogateescape")
    return judge_script(Seen(script.path, (), text_digest(text, script.language), parsed=False), context.config.frozen)


def violation(path: str, fault: Fault) -> Violation:
    """A fault as a violation of its file."""
    refusal = "only a review can allow it"
    return Violation(
        fault.code, fault.message, path, fault.line, 1, fault.line, 1, "", fault.hint, refusal, None, fault.identity
    )
