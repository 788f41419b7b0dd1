"""`migrate --interactive`: each fix is shown and asked about, as `git add -p` does it."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from holdline.edits import apply_edits, merge_edits
from holdline.errors import HoldlineError
from holdline.fixing import fix_by_hand
from holdline.judging import Judge
from holdline.model import Edit, FileResult, Plan, Violation
from holdline.proofs import ProofError
from holdline.reducing import Cluster, clusters, keep_fixes, refuse_fixes
from holdline.reports import terminal
from holdline.reports.console import Console
from holdline.reports.printable import printable
from holdline.source import SourceError, parse
from holdline_runtime import get_env

_DECLINED = "declined in --interactive"
_HELP = """\
y - apply this fix
n - do not apply it
a - apply this fix and all later ones of the file
d - apply neither this fix nor any later one of the file
q - quit: apply what was accepted so far, and nothing from here on
e - edit the new lines by hand; they are checked to parse, nothing more is proved of them
? - print this help
"""


def require_terminal(arguments: argparse.Namespace) -> None:
    """Raise HoldlineError where there is nobody to ask, or where a report for machines is wanted from there."""
    if arguments.format != "text" or arguments.check:
        raise HoldlineError("--interactive goes with neither --check nor --format: leave one of them out")
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        raise HoldlineError("--interactive needs a terminal to ask on: leave it out, or use --dry-run")


def choose_fixes(plan: Plan, judge: Judge, console: Console) -> Plan:
    """The plan with the fixes that the user accepts; imports follow from those."""
    questions = _Questions(judge, console, sum(len(clusters(result)) for result in plan.changed))
    return plan._replace(results=tuple(questions.of_file(plan, result) for result in plan.results))


class _Questions:
    """Asks about one fix after the other; knows when it is to ask no more."""

    def __init__(self, judge: Judge, console: Console, total: int) -> None:
        self._judge = judge
        self._console = console
        self._total = total
        self._asked = 0
        self._over = False

    def of_file(self, plan: Plan, result: FileResult) -> FileResult:
        """A file's plan with the fixes that are accepted."""
        if not result.changes:
            return result
        accepted: list[Violation] = []
        written: dict[Edit, Cluster] = {}
        rest = ""  # the answer for the rest of the file
        for cluster in clusters(result):
            answer: str | Edit = "n" if self._over else rest or self._ask(plan, result, cluster)
            if isinstance(answer, Edit):
                written[answer] = cluster
            elif answer in ("y", "a"):
                accepted += cluster
            self._over = self._over or answer == "q"
            rest = answer if answer in ("a", "d") and isinstance(answer, str) else ""
        return self._decided(result, accepted, written)

    def _decided(self, result: FileResult, accepted: Sequence[Violation], written: dict[Edit, Cluster]) -> FileResult:
        chosen = keep_fixes(self._judge, result, [v.place for v in accepted])
        if written:
            try:
                chosen = fix_by_hand(self._judge, chosen, result.before, written)
            except (SourceError, ProofError) as error:
                self._console.error(f"holdline: {printable(result.path)}: what you wrote is left out: {error}")
        fixed = {v.place for v in chosen.fixed}
        return refuse_fixes(chosen, {v.place: _DECLINED for v in result.fixed if v.place not in fixed})

    def _ask(self, plan: Plan, result: FileResult, cluster: Cluster) -> str | Edit:
        """The answer, in a letter, or the lines that the user wrote."""
        self._asked += 1
        edits = merge_edits([edit for v in cluster if v.fix for edit in v.fix.edits])
        self._console.show(terminal.question_view(result, plan.ranks[result.path], cluster, edits))
        while True:
            self._console.write(f"({self._asked}/{self._total}) Apply this fix [y,n,a,d,q,e,?]? ")
            line = sys.stdin.readline()
            if not line:  # the end of what there is to read
                self._console.write("\n")
                return "q"
            answer = line.strip().lower()[:1]
            if answer and answer in "ynadq":
                return answer
            if answer == "e":
                written = self._edit(result, cluster, edits)
                if isinstance(written, Edit):
                    return written
                self._console.write(f"{printable(written)}: nothing is changed\n")
            else:
                self._console.write(_HELP)

    def _edit(self, result: FileResult, cluster: Cluster, edits: Sequence[Edit]) -> Edit | str:
        """The user's own lines in place of those with the fix, or why nothing came of it."""
        before = result.before
        start = before.rfind(b"\n", 0, edits[0].start) + 1
        end = before.find(b"\n", edits[-1].end) + 1 or len(before)
        others = [e for v in result.fixed if v not in cluster and v.fix for e in v.fix.edits]
        if any(start <= e.start < end or start < e.end <= end for e in others):
            return "another fix has lines in common with this one, which cannot be edited"
        local = [Edit(e.start - start, e.end - start, e.text) for e in edits]
        proposed = apply_edits(before[start:end], local)
        text = _edited(proposed, Path(result.path).name)
        if text is None:
            return "the editor failed"
        if not text.strip():
            return "no line was left"
        if proposed.endswith(b"\n") and not text.endswith(b"\n"):
            text += b"\n"
        try:
            parse(result.path, before[:start] + text + before[end:])
        except SourceError as error:
            return f"with what you wrote the file {error.problem.message}"
        return Edit(start, end, text)


def _edited(text: bytes, name: str) -> bytes | None:
    """A text as the user's editor leaves it; None where that fails."""
    environ = get_env()
    editor = next(filter(None, (environ.get(n) for n in ("GIT_EDITOR", "VISUAL", "EDITOR"))), "vi")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(text)
        # as git does it: the setting is a line for the shell, which may have options in it
        done = subprocess.run(["/bin/sh", "-c", f'{editor} "$@"', editor, os.fspath(path)], check=False)
        return path.read_bytes() if done.returncode == 0 and path.is_file() else None
