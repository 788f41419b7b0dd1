"""Judging one file: bytes in, a FileResult out. Nothing here reads or writes a file."""

from __future__ import annotations

import enum
from datetime import date
from re import Pattern
from typing import NamedTuple

from holdline.migration import Context, Migration, Pointed
from holdline.model import Category, FileResult, Fix, Place, Problem, ProblemKind, Safety, Suppression, Violation
from holdline.patience import PATIENCE, TookTooLong, at_most
from holdline.source import Source, SourceError, parse
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


class Judge(NamedTuple):
    """Everything but the file that a judgement depends on; picklable, so that workers can have it.

    Where `only` is given, no other violations are fixed than those in these places. A judge that `skims` finds the
    same violations in less time, but fixes none, and may not see that a part without any does not parse.
    """

    migrations: tuple[Migration, ...]
    context: Context
    level: Level
    today: date
    only: frozenset[Place] | None = None
    skims: bool = False

    def may_find(self, data: bytes) -> bool:
        """A cheap test on a file's bytes; false means certainly neither a violation nor a suppression."""
        return b"holdline:" in data or any(m.may_match(data) for m in self.migrations)

    def judge(self, path: str, data: bytes, category: Category) -> FileResult:
        """Find the violations of a file and plan the rewrite that its fixes make."""
        try:
            with at_most(PATIENCE):
                return self._judge(parse(path, data, self._mask if self.skims else None), category)
        except SourceError as error:
            problem = error.problem
        except RecursionError:
            problem = Problem(path, ProblemKind.UNPARSABLE, "cannot be judged: nested too deeply")
        except TookTooLong:
            message = f"cannot be judged within {PATIENCE:.0f} seconds: split or exclude it"
            problem = Problem(path, ProblemKind.UNREADABLE, message)
        return FileResult(path, category, problem=problem)

    def _judge(self, source: Source, category: Category) -> FileResult:
        found, suppressions, unused = self.look(source)
        result = FileResult(source.path, category, remaining=found, suppressions=suppressions, unused=unused)
        if not any(map(self.is_to_fix, found)):
            return result
        from holdline.fixing import fix_file  # a plain scan, and the gate, have no use for it

        return fix_file(self, source, result)

    def _mask(self, data: bytes) -> bytes | None:
        """The file's bytes without what cannot hold a violation."""
        from holdline.masking import mask  # the gate skims nothing

        words: list[Pattern[bytes]] = []
        for migration in self.migrations:
            mine = migration.words(data) if isinstance(migration, Pointed) else None
            if mine is None:
                return None
            words += mine
        return mask(data, words)

    def look(self, source: Source) -> tuple[tuple[Violation, ...], tuple[Suppression, ...], tuple[Suppression, ...]]:
        """The violations of a file, its good suppressions, and those of them that cover nothing.

        A suppression of a rule that is off is not called unused.
        """
        found = [v for m in self.migrations for v in m.check(source, self.context)]
        valid: tuple[Suppression, ...] = ()
        unused: tuple[Suppression, ...] = ()
        suppressions = parse_suppressions(source.path, source.data)
        if suppressions:
            applied = apply_suppressions(found, suppressions, self.today)
            found = [*applied.kept, *applied.faults]
            valid = applied.valid
            unused = tuple(s for s in applied.unused if self.context.codes.issuperset(s.codes))
        return tuple(sorted(found, key=lambda v: (v.line, v.column, v.code))), valid, unused

    def is_to_fix(self, violation: Violation) -> bool:
        """Whether the violation's fix is to be applied."""
        return self.level.admits(violation.fix) and (self.only is None or violation.place in self.only)
