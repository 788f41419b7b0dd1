"""Which kind of file a path is: tests, source or other. Judged by the path alone."""

from __future__ import annotations

from holdline.config import Config
from holdline.globs import GlobSet
from holdline.model import Category

# Python that is neither shipped nor a test. Anchored at the root: deeper down (`app/tools/`, `app/tasks.py`)
# such names are ordinary packages and modules.
OTHER = (
    ".*/**",
    "bench*/**",
    "doc/**",
    "docs/**",
    "example/**",
    "examples/**",
    "scripts/**",
    "tools/**",
    "conf.py",
    "dodo.py",
    "ez_setup.py",
    "fabfile.py",
    "hatch_build.py",
    "noxfile.py",
    "setup.py",
    "tasks.py",
    "toxfile.py",
    "versioneer.py",
)


class Categorizer:
    """Sorts paths (relative to the root, with `/`) by the configuration; picklable."""

    def __init__(self, config: Config) -> None:
        self._tests = GlobSet(config.tests)
        self._excluded = GlobSet(config.exclude)
        self._other = GlobSet(OTHER)

    def category(self, path: str) -> Category:
        """Tests where a `tests` glob matches, else other where one of `OTHER` does, else source."""
        if self._tests.matches(path):
            return Category.TESTS
        return Category.OTHER if self._other.matches(path) else Category.SOURCE

    def excluded(self, path: str) -> bool:
        """Whether an `exclude` glob matches."""
        return bool(self._excluded.patterns) and self._excluded.matches(path)
