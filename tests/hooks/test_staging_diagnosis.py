"""`holdline doctor` where tests are kept to staging: silent elsewhere, and each thing that is missing is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from holdline.cli import main

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

AGAIN = "run `holdline install --staging`, and commit"
PYPROJECT = "[project]\nname = 'shop'\nversion = '1'\n\n[tool.pytest.ini_options]\naddopts = '-q'\n"
GIVEN = {"pyproject.toml": PYPROJECT, "conftest.py": "import os\n"}
CONFTEST_FINE = "ok: conftest.py: has the tripwire"


def cli(repo: Repo, *arguments: str) -> int:
    return main(["-C", str(repo.root), *arguments])


def doctor(repo: Repo, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    capsys.readouterr()
    code = cli(repo, "doctor")
    return code, capsys.readouterr().out.splitlines()


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    repo = make_repo(GIVEN)
    assert cli(repo, "install", "--staging") == 0
    return repo


def without(repo: Repo, name: str, part: str) -> None:
    lines = repo.read(name).decode().splitlines(keepends=True)
    assert any(part in line for line in lines)
    repo.write(name, "".join(line for line in lines if part not in line))


def test_all_is_well(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    well = (0, ["ok: pyproject.toml: tests are kept to staging", CONFTEST_FINE])
    assert doctor(repo, capsys) == well
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "staging")
    (repo.root / ".git" / "holdline" / "installed.json").unlink()  # as in somebody else's clone
    assert doctor(repo, capsys) == well


def test_hooks_are_told_beside_it(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(repo, "install", "--native") == 0
    code, lines = doctor(repo, capsys)
    assert (code, len(lines)) == (0, 4)


@pytest.mark.parametrize(
    ("name", "part", "told"),
    [
        ("pyproject.toml", "holdline_environments", "pyproject.toml: holdline_environments is missing"),
        ("pyproject.toml", "required_plugins", "pyproject.toml: required_plugins does not name holdline"),
        ("conftest.py", "staging_only", "conftest.py: the tripwire is missing"),
    ],
)
@pytest.mark.parametrize("installed_here", [True, False])
def test_what_is_missing_is_named_and_install_puts_it_right(
    repo: Repo, capsys: pytest.CaptureFixture[str], name: str, part: str, told: str, installed_here: bool
) -> None:
    if not installed_here:
        (repo.root / ".git" / "holdline" / "installed.json").unlink()
    without(repo, name, part)
    code, lines = doctor(repo, capsys)
    assert code == 1
    assert [line for line in lines if line.startswith("to do")] == [f"to do: {told}: {AGAIN}"]
    assert cli(repo, "install", "--staging") == 0
    assert doctor(repo, capsys)[0] == 0


def test_another_file_that_pytest_reads_now(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write("pytest.ini", "[pytest]\naddopts = -q\n")
    code, lines = doctor(repo, capsys)
    missing = "holdline_environments is missing, required_plugins does not name holdline"
    told = f"pytest reads this file now, not pyproject.toml, and {missing}"
    assert (code, lines) == (1, [f"to do: pytest.ini: {told}: {AGAIN}", CONFTEST_FINE])


def test_another_environment_than_ours_is_shown(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write("pyproject.toml", repo.read("pyproject.toml").replace(b'["staging"]', b'["qa", "staging"]'))
    assert doctor(repo, capsys) == (0, ["ok: pyproject.toml: tests are kept to qa staging", CONFTEST_FINE])
    assert cli(repo, "install", "--staging") == 0
    assert "pyproject.toml: already keeps tests to qa staging" in capsys.readouterr().out


def test_a_setting_that_names_no_environment(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write("pyproject.toml", repo.read("pyproject.toml").replace(b'["staging"]', b"[]"))
    told = "holdline_environments is empty: name the environments that tests may run against"
    assert doctor(repo, capsys) == (1, [f"to do: pyproject.toml: {told}", CONFTEST_FINE])


def test_a_file_that_cannot_be_read_any_more(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write("pyproject.toml", "[tool.pytest\n")
    code, [line] = doctor(repo, capsys)
    assert code == 1
    assert line.startswith("to do: pyproject.toml: ")
    assert line.endswith(": put it right and run again")


def test_the_plugin_is_not_registered(
    repo: Repo, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.metadata.distributions", lambda **_: [])
    code, lines = doctor(repo, capsys)
    assert code == 1
    assert lines[-1].startswith("to do: pytest does not find the plugin holdline in ")


@pytest.mark.parametrize("given", [{"a.txt": "a"}, GIVEN, {"pyproject.toml": "[tool.pytest\n", "conftest.py": "def ("}])
def test_it_is_silent_where_nobody_has_asked(
    make_repo: MakeRepo, capsys: pytest.CaptureFixture[str], given: dict[str, str]
) -> None:
    assert doctor(make_repo(given), capsys)[1] == [
        "to do: Holdline is not installed here: run `holdline install`",
    ]


def test_after_uninstall_it_is_silent_again(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(repo, "uninstall") == 0
    assert len(doctor(repo, capsys)[1]) == 1
