"""Before any conftest is imported: which environment a run is for, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from holdline_runtime.pytest_plugin.staging_configuration import Settings
from holdline_runtime.pytest_plugin.staging_decision import Refused, Request, decide

if TYPE_CHECKING:
    from .conftest import Run

pytest_plugins = ["pytester"]

USAGE = pytest.ExitCode.USAGE_ERROR
SHOWS = """\
import os

def test_environment():
    assert os.environ["ENVIRONMENT"] == "staging"
    assert os.environ["KEY_VAULT_NAME"] == "shop-staging"
    assert os.environ["KEY_VAULT_URL"] == "https://shop-staging.vault.example"
"""
CONFTEST_MARKS_ITS_IMPORT = "import pathlib\npathlib.Path('conftest-was-imported').touch()\n"


def refusal(result: pytest.RunResult) -> str:
    """The one line that says why; the run ended with a usage error, before anything ran."""
    assert result.ret == USAGE
    [line] = [line for line in result.errlines if line.startswith("ERROR: ")]
    assert "Traceback" not in result.stderr.str()
    return line.removeprefix("ERROR: holdline: ")


def test_sets_the_profile_where_nothing_is_declared(run: Run) -> None:
    result = run({"test_it.py": SHOWS})
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "*= STAGING ONLY =*",
            "environment: staging (*pytest.ini)",
            "variables: KEY_VAULT_NAME, KEY_VAULT_URL",
            "✓ Confirmed: ENVIRONMENT=staging, tests run against STAGING",
            "collected 1 item",
        ]
    )
    assert "vault.example" not in result.stdout.str()


def test_the_variables_are_there_before_the_conftest(run: Run) -> None:
    conftest = "import os\nassert os.environ['ENVIRONMENT'] == 'staging' and 'KEY_VAULT_URL' in os.environ\n"
    run({"conftest.py": conftest, "test_it.py": SHOWS}).assert_outcomes(passed=1)


def test_quiet_keeps_the_line_that_confirms(run: Run) -> None:
    result = run({"test_it.py": SHOWS}, "-q")
    result.stdout.fnmatch_lines(["✓ Confirmed: *STAGING"])
    result.stdout.no_fnmatch_line("*STAGING ONLY*")


def test_an_exported_production_stops_the_run_before_any_conftest(run: Run, project: pytest.Pytester) -> None:
    files = {"conftest.py": CONFTEST_MARKS_ITS_IMPORT, "test_it.py": SHOWS}
    line = refusal(run(files, ENVIRONMENT="production"))
    assert line.startswith("ENVIRONMENT is 'production': tests may run against staging only (")
    assert not (project.path / "conftest-was-imported").exists()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "empty"),
        ("Staging", "'Staging'"),
        ("STAGING", "'STAGING'"),
        (" staging", "not the name of an environment"),
        ("prod", "'prod'"),
        ("postgresql://me:geheim@db/x", "not the name of an environment"),
    ],
)
def test_unknown_empty_and_mixed_case_are_refused(value: str, said: str) -> None:
    settings = Settings(("staging",), "ENVIRONMENT", "pytest.ini")
    for request, declared, who in (
        (None, {"ENVIRONMENT": value}, f"ENVIRONMENT is {said}: tests may run against staging only (pytest.ini)"),
        (Request(value, "the command line"), {}, f"--environment is {said} in the command line: tests may run"),
    ):
        with pytest.raises(Refused) as caught:
            decide(settings, request, declared, {})
        assert str(caught.value).startswith(who)
        assert "geheim" not in str(caught.value)


def test_they_are_in_a_run(run: Run) -> None:
    assert refusal(run({"test_it.py": SHOWS}, ENVIRONMENT="")).startswith("ENVIRONMENT is empty: tests may run")
    assert refusal(run({}, "--environment=Staging")).startswith("--environment is 'Staging' in the command line: ")


def test_a_declared_variable_that_contradicts_the_profile_is_refused_and_not_shown(run: Run) -> None:
    line = refusal(run({"test_it.py": SHOWS}, KEY_VAULT_URL="https://geheim.example"))
    assert line == "KEY_VAULT_URL is set, but not to what the profile of staging says: unset it"


def test_what_is_declared_and_agrees_is_kept(run: Run) -> None:
    result = run({"test_it.py": SHOWS}, ENVIRONMENT="staging", KEY_VAULT_NAME="shop-staging")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["environment: staging (ENVIRONMENT was set already)"])


TWO = {
    "pytest.ini": "[pytest]\nholdline_environments = staging qa\n",
    "pyproject.toml": "",
    "test_it.py": "import os\n\ndef test_it():\n    open('which', 'w').write(os.environ['ENVIRONMENT'])\n",
}


@pytest.mark.parametrize(
    ("ini", "arguments", "variables", "chosen", "reason"),
    [
        ("", [], {}, "staging", "*pytest.ini"),
        ("", [], {"ENVIRONMENT": "qa"}, "qa", "ENVIRONMENT was set already"),
        ("addopts = --environment=qa\n", [], {}, "qa", "--environment in addopts"),
        ("", [], {"PYTEST_ADDOPTS": "--environment=qa"}, "qa", "--environment in PYTEST_ADDOPTS"),
        ("", ["--environment", "qa"], {}, "qa", "--environment in the command line"),
        ("addopts = --environment=staging\n", [], {"PYTEST_ADDOPTS": "--environment=qa"}, "qa", "*PYTEST_ADDOPTS"),
        ("", ["--environment=qa"], {"PYTEST_ADDOPTS": "--environment=staging"}, "qa", "*the command line"),
        ("addopts = --environment=qa\n", ["--environment=staging"], {}, "staging", "*the command line"),
    ],
)
def test_the_command_line_comes_before_addopts_and_these_before_the_default(
    run: Run,
    project: pytest.Pytester,
    ini: str,
    arguments: list[str],
    variables: dict[str, str],
    chosen: str,
    reason: str,
) -> None:
    result = run({**TWO, "pytest.ini": TWO["pytest.ini"] + ini}, *arguments, **variables)
    result.assert_outcomes(passed=1)
    assert (project.path / "which").read_text() == chosen
    result.stdout.fnmatch_lines([f"environment: {chosen} ({reason})", f"✓ Confirmed: *{chosen.upper()}"])


def test_a_request_that_differs_from_what_is_exported_is_refused(run: Run) -> None:
    line = refusal(run(TWO, "--environment=qa", ENVIRONMENT="staging"))
    assert line == "--environment is qa in the command line, but ENVIRONMENT is staging: unset one"


def test_environment_without_a_restriction_is_refused(run: Run) -> None:
    line = refusal(run({"pytest.ini": "[pytest]\n", "test_it.py": SHOWS}, "--environment=staging"))
    assert line == "--environment needs holdline_environments in the pytest configuration"


def test_without_configuration_the_plugin_is_silent(run: Run) -> None:
    passing = "import os\n\ndef test_it():\n    os.environ['ENVIRONMENT'] = 'production'\n"
    commented = "[pytest]\n# holdline_environments = staging\n"
    result = run({"pytest.ini": commented, "test_it.py": passing}, ENVIRONMENT="dev")
    result.assert_outcomes(passed=1)
    assert "STAGING" not in result.stdout.str()


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        ("holdline_environments =\n", "*holdline_environments is empty*"),
        ("holdline_environments = Staging\n", "*'Staging' is not the name of an environment in lower case"),
        ("holdline_environments = staging\nholdline_environment_variable =\n", "*variable is empty*"),
    ],
)
def test_a_restriction_that_says_nothing_is_refused(run: Run, ini: str, said: str) -> None:
    result = run({"pytest.ini": f"[pytest]\n{ini}", "test_it.py": SHOWS})
    assert result.ret == USAGE
    result.stderr.fnmatch_lines([said])


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("[tool.holdline.environments.qa]\nA = '1'\n", "*environments.staging] is missing*"),
        ("[tool.holdline.environments.staging]\nENVIRONMENT = 'prod'\n", "*sets ENVIRONMENT to another environment"),
        ("[tool.holdline.environments.staging]\nPORT = 1\n", "*PORT: expected a string*"),
        ("[tool.holdline.environments]\nstaging = 1\n", "*staging: expected a table*"),
    ],
)
def test_a_profile_that_cannot_be_meant_is_refused(run: Run, profile: str, said: str) -> None:
    result = run({"pyproject.toml": profile, "test_it.py": SHOWS})
    assert result.ret == USAGE
    result.stderr.fnmatch_lines([said])


def test_another_variable_may_name_the_environment(run: Run) -> None:
    files = {
        "pytest.ini": "[pytest]\nholdline_environments = staging\nholdline_environment_variable = APP_ENV\n",
        "test_it.py": "import os\n\ndef test_it():\n    assert os.environ['APP_ENV'] == 'staging'\n",
    }
    run(files, ENVIRONMENT="production").assert_outcomes(passed=1)
    assert refusal(run(files, APP_ENV="production")).startswith("APP_ENV is 'production'")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[tool.pytest.ini_options]\nholdline_environments = ["staging"]\n'),
        ("pyproject.toml", '[tool.pytest.ini_options]\nholdline_environments = "staging"\n'),
        ("tox.ini", "[pytest]\nholdline_environments = staging\n"),
        ("setup.cfg", "[tool:pytest]\nholdline_environments =\n    staging\n"),
    ],
)
def test_every_configuration_file_of_pytest_will_do(run: Run, project: pytest.Pytester, name: str, text: str) -> None:
    (project.path / "pytest.ini").unlink()
    files = {name: text, "test_it.py": "def test_it(): pass\n"}
    run(files).assert_outcomes(passed=1)
    refusal(run({}, ENVIRONMENT="production"))
    if name != "setup.cfg":  # how the others are read is in test_settings_in
        return
    assert "may only narrow it" in refusal(run({}, "-o", "holdline_environments=staging production"))
    assert "-c` reads /dev/null" in refusal(run({}, "-c", "/dev/null"))


def test_the_marker_selects(run: Run) -> None:
    tests = "import pytest\n\n@pytest.mark.production\ndef test_marked(): pass\n\ndef test_plain(): pass\n"
    ini = "[pytest]\nholdline_environments = staging\nmarkers = production\naddopts = --strict-markers\n"
    files = {"pytest.ini": ini, "test_it.py": tests}
    run(files, "-m", "staging").assert_outcomes(passed=2)
    run({}, "-m", "not production").assert_outcomes(passed=1, deselected=1)
    run({}, "-m", "not staging").assert_outcomes(deselected=2)
    run({}, "--markers").stdout.fnmatch_lines(["@pytest.mark.staging: runs against staging; *"])


def test_what_was_set_is_gone_when_pytest_has_run_in_process(project: pytest.Pytester) -> None:
    project.makepyfile(
        program="import os, pytest\n"
        "code = pytest.main(['-q', 'test_it.py'])\n"
        "assert code == 0, code\n"
        "assert not {'ENVIRONMENT', 'KEY_VAULT_URL', 'KEY_VAULT_NAME'} & set(os.environ)\n",
        test_it=SHOWS,
    )
    assert project.runpython("program.py").ret == 0
