"""The commands' options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from holdline import __version__

SCAN_FORMATS = ("text", "json", "sarif", "github", "junit")
MIGRATE_FORMATS = ("text", "json", "sarif")


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line. Exits with 2 for a wrong one, with 0 for --help and --version."""
    parser = _Parser(
        prog="holdline",
        description="Move a Python repository off a forbidden pattern, and keep it off.",
        epilog="Exit codes: 0 nothing wrong, 1 violations or changes, 2 usage or environment error, 3 a bug of ours.",
    )
    parser.add_argument("--version", action="version", version=f"holdline {__version__}")
    common = _common()
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for add in (_add_migrate, _add_scan, _add_undo, _add_status, _add_rules):
        add(commands, common)
    arguments = parser.parse_args(argv)
    arguments.verbosity = arguments.verbose - arguments.quiet
    return arguments


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    group = common.add_argument_group("everywhere")
    group.add_argument("-C", dest="folder", metavar="DIR", default=".", help="work in DIR")
    group.add_argument("--config", metavar="FILE", help="read this configuration file")
    group.add_argument("--select", metavar="CODES", help="rule codes or prefixes, comma-separated")
    group.add_argument("-q", "--quiet", action="count", default=0, help="say less")
    group.add_argument("-v", "--verbose", action="count", default=0, help="say more")
    group.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    return common


def _add_migrate(commands: argparse._SubParsersAction[_Parser], common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("migrate", parents=[common], help="rewrite violations, in priority order")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files or folders (default: the repository)")
    what = parser.add_argument_group("what to change")
    what.add_argument("-m", "--migration", action="append", metavar="NAME", default=[], help="just this migration")
    what.add_argument("--scope", choices=("tests", "source", "all"), help="default: tests")
    what.add_argument("--directory", action="append", metavar="DIR", default=[], help="just below DIR (repeatable)")
    what.add_argument("--priority-only", action="store_true", help="just the files in the priority tiers")
    what.add_argument("--max-files", type=_positive, metavar="N", help="change at most N files, most urgent first")
    what.add_argument("--unsafe", action="store_true", help="also apply fixes that may change behaviour")
    how = parser.add_argument_group("how")
    how.add_argument("--dry-run", action="store_true", help="show the diff; write nothing")
    how.add_argument("--check", action="store_true", help="write and show nothing; exit 1 if anything would change")
    how.add_argument("--format", choices=MIGRATE_FORMATS, default="text")
    how.add_argument("--jobs", type=_positive, metavar="N", help="processes (default: the CPUs there are)")


def _add_scan(commands: argparse._SubParsersAction[_Parser], common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("scan", parents=[common], help="report violations and scores")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files or folders (default: the repository)")
    parser.add_argument("--fail-on-violations", action="store_true", help="exit 1 if there is any")
    parser.add_argument("--min-score", type=_percentage, metavar="N", help="exit 1 if the overall score is below N")
    parser.add_argument("--fix", action="store_true", help="apply the safe fixes first, then report what is left")
    parser.add_argument("--format", choices=SCAN_FORMATS, default="text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the report to FILE")
    parser.add_argument("--jobs", type=_positive, metavar="N", help="processes (default: the CPUs there are)")
    parser.add_argument("--no-cache", action="store_true", help="judge every file anew")


def _add_undo(commands: argparse._SubParsersAction[_Parser], common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("undo", parents=[common], help="take a run of migrate back")
    parser.add_argument("run", nargs="?", type=_positive, metavar="RUN", help="default: the latest")


def _add_status(commands: argparse._SubParsersAction[_Parser], common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("status", parents=[common], help="list runs and what remains")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def _add_rules(commands: argparse._SubParsersAction[_Parser], common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("rules", parents=[common], help="list or explain rules and migrations")
    parser.add_argument("code", nargs="?", metavar="CODE", help="a rule's code or a migration's name")


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
