"""Taking fixes out of a planned file again: what is left is planned, and proved, anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from holdline.judging import Judge
from holdline.model import FileResult, Place, Violation

#: Violations of a file whose fixes are made all or none.
Cluster = tuple[Violation, ...]


def clusters(result: FileResult) -> tuple[Cluster, ...]:
    """The violations that a plan fixes in a file, those together whose fixes must not be parted, in position order.

    Fixes belong together if the migration says so or where they share an edit or a place.
    """
    owners: dict[object, int] = {}
    found: dict[int, list[Violation]] = {}
    for number, violation in enumerate(result.fixed):
        marks: list[object] = [violation.place]
        if violation.fix:
            marks += [*violation.fix.edits, *([violation.fix.together] if violation.fix.together else [])]
        joined = {owners[mark] for mark in marks if mark in owners}
        mine = min(joined, default=number)
        for other in sorted(joined - {mine}):
            found[mine] += found.pop(other)
        owners |= {mark: mine for mark, owner in owners.items() if owner in joined}
        owners |= dict.fromkeys(marks, mine)
        found.setdefault(mine, []).append(violation)
    return tuple(sorted((tuple(sorted(group, key=_position)) for group in found.values()), key=lambda g: g[0].place))


def keep_fixes(judge: Judge, result: FileResult, kept: Collection[Place]) -> FileResult:
    """The file's plan with just those of its fixes that are for violations in the places `kept`.

    What it leaves out is among the remaining violations, with its fix. Should the smaller rewrite not be provable, the
    result changes nothing and has the problem.
    """
    places = frozenset(kept)
    if places.issuperset(v.place for v in result.fixed):
        return result
    return judge._replace(only=places).judge(result.path, result.before, result.category)


def refuse_fixes(result: FileResult, refusals: Mapping[Place, str]) -> FileResult:
    """The plan with a refusal in place of the fix for each remaining violation in these places."""
    remaining = [
        v._replace(fix=None, refusal=refusals[v.place]) if v.place in refusals else v for v in result.remaining
    ]
    return result._replace(remaining=tuple(remaining))


def _position(violation: Violation) -> tuple[int, int, str]:
    return violation.line, violation.column, violation.code
