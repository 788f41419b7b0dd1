"""The gate: judge a change by the violations it introduces.

Snapshots are judged, never the files on disk: the index, or a commit, against its base. Both sides of every changed
file are scanned with the same configuration, so a stricter rule does not charge anyone for old code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from holdline.comparison import BlobJudge, Comparison, Unjudged
from holdline.git import Repository
from holdline.judging import Judge
from holdline.merges import SnapshotChanges
from holdline.model import Place, Suppression, Violation

if TYPE_CHECKING:
    from holdline.linters import LinterVerdict


class Snapshot(NamedTuple):
    """What is judged: the index (`head` None) or a commit, against its bases; a merge has one for each parent.

    `named` says in a few words what the base is.
    """

    bases: tuple[str, ...]
    head: str | None
    named: str


class GateReport(NamedTuple):
    """A verdict: the new violations, the old ones that the changed files hold, and what could not be judged.

    `files` counts the changed files. `causes` gives, for a new violation on a line that did not itself change, the
    changed line nearest to it. `suppressions` are new.
    """

    snapshot: Snapshot
    files: int
    new: tuple[Violation, ...] = ()
    old: tuple[Violation, ...] = ()
    causes: Mapping[Place, int] = MappingProxyType({})
    unjudged: tuple[Unjudged, ...] = ()
    suppressions: tuple[Suppression, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether the change may go on."""
        return not self.new and all(u.tolerated for u in self.unjudged)

    def including(self, verdict: LinterVerdict, paths: Sequence[str] = ()) -> GateReport:
        """This verdict and that of the linters; `paths` narrow what is reported, as in `check`."""
        new = [*self.new, *(v for v in verdict.new if _is_under(v.path, paths))]
        old = [*self.old, *(v for v in verdict.old if _is_under(v.path, paths))]
        more = sum(
            not p.endswith(".py") and _is_under(p, paths) for p in verdict.paths
        )  # .py files are counted already
        return self._replace(
            files=self.files + more,
            new=tuple(sorted(new, key=lambda v: v.place)),
            old=tuple(old),
            causes={**self.causes, **verdict.causes},
        )


def check(
    repo: Repository, snapshot: Snapshot, changes: SnapshotChanges, judge: Judge, paths: Sequence[str] = ()
) -> GateReport:
    """Judge a snapshot, given what differs in it.

    `paths` (files or folders, from the root) narrow what is reported, not what is compared.

    Where there are several bases, what is new is new to all of them together: what a parent of a merge had is not.
    """
    blobs = BlobJudge(repo, judge)
    comparisons = [Comparison(repo, blobs, of_base) for of_base in changes.from_bases]
    new = _new_to_all(comparisons, lambda: Comparison(repo, blobs, changes.from_fork))
    first, *others = comparisons

    def counts(path: str) -> bool:
        return all(path in other.paths for other in others) and _is_under(path, paths)

    return GateReport(
        snapshot,
        sum(map(counts, first.paths)),
        tuple(v for v in new if _is_under(v.path, paths)),
        tuple(v for v in first.held if counts(v.path) and v not in new),
        first.causes,
        tuple(_common(u, others) for u in first.unjudged if counts(u.problem.path)),
        tuple(s for s in first.suppressions if counts(s.path) and all(s in other.suppressions for other in others)),
    )


def _new_to_all(comparisons: Sequence[Comparison], since_fork: Callable[[], Comparison]) -> dict[Violation, None]:
    """The violations, in order, that no base accounts for.

    Of two bases each brings what it has and the place where they part had not. Where violations are alike it does not
    show which of them is whose, only how many there may be.
    """
    first, *others = comparisons
    common = [v for v in first.new if all(v in other.new for other in others)]
    if len(comparisons) != 2:
        return dict.fromkeys(common)
    alike = {v.kind for v in first.new} & {v.kind for v in others[0].new}
    if not alike:
        return {}
    one, two, since = first.gains, others[0].gains, since_fork().gains
    left = {kind: min(one[kind], two[kind], one[kind] + two[kind] - since[kind]) for kind in alike}
    chosen = set()
    for violation in (*common, *first.new):
        if left.get(violation.kind, 0) > 0 and violation not in chosen:
            left[violation.kind] -= 1
            chosen.add(violation)
    return dict.fromkeys(v for v in first.new if v in chosen)


def _common(unjudged: Unjudged, others: Sequence[Comparison]) -> Unjudged:
    """What is to be said of a file, given what the other bases say of it."""
    alike = [u for other in others for u in other.unjudged if u.problem == unjudged.problem]
    suspects = tuple(line for line in unjudged.suspects if all(line in u.suspects for u in alike))
    return Unjudged(unjudged.problem, suspects, any(u.was_before for u in (unjudged, *alike)))


def _is_under(path: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(path == w or w == "." or path.startswith(f"{w}/") for w in wanted)
