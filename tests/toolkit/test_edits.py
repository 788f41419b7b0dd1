"""Edits: merged, applied, and where everything else went."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline.edits import OffsetMap, OverlapError, apply_edits, merge_edits
from holdline.model import Edit


@st.composite
def texts_and_edits(draw: st.DrawFn) -> tuple[bytes, tuple[Edit, ...]]:
    """A text and edits of it that do not overlap, in order."""
    data = draw(st.binary(max_size=40))
    bounds = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    pairs = list(zip(bounds[::2], bounds[1::2], strict=False))
    return data, tuple(Edit(start, end, draw(st.binary(max_size=5))) for start, end in pairs)


def one_by_one(data: bytes, edits: tuple[Edit, ...]) -> bytes:
    """The same, the slow way: from the end, so that earlier offsets stay."""
    for edit in reversed(edits):
        data = data[: edit.start] + edit.text + data[edit.end :]
    return data


@given(texts_and_edits())
def test_applying(case: tuple[bytes, tuple[Edit, ...]]) -> None:
    data, edits = case
    assert apply_edits(data, edits) == one_by_one(data, edits)


@given(texts_and_edits(), st.randoms(use_true_random=False))
def test_merging_sorts_and_drops_repeats(case: tuple[bytes, tuple[Edit, ...]], random: object) -> None:
    data, edits = case
    distinct = tuple(dict.fromkeys(e for e in edits if e.start < e.end))
    shuffled = list(distinct) * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merge_edits(shuffled) == distinct
    assert apply_edits(data, merge_edits(shuffled)) == one_by_one(data, distinct)


@given(texts_and_edits())
def test_bytes_outside_the_edits_are_found_again(case: tuple[bytes, tuple[Edit, ...]]) -> None:
    data, edits = case
    after, moved = apply_edits(data, edits), OffsetMap(edits)
    kept = [n for n in range(len(data)) if not any(e.start <= n < e.end for e in edits)]
    assert all(data[n] == after[moved.start(n)] for n in kept)
    assert [after[start:end] for start, end in moved.texts()] == [e.text for e in edits]


def test_a_region_and_its_edits() -> None:
    inner = OffsetMap([Edit(2, 4, b"12345"), Edit(6, 6, b"!")])
    assert (inner.start(2), inner.outer_end(6)) == (2, 10)  # an insertion at the end of a site lies inside it
    assert inner.end(6) == 9  # and behind what is not a site
    assert OffsetMap([Edit(2, 2, b"!")]).start(2) == 3  # one at its start lies before it
    assert OffsetMap([]).end(7) == 7


def test_two_insertions_at_one_place_keep_their_order() -> None:
    first, second = Edit(1, 1, b"x"), Edit(1, 1, b"a")
    assert apply_edits(b"()", merge_edits([first, second])) == b"(xa)"
    assert merge_edits([first, second, first]) == (first, second)


def test_an_insertion_stands_before_a_replacement_that_begins_there() -> None:
    replace, insert = Edit(1, 2, b"B"), Edit(1, 1, b"+")
    assert apply_edits(b"abc", merge_edits([replace, insert])) == b"a+Bc"
    assert merge_edits([Edit(0, 1, b""), Edit(1, 2, b"")]) == (Edit(0, 1, b""), Edit(1, 2, b""))


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(0, 3, b"a"), Edit(2, 4, b"b")],
        [Edit(0, 3, b"a"), Edit(0, 3, b"b")],
        [Edit(0, 4, b"a"), Edit(1, 2, b"b")],
        [Edit(0, 4, b"a"), Edit(2, 2, b"b")],
    ],
)
def test_overlapping_edits_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(OverlapError, match="edits overlap"):
        merge_edits(edits)
    with pytest.raises(OverlapError):
        merge_edits(edits[::-1])
