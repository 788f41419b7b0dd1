"""What a branch says of itself: its commit's message, and the title and text of its pull request."""

from __future__ import annotations

import posixpath
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from holdline.branches import Base, Branch
from holdline.forges import mark
from holdline.migration import Migration, Rule
from holdline.model import FileResult, Safety
from holdline.publishing import BASE, KEY, LAYOUT, SHARD
from holdline.reports.printable import printable
from holdline.reports.tallies import by_reason, by_rule
from holdline.reports.values import counted, number, reason_left
from holdline.verdicts import Verification

_WIDTH = 72
_MOST_LEFT = 20
#: Forges take some 65,000 characters.
_MOST_FILES = 200
_NO_MENTION = "@\u200b"


class Background(NamedTuple):
    """What all branches of a run have to say alike.

    `dependency` is what the rewritten code needs, `layout` how files were put into branches.
    """

    migrations: tuple[Migration, ...]
    base: Base
    layout: str
    dependency: str = ""
    signed_off_by: str = ""


def title(branch: Branch) -> str:
    """One line, for the commit and the pull request."""
    paths = [r.path for r in branch.results]
    place = posixpath.dirname(paths[0]) if len(paths) == 1 else posixpath.commonpath(paths)
    part = branch.shard.name.rpartition(".part-")
    where = printable(place) or "the root folder"
    return f"{branch.migration}: {where}{f', part {part[2]}' if part[1] else ''} ({counted(len(paths), 'file')})"


def commit_message(branch: Branch, background: Background) -> str:
    """What and why, the counts, how it was checked, how to undo it; last the lines by which we know it again."""
    paragraphs = [
        *_why(branch, background),
        "\n".join(f"  {line}" for line in _counts(branch)),
        *_listed("May change behaviour, so look at each:", _unsafe_lines(branch.results, printable)),
        *_listed("Left as it is:", _left_lines(branch.results, printable)),
        *_proof(branch),
        background.dependency,
        _order(branch),
        "To undo it: git revert this commit.",
    ]
    trailers = [
        f"{SHARD}: {branch.shard.name}",
        f"{BASE}: {background.base.commit}",
        f"{KEY}: {branch.key}",
        f"{LAYOUT}: {background.layout}",
        *([f"Signed-off-by: {background.signed_off_by}"] if background.signed_off_by else []),
    ]
    body = [_wrap(p) for p in paragraphs if p]
    return "\n\n".join([title(branch), *body, "\n".join(trailers)]) + "\n"


def request_text(branch: Branch, background: Background) -> str:
    """The pull request's text, as Markdown."""
    shown = branch.results[:_MOST_FILES]
    files = [f"| {_code(r.path)} | {len(r.fixed) + len(r.remaining)} | {len(r.remaining)} |" for r in shown]
    if more := len(branch.results) - len(shown):
        files.append(f"| and {counted(more, 'more file')} | | |")
    risky = [f"- {_unmentioning(line)}" for line in _unsafe_lines(branch.results, _code)]
    left = [f"- {_unmentioning(line)}" for line in _left_lines(branch.results, _code)]
    sections = [
        " ".join(_why(branch, background)),
        "\n".join(f"- {line}" for line in _counts(branch)),
        "\n".join(["| file | violations before | after |", "|---|---|---|", *files]),
        "\n".join(["**May change behaviour, so look at each**", "", *risky]) if risky else "",
        "\n".join(["**Left as it is**", "", *left]) if left else "",
        "**How it was checked**",
        "\n".join(f"- {line}" for line in _proof(branch)),
        "**For the reviewer**",
        "\n".join(f"- {hint}" for hint in _hints(branch, background)),
        "**To undo it**: revert the merge (`git revert -m 1 <merge>`, or `git revert <commit>` after a squash).",
        mark(branch.key),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def _why(branch: Branch, background: Background) -> list[str]:
    known = {rule.code: rule for migration in background.migrations for rule in migration.rules}
    codes = sorted({v.code for r in branch.results for v in r.fixed})
    what = "; ".join(m.summary for m in background.migrations)
    return [
        f"{what[:1].upper()}{what[1:]}.",
        "What it settles: " + "; ".join(_rule(known[c]) for c in codes if c in known) + "." if codes else "",
    ]


def _rule(rule: Rule) -> str:
    return f"{rule.summary} ({rule.code})"


def _counts(branch: Branch) -> list[str]:
    total = branch.fixed + branch.left
    rules = [f"{t.name}: {number(t.fixed + t.left)} before, {number(t.left)} after" for t in by_rule(branch.results)]
    files = counted(len(branch.results), "file")
    return [f"violations in {files}: {number(total)} before, {number(branch.left)} after", *rules]


def _listed(heading: str, lines: Iterable[str]) -> list[str]:
    lines = [f"  {line}" for line in lines]
    return ["\n".join([heading, *lines])] if lines else []


def _unsafe_lines(results: Iterable[FileResult], show: Callable[[str], str]) -> list[str]:
    risky = [(r, v, v.fix.note) for r in results for v in r.fixed if v.fix and v.fix.safety is Safety.UNSAFE]
    if len(risky) > _MOST_LEFT:
        notes = Counter(note for _, _, note in risky)
        return [f"{printable(note)} ({number(count)} times)" for note, count in notes.most_common()]
    return [f"{show(f'{r.path}:{v.line}')} (before): {v.code} {printable(note)}" for r, v, note in risky]


def _left_lines(results: Iterable[FileResult], show: Callable[[str], str]) -> list[str]:
    results = tuple(results)
    left = [(r, v) for r in results for v in r.remaining]
    if len(left) > _MOST_LEFT:
        return [f"{printable(reason)} ({number(count)} times)" for reason, count in by_reason(results)]
    return [f"{show(f'{r.path}:{v.line}')} (before): {v.code} {printable(reason_left(v, r))}" for r, v in left]


def _proof(branch: Branch) -> list[str]:
    return [
        "Each file was proved before it was written: it parses, outside of the edits its syntax tree equals the "
        "original's, and a second run would change nothing.",
        _tested(branch.verification),
    ]


def _tested(verdict: Verification | None) -> str:
    if verdict is None:
        return "Tests were not run: let CI do so."
    command = printable(verdict.command)
    if not verdict.per_test:
        return f"With this branch alone `{command}` succeeds, as before."
    tests = counted(verdict.tests, "test")
    which = "affected tests" if verdict.selection == "affected" else "all tests"
    unseen = f" No test minds: {', '.join(map(printable, verdict.unexercised))}." if verdict.unexercised else ""
    return f"With this branch alone `{command}` ({which}) passes the {tests} that passed before.{unseen}"


def _order(branch: Branch) -> str:
    if not branch.after:
        return ""
    return f"Best merged after {', '.join(branch.after)}: shared fixtures first. It does not depend on it."


def _hints(branch: Branch, background: Background) -> list[str]:
    hints = [
        f"Formatting, comments and everything outside of the edits are byte for byte those of {background.base.shown}.",
        background.dependency,
        "`holdline rules CODE` explains a rule, with code before and after.",
        _order(branch),
        "Do not push to this branch: `holdline branches` updates it as long as it is as we left it.",
    ]
    return [hint for hint in hints if hint]


def _code(text: str) -> str:
    """Text as code in a table of Markdown, where it can neither end the cell nor mention anybody."""
    return "`" + printable(text).replace("`", "'").replace("|", "\\|") + "`"


def _unmentioning(text: str) -> str:
    """Text in which a forge finds nobody to notify: a decorator is not a user."""
    return text.replace("@", _NO_MENTION)


def _wrap(paragraph: str) -> str:
    if "\n" in paragraph or paragraph.startswith("  "):
        return paragraph
    return textwrap.fill(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)
