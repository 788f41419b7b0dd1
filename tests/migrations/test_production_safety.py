"""The migration `production-safety`: when it is on, and what it judges."""

from __future__ import annotations

import pytest

from holdline.config import Config, config_from
from holdline.contract.settings import MIGRATION, RULES, ContractConfig
from holdline.judging import Judge, Level
from holdline.migration import Context
from holdline.model import Category
from holdline_migrations.registry import REGISTRY

WRITES = b'def purge(c):\n    c.execute("DELETE FROM orders")\n'


def codes(config: Config, path: str = "app/a.py", data: bytes = WRITES) -> list[str]:
    from datetime import date

    migrations = REGISTRY.named(config.migrations)
    on = frozenset(r.code for m in migrations for r in m.rules if config.selected(r.code, r.default_on))
    judge = Judge(migrations, Context(config, on), Level.NONE, date(2026, 11, 20))
    return [v.code for v in judge.judge(path, data, Category.SOURCE).violations]


def test_off_without_a_contract():
    assert Config().with_contract(None) == Config()
    assert codes(Config()) == []


@pytest.mark.parametrize(
    "config",
    [
        Config().with_contract(b"version = 1\n"),
        config_from({"pyproject.toml": b"[tool.holdline.contract]\n"}).with_contract(None),
    ],
    ids=["file", "table"],
)
def test_on_with_the_file_or_the_table(config):
    assert config.migrations[-1] == MIGRATION
    assert set(RULES) <= set(config.select)
    assert codes(config) == ["HL301"]


def test_select_of_the_command_line_replaces_the_rules():
    assert codes(Config().with_contract(b"version = 1\n").with_select("HL1")) == []
    assert codes(Config().with_contract(b"version = 1\n").with_select("HL1,HL301")) == ["HL301"]


def test_tests_and_files_that_the_globs_leave_out_are_no_mutation_scripts():
    config = Config(contract=ContractConfig(files=("ops/**",))).with_contract(None)
    assert codes(config, "tests/a.py") == []
    assert codes(config, "app/a.py") == []
    assert codes(config, "ops/a.py") == ["HL301"]


def test_the_contract_belongs_to_the_fingerprint():
    plain, empty = Config(), Config().with_contract(b"version = 1\n")
    other = Config().with_contract(b'version = 1\nforbidden = ["DROP"]\n')
    assert len({plain.fingerprint(), empty.fingerprint(), other.fingerprint()}) == 3
