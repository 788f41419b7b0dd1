"""Reading a project's profiles, and the messages for what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdline.config import load_config
from holdline.errors import ConfigError
from holdline_runtime.pytest_plugin.profiles import ProfileError, load_profiles

STAGING = {"staging": {"DATABASE_URL": "postgresql://staging/shop", "EMPTY": ""}, "eu": {}}
BODY = '[{}environments.staging]\nDATABASE_URL = "postgresql://staging/shop"\nEMPTY = ""\n[{}environments.eu]\n'


@pytest.mark.parametrize(("name", "prefix"), [("pyproject.toml", "tool.holdline."), ("holdline.toml", "")])
def test_both_files(tmp_path: Path, name: str, prefix: str) -> None:
    (tmp_path / name).write_text(BODY.format(prefix, prefix))
    assert load_profiles(tmp_path) == STAGING


@pytest.mark.parametrize("text", ["", "[project]\nname = 'x'\n", "not toml at all", "[tool.holdline]\n", "tool = 1"])
def test_projects_without_profiles(tmp_path: Path, text: str) -> None:
    assert load_profiles(tmp_path) == {}
    (tmp_path / "pyproject.toml").write_text(text)
    assert load_profiles(tmp_path) == {}


def test_a_key_spelled_with_escapes(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool."\\u0068oldline".environments.eu]\nA = "1"\n')
    assert load_profiles(tmp_path) == {"eu": {"A": "1"}}


def test_holdline_toml_beside_a_pyproject_of_others(tmp_path: Path) -> None:
    (tmp_path / "holdline.toml").write_text(BODY.format("", ""))
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert load_profiles(tmp_path) == STAGING
    (tmp_path / "pyproject.toml").write_text("[tool.holdline]\n")
    with pytest.raises(ProfileError, match="both configure Holdline: keep one"):
        load_profiles(tmp_path)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("environments = 'secret-1'", "environments: expected a table, got a string"),
        ("environments.eu = 'secret-1'", "environments.eu: expected a table, got a string"),
        ("environments.eu.PORT = 8080", "environments.eu.PORT: expected a string, got an integer: put it in quotes"),
        ("environments.eu.ON = true", "environments.eu.ON: expected a string, got a boolean: put it in quotes"),
        ("environments.eu.PI = 3.5", "environments.eu.PI: expected a string, got a float: put it in quotes"),
        ("environments.eu.L = []", "environments.eu.L: expected a string, got an array: put it in quotes"),
        ("environments.eu.D = 2026-01-05", "environments.eu.D: expected a string, got a date: put it in quotes"),
        ("environments.eu.'A=B' = ''", "environments.eu: 'A=B' cannot be the name of a variable"),
        ("environments.eu.'' = ''", "environments.eu: '' cannot be the name of a variable"),
        ('environments.eu."A\\u0000" = ""', "environments.eu: 'A\\x00' cannot be the name of a variable"),
        ('environments.eu.A = "secret-1\\u0000"', "environments.eu.A: a value cannot hold a null character"),
        ("environments.' '.A = ''", "environments: a profile has no name"),
    ],
)
def test_what_is_wrong_is_named_alike_by_the_plugin_and_the_commands(tmp_path: Path, body: str, message: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.holdline]\n{body}\n")
    with pytest.raises(ProfileError) as caught:
        load_profiles(tmp_path)
    assert str(caught.value) == f"pyproject.toml: tool.holdline.{message}"
    with pytest.raises(ConfigError) as also:
        load_config(tmp_path)
    assert str(also.value) == str(caught.value)
    assert "secret-1" not in str(caught.value)


@pytest.mark.parametrize("contents", [b"holdline = ", b"holdline = '\xff'"])
def test_broken_files(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(contents)
    with pytest.raises(ProfileError, match=r"^pyproject\.toml: not valid TOML"):
        load_profiles(tmp_path)


def test_an_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "holdline.toml").mkdir()
    with pytest.raises(ProfileError, match=r"holdline\.toml: cannot read the profiles: Is a directory"):
        load_profiles(tmp_path)
