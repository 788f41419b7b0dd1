"""The fixtures that set the environment for a test. Each gives a mapping with `set`, and undoes itself.

The examples are tests, and are run as such by Holdline's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from holdline_runtime import Environment
from holdline_runtime.pytest_plugin import scenarios
from holdline_runtime.pytest_plugin.mappings import ChildEnvironment, OwnedEnvironment, TaskEnvironment


@pytest.fixture
def isolated_env() -> Iterator[Environment]:
    """The environment as it is; whatever is changed during the test, by whomever, is put back after it.

    Example::

        import os

        def test_region(isolated_env):
            isolated_env.set("REGION", "eu")
            os.environ["ZONE"] = "eu-1"  # put back as well
            assert isolated_env["REGION"] == "eu"
    """
    with scenarios.applied() as env:
        yield env


@pytest.fixture
def clean_env() -> Iterator[Environment]:
    """An environment with next to nothing in it: what programs need to start, and what this test sets.

    Kept are PATH, HOME, USER, the locale (LANG, LC_*), TZ, folders for temporary files, what Python and coverage
    need to start in a child, and pytest's own variables. All is put back after the test.

    Example::

        def test_defaults(clean_env):
            assert "DATABASE_URL" not in clean_env
            assert "PATH" in clean_env
    """
    with scenarios.applied(scenarios.necessary(), clear=True) as env:
        yield env


@pytest.fixture
def development_env(request: pytest.FixtureRequest) -> Iterator[Environment]:
    """ENVIRONMENT=development and the variables of the profile `development`; put back as by `isolated_env`.

    Example::

        def test_debug_page(development_env):
            assert development_env["ENVIRONMENT"] == "development"
    """
    with scenarios.applied(scenarios.profile(request.config, "development")) as env:
        yield env


@pytest.fixture
def test_env(request: pytest.FixtureRequest) -> Iterator[Environment]:
    """ENVIRONMENT=test and the variables of the profile `test`; put back as by `isolated_env`.

    Example::

        def test_mail_is_not_sent(test_env):
            assert test_env["ENVIRONMENT"] == "test"
    """
    with scenarios.applied(scenarios.profile(request.config, "test")) as env:
        yield env


@pytest.fixture
def staging_env(request: pytest.FixtureRequest) -> Iterator[Environment]:
    """ENVIRONMENT=staging and the variables of the profile `staging`; put back as by `isolated_env`.

    Example::

        def test_staging_behaviour(staging_env):
            staging_env.set("SECRET", "v", "test_source")
            assert staging_env.get("ENVIRONMENT") == "staging"
    """
    with scenarios.applied(scenarios.profile(request.config, "staging")) as env:
        yield env


@pytest.fixture
def production_env(request: pytest.FixtureRequest) -> Iterator[Environment]:
    """ENVIRONMENT=production and the variables of the profile `production`; put back as by `isolated_env`.

    It sets variables, no more: what connects anywhere by itself has to be kept from it in other ways.

    Example::

        def test_production_refuses_debug(production_env):
            production_env.set("DEBUG", "1")
            assert production_env["ENVIRONMENT"] == "production"
    """
    with scenarios.applied(scenarios.profile(request.config, "production")) as env:
        yield env


@pytest.fixture
def env_profile(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Environment]]:
    """A factory: `env_profile("eu")` sets the variables of that configured profile until the test ends.

    ENVIRONMENT is the profile's name unless the profile sets it. Profiles add up when several are asked for. A name
    that is not configured is an error.

    Example::

        # pyproject.toml:
        # [tool.holdline.environments.eu]
        # REGION = "eu-west-1"

        def test_eu(env_profile):
            env = env_profile("eu")
            assert env["REGION"] == "eu-west-1"
            env.set("ZONE", "a")
    """
    with scenarios.applied() as env:

        def apply(name: str) -> Environment:
            __tracebackhide__ = True
            env.update(scenarios.profile(request.config, name, configured=True))
            return env

        yield apply


@pytest.fixture
def temp_env() -> Iterator[OwnedEnvironment]:
    """The environment as it is; what is set through this mapping, and only that, is put back after the test.

    Like pytest's `monkeypatch.setenv`: changes that the tested code makes by itself stay, so that a leak guard sees
    them. To put back those too, use `isolated_env`.

    Example::

        import os

        def test_timeout(temp_env):
            temp_env.set("TIMEOUT", "5")
            assert os.environ["TIMEOUT"] == "5"
    """
    yield from scenarios.owned("function")


@pytest.fixture(scope="class")
def class_env() -> Iterator[OwnedEnvironment]:
    """Variables for a whole class: what is set through this mapping is put back after its last test.

    Set them in a fixture of the class, so that each test finds them whichever runs first.

    Example::

        import pytest

        @pytest.fixture(scope="class")
        def in_berlin(class_env):
            class_env.set("SHOP", "berlin")

        @pytest.mark.usefixtures("in_berlin")
        class TestShop:
            def test_name(self, class_env):
                assert class_env["SHOP"] == "berlin"
    """
    yield from scenarios.owned("class")


@pytest.fixture(scope="module")
def module_env() -> Iterator[OwnedEnvironment]:
    """Variables for a module: what is set through this mapping is put back after its last test.

    Example::

        import pytest

        @pytest.fixture(scope="module", autouse=True)
        def shop(module_env):
            module_env.set("SHOP", "berlin")

        def test_name(module_env):
            assert module_env["SHOP"] == "berlin"
    """
    yield from scenarios.owned("module")


@pytest.fixture(scope="session")
def session_env() -> Iterator[OwnedEnvironment]:
    """Variables for the whole run (with pytest-xdist: for each worker), put back at its end.

    Example::

        import pytest

        @pytest.fixture(scope="session", autouse=True)
        def database(session_env):
            session_env.set("DATABASE_URL", "sqlite://")

        def test_url(session_env):
            assert session_env["DATABASE_URL"] == "sqlite://"
    """
    yield from scenarios.owned("session")


@pytest.fixture
def async_env() -> Iterator[TaskEnvironment]:
    """As `isolated_env`, with `overlay`: values that one task sees, and those beside it do not.

    What is set in the mapping is seen by every task. Overlays are seen through `get_env()` and this mapping only.

    Example::

        import asyncio

        import pytest

        @pytest.mark.asyncio
        async def test_tenants(async_env):
            async def tenant(name):
                with async_env.overlay(TENANT=name) as env:
                    await asyncio.sleep(0)
                    return env["TENANT"]

            assert await asyncio.gather(tenant("a"), tenant("b")) == ["a", "b"]
    """
    with scenarios.applied():
        yield TaskEnvironment()


@pytest.fixture
def subprocess_env() -> ChildEnvironment:
    """Variables for a child process: a copy of the environment, for `env=`; this process never sees what is set.

    Example::

        import subprocess
        import sys

        def test_child(subprocess_env):
            subprocess_env.set("REGION", "eu")
            program = "import os; print(os.environ['REGION'])"
            done = subprocess.run([sys.executable, "-c", program], env=subprocess_env, capture_output=True, text=True)
            assert done.stdout == "eu\\n"
    """
    return scenarios.child()
