"""What a merge changed itself, of all that differs between it and its parents.

A path that the merge takes over from one parent as that parent left it was settled before: what the parent added there
is no news, and what the parent took out must not pay for what the resolution adds elsewhere. A path that a parent did
not touch and the merge takes over none the less is the resolution's doing: it drops the other parent's change.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple

from holdline.git import BlobChange, Repository


class SnapshotChanges(NamedTuple):
    """What is to be judged: the changes from each base, and, of two bases, those from where they part."""

    from_bases: list[list[BlobChange]]
    from_fork: list[BlobChange]

    def touch(self, paths: Container[str]) -> bool:
        """Whether any of some files differs from a base."""
        return any(c.path_before in paths or c.path_after in paths for changes in self.from_bases for c in changes)


def changes_to(repo: Repository, bases: Sequence[str], head: str | None) -> SnapshotChanges:
    """What differs from the bases to a commit, or, where `head` is None, to the index, but for what is settled.

    With more than two bases nothing is known to be settled: git makes such merges only where nothing needs resolving.
    """
    from_bases = [repo.changes(base, head) for base in bases]
    if len(bases) != 2:
        return SnapshotChanges(from_bases, [])
    fork = next(iter(repo.fork_points(*bases)), None) or repo.empty_tree()
    one, two, since = *from_bases, repo.changes(fork, head)
    settled = _touched(since) - (_touched(one) & _touched(two))
    revived = _revived(one, two, since, settled) | _revived(two, one, since, settled)
    one, two, since = (list(_unsettled(changes, settled, revived)) for changes in (one, two, since))
    return SnapshotChanges([one, two], since)


def _touched(changes: Iterable[BlobChange]) -> set[str]:
    """The paths that differ; a rename ends one and begins another."""
    return {path for c in changes for path in (c.path_before, c.path_after)}


def _revived(
    changes: Sequence[BlobChange], others: Sequence[BlobChange], since: Iterable[BlobChange], settled: set[str]
) -> set[str]:
    """Files that git takes for renamed ones, though the other parent removed these, and this one had left them alone.

    There was nothing to resolve: such a file is the merge's own, like another that is made while merging.
    """
    originals = {c.path_before: c.before for c in since}
    made = {c.path_after for c in others if not c.before or c.path_before != c.path_after}
    return {
        c.path_after
        for c in changes
        if c.path_before in settled and c.path_after in made and originals.get(c.path_before) == c.before
    }


def _unsettled(changes: Iterable[BlobChange], settled: set[str], revived: set[str]) -> Iterator[BlobChange]:
    for change in changes:
        before, after = change.path_before, change.path_after
        if after not in settled:
            yield change._replace(path_before=after, before="") if before in settled and after in revived else change
        elif before not in settled:
            yield BlobChange(before, change.before, before, "")
