"""The options of the commands that keep production safe."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from holdline.cli.parser import Parser, common_options, name, positive

if TYPE_CHECKING:
    from holdline.cli.parser import Commands


def _add_ci_guard(commands: Commands, common: Parser) -> None:
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
    token.add_argument("--ca-file", type=name, metavar="FILE", help="authorities to trust in place of the system's")


def _add_contract(commands: Commands, common: Parser) -> None:
    parser = commands.add_parser(
        "contract",
        parents=[common],
        help="freeze the scripts that change data, and hold them to it",
        description="freeze: write the contract of all mutation scripts, approved; check: hold the working tree to it, "
        "in every language; explain: say what each script does.",
    )
    parser.add_argument("action", choices=("freeze", "check", "explain"), metavar="ACTION", help="what to do")
    parser.add_argument("paths", nargs="*", type=name, metavar="PATH", help="explain just these scripts")
    parser.add_argument("--approved", metavar="TEXT", help='with freeze: "name, date, reason"')


def _add_fingerprint(commands: Commands, common: Parser) -> None:
    parser = commands.add_parser(
        "fingerprint",
        parents=[common],
        help="say which environment a database belongs to, and verify it",
        description="A table in the database says which environment it belongs to: init writes it once, verify "
        "compares it, show shows it, restamp replaces it on record. Exit codes: 1 not the one meant, 2 unknown.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", prog="holdline fingerprint")
    for action in ("init", "verify", "restamp", "show"):
        _add_fingerprint_action(actions.add_parser(action, parents=[common_options()]), action)


def _add_fingerprint_action(parser: Parser, action: str) -> None:
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
        "--timeout", type=positive, default=limit, metavar="SECONDS", help=f"at the longest (default: {limit})"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


PRODUCTION = {"ci-guard": _add_ci_guard, "fingerprint": _add_fingerprint, "contract": _add_contract}
