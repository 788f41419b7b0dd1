"""The mappings of the fixtures: what they own and put back, and what a child gets."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from holdline_runtime import get_env
from holdline_runtime.pytest_plugin.mappings import ChildEnvironment, OwnedEnvironment, TaskEnvironment


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "old")
    monkeypatch.delenv("NEW", raising=False)


@pytest.mark.parametrize(
    "write",
    [
        lambda env: env.set("KEPT", "new"),
        lambda env: env.set("KEPT", "new", "a note"),
        lambda env: env.__setitem__("KEPT", "new"),
        lambda env: env.__delitem__("KEPT"),
        lambda env: env.pop("KEPT"),
        lambda env: env.update({"KEPT": "new"}, NEW="1"),
        lambda env: env.setdefault("NEW", "1"),
        lambda env: env.__ior__({"KEPT": "new", "NEW": "1"}),
        lambda env: env.__ior__([("NEW", "1")]),
        lambda env: env.popitem(),
        lambda env: env.clear(),
        lambda env: [env.set("NEW", "1"), env.pop("NEW"), env.set("NEW", "2")],
        lambda env: [env.pop("KEPT"), env.set("KEPT", "new")],
    ],
)
def test_every_write_is_made_and_put_back(write):
    before = dict(os.environ)
    env = OwnedEnvironment("function")
    write(env)
    assert dict(os.environ) != before
    env.release()
    assert dict(os.environ) == before


def test_it_is_the_environment():
    env = OwnedEnvironment("class")
    env |= {"NEW": "1"}
    assert isinstance(env, OwnedEnvironment)
    assert env == get_env() == os.environ
    assert os.environ["NEW"] == env.require("NEW") == "1"
    assert env.pop("ABSENT", "default") == "default"
    with pytest.raises(KeyError):
        del env["ABSENT"]
    with pytest.raises(TypeError):
        env["NEW"] = 1  # type: ignore[assignment]
    env.release()


def test_what_others_changed_since_stays():
    env = OwnedEnvironment("module")
    env.update(KEPT="mine", NEW="mine")
    os.environ["KEPT"] = "theirs"
    del os.environ["NEW"]
    os.environ["OTHER"] = "theirs"
    env.release()
    assert os.environ["KEPT"] == "theirs"
    assert "NEW" not in os.environ
    assert os.environ["OTHER"] == "theirs"


def test_a_failed_write_is_not_owned():
    env = OwnedEnvironment("function")
    with pytest.raises(TypeError):
        env.set("KEPT", 1)  # type: ignore[arg-type]
    os.environ["KEPT"] = "theirs"
    env.release()
    assert os.environ["KEPT"] == "theirs"


@pytest.mark.parametrize("order", ["wide first", "narrow first"])
def test_scopes_nest_whichever_writes_first(order):
    wide, narrow = OwnedEnvironment("session"), OwnedEnvironment("function")
    for env, value in [(wide, "wide"), (narrow, "narrow")][:: 1 if order == "wide first" else -1]:
        env.set("KEPT", value)
    narrow.release()
    assert os.environ["KEPT"] == "wide"
    wide.release()
    assert os.environ["KEPT"] == "old"


def test_a_middle_scope_between_two():
    session, module, function = (OwnedEnvironment(scope) for scope in ("session", "module", "function"))
    session.set("NEW", "session")
    function.set("NEW", "function")
    module.set("NEW", "module")
    function.release()
    assert os.environ["NEW"] == "module"
    module.release()
    assert os.environ["NEW"] == "session"
    session.release()
    assert "NEW" not in os.environ


def test_child_environment_is_a_dict_apart_that_shows_no_values():
    child = ChildEnvironment(os.environ)
    child.set("NEW", "hush", "a note")
    assert "NEW" not in os.environ
    assert "hush" not in repr(child)
    assert f"{len(child)} variables" in repr(child)
    program = "import os; print(os.environ['NEW'])"
    done = subprocess.run([sys.executable, "-c", program], env=child, capture_output=True, text=True, check=True)
    assert done.stdout == "hush\n"


def test_overlays_of_tasks_do_not_meet():
    env = TaskEnvironment()

    async def tenant(name: str) -> tuple[str, str, bool]:
        with env.overlay({"NEW": name}, OTHER=name):
            await asyncio.sleep(0)
            return env["NEW"], get_env()["OTHER"], "NEW" in os.environ

    async def both() -> list[tuple[str, str, bool]]:
        return list(await asyncio.gather(tenant("a"), tenant("b")))

    assert asyncio.run(both()) == [("a", "a", False), ("b", "b", False)]
    assert "NEW" not in env
