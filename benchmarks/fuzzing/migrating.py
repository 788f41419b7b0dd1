"""Running the migration on one file in one of its modes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from holdline.config import Config, EnvConfig
from holdline.judging import Judge, Level
from holdline.migration import Context, Fact
from holdline.model import Category, FileResult, Place
from holdline_migrations.registry import REGISTRY

MAPPING = EnvConfig()
METHODS = EnvConfig(api="methods")
OWN_MODULE = EnvConfig(get="app.settings.env:environment", patch="app.testing:patched")
CODES = frozenset(rule.code for rule in REGISTRY.rules)
_TODAY = date(2026, 1, 5)
PATHS = ("tests/test_it.py", "tests/conftest.py", "src/pkg/mod.py", "src/pkg/__init__.py")


@dataclass(frozen=True)
class Mode:
    """What decides how a file is rewritten, but for its text."""

    level: Level = Level.SAFE
    env: EnvConfig = MAPPING
    path: str = PATHS[0]
    #: Whether other files use names of this one: some of them, or all through a star import.
    referenced: bool = False
    star_imported: bool = False

    def __str__(self) -> str:
        extras = [name for name in ("referenced", "star_imported") if getattr(self, name)]
        return " ".join([self.level.name, self.env.api, self.env.get, self.path, *extras])


SAFE = Mode()
MODES = tuple(Mode(level, env) for level in (Level.SAFE, Level.UNSAFE) for env in (MAPPING, METHODS))


def random_mode(random: Random) -> Mode:
    """The default half of the time, any other else."""
    if random.random() < 0.5:
        return SAFE
    return Mode(
        random.choice((Level.SAFE, Level.SAFE, Level.UNSAFE)),
        random.choice((MAPPING, MAPPING, METHODS, OWN_MODULE)),
        random.choice(PATHS),
        random.random() < 0.1,
        random.random() < 0.1,
    )


def survey(data: bytes, path: str) -> frozenset[Fact]:
    """The facts of one file."""
    return frozenset(f for m in REGISTRY.migrations for f in m.survey(path, data))


def migrate(
    data: bytes, mode: Mode, facts: frozenset[Fact] | None = None, only: frozenset[Place] | None = None
) -> FileResult:
    """What the migration makes of a file, all rules on; `facts` are its own unless given, `only` those places."""
    if facts is None:
        facts = survey(data, mode.path)
    stem = mode.path.rpartition("/")[2].removesuffix(".py")
    references = frozenset({(stem, "os"), (stem, "patch"), ("*", "environ")} if mode.referenced else ())
    stars = frozenset({stem} if mode.star_imported else ())
    context = Context(Config(env=mode.env), CODES, facts, references, stars)
    return _judge(data, mode, context, mode.level, only)


def scan(data: bytes, mode: Mode) -> FileResult:
    """What a plain scan, which knows nothing of other files, finds in a file."""
    return _judge(data, mode, Context(Config(env=mode.env), CODES), Level.NONE)


def _judge(data: bytes, mode: Mode, context: Context, level: Level, only: frozenset[Place] | None = None) -> FileResult:
    return Judge(REGISTRY.migrations, context, level, _TODAY, only).judge(mode.path, data, Category.TESTS)
