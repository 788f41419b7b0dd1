"""The registry: its order, its rules' identities and examples, and the tests that belong to them."""

from __future__ import annotations

from pathlib import Path

import pytest

import holdline_migrations
from holdline.config import Config
from holdline.errors import HoldlineError
from holdline_migrations.registry import REGISTRY

TESTS = Path(__file__).parent
RULES = Path(holdline_migrations.__file__).parent
CASES = {
    1: "store_targets",
    2: "deletion",
    3: "in_place_operators",
    4: "missing_is_not_empty",
    5: "non_strings",
    6: "binding",
    7: "scopes",
    8: "rebinding",
    9: "injected_arguments",
    10: "patch_dict_shapes",
    11: "decorators",
    12: "mixed_restorers",
    13: "whole_mapping",
    14: "text",
    15: "evaluation_time",
    16: "import_removal",
    17: "encodings_and_layout",
    18: "seen_in_real_suites",
}


def test_every_rule_and_migration_has_a_test_of_its_stem():
    modules = {p.stem for p in RULES.glob("*.py") if p.stem != "__init__"}
    assert modules == {p.stem.removeprefix("test_") for p in TESTS.glob("test_*.py") if "test_case_" not in p.stem}


def test_every_case_has_its_tests():
    assert {p.stem for p in TESTS.glob("test_case_*.py")} == {f"test_case_{n:02}_{name}" for n, name in CASES.items()}


def test_rules_are_in_the_order_of_their_codes_and_named_once():
    codes = [rule.code for rule in REGISTRY.rules]
    assert codes == [*(f"HL10{n}" for n in range(1, 7)), *(f"HL30{n}" for n in range(1, 7))]
    assert len({rule.name for rule in REGISTRY.rules}) == len(codes)
    assert [migration.name for migration in REGISTRY.migrations] == [
        "env-access",
        "env-fixtures",
        "production-safety",
    ]


def test_rule_files_are_named_after_their_codes():
    files = {p.stem.partition("_")[0].upper() for p in RULES.glob("hl*.py")}
    assert files == {rule.code for rule in REGISTRY.rules}


def test_the_monkeypatch_rule_and_those_of_a_contract_are_off_by_default():
    off = [rule.code for rule in REGISTRY.rules if not rule.default_on]
    assert off == ["HL105", *(f"HL30{n}" for n in range(1, 7))]
    assert not Config().selected("HL105", default_on=False)
    assert Config(select=("HL105",)).selected("HL105", default_on=False)


@pytest.mark.parametrize("rule", REGISTRY.rules, ids=lambda rule: rule.code)
def test_rule_explains_itself(rule):
    assert rule.summary
    assert len(rule.explanation.splitlines()) > 4
    if rule.code in ("HL302", "HL303", "HL304"):
        assert not rule.examples, "what they find takes a contract"
        return
    assert any(example.after is None for example in rule.examples) or rule.code == "HL103"
    fixes = any(example.after not in (None, example.before) for example in rule.examples)
    assert fixes == (rule.code not in ("HL301", "HL305")), "what only a review can allow has no fix"


def test_migrations_are_found_by_name():
    assert REGISTRY.named(["env-fixtures", "env-access"]) == REGISTRY.migrations[:2]
    assert REGISTRY.named(["env-access"]) == REGISTRY.migrations[:1]
    with pytest.raises(
        HoldlineError, match="no migration is called 'env'; there are: env-access, env-fixtures, production-safety"
    ):
        REGISTRY.named(["env"])
