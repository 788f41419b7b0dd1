"""Judging one file: bytes in, a FileResult out. Nothing here reads or writes a file."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from holdline.edits import OverlapError, apply_edits, merge_edits
from holdline.import_places import NoPlaceError
from holdline.imports import plan_imports
from holdline.migration import Context, Migration
from holdline.model import Category, Edit, FileResult, Fix, Problem, ProblemKind, Safety, Violation
from holdline.proofs import Claim, ProofError, prove
from holdline.references import module_stem
from holdline.source import Source, SourceError, is_editable, parse
from holdline.suppressions import apply_suppressions, parse_suppressions


class Level(enum.Enum):
    """Which fixes are applied."""

    NONE = enum.auto()
    SAFE = enum.auto()
    UNSAFE = enum.auto()

    def admits(self, fix: Fix | None) -> bool:
        """Whether a fix is to be applied."""
        if fix is None or self is Level.NONE:
            return False
        return self is Level.UNSAFE or fix.safety is Safety.SAFE


@dataclass(frozen=True, slots=True)
class Judge:
    """Everything but the file that a judgement depends on; picklable, so that workers can have it."""

    migrations: tuple[Migration, ...]
    context: Context
    level: Level
    today: date

    def judge(self, path: str, data: bytes, category: Category) -> FileResult:
        """Find the violations of a file and plan the rewrite that its fixes make."""
        try:
            source = parse(path, data)
        except SourceError as error:
            return FileResult(path, category, problem=error.problem)
        found = self._violations(source)
        chosen = [v for v in found if self.level.admits(v.fix)]
        if not chosen:
            return FileResult(path, category, remaining=found)
        if not is_editable(source):
            refusal = f"the file's encoding {source.encoding} leaves no byte ranges to edit: convert it to UTF-8"
            return FileResult(path, category, remaining=_refuse(found, chosen, refusal))
        try:
            return self._rewrite(source, category, found, chosen)
        except NoPlaceError as error:
            return FileResult(path, category, remaining=_refuse(found, chosen, str(error)))
        except (ProofError, OverlapError) as error:
            problem = Problem(path, ProblemKind.PROOF, f"left as it was, the rewrite could not be proved: {error}")
            remaining = _refuse(found, chosen, "the rewrite of this file could not be proved")
            return FileResult(path, category, remaining=remaining, problem=problem)

    def _violations(self, source: Source) -> tuple[Violation, ...]:
        found = [v for m in self.migrations for v in m.check(source, self.context)]
        suppressions = parse_suppressions(source.path, source.data)
        if suppressions:
            applied = apply_suppressions(found, suppressions, self.today)
            found = [*applied.kept, *applied.faults]
        return tuple(sorted(found, key=lambda v: (v.line, v.column, v.code)))

    def _rewrite(
        self, source: Source, category: Category, found: tuple[Violation, ...], chosen: Sequence[Violation]
    ) -> FileResult:
        fixes = [v.fix for v in chosen if v.fix is not None]
        edits, claim = _compose(source, fixes, self._is_referenced(source.path))
        after = apply_edits(source.data, edits)
        result = prove(source, after, edits, claim)
        again = [v for v in self._violations(result) if self.level.admits(v.fix)]
        if again:
            raise ProofError(f"line {again[0].line}: a second run would change the file again")
        gone = set(map(id, chosen))
        remaining = tuple(v for v in found if id(v) not in gone)
        return FileResult(source.path, category, remaining, tuple(chosen), edits, before=source.data, after=after)

    def _is_referenced(self, path: str) -> Callable[[str], bool]:
        """Whether other files use a name of this module: by its last name, or through a star import."""
        stem = module_stem(path)
        references, stars = self.context.references, self.context.star_imported
        return lambda name: stem in stars or not references.isdisjoint(((stem, name), ("*", name)))


def _compose(source: Source, fixes: Sequence[Fix], referenced: Callable[[str], bool]) -> tuple[tuple[Edit, ...], Claim]:
    """All fixes of a file and the import changes they need, as one list of edits and the claim to prove."""
    rewritten = merge_edits([e for f in fixes for e in f.edits])
    change = plan_imports(
        source,
        needed=[i for f in fixes for i in f.imports],
        released={n for f in fixes for n in f.releases},
        rewritten=rewritten,
        first_use=min(e.start for e in rewritten),
        referenced=referenced,
    )
    sites = tuple(dict.fromkeys(s for f in fixes for s in f.sites))
    claim = Claim((*sites, *change.altered), change.removed, change.inserted)
    return merge_edits([*rewritten, *change.edits]), claim


def _refuse(found: Sequence[Violation], chosen: Sequence[Violation], refusal: str) -> tuple[Violation, ...]:
    refused = set(map(id, chosen))
    return tuple(replace(v, fix=None, refusal=refusal) if id(v) in refused else v for v in found)
