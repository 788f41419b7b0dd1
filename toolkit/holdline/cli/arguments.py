"""The commands' options."""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from holdline import __version__
from holdline.cli.exits import Exit
from holdline.reports.printable import printable
from holdline_runtime import get_env

SCAN_FORMATS = ("text", "json", "sarif", "github", "junit")
MIGRATE_FORMATS = ("text", "json", "sarif")
FLEET_COMMANDS = ("scan", "migrate", "branches")

_PATHS = "files or folders (default: the repository)"
_JOBS = "processes (default: the CPUs there are)"
_MIGRATION = "just this migration (repeatable)"
_UNSAFE = "also apply fixes that may change behaviour"


class _Formatter(argparse.HelpFormatter):
    """Fits the terminal. argparse's own one looks it up with `shutil`, for each option anew, asked for help or not."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width())


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and takes no abbreviated options: they would change their meaning one day."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_Formatter, **settings)

    def error(self, message: str) -> NoReturn:
        from holdline_runtime.scrubbing import scrub  # a URL in the wrong place may hold a password

        self.exit(Exit.ERROR, f"{self.prog}: {printable(scrub(message))} (see {self.prog} --help)\n")


@functools.cache
def _width() -> int:
    with contextlib.suppress(KeyError, ValueError):
        return int(get_env()["COLUMNS"]) - 2
    with contextlib.suppress(OSError, ValueError, AttributeError):  # no terminal, a closed stream or none
        return os.get_terminal_size(sys.__stdout__.fileno()).columns - 2  # type: ignore[union-attr]
    return 78


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line. Exits with 2 for a wrong one, with 0 for --help and --version.

    Besides the options, the result has `verbosity` (below 0 for `-q`) and `line`, the command line as one string.
    """
    parser = _Parser(
        prog="holdline",
        parents=[_common()],
        description="Move a Python repository off a forbidden pattern, and keep it off.",
        epilog="Exit codes: 0 nothing wrong, 1 violations found or would change, "
        "2 usage, configuration or environment error, 3 a bug of ours, 130 interrupted.",
    )
    parser.set_defaults(folder=".", config=None, select=None, quiet=0, verbose=0, color="auto")
    # prog is what argparse would work out by itself, by laying out a usage line for it
    commands = parser.add_subparsers(
        dest="command", required=True, title="commands", metavar="COMMAND", parser_class=_Parser, prog="holdline"
    )
    for add in _needed(argv):
        add(commands, _common())
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        commands.choices[arguments.command].error(f"unrecognized arguments: {shlex.join(unknown)}")
    arguments.verbosity = arguments.verbose - arguments.quiet
    arguments.line = shlex.join(["holdline", *argv])
    return arguments


def _needed(argv: Sequence[str]) -> Iterable[Callable[[argparse._SubParsersAction[_Parser], _Parser], None]]:
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
        "ci-guard": _add_ci_guard,
        "fingerprint": _add_fingerprint,
        "contract": _add_contract,
    }
    return [commands[argv[0]]] if argv and argv[0] in commands else commands.values()


def _common() -> _Parser:
    """Options that may stand before or after the command; without defaults, lest the command's overrule the former."""
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group("everywhere")
    group.add_argument("-C", dest="folder", type=_name, metavar="DIR", help="work as if started in DIR")
    group.add_argument("--config", type=_name, metavar="FILE", help="read this configuration file and no other")
    group.add_argument("--select", metavar="CODES", help="rule codes or prefixes, comma-separated (default: HL1)")
    group.add_argument("-q", "--quiet", action="count", help="say less")
    group.add_argument("-v", "--verbose", action="count", help="say more")
    group.add_argument("--color", choices=("auto", "always", "never"), help="default: auto, and NO_COLOR counts")
    group.add_argument("--version", action="version", version=f"holdline {__version__}", help="show the version")
    return common


def _add_migrate(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    parser = commands.add_parser(
        "migrate",
        parents=[common],
        help="rewrite violations, in priority order",
        description="Rewrite violations in priority order, each file proved first; `holdline undo` takes it back. "
        "`migrate` is short for `holdline migrate`.",
    )
    parser.add_argument("paths", nargs="*", type=_name, metavar="PATH", help=_PATHS)
    what = parser.add_argument_group("what to change")
    what.add_argument("-m", "--migration", action="append", metavar="NAME", default=[], help=_MIGRATION)
    what.add_argument(
        "--scope", choices=("tests", "source", "all"), help="default: tests, and files that are named as PATH"
    )
    what.add_argument(
        "--directory", action="append", type=_name, metavar="DIR", default=[], help="just below DIR (repeatable)"
    )
    what.add_argument("--priority-only", action="store_true", help="just the files in the priority tiers")
    what.add_argument("--max-files", type=_positive, metavar="N", help="change at most N files, most urgent first")
    what.add_argument("--unsafe", action="store_true", help=_UNSAFE)
    how = parser.add_argument_group("how")
    how.add_argument("--dry-run", action="store_true", help="write nothing; show the diff that `git apply` takes")
    how.add_argument("--check", action="store_true", help="write and show nothing; exit 1 if anything would change")
    how.add_argument("-i", "--interactive", action="store_true", help="ask about each fix")
    _add_verify(how)
    how.add_argument("--format", choices=MIGRATE_FORMATS, default="text", help="default: text")
    how.add_argument("--jobs", type=_positive, metavar="N", help=_JOBS)
    how.add_argument("--no-cache", action="store_true", help="judge every file anew, not just what scans left unknown")


def _add_verify(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--verify",
        type=_name,
        metavar="CMD",
        help="keep only what leaves the tests that CMD runs passing, in a worktree",
    )
    group.add_argument(
        "--verify-scope",
        choices=("affected", "all"),
        default="affected",
        help="tests to run for a batch (default: affected, where they can be told)",
    )


def _add_scan(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    parser = commands.add_parser(
        "scan",
        parents=[common],
        help="report violations and scores",
        description="Report violations by rule, and for tests, source and other files the score: "
        "100 × files without a violation ÷ files checked.",
    )
    parser.add_argument("paths", nargs="*", type=_name, metavar="PATH", help=_PATHS)
    parser.add_argument(
        "--fail-on-violations", action="store_true", help="exit 1 if there is any, or a file could not be judged"
    )
    parser.add_argument("--min-score", type=_percentage, metavar="N", help="exit 1 if the overall score is below N")
    parser.add_argument("--fix", action="store_true", help="apply the safe fixes first, then report what is left")
    parser.add_argument("--format", choices=(*SCAN_FORMATS, "html"), default="text", help="default: text")
    parser.add_argument("-o", "--output", type=_name, metavar="FILE", help="write the report to FILE")
    parser.add_argument("--jobs", type=_positive, metavar="N", help=_JOBS)
    parser.add_argument("--no-cache", action="store_true", help="judge every file anew")
    _add_history(parser)


def _add_check(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    parser = commands.add_parser(
        "check",
        parents=[common],
        help="judge what is staged by the violations it introduces",
        description="Judge what is staged, or a range of commits, by what it introduces; old violations are hidden.",
    )
    parser.add_argument("paths", nargs="*", type=_name, metavar="FILE", help="report just these files or folders")
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


def _add_undo(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    parser = commands.add_parser(
        "undo",
        parents=[common],
        help="take a run of migrate back",
        description="Put the files of a run back, byte for byte; files edited since stay as they are (exit 1).",
    )
    parser.add_argument("run", nargs="?", type=_positive, metavar="RUN", help="its number (default: the latest run)")


def _add_status(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
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
    parser.add_argument("--plot", type=_name, metavar="FILE", help="draw the burn-down: .svg, .png or .pdf")
    parser.add_argument("--jobs", type=_positive, metavar="N", help=_JOBS)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def _add_history(parser: _Parser) -> None:
    group = parser.add_argument_group("the past")
    group.add_argument("--history", action="store_true", help="count the violations at each commit")
    group.add_argument("--since", type=_name, metavar="DATE", help="from this date on, in any form that git knows")
    group.add_argument("--max-commits", type=_positive, metavar="N", help="the last N commits")


def _add_branches(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    parser = commands.add_parser(
        "branches",
        parents=[common],
        help="put a migration into branches, one for each directory or owner",
        description="Build a branch for each directory, or CODEOWNERS owner, on top of a base commit; checkout, index "
        "and stash are not touched. Run again, it leaves alone what is as planned, updates what is stale, drops what "
        "is merged and refuses what somebody else changed.",
    )
    parser.add_argument(
        "paths", nargs="*", type=_name, metavar="PATH", help="just the branches with a file of these files or folders"
    )
    what = parser.add_argument_group("what goes where")
    what.add_argument("--by", choices=("directory", "owner"), default="directory", help="default: directory")
    what.add_argument(
        "--max-files-per-branch", type=_positive, metavar="N", default=30, help="cut what has more (default: 30)"
    )
    what.add_argument(
        "--base", type=_name, metavar="REF", help="build on this (default: the remote's default branch, else HEAD)"
    )
    what.add_argument("-m", "--migration", action="append", metavar="NAME", default=[], help=_MIGRATION)
    what.add_argument("--scope", choices=("tests", "source", "all"), help="default: tests")
    what.add_argument("--unsafe", action="store_true", help=_UNSAFE)
    where = parser.add_argument_group("where to")
    where.add_argument("--push", type=_name, metavar="REMOTE", help="push the branches to a remote, or an address")
    where.add_argument("--open-prs", action="store_true", help="open a pull request for each (needs gh or glab)")
    where.add_argument("--forge", choices=("gh", "glab"), help="default: what the remote's address names")
    where.add_argument("--draft", action="store_true", help="open them as drafts")
    where.add_argument("--label", action="append", metavar="NAME", default=[], help="give them a label (repeatable)")
    how = parser.add_argument_group("how")
    how.add_argument("--dry-run", action="store_true", help="change nothing; show the plan")
    _add_verify(how)
    how.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    how.add_argument("--jobs", type=_positive, metavar="N", help=_JOBS)
    how.add_argument("--no-cache", action="store_true", help="run the tests of --verify again, remembered or not")


def _add_rules(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    parser = commands.add_parser(
        "rules",
        parents=[common],
        help="list or explain rules and migrations",
        description="List the rules and migrations there are, or explain one, with examples.",
    )
    parser.add_argument("code", nargs="?", metavar="CODE", help="a rule's code or name, or a migration's name")


def _add_fleet(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    parser = commands.add_parser(
        "fleet",
        parents=[common],
        help="run scan, migrate or branches over many repositories",
        description="Run a command over the repositories that FILE lists, each in a process of its own, here or on a "
        "Dask cluster. A failing one stops no other. Run again, it goes on where it ended.",
    )
    parser.add_argument("file", type=_name, metavar="FILE", help="a TOML file with tables [[repositories]]")
    parser.add_argument("run", choices=FLEET_COMMANDS, metavar="COMMAND", help=", ".join(FLEET_COMMANDS))
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="…", help="whatever follows COMMAND is passed on to it"
    )
    where = parser.add_argument_group("where (before COMMAND)")
    where.add_argument("--jobs", type=_positive, metavar="N", help="repositories at once (default: the CPUs there are)")
    where.add_argument("--scheduler", type=_name, metavar="ADDRESS", help="work on the Dask cluster there")
    where.add_argument(
        "--work", type=_name, metavar="DIR", help="keep clones and results there, not in the cache folder"
    )
    which = parser.add_argument_group("what of it (before COMMAND)").add_mutually_exclusive_group()
    which.add_argument("--fresh", action="store_true", help="run everything, whatever earlier runs found")
    which.add_argument(
        "--retry-failed", action="store_true", help="just what is not done: do not look for changes in what is"
    )
    how = parser.add_argument_group("how (before COMMAND)")
    how.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    how.add_argument("-o", "--output", type=_name, metavar="FILE", help="write the report to FILE")


def _add_ci_guard(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    parser = commands.add_parser(
        "ci-guard",
        parents=[common],
        usage="holdline ci-guard [options] -- CMD …",
        help="run a command in CI alone",
        description="Become CMD where the environment is that of the CI job that is asked for; else refuse, exit 1, "
        "with nothing run.",
    )
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="CMD", help="the command and its arguments")
    what = parser.add_argument_group("what is asked for")
    what.add_argument("--level", choices=("claimed", "corroborated", "attested"), help="how well CI has to be known")
    what.add_argument(
        "--provider", metavar="NAME", help="the provider: github, gitlab, jenkins, circleci, azure, buildkite"
    )
    what.add_argument("--repository", metavar="NAME", help="the repository whose job may run it, as acme/shop")
    what.add_argument("--ref", action="append", metavar="REF", help="the branch or ref it may run on (repeatable)")
    what.add_argument("--production", action="store_true", help="wants attested, or --credential")
    what.add_argument(
        "--credential", action="append", metavar="VAR", default=[], help="a variable only CI has (repeatable)"
    )
    when = parser.add_argument_group("databases")
    when.add_argument("--database-url", metavar="VAR", help="ask just where the URL in VAR is production's")
    when.add_argument(
        "--production-host", action="append", metavar="HOST", default=[], help="a host of production's (repeatable)"
    )
    token = parser.add_argument_group("identity token (level attested)")
    token.add_argument("--audience", metavar="TEXT", help="whom it is for (default: holdline-ci-guard)")
    token.add_argument("--issuer", metavar="URL", help="who signs it (default: the provider's public one)")
    token.add_argument("--token-variable", metavar="VAR", help="what holds GitLab's (default: HOLDLINE_ID_TOKEN)")
    token.add_argument("--ca-file", type=_name, metavar="FILE", help="authorities to trust in place of the system's")


def _add_contract(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    parser = commands.add_parser(
        "contract",
        parents=[common],
        help="freeze the scripts that change data, and hold them to it",
        description="freeze: write the contract of all mutation scripts, approved; check: hold the working tree to it, "
        "in every language; explain: say what each script does.",
    )
    parser.add_argument("action", choices=("freeze", "check", "explain"), metavar="ACTION", help="what to do")
    parser.add_argument("paths", nargs="*", type=_name, metavar="PATH", help="explain just these scripts")
    parser.add_argument("--approved", metavar="TEXT", help='with freeze: "name, date, reason"')


def _add_install(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
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


def _add_uninstall(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    commands.add_parser(
        "uninstall",
        parents=[common],
        help="put back what was there before install",
        description="Take Holdline out of the hooks; what was there before is back, byte for byte.",
    )


def _add_doctor(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    commands.add_parser(
        "doctor",
        parents=[common],
        help="say what is installed, what is stale and what to do",
        description="Look at the hooks, and at what keeps the tests to staging, a line for each finding; exit 1 if "
        "there is something to do.",
    )


def _add_fingerprint(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    parser = commands.add_parser(
        "fingerprint",
        parents=[common],
        help="say which environment a database belongs to, and verify it",
        description="A table in the database says which environment it belongs to: init writes it once, verify "
        "compares it, show shows it, restamp replaces it on record. Exit codes: 1 not the one meant, 2 unknown.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", prog="holdline fingerprint")
    for action in ("init", "verify", "restamp", "show"):
        _add_fingerprint_action(actions.add_parser(action, parents=[_common()]), action)


def _add_fingerprint_action(parser: _Parser, action: str) -> None:
    parser.add_argument("--url", metavar="URL", help="SQLAlchemy's form (default: the variable DATABASE_URL)")
    if action != "show":
        parser.add_argument("--environment", required=True, metavar="NAME", help="staging, production, …")
    if action in ("verify", "restamp"):
        what = "the one that it has now" if action == "restamp" else "this very database"
        parser.add_argument("--fingerprint", required=action == "restamp", metavar="UUID", help=what)
    if action == "restamp":
        parser.add_argument("--who", required=True, metavar="NAME", help="who does it, for the record")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="why, for the record")
    limit = 30 if action in ("init", "restamp") else 5
    parser.add_argument("--schema", default="public", metavar="NAME", help="PostgreSQL's (default: public)")
    parser.add_argument(
        "--timeout", type=_positive, default=limit, metavar="SECONDS", help=f"at the longest (default: {limit})"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def _name(text: str) -> str:
    """A file or folder: never "", which an unset shell variable gives and which would mean the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("an empty name is neither a file nor a folder")
    return text


def _positive(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return number


def _percentage(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 100")
    return number
