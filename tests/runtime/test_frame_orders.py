"""Patches that end in any order leave what the others, and the writes between them, say: against a model."""

from __future__ import annotations

import os
from typing import Any
from unittest import mock

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from holdline_runtime import patch_env

KEYS = st.sampled_from(["A", "B", "C"])
WORDS = st.sampled_from(["1", "2", "3"])
VARIABLES = st.dictionaries(KEYS, WORDS, max_size=2)

Variables = dict[str, str]


class Segment:
    """A patch, and what was written while it was the latest (None for a deletion)."""

    def __init__(self, values: Variables, clear: bool, owned: bool) -> None:
        self.values, self.clear, self.owned = values, clear, owned
        self.written: dict[str, str | None] = {}
        self.patch = patch_env(values, clear=clear, restore="owned" if owned else "full")

    def alone(self, below: Variables) -> Variables:
        return {**({} if self.clear else below), **self.values}

    def on(self, below: Variables) -> Variables:
        state: dict[str, str | None] = {**self.alone(below), **self.written}
        return {key: value for key, value in state.items() if value is not None}


class Orders(RuleBasedStateMachine):
    """The model keeps segments and computes the state anew; the patches only ever change the difference."""

    target: Any

    @initialize(base=VARIABLES)
    def begin(self, base: Variables) -> None:
        self.base = dict(base)
        self.segments: list[Segment] = []
        self.patcher = self.patch_target(base)
        self.patcher.start()

    def patch_target(self, base: Variables) -> Any:
        return mock.patch.dict(os.environ, base, clear=True)

    def teardown(self) -> None:
        while self.segments:
            self.segments.pop().patch.__exit__(None, None, None)
        self.patcher.stop()

    def state(self, upto: int | None = None) -> Variables:
        state = self.base
        for segment in self.segments[:upto]:
            state = segment.on(state)
        return state

    @rule(values=VARIABLES, clear=st.booleans(), owned=st.booleans())
    def enter(self, values: Variables, clear: bool, owned: bool) -> None:
        segment = Segment(values, clear, owned)
        segment.patch.__enter__()
        self.segments.append(segment)

    @rule(key=KEYS, value=st.one_of(st.none(), WORDS))
    def write(self, key: str, value: str | None) -> None:
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value
        self.note(len(self.segments), {key: value})

    @precondition(lambda self: self.segments)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(self.segments) - 1))
        segment = self.segments.pop(at)
        segment.patch.__exit__(None, None, None)
        if segment.owned:
            self.note(at, segment.written)
        self.forget_what_says_nothing()

    def note(self, upto: int, written: dict[str, str | None]) -> None:
        """Count writes as made while the segment before that index was the latest, or before all patches."""
        if upto:
            self.segments[upto - 1].written.update(written)
        else:
            state = {**self.base, **written}
            self.base = {key: value for key, value in state.items() if value is not None}
        self.forget_what_says_nothing()

    def forget_what_says_nothing(self) -> None:
        """A write that changes nothing cannot be told from none."""
        below = self.base
        for segment in self.segments:
            alone = segment.alone(below)
            segment.written = {key: value for key, value in segment.written.items() if alone.get(key) != value}
            below = segment.on(below)

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        if hasattr(self, "segments"):
            assert dict(os.environ) == self.state()


class OrdersOfASwappedDict(Orders):
    """The same with a dict in the place of `os.environ`."""

    def patch_target(self, base: Variables) -> Any:
        return mock.patch("os.environ", dict(base))


Orders.TestCase.settings = OrdersOfASwappedDict.TestCase.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None
)
TestOrders = Orders.TestCase
TestOrdersOfASwappedDict = OrdersOfASwappedDict.TestCase
