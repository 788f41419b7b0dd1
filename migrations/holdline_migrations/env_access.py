"""Take code off direct environment access: `os.environ`, `os.getenv`, `patch.dict(os.environ, …)` and their kin.

The rewritten code reads and writes through one function, `get_env()`, and patches through another, `patch_env()`;
the configuration says which (`[tool.holdline.env]`), Holdline's runtime by default. Rules HL101 to HL105 each cover
one family of accesses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from holdline.config import Config
from holdline.migration import Context, Fact, Rule
from holdline.model import Violation
from holdline.source import Source
from holdline_migrations import (
    hl101_environment_read,
    hl102_environment_write,
    hl103_patch_dict,
    hl104_environment_object,
    hl105_monkeypatch,
)
from holdline_migrations.environment.flow import Flow
from holdline_migrations.environment.restoring import keep_scopes_whole
from holdline_migrations.environment.survey import survey
from holdline_migrations.environment.unit import Unit

#: The words that accesses are spelled with. Python finds the first character of a pattern fast if it stands for itself
#: and is rare: so all these begin with the `v` of "env", and look back.
_MARKS = re.compile(rb"v(?:(?<=env)(?<![a-zA-Z0-9_]env)ironb?|(?<=(?:get|put|set|del)env)b?)(?![a-zA-Z0-9_])")
_ALIASES = re.compile(rb"\b(?:os|environb?|getenvb?|putenv|unsetenv|mock|patch)\s+as\s+(\w+)")
_WORDS = re.compile(rb"v(?:(?<=env)iron(?!ment)|(?<=(?:get|put|set|del)env)(?![ac-zA-Z0-9_]))")
_RENAMED = rb"v(?:(?<=env)iron|(?<=(?:get|put|set)env))b?"
_RENAMES = re.compile(_RENAMED + rb"[ \t]+as[ \t]+(\w+)(?![\x80-\xff])")
#: A comment, a line break or a letter that is not ASCII in between.
_ODD_RENAMES = re.compile(_RENAMED + rb"(?![ \t]+as[ \t]+\w+(?![\x80-\xff]))(?:\s|\\|#[^\n]*\n)+as\b")
_SURFACE = ("os", "environ", "getenv", "patch", "mock")


class EnvAccess:
    """The migration `env-access`."""

    name = "env-access"
    summary = "environment access through get_env() and patch_env()"
    rules: tuple[Rule, ...] = (
        hl101_environment_read.RULE,
        hl102_environment_write.RULE,
        hl103_patch_dict.RULE,
        hl104_environment_object.RULE,
        hl105_monkeypatch.RULE,
    )

    def may_match(self, data: bytes) -> bool:
        """Every access spells one of a few words."""
        return _MARKS.search(data) is not None

    def words(self, data: bytes) -> Sequence[re.Pattern[bytes]] | None:
        """The words of accesses, and the names they were imported under."""
        if _ODD_RENAMES.search(data):
            return None
        return [_WORDS, *(re.compile(re.escape(alias)) for alias in sorted(set(_RENAMES.findall(data))))]

    def watched_names(self, data: bytes) -> Iterable[str]:
        """The names a rewrite may leave unused: os, mock and what was imported from them, under any alias."""
        return {*_SURFACE, *(m.decode() for m in _ALIASES.findall(data))}

    def survey(self, path: str, data: bytes) -> Iterable[Fact]:
        """Who replaces or patches what."""
        return survey(path, data)

    def check(self, source: Source, context: Context) -> Sequence[Violation]:
        """All violations of the rules asked for."""
        unit = Unit(source, context)
        flow = Flow(unit)
        found = [
            *hl101_environment_read.find(unit, flow),
            *hl102_environment_write.find(unit, flow),
            *hl103_patch_dict.find(unit, flow),
            *hl104_environment_object.find(unit, flow),
            *hl105_monkeypatch.find(unit),
        ]
        wanted = [v for v in found if v.code in context.codes]
        return keep_scopes_whole(unit, sorted(wanted, key=lambda v: (v.line, v.column, v.code)))

    def dependency(self, config: Config) -> str:
        """What the rewritten tests import."""
        modules = sorted({config.env.get.partition(":")[0], config.env.patch.partition(":")[0]})
        if modules == ["holdline_runtime"]:
            return (
                "The rewritten code imports `holdline_runtime`: add Holdline (it needs nothing else; PyPI's `holdline` "
                "is another project) to the requirements your tests are run with."
            )
        return f"The rewritten code imports {' and '.join(f'`{m}`' for m in modules)}, as [tool.holdline.env] says."
