"""The match of two sides, on findings made up."""

from __future__ import annotations

import doctest
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from holdline import newness
from holdline.model import Suppression, Violation
from holdline.newness import ChangedFile, match, nearest_change, stands


@dataclass(frozen=True)
class Mark:
    """A finding of which just kind and line matter; `file` tells alike ones apart."""

    kind: Hashable
    line: int
    file: int = 0


def marks(text: str, file: int = 0) -> tuple[Mark, ...]:
    """One mark a line: `marks("a b")` has `a` on line 1 and `b` on line 2; `-` is none."""
    return tuple(Mark(kind, line, file) for line, kind in enumerate(text.split(), 1) if kind != "-")


def new_in(before: str, after: str, *runs: tuple[int, int, int]) -> list[int]:
    return [mark.line for mark in match([ChangedFile(marks(before), marks(after), runs)])]


def test_the_docstring_holds() -> None:
    assert doctest.testmod(newness).failed == 0


def test_within_a_file() -> None:
    assert new_in("a b", "b a") == []
    assert new_in("a", "a a") == [2]
    assert new_in("a a", "a") == []
    assert new_in("a", "b") == [1]
    assert new_in("", "a b") == [1, 2]


def test_what_stands_still_is_paired_first() -> None:
    assert new_in("a", "a a", (1, 2, 9)) == [1]  # a line was put above
    assert new_in("a - a", "a a - a", (1, 1, 1), (2, 3, 9)) == [2]
    assert new_in("a b", "b b", (2, 2, 9)) == [1]


def test_across_files_the_own_file_comes_first() -> None:
    moved = ChangedFile(marks("a", 1), ())
    copied = ChangedFile(marks("a", 2), marks("a a", 2))
    assert match([moved, copied]) == []
    assert match([copied]) == [Mark("a", 2, 2)]
    elsewhere = ChangedFile((), marks("a", 3))
    assert match([elsewhere, moved]) == []
    assert match([elsewhere, moved, copied]) == [Mark("a", 2, 2)]


def test_lines_of_runs() -> None:
    runs = ((1, 1, 3), (5, 4, 2), (9, 8, 4))  # line 4 removed, two lines changed, one added
    file = ChangedFile[Mark]((), (), runs)
    assert [file.moved(n) for n in range(1, 14)] == [1, 2, 3, None, 4, 5, None, None, 8, 9, 10, 11, None]
    assert [n for n in range(1, 14) if stands(runs, n)] == [1, 2, 3, 4, 5, 8, 9, 10, 11]
    assert [nearest_change(runs, n) for n in (1, 3, 4, 5, 6, 8, 11)] == [4, 4, 4, 4, 6, 8, 8]


def test_no_runs_no_lines() -> None:
    assert not stands((), 1)
    assert ChangedFile[Mark]((), ()).moved(1) is None
    assert nearest_change((), 7) == 7


KINDS = st.lists(st.sampled_from("abc"), max_size=6)


def as_files(kinds: list[list[str]]) -> list[tuple[Mark, ...]]:
    return [marks(" ".join(k), n) for n, k in enumerate(kinds)]


@given(st.lists(st.tuples(KINDS, KINDS), max_size=5))
def test_what_is_new_is_the_difference_of_the_multisets(files: list[tuple[list[str], list[str]]]) -> None:
    befores, afters = as_files([b for b, _ in files]), as_files([a for _, a in files])
    new = match([ChangedFile(b, a) for b, a in zip(befores, afters, strict=True)])
    count = Counter(m.kind for a in afters for m in a) - Counter(m.kind for b in befores for m in b)
    assert Counter(m.kind for m in new) == count
    assert len(set(new)) == len(new)
    assert set(new) <= {m for a in afters for m in a}


@given(st.lists(st.tuples(KINDS, KINDS), max_size=4), st.data())
def test_where_lines_went_changes_which_not_how_many(
    files: list[tuple[list[str], list[str]]], data: st.DataObject
) -> None:
    plain, located = [], []
    for before, after in zip(as_files([b for b, _ in files]), as_files([a for _, a in files]), strict=True):
        old, new, count = (data.draw(st.integers(1, 6)) for _ in range(3))
        plain.append(ChangedFile(before, after))
        located.append(ChangedFile(before, after, ((old, new, count),)))
    assert Counter(m.kind for m in match(plain)) == Counter(m.kind for m in match(located))


@given(st.lists(KINDS, max_size=5), st.randoms(use_true_random=False))
def test_a_shuffle_over_files_is_never_new(kinds: list[list[str]], random: object) -> None:
    befores = as_files(kinds)
    everything = [m for b in befores for m in b]
    random.shuffle(everything)  # type: ignore[attr-defined]
    assert match([*(ChangedFile(b, ()) for b in befores), ChangedFile((), tuple(everything))]) == []


def test_kinds_of_violations_and_suppressions() -> None:
    here = Violation("HL101", "", "a.py", 1, 1, 1, 9, text="x =  os.environ['A']")
    moved = Violation("HL101", "other words", "b.py", 7, 5, 7, 9, text="x = os.environ['A']")
    assert here.kind == moved.kind
    assert here.kind != Violation("HL102", "", "a.py", 1, 1, 1, 9, text=here.text).kind
    assert Violation("HL101", "", "a.py", 1, 1, 1, 9, text="x", identity="i").kind == ("HL101", "i")
    allowed = Suppression("a.py", 1, 1, "# holdline: allow[HL101, HL102] why", ("HL101", "HL102"), "why")
    assert allowed.kind == Suppression("b.py", 9, 3, "#holdline:allow[HL102,HL101] why", ("HL102", "HL101"), "why").kind
    assert allowed.kind != Suppression("a.py", 1, 1, "", ("HL101", "HL102"), "another reason").kind
