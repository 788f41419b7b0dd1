"""The table `[tool.holdline.contract]`: what it takes, and that each mistake is one line with its key."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from holdline.config import config_from, load_config
from holdline.contract import schema
from holdline.contract.settings import BypassConfig, ContractConfig
from holdline.errors import ConfigError

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "configuration.md"
BYPASS = """\
[[contract.bypasses]]
name = "SKIP_BACKUP"
owner = "data"
reason = "slow"
capability = "no backup"
environments = ["staging"]
expires = 2026-12-31
"""


def settings(text: str) -> ContractConfig:
    config = config_from({"holdline.toml": text.encode()})
    assert config.contract is not None
    return config.contract


def test_values() -> None:
    found = settings(f'[contract]\nfile = "a/b.toml"\nfiles = ["ops/**"]\nguard = "a.b:c"\n{BYPASS}')
    assert found.file == "a/b.toml"
    assert found.guard == "a.b:c"
    assert found.bypasses == (
        BypassConfig("SKIP_BACKUP", "data", "slow", "no backup", ("staging",), date(2026, 12, 31)),
    )
    assert settings("[contract]\n") == ContractConfig()


def test_a_bypass_holds_to_the_end_of_its_last_day() -> None:
    found = settings(BYPASS)
    assert found.registered("SKIP_BACKUP", date(2026, 12, 31))
    assert not found.registered("SKIP_BACKUP", date(2027, 1, 1))
    assert not found.registered("SKIP_OTHER", date(2026, 1, 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("contract = 1", "contract: expected a table, got an integer (1)"),
        ("contract.fil = 1", "contract.fil: unknown key; the nearest valid key is 'file'"),
        ('contract.file = "/etc/x"', "contract.file: expected a path from the repository's root"),
        ('contract.file = "../x"', "contract.file: expected a path from the repository's root"),
        ('contract.page = ""', "contract.page: expected a path from the repository's root"),
        ('contract.files = ["a**"]', "contract.files: bad glob 'a**'"),
        ('contract.guard = "x"', "contract.guard: expected 'module:name'"),
        ('contract.connects = ["a-b"]', "contract.connects: expected modules such as"),
        (BYPASS.replace("2026-12-31", '"soon"'), "contract.bypasses[0].expires: expected a date such as 2026-12-31"),
        (BYPASS.replace("staging", "Production"), "contract.bypasses[0].environments: 'Production' is production"),
        (BYPASS.replace('["staging"]', "[]"), "contract.bypasses[0].environments: expected at least one environment"),
        (BYPASS.replace('"data"', '" "'), "contract.bypasses[0].owner: expected a text that is not empty"),
        (BYPASS.replace('reason = "slow"\n', ""), "contract.bypasses[0]: the key 'reason' is missing"),
        (BYPASS.replace("SKIP_BACKUP", "skip it"), "contract.bypasses[0].name: expected a flag such as"),
        (BYPASS + BYPASS, "contract.bypasses[1].name: 'SKIP_BACKUP' is registered twice"),
    ],
)
def test_wrong_values(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(text)
    assert str(caught.value).startswith(f"holdline.toml: {message}")
    assert "\n" not in str(caught.value)


def test_documentation_has_every_key() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    assert [key for key in schema._KEYS if f"| `{key}` |" not in text] == []
    assert [key for key in schema._BYPASS_KEYS if f"{key} = " not in text] == []
    assert set(schema._KEYS) == set(ContractConfig._fields)
    assert tuple(schema._BYPASS_KEYS) == BypassConfig._fields


def test_the_contract_is_read_beside_the_configuration(tmp_path: Path) -> None:
    assert load_config(tmp_path).contract is None
    (tmp_path / "mutation-contract.toml").write_text("version = 1\n")
    config = load_config(tmp_path)
    assert config.contract == ContractConfig()
    assert config.frozen is not None
    (tmp_path / "holdline.toml").write_text('[contract]\nfile = "other.toml"\n')
    config = load_config(tmp_path)
    assert config.frozen is None
    assert "HL301" in config.select
