"""`holdline contract`: freeze the mutation scripts, hold the working tree to what was frozen, explain it."""

from __future__ import annotations

import argparse

from holdline.cli.exits import Exit
from holdline.cli.session import Session
from holdline.contract.file import Contract, check_approval, render_contract
from holdline.contract.gating import violation
from holdline.contract.operations import is_forbidden, texts_of
from holdline.contract.page import render_page
from holdline.contract.settings import ContractConfig
from holdline.contract.survey import FoundScript, Survey, refreeze, survey
from holdline.contract.verdicts import FREEZE, Fault, Seen, judge_script
from holdline.errors import HoldlineError
from holdline.git import FileKind
from holdline.model import Violation
from holdline.reports.console import Console
from holdline.reports.printable import printable
from holdline.reports.values import counted, problem_line
from holdline.writing import WriteRefused, locate, read_plain, replace_file


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code."""
    session = Session.open(arguments)
    tracked = [f.path for f in session.repo.each_tracked() if f.kind in (FileKind.REGULAR, FileKind.EXECUTABLE)]
    there = [path for path in tracked if (session.repo.root / path).is_file()]
    found = survey(session.repo.root, there, session.config)
    for problem in found.problems:
        console.error(f"holdline: {problem_line(problem)}")
    match arguments.action:
        case "freeze":
            return _freeze(session, found, arguments.approved, console)
        case "check":
            return _check(session, found, console)
    return _explain(session, found, arguments.paths, console)


def _freeze(session: Session, found: Survey, approved: str | None, console: Console) -> int:
    if found.problems:
        raise HoldlineError("nothing was frozen: a file that cannot be read may be a mutation script")
    old = session.config.frozen
    contract = refreeze(old, found.scripts)
    if bad := [(s.path, o) for s in contract.scripts for o in s.operations if is_forbidden(o, contract.forbidden)]:
        raise HoldlineError(f"nothing was frozen: {bad[0][0]} does what the contract forbids: {bad[0][1]}")
    if old is not None and not contract.fault:
        console.note("holdline: the contract is as it should be; nothing to freeze")
    else:
        if approved is None:
            raise HoldlineError('freeze needs --approved "name, date, reason": the contract would change')
        check_approval(approved, "--approved")
        contract = contract.approve(approved)
        if contract.fault:
            raise HoldlineError(f"nothing was frozen: {contract.fault}; say in the reason what is new")
        _write(session, session.config.contract_file, render_contract(contract))
        scripts = counted(len(contract.scripts), "mutation script")
        console.note(f"holdline: froze {scripts} in {session.config.contract_file}")
    settings = session.config.contract or ContractConfig()
    _write(session, settings.page, render_page(contract, settings.file))
    return Exit.OK


def _check(session: Session, found: Survey, console: Console) -> int:
    contract = session.config.frozen
    if contract is None:
        raise HoldlineError(f"there is no contract {session.config.contract_file}: `holdline contract freeze` makes it")
    violations = [violation(s.path, f) for s in found.scripts for f in judge_script(_seen(s), contract)]
    violations += _of_contract(session, contract, found)
    if not console.quiet or violations:
        for v in violations:
            hint = f"\n    {printable(v.hint)}" if console.verbose else ""
            console.write(f"{printable(v.path)}:{v.line}: {v.code} {printable(v.message)}{hint}\n")
        scripts = counted(len(contract.scripts), "mutation script")
        faults = counted(len(violations), "violation") if violations else "as approved"
        console.write(f"{scripts} in {session.config.contract_file}: {faults}\n")
    return Exit.FOUND if violations or found.problems else Exit.OK


def _of_contract(session: Session, contract: Contract, found: Survey) -> list[Violation]:
    file = session.config.contract_file
    faults = []
    if contract.fault:
        faults.append((file, Fault("HL304", f"the contract is not approved: {contract.fault}", FREEZE, 1, "")))
    page = (session.config.contract or ContractConfig()).page
    if read_plain(session.repo.root / page) != render_page(contract, file).encode():
        message = "the page does not say what the contract says: `holdline contract freeze` writes it"
        faults.append((page, Fault("HL304", message, "", 1, "")))
    there = {s.path for s in found.scripts} | {p.path for p in found.problems}
    gone = [s.path for s in contract.scripts if s.path not in there]
    faults += [(file, Fault("HL303", f"{path} is in the contract, but gone", FREEZE, 1, path)) for path in gone]
    return [violation(path, fault) for path, fault in faults]


def _explain(session: Session, found: Survey, paths: list[str], console: Console) -> int:
    contract = session.config.frozen or Contract()
    wanted = {_relative(session, path) for path in paths}
    if unknown := wanted - {s.path for s in found.scripts}:
        raise HoldlineError(f"{min(unknown)} is no mutation script: nothing in it changes data or infrastructure")
    for script in found.scripts:
        if wanted and script.path not in wanted:
            continue
        faults = judge_script(_seen(script), contract)
        state = "as approved" if not faults else ", ".join(sorted({f.code for f in faults}))
        console.write(f"{printable(script.path)} ({script.language}): {state}\n")
        for operation in script.operations if wanted else ():
            where = f"line {operation.line}: " if operation.line else ""
            console.write(f"    {where}{printable(operation.text)}\n")
        for text in () if wanted else texts_of(script.operations):
            console.write(f"    {printable(text)}\n")
    return Exit.OK


def _seen(script: FoundScript) -> Seen:
    return Seen(script.path, script.operations, script.logic)


def _relative(session: Session, path: str) -> str:
    target = (session.folder / path).resolve()
    if not target.is_relative_to(session.repo.root):
        raise HoldlineError(f"{path} is outside the repository {session.repo.root}")
    return target.relative_to(session.repo.root).as_posix()


def _write(session: Session, path: str, text: str) -> None:
    """Put a generated file in place; one that is as it should be is not touched."""
    try:
        target = locate(session.repo.root, path)
        old, new = read_plain(target), text.encode()
        if old is None:
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(target, "xb") as stream:  # never through a symbolic link
                stream.write(new)
        elif old != new:
            replace_file(target, expected=old, new=new)
    except WriteRefused as error:
        raise HoldlineError(f"{path}: {error.reason}") from None
    except OSError as error:
        raise HoldlineError(f"{path} cannot be written: {error.strerror}") from None
