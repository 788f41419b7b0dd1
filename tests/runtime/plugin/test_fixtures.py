"""The fixtures: each one's example is run, and what each sets and puts back."""

from __future__ import annotations

import os
import re
import textwrap
from pathlib import Path

import pytest

from holdline_runtime.pytest_plugin import fixtures

FIXTURES = {
    name: value.__doc__ or ""
    for name, value in vars(fixtures).items()
    if isinstance(value, type(fixtures.isolated_env))
}
PAGE = Path(__file__).parents[3] / "docs" / "pytest.md"
PROFILE = """
    [tool.holdline.environments.eu]
    REGION = "eu-west-1"

    [tool.holdline.environments.staging]
    DATABASE_URL = "postgresql://staging/shop"

    [tool.holdline.environments.production]
    ENVIRONMENT = "prod"
"""


def test_each_fixture_has_an_example_and_all_examples_pass(run_suite):
    examples = {}
    for name, text in FIXTURES.items():
        _, found, example = text.partition("Example::\n")
        assert found, name
        assert name in example
        examples[f"test_{name}_example.py"] = textwrap.dedent(example)
    profile = re.search(r"# (\[.*)\n\s*# (.*)", FIXTURES["env_profile"])
    assert profile is not None
    files = {**examples, "pyproject.toml": "\n".join(profile.groups())}
    result = run_suite(files, "-W", "error", ini="env_leaks = error\nasyncio_default_fixture_loop_scope = function")
    result.assert_outcomes(passed=len(examples))


def test_the_scenarios_there_are():
    assert sorted(FIXTURES) == [
        "async_env",
        "class_env",
        "clean_env",
        "development_env",
        "env_profile",
        "isolated_env",
        "module_env",
        "production_env",
        "session_env",
        "staging_env",
        "subprocess_env",
        "temp_env",
        "test_env",
    ]


def test_every_one_is_a_mapping_with_set(run_suite):
    test = """
        from collections.abc import MutableMapping

        import pytest

        @pytest.mark.parametrize("name", NAMES)
        def test_mapping(request, name):
            env = request.getfixturevalue(name)
            env = env("eu") if name == "env_profile" else env
            assert isinstance(env, MutableMapping)
            env.set("NEW", "1", "a note")
            assert env["NEW"] == env.get("NEW") == "1"
            assert dict(env)["NEW"] == "1"
            assert "1" not in repr(env).split(",")[0]
            del env["NEW"]
            assert "NEW" not in env
    """
    files = {"test_it.py": test.replace("NAMES", repr(sorted(FIXTURES))), "pyproject.toml": PROFILE}
    run_suite(files, "-p", "no:asyncio", ini="env_leaks = error").assert_outcomes(passed=len(FIXTURES))


def test_what_each_scenario_sets(run_suite):
    test = """
        import os
        import pytest

        BEFORE = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}

        def changes():
            return {
                k: os.environ.get(k)
                for k in {*BEFORE, *os.environ}
                if os.environ.get(k) != BEFORE.get(k) and not k.startswith("PYTEST_")
            }

        def test_isolated(isolated_env):
            assert changes() == {}

        def test_clean(clean_env):
            gone = changes()
            assert set(gone.values()) == {None}
            assert "SECRET" in gone
            kept = {"PATH", "HOME", "LC_ALL", "PYTHONPATH"} & BEFORE.keys()
            assert {k: clean_env[k] for k in kept} == {k: BEFORE[k] for k in kept}
            assert "test_clean (call)" in clean_env["PYTEST_CURRENT_TEST"]

        def test_staging(staging_env):
            assert changes() == {"ENVIRONMENT": "staging", "DATABASE_URL": "postgresql://staging/shop"}

        def test_production(production_env):
            assert changes() == {"ENVIRONMENT": "prod"}

        def test_development(development_env):
            assert changes() == {"ENVIRONMENT": "development"}

        def test_test(test_env):
            assert changes() == {"ENVIRONMENT": "test"}

        def test_profiles_add_up(env_profile):
            assert changes() == {}
            env_profile("eu")
            assert changes() == {"ENVIRONMENT": "eu", "REGION": "eu-west-1"}
            env_profile("staging")
            assert set(changes()) == {"ENVIRONMENT", "REGION", "DATABASE_URL"}

        def test_child(subprocess_env):
            assert {**subprocess_env, "PYTEST_CURRENT_TEST": os.environ["PYTEST_CURRENT_TEST"]} == dict(os.environ)
            subprocess_env.clear()
            assert changes() == {}

        @pytest.fixture(autouse=True)
        def untouched():
            yield
            assert changes() == {}
    """
    os.environ.update(SECRET="1", ENVIRONMENT="local")
    files = {"test_it.py": test, "pyproject.toml": PROFILE}
    run_suite(files, "-p", "no:asyncio").assert_outcomes(passed=8)


def test_the_variable_that_names_the_environment_is_a_setting(run_suite):
    test = """
        import os

        def test_it(staging_env):
            assert staging_env["APP_ENV"] == "staging"
            assert "ENVIRONMENT" not in os.environ
    """
    os.environ.pop("ENVIRONMENT", None)
    run_suite({"test_it.py": test}, ini="holdline_environment_variable = APP_ENV").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        (
            PROFILE,
            "*Failed: no profile is called 'us' in ?tool.holdline.environments?; there are: eu, production, stag*",
        ),
        ("", "*Failed: no profile is called 'us' in ?tool.holdline.environments?; there are: none*"),
        ("[tool.holdline]\nenvironments.us.PORT = 1", "*environments.us.PORT: expected a string, got an integer*"),
    ],
)
def test_a_profile_that_cannot_be_applied_fails_the_test_at_its_line(run_suite, profile, message):
    test = """
        def test_it(env_profile):
            env_profile("us")
    """
    result = run_suite({"test_it.py": test, "pyproject.toml": profile})
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(['>*env_profile("us")', message])
    assert "scenarios.py" not in result.stdout.str()


def test_a_projects_own_fixture_of_the_same_name_wins_and_may_build_on_ours(run_suite):
    conftest = """
        import pytest

        @pytest.fixture
        def staging_env(staging_env):
            staging_env.set("OURS", "1")
            return staging_env

        @pytest.fixture
        def clean_env():
            return "the project's own"
    """
    test = """
        def test_it(staging_env, clean_env):
            assert staging_env["ENVIRONMENT"] == "staging"
            assert staging_env["OURS"] == "1"
            assert clean_env == "the project's own"
    """
    run_suite({"conftest.py": conftest, "test_it.py": test}).assert_outcomes(passed=1)


def test_pytests_note_of_the_phase_is_never_put_back(run_suite):
    conftest = """
        import os
        import pytest

        @pytest.fixture
        def first():
            yield
            assert "(teardown)" in os.environ["PYTEST_CURRENT_TEST"]
    """
    test = """
        def test_it(first, isolated_env, clean_env, staging_env):
            pass
    """
    run_suite({"conftest.py": conftest, "test_it.py": test}).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "options", [("-p", "no:xdist"), ("-n", "2", "--dist=load"), ("-p", "no:xdist", "-p", "no:holdline")]
)
def test_wide_mappings_last_as_long_as_their_scope(run_suite, options):
    conftest = """
        import os
        import pytest

        @pytest.fixture(scope="session", autouse=True)
        def for_the_run(session_env):
            session_env.set("RUN", "1")

        @pytest.fixture(scope="module", autouse=True)
        def for_the_module(module_env, request):
            module_env.set("MODULE", request.module.__name__)

        def pytest_unconfigure():
            assert "RUN" not in os.environ
            assert "MODULE" not in os.environ
    """
    test = """
        import os

        def test_a(): assert (os.environ["RUN"], os.environ["MODULE"]) == ("1", __name__)
        def test_b(): assert (os.environ["RUN"], os.environ["MODULE"]) == ("1", __name__)
    """
    result = run_suite({"conftest.py": conftest, "test_1.py": test, "test_2.py": test}, *options)
    if "no:holdline" in options:
        result.assert_outcomes(errors=4)
        result.stdout.fnmatch_lines(["*fixture 'session_env' not found"])
    else:
        result.assert_outcomes(passed=4)
        assert result.ret == 0
