"""The commands' options."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from holdline.cli.parser import Parser, common_options, name, percentage, positive

if TYPE_CHECKING:
    from holdline.cli.parser import Commands

SCAN_FORMATS = ("text", "json", "sarif", "github", "junit")
MIGRATE_FORMATS = ("text", "json", "sarif")
FLEET_COMMANDS = ("scan", "migrate", "branches")

_PATHS = "files or folders (default: the repository)"
_JOBS = "processes (default: the CPUs there are)"
_MIGRATION = "just this migration (repeatable)"
_UNSAFE = "also apply fixes that may change behaviour"


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line. Exits with 2 for a wrong one, with 0 for --help and --version.

    Besides the options, the result has `verbosity` (below 0 for `-q`) and `line`, the command line as one string.
    """
    parser = Parser(
        prog="holdline",
        parents=[common_options()],
        description="Move a Python repository off a forbidden pattern, and keep it off.",
        epilog="Exit codes: 0 nothing wrong, 1 violations found or would change, "
        "2 usage, configuration or environment error, 3 a bug of ours, 130 interrupted.",
    )
    parser.set_defaults(folder=".", config=None, select=None, quiet=0, verbose=0, color="auto")
    # prog is what argparse would work out by itself, by laying out a usage line for it
    commands = parser.add_subparsers(
        dest="command", required=True, title="commands", metavar="COMMAND", parser_class=Parser, prog="holdline"
    )
    for add in _needed(argv):
        add(commands, common_options())
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        commands.choices[arguments.command].error(f"unrecognized arguments: {shlex.join(unknown)}")
    arguments.verbosity = arguments.verbose - arguments.quiet
    arguments.line = shlex.join(["holdline", *argv])
    return arguments


def _needed(argv: Sequence[str]) -> Iterable[Callable[[Commands, Parser], None]]:
    """The commands to define: the one that is called, where that is plain, for `check` runs with every commit."""
    commands = {
        "migrate": _add_migrate,
        "scan": _add_scan,
        "check": _add_check,
        "install": _add_install,
        "uninstall": _add_uninstall,
        "doctor": _add_doctor,
        "undo": _add_undo,
        "status": _add_status,
        "branches": _add_branches,
        "rules": _add_rules,
        "fleet": _add_fleet,
    }
    if argv and argv[0] in commands:
        return [commands[argv[0]]]
    from holdline.cli.production_arguments import PRODUCTION

    return [PRODUCTION[argv[0]]] if argv and argv[0] in PRODUCTION else [*commands.values(), *PRODUCTION.values()]


def _add_migrate(commands: Commands, common: Parser) -> None:
    parser = commands.add_parser(
        "migrate",
        parents=[common],
        help="rewrite violations, in priority order",
        description="Rewrite violations in priority order, each file proved first; `holdline undo` takes it back. "
        "`migrate` is short for `holdline migrate`.",
    )
    parser.add_argument("paths", nargs="*", type=name, metavar="PATH", help=_PATHS)
    what = parser.add_argument_group("what to change")
    what.add_argument("-m", "--migration", action="append", metavar="NAME", default=[], help=_MIGRATION)
    what.add_argument(
        "--scope", choices=("tests", "source", "all"), help="default: tests, and files that are named as PATH"
    )
    what.add_argument(
        "--directory", action="append", type=name, metavar="DIR", default=[], help="just below DIR (repeatable)"
    )
    what.add_argument("--priority-only", action="store_true", help="just the files in the priority tiers")
    what.add_argument("--max-files", type=positive, metavar="N", help="change at most N files, most urgent first")
    what.add_argument("--unsafe", action="store_true", help=_UNSAFE)
    how = parser.add_argument_group("how")
    how.add_argument("--dry-run", action="store_true", help="write nothing; show the diff that `git apply` takes")
    how.add_argument("--check", action="store_true", help="write and show nothing; exit 1 if anything would change")
    how.add_argument("-i", "--interactive", action="store_true", help="ask about each fix")
    _add_verify(how)
    how.add_argument("--format", choices=MIGRATE_FORMATS, default="text", help="default: text")
    how.add_argument("--jobs", type=positive, metavar="N", help=_JOBS)
    how.add_argument("--no-cache", action="store_true", help="judge every file anew, not just what scans left unknown")


def _add_verify(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--verify",
        type=name,
        metavar="CMD",
        help="keep only what leaves the tests that CMD runs passing, in a worktree",
    )
    group.add_argument(
        "--verify-scope",
        choices=("affected", "all"),
        default="affected",
        help="tests to run for a batch (default: affected, where they can be told)",
    )


def _add_scan(commands: Commands, common: Parser) -> None:
    parser = commands.add_parser(
        "scan",
        parents=[common],
        help="report violations and scores",
        description="Report violations by rule, and for tests, source and other files the score: "
        "100 × files without a violation ÷ files checked.",
    )
    parser.add_argument("paths", nargs="*", type=name, metavar="PATH", help=_PATHS)
    parser.add_argument(
        "--fail-on-violations", action="store_true", help="exit 1 if there is any, or a file could not be judged"
    )
    parser.add_argument("--min-score", type=percentage, metavar="N", help="exit 1 if the overall score is below N")
    parser.add_argument("--fix", action="store_true", help="apply the safe fixes first, then report what is left")
    parser.add_argument("--format", choices=(*SCAN_FORMATS, "html"), default="text", help="default: text")
    parser.add_argument("-o", "--output", type=name, metavar="FILE", help="write the report to FILE")
    parser.add_argument("--jobs", type=positive, metavar="N", help=_JOBS)
    parser.add_argument("--no-cache", action="store_true", help="judge every file anew")
    _add_history(parser)


def _add_check(commands: Commands, common: Parser) -> None:
    parser = commands.add_parser(
        "check",
        parents=[common],
        help="judge what is staged by the violations it introduces",
        description="Judge what is staged, or a range of commits, by what it introduces; old violations are hidden.",
    )
    parser.add_argument("paths", nargs="*", type=name, metavar="FILE", help="report just these files or folders")
    parser.add_argument(
        "--base", metavar="REF", help="judge HEAD against where it left REF; auto: the merge target that CI names"
    )
    parser.add_argument(
        "--pre-push",
        nargs="?",
        const="",
        metavar="REMOTE",
        help="judge what git's hook pre-push tells on standard input",
    )
    parser.add_argument("--fix", action="store_true", help="apply the safe fixes of what is new, staged and unstaged")
    parser.add_argument("--format", choices=SCAN_FORMATS, default="text", help="default: text")


def _add_undo(commands: Commands, common: Parser) -> None:
    parser = commands.add_parser(
        "undo",
        parents=[common],
        help="take a run of migrate back",
        description="Put the files of a run back, byte for byte; files edited since stay as they are (exit 1).",
    )
    parser.add_argument("run", nargs="?", type=positive, metavar="RUN", help="its number (default: the latest run)")


def _add_status(commands: Commands, common: Parser) -> None:
    parser = commands.add_parser(
        "status",
        parents=[common],
        help="list runs and what remains",
        description="List the runs of migrate, newest first, and the violations there are now; with --history, how "
        "many there were at each commit of the first-parent line, by today's configuration.",
    )
    parser.add_argument("--by", choices=("directory", "owner"), help="what remains and was fixed, for each of them")
    parser.add_argument("--why", action="store_true", help="plan a rewrite of what remains, and count why it stays")
    _add_history(parser)
    parser.add_argument("--plot", type=name, metavar="FILE", help="draw the burn-down: .svg, .png or .pdf")
    parser.add_argument("--jobs", type=positive, metavar="N", help=_JOBS)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def _add_history(parser: Parser) -> None:
    group = parser.add_argument_group("the past")
    group.add_argument("--history", action="store_true", help="count the violations at each commit")
    group.add_argument("--since", type=name, metavar="DATE", help="from this date on, in any form that git knows")
    group.add_argument("--max-commits", type=positive, metavar="N", help="the last N commits")


def _add_branches(commands: Commands, common: Parser) -> None:
    parser = commands.add_parser(
        "branches",
        parents=[common],
        help="put a migration into branches, one for each directory or owner",
        description="Build a branch for each directory, or CODEOWNERS owner, on top of a base commit; checkout, index "
        "and stash are not touched. Run again, it leaves alone what is as planned, updates what is stale, drops what "
        "is merged and refuses what somebody else changed.",
    )
    parser.add_argument(
        "paths", nargs="*", type=name, metavar="PATH", help="just the branches with a file of these files or folders"
    )
    what = parser.add_argument_group("what goes where")
    what.add_argument("--by", choices=("directory", "owner"), default="directory", help="default: directory")
    what.add_argument(
        "--max-files-per-branch", type=positive, metavar="N", default=30, help="cut what has more (default: 30)"
    )
    what.add_argument(
        "--base", type=name, metavar="REF", help="build on this (default: the remote's default branch, else HEAD)"
    )
    what.add_argument("-m", "--migration", action="append", metavar="NAME", default=[], help=_MIGRATION)
    what.add_argument("--scope", choices=("tests", "source", "all"), help="default: tests")
    what.add_argument("--unsafe", action="store_true", help=_UNSAFE)
    where = parser.add_argument_group("where to")
    where.add_argument("--push", type=name, metavar="REMOTE", help="push the branches to a remote, or an address")
    where.add_argument("--open-prs", action="store_true", help="open a pull request for each (needs gh or glab)")
    where.add_argument("--forge", choices=("gh", "glab"), help="default: what the remote's address names")
    where.add_argument("--draft", action="store_true", help="open them as drafts")
    where.add_argument("--label", action="append", metavar="NAME", default=[], help="give them a label (repeatable)")
    how = parser.add_argument_group("how")
    how.add_argument("--dry-run", action="store_true", help="change nothing; show the plan")
    _add_verify(how)
    how.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    how.add_argument("--jobs", type=positive, metavar="N", help=_JOBS)
    how.add_argument("--no-cache", action="store_true", help="run the tests of --verify again, remembered or not")


def _add_rules(commands: Commands, common: Parser) -> None:
    parser = commands.add_parser(
        "rules",
        parents=[common],
        help="list or explain rules and migrations",
        description="List the rules and migrations there are, or explain one, with examples.",
    )
    parser.add_argument("code", nargs="?", metavar="CODE", help="a rule's code or name, or a migration's name")


def _add_fleet(commands: Commands, common: Parser) -> None:
    parser = commands.add_parser(
        "fleet",
        parents=[common],
        help="run scan, migrate or branches over many repositories",
        description="Run a command over the repositories that FILE lists, each in a process of its own, here or on a "
        "Dask cluster. A failing one stops no other. Run again, it goes on where it ended.",
    )
    parser.add_argument("file", type=name, metavar="FILE", help="a TOML file with tables [[repositories]]")
    parser.add_argument("run", choices=FLEET_COMMANDS, metavar="COMMAND", help=", ".join(FLEET_COMMANDS))
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="…", help="whatever follows COMMAND is passed on to it"
    )
    where = parser.add_argument_group("where (before COMMAND)")
    where.add_argument("--jobs", type=positive, metavar="N", help="repositories at once (default: the CPUs there are)")
    where.add_argument("--scheduler", type=name, metavar="ADDRESS", help="work on the Dask cluster there")
    where.add_argument(
        "--work", type=name, metavar="DIR", help="keep clones and results there, not in the cache folder"
    )
    which = parser.add_argument_group("what of it (before COMMAND)").add_mutually_exclusive_group()
    which.add_argument("--fresh", action="store_true", help="run everything, whatever earlier runs found")
    which.add_argument(
        "--retry-failed", action="store_true", help="just what is not done: do not look for changes in what is"
    )
    how = parser.add_argument_group("how (before COMMAND)")
    how.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    how.add_argument("-o", "--output", type=name, metavar="FILE", help="write the report to FILE")


def _add_install(commands: Commands, common: Parser) -> None:
    parser = commands.add_parser(
        "install",
        parents=[common],
        help="put the gate in front of every commit and push",
        description="Put `holdline check` into the repository's hooks: through pre-commit where there is a "
        ".pre-commit-config.yaml, else native ones. What is there already is kept and runs first.",
    )
    parser.add_argument("--native", action="store_true", help="native hooks, even where the repository uses pre-commit")
    parser.add_argument(
        "--hook",
        action="append",
        dest="hooks",
        choices=("pre-commit", "pre-push"),
        default=[],
        help="just this hook (repeatable; default: both)",
    )
    parser.add_argument(
        "--staging",
        action="store_true",
        help="no hooks: write pytest's configuration and a line in conftest.py that keep the tests to staging",
    )


def _add_uninstall(commands: Commands, common: Parser) -> None:
    commands.add_parser(
        "uninstall",
        parents=[common],
        help="put back what was there before install",
        description="Take Holdline out of the hooks; what was there before is back, byte for byte.",
    )


def _add_doctor(commands: Commands, common: Parser) -> None:
    commands.add_parser(
        "doctor",
        parents=[common],
        help="say what is installed, what is stale and what to do",
        description="Look at the hooks, and at what keeps the tests to staging, a line for each finding; exit 1 if "
        "there is something to do.",
    )
