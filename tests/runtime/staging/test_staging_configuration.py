"""Ways around the configuration: each is refused, or is told in docs/staging.md as one that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdline_runtime.pytest_plugin.staging_configuration import settings_in
from holdline_runtime.pytest_plugin.staging_decision import Refused

if TYPE_CHECKING:
    from .conftest import Run

pytest_plugins = ["pytester"]

TEST = {"test_it.py": "def test_it(): pass\n"}
TRIPWIRE = {"conftest.py": "from holdline_runtime.pytest_plugin.tripwire import staging_only\n"}
USAGE = pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize(
    "override",
    [
        "holdline_environments=",
        "holdline_environments=production",
        "holdline_environments=staging production",
        "holdline_environment_variable=SOMETHING_ELSE",
    ],
)
def test_an_override_that_widens_is_refused(run: Run, override: str) -> None:
    check_override_is_refused(run(TEST, "-o", override, ENVIRONMENT="production"))


def test_an_override_that_widens_is_refused_wherever_it_is_given(run: Run) -> None:
    override = "holdline_environments=production"
    check_override_is_refused(run(TEST, f"--override-ini={override}", ENVIRONMENT="production"))
    check_override_is_refused(run(TEST, PYTEST_ADDOPTS=f"-o '{override}'", ENVIRONMENT="production"))


def check_override_is_refused(result: pytest.RunResult) -> None:
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(["ERROR: holdline: holdline_environment* is *: the command line may *"])


def test_an_override_may_narrow(run: Run) -> None:
    ini = {"pytest.ini": "[pytest]\nholdline_environments = staging qa\n", "pyproject.toml": ""}
    run({**TEST, **ini}, "-o", "holdline_environments=qa").assert_outcomes(passed=1)
    assert run({}, "-o", "holdline_environments=qa", ENVIRONMENT="staging").ret == USAGE


def test_a_run_may_restrict_itself_where_the_file_does_not(run: Run) -> None:
    files = {**TEST, "pytest.ini": "[pytest]\n"}
    assert run(files, "-o", "holdline_environments=staging", ENVIRONMENT="production").ret == USAGE


@pytest.mark.parametrize("option", ["-c", "--config-file"])
def test_another_configuration_file_is_refused(run: Run, option: str) -> None:
    files = {**TEST, "other.ini": "[pytest]\n"}
    for other in ("/dev/null", "other.ini"):
        result = run(files, option, other, "--noconftest", ENVIRONMENT="production")
        assert result.ret == USAGE
        result.stderr.fnmatch_lines(["ERROR: holdline: *pytest.ini keeps the tests to staging, but `-c` reads *"])


def test_another_configuration_file_is_found_out_from_elsewhere(run: Run, project: pytest.Pytester) -> None:
    outside = project.path.parent / f"{project.path.name}-outside"
    outside.mkdir()
    files = {**TEST, "sub/test_more.py": "def test_more(): pass\n"}
    run(files)
    project.chdir()
    result = run({}, f"--rootdir={outside}", "-c", "/dev/null", str(project.path / "sub" / "test_more.py"))
    assert result.ret == USAGE


NEARER = "ERROR: holdline: *keeps the tests to staging, but pytest reads *: write holdline_environments there as well"


def test_a_configuration_file_nearer_to_the_tests_is_refused(run: Run, project: pytest.Pytester) -> None:
    files = {**TEST, "sub/pytest.ini": "[pytest]\n", "sub/test_more.py": "def test_more(): pass\n"}
    result = run(files, "sub/test_more.py::test_more", ENVIRONMENT="production")
    assert result.ret == USAGE
    result.stderr.fnmatch_lines([NEARER])
    (project.path / "sub" / "pytest.ini").write_text("[pytest]\nholdline_environments = staging\n")
    run({}, "sub").assert_outcomes(passed=1)


def test_a_configuration_file_that_hides_the_one_beside_it_is_refused(run: Run, project: pytest.Pytester) -> None:
    hidden = '[tool.pytest.ini_options]\nholdline_environments = ["staging"]\n'
    result = run({**TEST, "pytest.ini": "[pytest]\n", "pyproject.toml": hidden}, ENVIRONMENT="production")
    assert result.ret == USAGE
    result.stderr.fnmatch_lines([NEARER])


def test_tests_of_somewhere_else_are_no_concern(run: Run, project: pytest.Pytester) -> None:
    elsewhere = project.path.parent / f"{project.path.name}-elsewhere"
    elsewhere.mkdir()
    (elsewhere / "pytest.ini").write_text("[pytest]\n")
    (elsewhere / "test_it.py").write_text(TEST["test_it.py"])
    run(TEST, str(elsewhere), ENVIRONMENT="production").assert_outcomes(passed=1)


def test_the_same_file_given_by_hand_and_a_stricter_one_are_fine(run: Run) -> None:
    strict = {
        "pytest.ini": "[pytest]\nholdline_environments = staging qa\n",
        "strict.ini": "[pytest]\nholdline_environments = qa\n",
        "pyproject.toml": "",
    }
    run({**TEST, **strict}, "-c", "pytest.ini").assert_outcomes(passed=1)
    run({}, "-c", "strict.ini").assert_outcomes(passed=1)


def test_a_repository_ends_the_search(run: Run, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    run({"inner/pytest.ini": "[pytest]\n", "inner/test_it.py": TEST["test_it.py"]})
    monkeypatch.chdir(project.path / "inner")
    assert project.runpytest_subprocess("-c", "pytest.ini").ret == USAGE
    (project.path / "inner" / ".git").mkdir()
    project.runpytest_subprocess("-c", "pytest.ini").assert_outcomes(passed=1)


def test_without_the_plugin_the_requirement_stops_the_run(run: Run) -> None:
    for arguments, variables in (
        (["-p", "no:holdline"], {}),
        ([], {"PYTEST_ADDOPTS": "-p no:holdline"}),
        ([], {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}),
    ):
        result = run(TEST, *arguments, ENVIRONMENT="production", **variables)
        assert result.ret == USAGE
        result.stderr.fnmatch_lines(["ERROR: Missing required plugins: holdline"])


@pytest.mark.parametrize("part", ["holdline-staging-part", "holdline-staging"])
def test_the_guard_cannot_be_taken_out_alone(run: Run, part: str) -> None:
    result = run(TEST, "-p", f"no:{part}")
    assert result.ret == USAGE
    result.stderr.fnmatch_lines([f"ERROR: holdline: `-p no:{part}` is refused*"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["-p", "no:holdline", "-o", "required_plugins="],
        ["-c", "bare.ini", "-p", "no:holdline"],
        ["-c", "/dev/null", "--rootdir=.", "-p", "no:holdline"],
    ],
)
def test_the_tripwire_stops_what_gets_past_the_requirement(run: Run, arguments: list[str]) -> None:
    files = {**TEST, **TRIPWIRE, "bare.ini": "[pytest]\n"}
    result = run(files, *arguments, ENVIRONMENT="production")
    assert result.ret == USAGE
    result.stderr.fnmatch_lines(
        ["*UsageError: holdline: *conftest.py keeps these tests to staging, but the plugin is*"]
    )


def test_the_tripwire_lets_a_guarded_run_pass(run: Run) -> None:
    run({**TEST, **TRIPWIRE}).assert_outcomes(passed=1)


def test_without_conftests_the_plugin_still_guards(run: Run) -> None:
    assert run({**TEST, **TRIPWIRE}, "--noconftest", ENVIRONMENT="production").ret == USAGE
    run({}, "--noconftest").assert_outcomes(passed=1)


def test_what_cannot_be_prevented_is_as_documented(run: Run) -> None:
    """Someone who gives up the plugin, its requirement and the tripwire at once, or edits the configuration."""
    arguments = ["-p", "no:holdline", "-o", "required_plugins=", "--noconftest"]
    run({**TEST, **TRIPWIRE}, *arguments, ENVIRONMENT="production").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("pytest.ini", "[pytest]\nholdline_environments = staging qa\n", ("staging", "qa")),
        ("pytest.ini", "[pytest]\nholdline_environments =\n  staging\n  qa\naddopts = -q 100%\n", ("staging", "qa")),
        ("tox.ini", "[tox]\nx = 1\n[pytest]\nholdline_environments: staging\n", ("staging",)),
        ("setup.cfg", "[tool:pytest]\nholdline_environments = staging\n", ("staging",)),
        ("pyproject.toml", "[tool.pytest.ini_options]\nholdline_environments = ['staging']\n", ("staging",)),
        ("pyproject.toml", "[tool.pytest]\nholdline_environments = ['staging']\n", ("staging",)),
        ("pytest.toml", "[pytest]\nholdline_environments = ['staging']\n", ("staging",)),
        (".pytest.toml", "[pytest]\nholdline_environments = ['staging']\n", ("staging",)),
        ("pytest.ini", "[pytest]\n", None),
        ("pytest.ini", "[pytest]\n# holdline_environments = staging\n", None),
        ("setup.cfg", "[pytest]\nholdline_environments = staging\n", None),
    ],
)
def test_settings_in(tmp_path: Path, name: str, text: str, allowed: tuple[str, ...] | None) -> None:
    (tmp_path / name).write_text(text)
    found = settings_in(tmp_path / name)
    assert (found.allowed if found else None) == allowed


@pytest.mark.parametrize("name", ["pytest.ini", "pyproject.toml"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("holdline_environments = [staging\n")
    with pytest.raises(Refused, match="cannot be read"):
        settings_in(tmp_path / name)
