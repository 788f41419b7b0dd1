"""Which file goes into which branch: each into one, none too large, and there it stays."""

from __future__ import annotations

import posixpath
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline.shards import (
    Shard,
    directory_name,
    group_by_directory,
    group_by_owner,
    in_order,
    is_of_group,
    lay_out,
    owner_name,
)

NAMES = st.sampled_from(["a", "b", "tests", "fixtures", "conftest.py", "test_a.py", "test_b.py", "x_fixtures.py"])
PATHS = st.sets(
    st.lists(NAMES, min_size=1, max_size=4).map(
        lambda p: "/".join([*p, "m.py"]) if p[-1][-3:] != ".py" else "/".join(p)
    ),
    min_size=1,
    max_size=40,
)
CAPS = st.integers(1, 12)


def shards_of(paths: set[str], cap: int, known: dict[str, str] | None = None) -> list[Shard]:
    known = known or {}
    groups = group_by_directory(sorted({*paths, *known}), cap)
    return lay_out({n: [p for p in ps if p in paths] for n, ps in groups.items()}, known, cap)


def placed(shards: list[Shard]) -> dict[str, str]:
    return {path: shard.name for shard in shards for path in shard.paths}


@given(PATHS, CAPS)
def test_each_file_is_in_one_shard_and_none_is_too_large(paths: set[str], cap: int) -> None:
    shards = shards_of(paths, cap)
    assert Counter(p for s in shards for p in s.paths) == Counter(paths)
    assert all(1 <= len(s.paths) <= cap for s in shards)
    assert len({s.name for s in shards}) == len(shards)


@given(PATHS, PATHS, CAPS, st.data())
def test_a_file_stays_where_it_is(paths: set[str], more: set[str], cap: int, data: st.DataObject) -> None:
    """Whatever is merged, and whatever comes anew."""
    known = placed(shards_of(paths, cap))
    gone = data.draw(st.sets(st.sampled_from(sorted(paths))))
    shards = shards_of((paths | more) - gone, cap, known)
    now = placed(shards)
    assert set(now) == (paths | more) - gone
    assert all(now[p] == known[p] for p in now if p in known)
    assert all(len(s.paths) <= cap for s in shards)


@given(PATHS, CAPS)
def test_order(paths: set[str], cap: int) -> None:
    shards = shards_of(paths, cap)
    ordered = in_order(shards, {path: n for n, path in enumerate(sorted(paths))})
    assert sorted(s._replace(after=()) for s in ordered) == sorted(shards)
    seen: set[str] = set()
    for shard in ordered:
        assert seen.issuperset(shard.after)
        seen.add(shard.name)


def test_small_directories_go_with_their_parent() -> None:
    paths = [f"tests/big/test_{n}.py" for n in range(5)] + [
        "tests/big/deep/er/test_a.py",
        "tests/test_a.py",
        "app/test.py",
    ]
    assert group_by_directory(paths, 30) == {
        "tests.big": [*paths[:5], "tests/big/deep/er/test_a.py"],
        "tests": ["tests/test_a.py"],
        "app": ["app/test.py"],
    }


def test_a_group_that_is_cut_has_its_fixtures_first() -> None:
    paths = [f"tests/test_{n}.py" for n in range(7)] + ["tests/conftest.py", "tests/z_fixtures.py"]
    shards = lay_out({"tests": paths}, {}, 3)
    assert [s.name for s in shards] == ["tests.part-1", "tests.part-2", "tests.part-3"]
    assert shards[0].paths == ("tests/conftest.py", "tests/z_fixtures.py", "tests/test_0.py")
    ordered = in_order(shards, {path: n for n, path in enumerate(paths)})
    assert [s.name for s in ordered] == ["tests.part-1", "tests.part-2", "tests.part-3"]
    assert [s.after for s in ordered] == [(), ("tests.part-1",), ("tests.part-1",)]


def test_fixtures_go_before_what_is_more_urgent() -> None:
    shards = [
        Shard("auth", ("tests/auth/test_a.py",)),
        Shard("tests", ("tests/fixtures/db.py",)),
        Shard("b", ("b/t.py",)),
    ]
    ordered = in_order(shards, {"tests/auth/test_a.py": 0, "b/t.py": 1, "tests/fixtures/db.py": 2})
    assert [(s.name, s.after) for s in ordered] == [("b", ()), ("tests", ()), ("auth", ("tests",))]


def test_shards_that_wait_for_each_other() -> None:
    shards = [
        Shard("one", ("tests/conftest.py", "tests/b/test_a.py")),
        Shard("two", ("tests/b/conftest.py", "tests/test_a.py")),
    ]
    rank = {"tests/conftest.py": 0, "tests/b/conftest.py": 1, "tests/b/test_a.py": 2, "tests/test_a.py": 3}
    assert [(s.name, s.after) for s in in_order(shards, rank)] == [("one", ()), ("two", ("one",))]


@given(
    st.lists(
        st.lists(
            st.text(min_size=1, max_size=12).filter(lambda t: "/" not in t and "\0" not in t), min_size=1, max_size=5
        ).map("/".join),
        unique=True,
        max_size=8,
    )
)
def test_names_of_directories_are_good_and_different(folders: list[str]) -> None:
    names = [directory_name(folder) for folder in folders]
    assert len(set(names)) == len(names)
    for name in names:
        assert name.isascii()
        assert not set(name) & set("/ ~^:?*[\\@{}\x7f")
        assert ".." not in name
        assert not name.startswith((".", "-"))
        assert not name.endswith((".", ".lock"))
        assert len(name) < 100


@pytest.mark.parametrize(
    ("folder", "name"),
    [("", "root"), ("tests/auth", "tests.auth"), ("a-b/c_d", "a-b.c_d"), ("tests", "tests")],
)
def test_plain_names(folder: str, name: str) -> None:
    assert directory_name(folder) == name


@pytest.mark.parametrize("folder", ["root", "a.b", "a/part-2", "ü", "a b", "x" * 300, "-x", ".x"])
def test_names_with_a_digest(folder: str) -> None:
    assert len(directory_name(folder).rpartition(".")[2]) == 8
    assert posixpath.basename(directory_name(folder)) == directory_name(folder)


def test_names_of_owners() -> None:
    assert owner_name(()) == "unowned"
    assert owner_name(("@ann",)) == "ann"
    names = [("@unowned",), ("@org/team",), ("@org-team",), ("a@b.org",), ("@a", "@b"), ("@a",), ("@b",), ("@part-1",)]
    assert len({owner_name(n) for n in names}) == len(names)
    assert owner_name(("@a", "@b")) == owner_name(("@b", "@a"))


def test_by_owner() -> None:
    groups = group_by_owner(["a.py", "b.py", "c.py"], {"a.py": ("@x",), "b.py": (), "c.py": ("@x",)}.__getitem__)
    assert groups == {"x": ["a.py", "c.py"], "unowned": ["b.py"]}


def test_groups_and_their_parts() -> None:
    assert is_of_group("tests", "tests")
    assert is_of_group("tests.part-2", "tests")
    assert not is_of_group("tests.part-2", "tests.part")
    assert not is_of_group("tests.a", "tests")
