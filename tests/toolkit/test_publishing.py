"""What becomes of a branch, state by state."""

from __future__ import annotations

import itertools

import pytest

from holdline.gitcommits import Commit, FileChange
from holdline.publishing import (
    KEY,
    SHARD,
    Found,
    State,
    Tip,
    content_key,
    decide,
    decide_unplanned,
    is_ours,
)

CHANGES = (FileChange("a.py", "1", "2"), FileChange("b.py", "3", "4"))
PLANNED = content_key(CHANGES)
OTHER = (FileChange("a.py", "0", "2"),)


def commit(name: str, changes: tuple[FileChange, ...] | None = CHANGES) -> Commit:
    return Commit(name, ("base",), {SHARD: "s", KEY: content_key(changes or ())}, changes)


def ours(
    name: str = "ours", changes: tuple[FileChange, ...] = CHANGES, on_base: bool = True, in_base: bool = False
) -> Tip:
    return Tip(name, commit(name, changes), in_base, on_base)


THEIRS = Tip("theirs", None)
ON_OURS = Tip("theirs", commit("ours"), on_base=True)


@pytest.mark.parametrize(
    ("found", "state", "keep"),
    [
        (Found(), State.NEW, ""),
        (Found(remembered=commit("ours")), State.RECREATED, ""),
        (Found(lost=True), State.RECREATED, ""),
        (Found(ours()), State.UNCHANGED, "ours"),
        (Found(ours(), lost=True), State.RECREATED, "ours"),
        (Found(ours(), ours()), State.UNCHANGED, "ours"),
        (Found(None, ours()), State.UNCHANGED, "ours"),
        (Found(ours("old", OTHER), ours()), State.UNCHANGED, "ours"),
        (Found(ours(), ours("old", OTHER)), State.UNCHANGED, "ours"),
        (Found(ours("mine"), ours("there")), State.UNCHANGED, "there"),
        (Found(ours("old", OTHER)), State.STALE, ""),
        (Found(ours("old", OTHER), ours("older", OTHER)), State.STALE, ""),
        (Found(ours(on_base=False)), State.STALE, ""),
        (Found(ours(in_base=True)), State.STALE, ""),
        (Found(Tip("base", None, in_base=True)), State.STALE, ""),
        (Found(THEIRS), State.DIVERGED, ""),
        (Found(ON_OURS), State.DIVERGED, ""),
        (Found(ours(), THEIRS), State.DIVERGED, ""),
        (Found(ours(), ON_OURS), State.DIVERGED, ""),
        (Found(THEIRS, ours()), State.DIVERGED, ""),
        (Found(ours(), in_use="/w"), State.UNCHANGED, "ours"),
        (Found(ours("old", OTHER), in_use="/w"), State.IN_USE, ""),
        (Found(ours("old", OTHER), ours(), in_use="/w"), State.IN_USE, ""),
        (Found(ON_OURS, in_use="/w"), State.DIVERGED, ""),
    ],
)
def test_planned(found: Found, state: State, keep: str) -> None:
    decision = decide(PLANNED, found)
    assert (decision.state, decision.keep) == (state, keep)
    assert bool(decision.why) is state.is_refusal


AFTER = {"a.py": "2", "b.py": "4"}


@pytest.mark.parametrize(
    ("found", "base", "planned", "state"),
    [
        (Found(ours()), AFTER, (), State.MERGED),
        (Found(ours()), {"a.py": "9"}, (), State.MERGED),
        (Found(ours()), {"a.py": "2", "b.py": "3"}, (), State.OBSOLETE),
        (Found(ours()), {"a.py": "9", "b.py": "4"}, ("a.py",), State.OBSOLETE),
        (Found(ours(in_base=True)), {"a.py": "1", "b.py": "3"}, (), State.MERGED),  # and reverted since
        (Found(ours(), ours()), AFTER, (), State.MERGED),
        (Found(None, ours()), AFTER, (), State.MERGED),
        (Found(remembered=commit("ours")), AFTER, (), State.MERGED),
        (Found(ON_OURS), AFTER, (), State.OBSOLETE),
        (Found(ours(), ON_OURS), AFTER, (), State.OBSOLETE),
        (Found(ON_OURS._replace(in_base=True)), AFTER, (), State.MERGED),
        (Found(ours(), in_use="/w"), AFTER, (), State.IN_USE),
    ],
)
def test_unplanned(found: Found, base: dict[str, str], planned: tuple[str, ...], state: State) -> None:
    assert decide_unplanned(found, base, planned).state is state


def test_nothing_of_others_is_ever_given_up() -> None:
    """Whatever there is, a tip that somebody else made, and that the base has not, is not built over or dropped."""
    tips = [None, ours(), ours("old", OTHER), ours(in_base=True), THEIRS, ON_OURS]
    for local, remote, in_use in itertools.product(tips, tips, ("", "/w")):
        found = Found(local, remote, in_use=in_use)
        if THEIRS in (local, remote) or ON_OURS in (local, remote):
            assert decide(PLANNED, found).state is State.DIVERGED
            assert decide_unplanned(found, AFTER, ()).state is State.OBSOLETE


def test_ours() -> None:
    good = commit("x")
    assert is_ours(good, "s")
    assert not is_ours(good, "t")
    assert not is_ours(good._replace(changes=CHANGES[:1]), "s")
    assert not is_ours(good._replace(changes=None), "s")
    assert not is_ours(good._replace(trailers={}), "s")


def test_the_key_is_the_same_in_every_version() -> None:
    assert PLANNED == "27dd608c8625e82782416fcff7f9b8e0e9168693864061c4705b7e7864219721"


def test_the_key_does_not_depend_on_order() -> None:
    assert content_key(CHANGES) == content_key(tuple(reversed(CHANGES)))
    assert len({content_key(CHANGES), content_key(OTHER), content_key(CHANGES[:1]), content_key(())}) == 4
