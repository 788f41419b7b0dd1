"""The command line's options: what is taken, what is refused, and that help can be read."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holdline import __version__
from holdline.cli.arguments import parse_arguments

Run = Callable[..., Any]

DOCS = Path(__file__).parents[3] / "docs" / "commands.md"
COMMANDS = ("migrate", "scan", "undo", "status", "rules")


def test_python_m(shell: Run, tmp_path: Path) -> None:
    done = shell(tmp_path, "--version", command=[sys.executable, "-m", "holdline"])
    assert (done.code, done.text) == (0, f"holdline {__version__}\n")


@pytest.mark.parametrize("script", ["holdline", "migrate"])
def test_version(shell: Run, tmp_path: Path, script: str) -> None:
    assert shell(tmp_path, "--version", script=script).text == f"holdline {__version__}\n"


def test_help_lists_the_commands_and_exit_codes(call: Run, tmp_path: Path) -> None:
    done = call(tmp_path, "--help")
    assert (done.code, done.err) == (0, "")
    for word in (*COMMANDS, "Exit codes", "130"):
        assert word in done.text


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(call: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = call(tmp_path, command, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.text.startswith(f"usage: holdline {command} ")
    assert max(map(len, done.text.splitlines())) <= 80
    for option in ("-C DIR", "--config FILE", "--select CODES", "--quiet", "--color"):
        assert option in done.text
    assert "==SUPPRESS==" not in done.text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented(call: Run, tmp_path: Path, command: str) -> None:
    general, *sections = DOCS.read_text().split("\n## ")
    documented = general + "".join(text for text in sections if text.startswith(("Everywhere", f"{command}\n")))
    options = set(
        re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*", call(tmp_path, command, "--help").text.split("\n\n", 1)[1])
    )
    assert {option for option in options if f"`{option}" not in documented} == set()


def test_migrate_is_holdline_migrate(shell: Run, tmp_path: Path) -> None:
    short, long = shell(tmp_path, "--help", script="migrate"), shell(tmp_path, "migrate", "--help")
    assert short.out == long.out


def test_common_options_before_and_after_the_command() -> None:
    before = parse_arguments(["-C", "x", "--select", "HL101", "-q", "scan"])
    after = parse_arguments(["scan", "-C", "x", "--select", "HL101", "-q"])
    for parsed in (before, after):
        assert (parsed.folder, parsed.select, parsed.verbosity) == ("x", "HL101", -1)
    assert parse_arguments(["-C", "x", "scan", "-C", "y"]).folder == "y"
    assert (parse_arguments(["scan"]).folder, parse_arguments(["scan", "-vv"]).verbosity) == (".", 2)


def test_lists_are_not_shared_between_runs() -> None:
    assert parse_arguments(["migrate", "--directory", "a"]).directory == ["a"]
    assert parse_arguments(["migrate"]).directory == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ([], "holdline: the following arguments are required: COMMAND (see holdline --help)"),
        (["sacn"], "invalid choice: 'sacn'"),
        (["scan", "--foo"], "holdline scan: unrecognized arguments: --foo (see holdline scan --help)"),
        (["scan", "--fail"], "unrecognized arguments: --fail "),  # no abbreviations
        (["scan", "--format", "yaml"], "argument --format: invalid choice: 'yaml'"),
        (["scan", "--min-score", "101"], "argument --min-score: '101' is not a number from 0 to 100"),
        (["scan", "--min-score", "nan"], "argument --min-score: 'nan' is not a number from 0 to 100"),
        (["scan", "--jobs", "0"], "argument --jobs: '0' is not a whole number above 0"),
        (["scan", ""], "argument PATH: an empty name is neither a file nor a folder"),
        (["scan", "-C", ""], "argument -C: an empty name is neither a file nor a folder"),
        (["migrate", "--directory", ""], "argument --directory: an empty name"),
        (["migrate", "--max-files", "-1"], "argument --max-files: '-1' is not a whole number above 0"),
        (["migrate", "--scope", "everything"], "argument --scope: invalid choice: 'everything'"),
        (["migrate", "--format", "github"], "argument --format: invalid choice: 'github'"),
        (["migrate", "--interact"], "unrecognized arguments: --interact "),
        (["migrate", "--verif", "pytest"], "unrecognized arguments: --verif "),
        (["migrate", "--color", "maybe"], "argument --color: invalid choice: 'maybe'"),
        (["undo", "first"], "argument RUN: 'first' is not a whole number above 0"),
        (["undo", "1", "2"], "holdline undo: unrecognized arguments: 2 "),
        (["scan", "--a\nb\x1b[31m"], r"unrecognized arguments: '--a\nb\x1b[31m' "),
    ],
)
def test_a_wrong_line_is_one_clear_line(call: Run, tmp_path: Path, line: list[str], complaint: str) -> None:
    done = call(tmp_path, *line)
    assert done.code == 2
    assert complaint in done.complaint
    assert "--help)" in done.complaint
