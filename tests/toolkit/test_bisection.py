"""Bisection: whatever is wrong, what it keeps works, and it finds single faults in few trials."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log2

from hypothesis import given, settings
from hypothesis import strategies as st

from holdline.bisection import Bisection

ITEMS = st.integers(1, 40)
GROUPS = st.lists(st.frozensets(st.integers(0, 39), min_size=1, max_size=3), max_size=6)


def search(
    count: int, groups: list[frozenset[int]], limit: int = 1000, suspects: frozenset[int] = frozenset()
) -> tuple[Bisection[int, str], list[list[int]]]:
    """Sort out `count` items of which those of each group break something together."""
    tried: list[list[int]] = []

    def broken(items: Sequence[int]) -> str | None:
        return next((str(sorted(g)) for g in groups if g <= set(items)), None)

    def trial(items: Sequence[int]) -> str | None:
        tried.append(list(items))
        return broken(items)

    found = Bisection[int, str](trial, limit)
    fault = broken(range(count))
    if fault and suspects:
        found.run_suspecting(range(count), fault, suspects.__contains__)
    else:
        found.run(range(count), fault)
    return found, tried


@settings(deadline=None)
@given(ITEMS, GROUPS, st.frozensets(st.integers(0, 39)))
def test_what_is_kept_works_and_each_fault_broke_something(
    count: int, groups: list[frozenset[int]], suspects: frozenset[int]
) -> None:
    found, tried = search(count, groups, suspects=suspects)
    works = [items for items in [*tried, []] if not any(group <= set(items) for group in groups)]
    assert sorted(found.kept) in [*map(sorted, works), list(range(count))], "what is kept was tried"
    faults = [item for item, _ in found.faults]
    assert sorted([*found.kept, *faults]) == list(range(count))
    assert found.undecided == []
    assert not any(group <= set(found.kept) for group in groups)
    for item in faults:  # each one is needed for some group whose others were kept before it
        assert any(item in group and group - {item} <= set(found.kept) for group in groups)


@settings(deadline=None)
@given(ITEMS, st.data(), st.frozensets(st.integers(0, 39)))
def test_single_faults_are_found_exactly(count: int, data: st.DataObject, suspects: frozenset[int]) -> None:
    wrong = data.draw(st.frozensets(st.integers(0, count - 1)))
    found, _ = search(count, [frozenset([item]) for item in wrong], suspects=suspects)
    assert {item for item, _ in found.faults} == wrong
    assert sorted(found.kept) == [item for item in range(count) if item not in wrong]
    found, tried = search(count, [frozenset([item]) for item in wrong])
    assert found.kept == [item for item in range(count) if item not in wrong]
    if len(wrong) == 1:
        assert len(tried) <= 2 * ceil(log2(count)) if count > 1 else not tried


def test_of_two_that_break_something_together_the_later_goes() -> None:
    found, _ = search(8, [frozenset({1, 6})])
    assert found.faults == [(6, "[1, 6]")]


@settings(deadline=None)
@given(ITEMS, GROUPS, st.integers(0, 12), st.frozensets(st.integers(0, 39)))
def test_trials_are_bounded_and_the_rest_is_said_to_be_undecided(
    count: int, groups: list[frozenset[int]], limit: int, suspects: frozenset[int]
) -> None:
    found, tried = search(count, groups, limit, suspects)
    assert len(tried) == found.trials <= limit
    faults = [item for item, _ in found.faults]
    assert sorted([*found.kept, *faults, *found.undecided]) == list(range(count))
    assert not any(group <= set(found.kept) for group in groups)


def test_suspects_that_are_all_at_fault_take_a_trial_each() -> None:
    found, tried = search(40, [frozenset([item]) for item in (3, 17, 30)], suspects=frozenset({3, 17, 30}))
    assert [item for item, _ in found.faults] == [3, 17, 30]
    assert len(tried) == 4
    found, tried = search(40, [frozenset([17])], suspects=frozenset({17}))
    assert len(tried) == 1
