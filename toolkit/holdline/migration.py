"""What a migration is to the engine: rules that find violations in a parsed file, each with an optional fix."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from re import Pattern
from typing import NamedTuple, Protocol, runtime_checkable

from holdline.config import Config
from holdline.errors import HoldlineError
from holdline.model import Violation
from holdline.source import Source

#: Something a migration learned about one file that matters to others; compared and sent between processes.
Fact = tuple[Hashable, ...]


class Example(NamedTuple):
    """Code before and after a rule's safe fix; `after` None: found but refused; equal: not a violation at all."""

    before: str
    after: str | None


class Rule(NamedTuple):
    """A rule's identity and documentation; `explanation` is its module's docstring."""

    code: str
    name: str
    summary: str
    explanation: str
    examples: tuple[Example, ...] = ()
    default_on: bool = True


class Context(NamedTuple):
    """What a migration may know besides the file: configuration, rule codes asked for, facts about other files.

    `facts` is None where no survey was made (a plain scan): violations are the same, but no fix may be offered.
    `references` are pairs (module's last name, name) that other files use, `star_imported` last names of modules.
    """

    config: Config
    codes: frozenset[str]
    facts: frozenset[Fact] | None = None
    references: frozenset[tuple[str, str]] = frozenset()
    star_imported: frozenset[str] = frozenset()


class Migration(Protocol):
    """A named set of rules. Instances are stateless and picklable."""

    @property
    def name(self) -> str:
        """What `-m` and the configuration call it."""

    @property
    def summary(self) -> str:
        """What it does, in a few words."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules it fixes."""

    def may_match(self, data: bytes) -> bool:
        """A cheap test on a file's bytes; false means certainly no violation."""

    def watched_names(self, data: bytes) -> Iterable[str]:
        """Local names whose imports a rewrite of this file may take out; other files' uses of them are looked up."""

    def survey(self, path: str, data: bytes) -> Iterable[Fact]:
        """What this file does that decides whether fixes in other files are safe."""

    def check(self, source: Source, context: Context) -> Sequence[Violation]:
        """All violations of the rules asked for, each with its fix or the reason there is none."""

    def dependency(self, config: Config) -> str:
        """One sentence: what the rewritten code needs to import and where to declare it; "" for nothing."""


@runtime_checkable
class Pointed(Protocol):
    """A migration that can tell from a file's bytes where its violations may stand."""

    def words(self, data: bytes) -> Sequence[Pattern[bytes]] | None:
        """Patterns of which each violation's statement holds one; None where that is unsure."""


class Registry(NamedTuple):
    """The migrations there are, in order. Built by the command line; the engine never imports one."""

    migrations: tuple[Migration, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules in the order of their codes."""
        return tuple(sorted((r for m in self.migrations for r in m.rules), key=lambda r: r.code))

    def named(self, names: Sequence[str]) -> tuple[Migration, ...]:
        """The migrations of these names, in registry order. Raises HoldlineError for a name there is not."""
        known = {m.name for m in self.migrations}
        for name in names:
            if name not in known:
                raise HoldlineError(f"no migration is called {name!r}; there are: {', '.join(sorted(known))}")
        return tuple(m for m in self.migrations if m.name in names)
