"""What all command lines are parsed with: the parser itself, and the types of values."""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from holdline import __version__
from holdline.cli.exits import Exit
from holdline.reports.printable import printable
from holdline_runtime import get_env

if TYPE_CHECKING:
    Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


class _Formatter(argparse.HelpFormatter):
    """Fits the terminal. argparse's own one looks it up with `shutil`, for each option anew, asked for help or not."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width())


class Parser(argparse.ArgumentParser):
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


def name(text: str) -> str:
    """A file or folder: never "", which an unset shell variable gives and which would mean the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("an empty name is neither a file nor a folder")
    return text


def positive(text: str) -> int:
    """A whole number above 0."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return number


def percentage(text: str) -> float:
    """A number from 0 to 100."""
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 100")
    return number


def common_options() -> Parser:
    """Options that may stand before or after the command; without defaults, lest the command's overrule the former."""
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group("everywhere")
    group.add_argument("-C", dest="folder", type=name, metavar="DIR", help="work as if started in DIR")
    group.add_argument("--config", type=name, metavar="FILE", help="read this configuration file and no other")
    group.add_argument("--select", metavar="CODES", help="rule codes or prefixes, comma-separated (default: HL1)")
    group.add_argument("-q", "--quiet", action="count", help="say less")
    group.add_argument("-v", "--verbose", action="count", help="say more")
    group.add_argument("--color", choices=("auto", "always", "never"), help="default: auto, and NO_COLOR counts")
    group.add_argument("--version", action="version", version=f"holdline {__version__}", help="show the version")
    return common
