"""`holdline branches`: one branch, and one pull request, for each directory or owner."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path

from holdline.branches import Base, BranchesReport
from holdline.cli.base_plan import BasePlan, names_path, plan_on
from holdline.cli.branch_actions import build, propose, push
from holdline.cli.branch_plan import plan_branches, plan_others, plan_shards, read_owners
from holdline.cli.branch_verifying import verify_shards, without_unchanged
from holdline.cli.exits import Exit
from holdline.cli.rewriting import require_toolkit
from holdline.cli.session import discover, progress_on
from holdline.errors import HoldlineError
from holdline.forges import Forge, ForgeCommand, choose_forge, locate
from holdline.git import Repository
from holdline.gitcommits import committer, is_set
from holdline.gitrefs import commit_hooks
from holdline.gitremotes import Remote
from holdline.landscape import apart, known_places, look_around
from holdline.messages import Background
from holdline.model import ProblemKind
from holdline.publishing import Found
from holdline.reports import branches as report_of
from holdline.reports.columns import columns
from holdline.reports.console import Console
from holdline.reports.printable import printable
from holdline.reports.values import problem_line
from holdline.targets import choose_base
from holdline.verdicts import Verification


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code."""
    require_toolkit()
    _check(arguments)
    repo = discover(arguments.folder)
    remote = Remote(repo, arguments.push) if arguments.push else None
    forge = choose_forge(arguments.forge, remote.url()) if arguments.open_prs and remote else None
    with apart(repo) if arguments.dry_run else contextlib.nullcontext():
        report, planned, found = _plan(repo, remote, forge, arguments, console)
        if not arguments.dry_run:
            report = _carry_out(repo, remote, forge, report, planned, found, arguments)
    _show(report, arguments, console)
    return _exit_code(report)


def _check(arguments: argparse.Namespace) -> None:
    if arguments.open_prs and not arguments.push:
        raise HoldlineError("--open-prs needs --push REMOTE: a forge opens a pull request from a branch that it has")
    for option in ("forge", "draft", "label"):
        if getattr(arguments, option) and not arguments.open_prs:
            raise HoldlineError(f"--{option} is about pull requests: add --open-prs")


def _plan(
    repo: Repository, remote: Remote | None, forge: Forge | None, arguments: argparse.Namespace, console: Console
) -> tuple[BranchesReport, BasePlan, dict[str, Found]]:
    base = choose_base(repo, arguments.base, remote)
    if forge and not base.branch:
        raise HoldlineError(f"--open-prs: {base.shown} is no branch to merge into: name one with --base")
    planned = plan_on(repo, base, arguments, progress_on(console))
    asked = names_path(repo, base, planned.files, arguments.paths, Path(arguments.folder))
    found = look_around(repo, base.commit, planned.name, remote)
    owners = read_owners(repo, base, arguments.by, gitlab=_is_gitlab(forge, remote))
    known = known_places(found, _layout(arguments))
    shards = plan_shards(planned, owners, arguments.by, arguments.max_files_per_branch, known)
    verdicts: dict[str, Verification] = {}
    if arguments.verify:
        chosen = [shard for shard in shards if any(map(asked, shard.paths))]
        planned, verdicts = verify_shards(repo, base, planned, chosen, arguments, console)
        shards = without_unchanged(shards, planned.plan.changed)
    branches = plan_branches(repo, planned, shards, owners, found, verdicts)
    others = plan_others(planned, branches, found, asked)
    wanted = [b for b in branches if any(asked(r.path) for r in b.results)]
    problems = tuple(r.problem for r in planned.plan.results if r.problem and asked(r.path))
    report = BranchesReport(
        base,
        arguments.by,
        arguments.dry_run,
        (*wanted, *others),
        remote.shown if remote else "",
        tuple(commit_hooks(repo)),
        problems,
        tuple(dropped for verdict in verdicts.values() for dropped in verdict.dropped),
    )
    return report, planned, found


def _carry_out(
    repo: Repository,
    remote: Remote | None,
    forge: Forge | None,
    report: BranchesReport,
    planned: BasePlan,
    found: dict[str, Found],
    arguments: argparse.Namespace,
) -> BranchesReport:
    background = _background(repo, report.base, planned, arguments)
    branches = build(repo, report.branches, background, found)
    if remote:
        branches = push(remote, branches, found)
    if remote and forge:
        command = ForgeCommand(forge, repo.root, remote.url())
        branches = propose(command, branches, background, arguments.label, draft=arguments.draft)
    return report._replace(branches=tuple(branches))


def _background(repo: Repository, base: Base, planned: BasePlan, arguments: argparse.Namespace) -> Background:
    return Background(
        planned.migrations,
        base,
        _layout(arguments),
        planned.dependency,
        signed_off_by=committer(repo) if is_set(repo, "format.signOff") else "",
    )


def _layout(arguments: argparse.Namespace) -> str:
    """How files are put into branches, as commits say it."""
    return f"{arguments.by} {arguments.max_files_per_branch}"


def _is_gitlab(forge: Forge | None, remote: Remote | None) -> bool:
    """Whose rules of CODEOWNERS hold."""
    return forge is Forge.GITLAB or (forge is None and remote is not None and "gitlab" in locate(remote.url()).name)


def _show(report: BranchesReport, arguments: argparse.Namespace, console: Console) -> None:
    if arguments.format == "json":
        console.write(report_of.render_json(report))
    elif not report.branches:
        console.write(f"nothing to publish: no fix is to be made on {printable(report.base.shown)}\n")
    else:
        table = [] if console.quiet else _table(report)
        console.write("\n".join([*table, report_of.summary(report), ""]))
    for line in report_of.verdicts(report):
        console.note(f"holdline: {line}")
    for line in (*report_of.taken_back(report), *report_of.refusals(report.branches)):
        console.error(f"holdline: {line}")
    for problem in report.problems:
        console.note(f"holdline: {problem_line(problem)}")
    if report.skipped_hooks and any(b.commit for b in report.branches):
        hooks = ", ".join(report.skipped_hooks)
        console.note(f"holdline: the hooks {hooks} are not run: there is no checkout to run them on")


def _table(report: BranchesReport) -> Sequence[str]:
    rows = report_of.rows(report)
    lines = columns(report_of.HEADINGS, rows, numbers=report_of.NUMBERS)
    requests = [
        f"{printable(b.name)}: {printable(b.request.url)}" for b in report.branches if b.request and b.request.url
    ]
    return [f"base: {printable(report.base.shown)}", "", *lines, "", *requests]


def _exit_code(report: BranchesReport) -> int:
    if report.dry_run:
        return Exit.FOUND if report.dropped else Exit.OK
    failed = [b for b in report.branches if b.pushed and b.pushed.problem and not b.pushed.is_overtaken]
    if failed or any(b.request and b.request.problem for b in report.branches):
        return Exit.ERROR
    refused = any(b.state.is_refusal or (b.pushed and b.pushed.is_overtaken) for b in report.branches)
    unproved = any(p.kind is ProblemKind.PROOF for p in report.problems)
    return Exit.FOUND if refused or unproved or report.dropped else Exit.OK
