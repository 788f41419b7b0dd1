"""`holdline rules`: the list, each rule's and migration's explanation; no repository needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holdline_migrations.registry import REGISTRY

Run = Callable[..., Any]


def test_lists_rules_and_migrations(shell: Run, tmp_path: Path) -> None:
    done = shell(tmp_path, "rules")
    assert (done.code, done.err) == (0, "")
    lines = done.text.splitlines()
    assert lines[0].split() == ["rule", "name", "default", "finds"]
    listed = {line.split()[0]: line for line in lines[1:] if line}
    for rule in REGISTRY.rules:
        assert rule.name in listed[rule.code]
        assert listed[rule.code].endswith(rule.summary)
        assert f" {'on' if rule.default_on else 'off'} " in listed[rule.code]
    for migration in REGISTRY.migrations:
        assert listed[migration.name].endswith(migration.summary)
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("rule", REGISTRY.rules, ids=lambda rule: rule.code)
def test_explains_a_rule_by_code_and_by_name(call: Run, tmp_path: Path, rule: Any) -> None:
    done = call(tmp_path, "rules", rule.code)
    assert done.code == 0
    assert done.text.startswith(f"{rule.code} {rule.name}")
    assert rule.explanation.strip() in done.text
    for example in rule.examples:
        assert "    " + example.before.splitlines()[0] in done.text
    assert call(tmp_path, "rules", rule.code.lower()).out == done.out
    assert call(tmp_path, "rules", rule.name).out == done.out


@pytest.mark.parametrize("migration", REGISTRY.migrations, ids=lambda migration: migration.name)
def test_explains_a_migration(call: Run, tmp_path: Path, migration: Any) -> None:
    done = call(tmp_path, "rules", migration.name)
    assert done.code == 0
    for rule in migration.rules:
        assert rule.code in done.text


def test_unknown(call: Run, tmp_path: Path) -> None:
    done = call(tmp_path, "rules", "HL9\n9")
    assert done.code == 2
    assert done.complaint.startswith(r"holdline: no rule or migration is called 'HL9\n9'; there are: HL101, HL102")
    assert "env-access" in done.complaint
