"""Programs of patches that hypothesis makes up, run by threads and by tasks at once: none loses or leaves anything."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from holdline_runtime import get_env, overlap, overlay, patch_env

KEYS = [f"HOLDLINE_{letter}" for letter in "ABC"]
VARIABLES = st.dictionaries(st.sampled_from(KEYS), st.sampled_from("123"), min_size=1)


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "WAIT", 60)


@dataclass
class Step:
    """A patch, and what is applied inside of it."""

    values: dict[str, str]
    mode: Any
    inner: list[Step] = field(default_factory=list)


STEPS = st.recursive(
    st.builds(Step, VARIABLES, st.sampled_from(["process", "overlay"])),
    lambda inner: st.builds(Step, VARIABLES, st.sampled_from(["process", "overlay"]), st.lists(inner, max_size=3)),
    max_leaves=4,
)
PROGRAMS = st.lists(st.lists(STEPS, min_size=1, max_size=4), min_size=2, max_size=5)


def run(step: Step, restore: Any, below: dict[str, str], note: Any) -> None:
    """Apply a step; inside it and its inner ones, everything is as this thread alone has said."""
    env = get_env()
    kind = {"mode": step.mode} if step.mode == "overlay" else {"restore": restore}
    with patch_env(step.values, **kind):
        mine = {**below, **step.values}
        for inner in step.inner:
            run(inner, restore, mine, note)
            assert {key: env[key] for key in mine} == mine
        note()
        assert {key: env[key] for key in mine} == mine
        if step.mode == "process":
            assert {key: os.environ[key] for key in step.values} == step.values


@pytest.mark.parametrize("restore", ["full", "owned"])
@settings(max_examples=40, deadline=None)
@given(programs=PROGRAMS)
def test_threads_neither_disturb_each_other_nor_leave_anything(restore: Any, programs: list[list[Step]]) -> None:
    before = dict(os.environ)
    barrier = threading.Barrier(len(programs))
    written = [0] * len(programs)

    def thread(number: int) -> None:
        def note() -> None:
            """With owned patches what one writes meanwhile is nobody else's to undo."""
            if restore == "owned":
                written[number] += 1
                os.environ[f"HOLDLINE_COUNT_{number}"] = str(written[number])

        barrier.wait()
        for step in programs[number]:
            run(step, restore, {}, note)
            note()

    try:
        with ThreadPoolExecutor(len(programs)) as pool:
            list(pool.map(thread, range(len(programs))))
        counts = {f"HOLDLINE_COUNT_{number}": str(count) for number, count in enumerate(written) if count}
        assert dict(os.environ) == {**before, **counts}
        assert (overlap._state.applied, overlap._state.queue, overlay.top()) == ([], [], None)
    finally:
        for number in range(len(programs)):
            os.environ.pop(f"HOLDLINE_COUNT_{number}", None)


@settings(max_examples=40, deadline=None)
@given(programs=PROGRAMS)
def test_overlays_of_tasks_neither_disturb_each_other_nor_leave_anything(programs: list[list[Step]]) -> None:
    before = dict(os.environ)
    env = get_env()

    async def apply(step: Step, below: dict[str, str]) -> None:
        with patch_env(step.values, mode="overlay"):
            mine = {**below, **step.values}
            await asyncio.sleep(0)
            for inner in step.inner:
                await asyncio.create_task(apply(inner, mine))
                assert {key: env[key] for key in mine} == mine
        assert {key: env.get(key) for key in KEYS} == {key: below.get(key) for key in KEYS}

    async def task(steps: list[Step]) -> None:
        for step in steps:
            await apply(step, {})

    async def main() -> None:
        await asyncio.gather(*map(task, programs))

    asyncio.run(main())
    assert dict(os.environ) == before
    assert overlay.top() is None


class Threads(RuleBasedStateMachine):
    """Two worker threads and the main one enter and leave as hypothesis says; a model of who may says the rest."""

    @initialize()
    def begin(self) -> None:
        self.before = dict(os.environ)
        self.wait, overlap.WAIT = overlap.WAIT, 0.02
        self.pools = {name: ThreadPoolExecutor(1) for name in ("one", "two")}
        self.held: list[tuple[str, dict[str, str], Any]] = []

    def do(self, who: str, function: Any) -> Any:
        return function() if who == "main" else self.pools[who].submit(function).result(30)

    @rule(who=st.sampled_from(["main", "one", "two"]), values=VARIABLES)
    def enter(self, who: str, values: dict[str, str]) -> None:
        patch = patch_env(values)
        blocked = any(other not in (who, "main") for other, _, _ in self.held)
        try:
            self.do(who, patch.__enter__)
        except overlap.OverlappingPatchError:
            assert blocked
        else:
            assert not blocked
            self.held.append((who, values, patch))

    @precondition(lambda self: getattr(self, "held", None))
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        who, _, patch = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        self.do(who, lambda: patch.__exit__(None, None, None))

    @invariant()
    def what_is_held_shows_and_nothing_else(self) -> None:
        if hasattr(self, "held"):
            state = self.before
            for _, values, _ in self.held:
                state = {**state, **values}
            assert dict(os.environ) == state

    def teardown(self) -> None:
        if hasattr(self, "held"):
            for who, _, patch in reversed(self.held):
                self.do(who, lambda patch=patch: patch.__exit__(None, None, None))  # type: ignore[misc]
            for pool in self.pools.values():
                pool.shutdown()
            overlap.WAIT = self.wait
            assert dict(os.environ) == self.before
            assert overlap._state.applied == []


Threads.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestThreads = Threads.TestCase
