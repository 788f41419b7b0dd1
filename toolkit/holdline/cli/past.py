"""The past as commands show it: the burn-down by runs or by commits, and who owns what."""

from __future__ import annotations

import argparse
import functools
import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from holdline.categories import Categorizer
from holdline.cli.session import Session, progress_on
from holdline.errors import HoldlineError
from holdline.reports.console import Console

if TYPE_CHECKING:
    from holdline.burndown import Burndown

NOBODY = "(nobody)"


class Past(NamedTuple):
    """A burn-down by commits: how many of them there are, and how many contents are missing in this clone."""

    burndown: Burndown
    commits: int
    missing: int


def check_history_options(arguments: argparse.Namespace) -> None:
    """Raise HoldlineError for options that mean nothing without --history."""
    for option in ("since", "max_commits"):
        if getattr(arguments, option) is not None and not arguments.history:
            raise HoldlineError(f"--{option.replace('_', '-')} limits the history: give it with --history")


def burn_down_history(
    session: Session, arguments: argparse.Namespace, console: Console, group: Callable[[str], str]
) -> Past:
    """Count the violations at each commit of the first-parent line. What the scans' settings say counts here too."""
    from holdline import engine, history
    from holdline.githistory import History
    from holdline.remembering import open_cache

    line = History(session.repo, arguments.since, arguments.max_commits)
    migrations = session.migrations()
    task = session.task((), migrations, arguments.jobs)
    with open_cache(session.repo.common_dir, session.config, migrations, of_history=True) as cache:
        counting = history.Counting(session.repo, engine.scanning_judge(task), cache, task.jobs)
        commits = progress_on(console)(line, len(line), "history")
        burndown = history.burn_down(commits, counting, Categorizer(session.config), functools.cache(group))
    return Past(burndown, len(line), counting.missing)


def grouping(session: Session, by: str | None) -> Callable[[str], str]:
    """What a path belongs to: its directory, or with `by` "owner" whoever the CODEOWNERS of the index name."""
    if by != "owner":
        return lambda path: posixpath.dirname(path) or "."
    from holdline.codeowners import GITHUB_PLACES, GITLAB_PLACES, CodeOwners

    places = (*GITHUB_PLACES, GITLAB_PLACES[-1])
    files = session.repo.read_files(None, places)
    place = next((p for p in places if p in files), None)
    if place is None:
        raise HoldlineError(f"--by owner needs a CODEOWNERS file: git tracks none of {', '.join(places)}")
    owners = CodeOwners(files[place].decode("utf-8-sig", "replace"), gitlab=place == GITLAB_PLACES[-1])
    return lambda path: " ".join(owners.owners(path)) or NOBODY
