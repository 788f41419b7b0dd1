"""Turn a patch of the environment around a whole test into a fixture of the pytest plugin. Unsafe: see HL106.

It runs only where it is named, with `-m env-fixtures --unsafe` or in the configuration, and after `env-access`, whose
`patch_env(…)` it looks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from holdline.config import Config, EnvConfig
from holdline.migration import Context, Fact, Rule
from holdline.model import Violation
from holdline.source import Source
from holdline_migrations import hl106_environment_fixture
from holdline_migrations.environment.unit import Unit
from holdline_migrations.environment.wrapped_tests import VARIABLE, survey_fixtures

_ALIAS = re.compile(rb"\b(?:patch_env|holdline_runtime|patching)[ \t]+as[ \t]+(\w+)")
_TEST = rb"\bdef[ \t]+(test\w*)[ \t]*\(|\b(?:%b)\b"


class EnvFixtures:
    """The migration `env-fixtures`."""

    name = "env-fixtures"
    summary = "patches around whole tests become fixtures of the pytest plugin (unsafe)"
    rules: tuple[Rule, ...] = (hl106_environment_fixture.RULE,)

    def may_match(self, data: bytes) -> bool:
        """A test has to spell the patch and the variable."""
        return b"patch_env" in data and VARIABLE.encode() in data

    def watched_names(self, data: bytes) -> Iterable[str]:
        """The patch, under any alias, and the tests in front of a mention of it: who calls one has no fixture."""
        names = {b"patch_env", *_ALIAS.findall(data)}
        yield from (name.decode() for name in names)
        test = b""
        for match in re.finditer(_TEST % b"|".join(names), data):
            if match[1]:
                test = match[1]
            elif test:
                yield test.decode()

    def survey(self, path: str, data: bytes) -> Iterable[Fact]:
        """Who defines fixtures of our names."""
        return survey_fixtures(path, data)

    def check(self, source: Source, context: Context) -> Sequence[Violation]:
        """All violations, unless the project patches the environment with a function of its own."""
        if context.config.env.patch != EnvConfig().patch or hl106_environment_fixture.RULE.code not in context.codes:
            return ()
        return tuple(hl106_environment_fixture.find(Unit(source, context)))

    def dependency(self, config: Config) -> str:
        """What the tests need to be run with."""
        return (
            "The rewritten tests take fixtures of Holdline's pytest plugin: run them with pytest in an environment"
            " that has `holdline` installed."
        )
